"""The rate: never a one-second window too full, and nearly nothing of what is allowed is wasted."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.budget import LocalBudget, budget_for
from tests.thorough import examples


def fullest_window(times: list[float], seconds: float = 1.0) -> int:
    most, first = 0, 0
    for last, moment in enumerate(times):
        while moment - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def leave(
    budget: LocalBudget, seconds: float, *, tick: float, dice: random.Random, stall: float
) -> list[float]:
    """When posts leave if something always waits.

    The event loop looks every `tick`, sometimes `stall` late.
    """
    now, times = 100.0, []
    budget.rest(now)
    while now < 100.0 + seconds:
        while budget.available_at(now, 1) <= now:
            budget.take(now)
            times.append(now)
        now = max(budget.available_at(now, 1), now + tick) + (stall if dice.random() < 0.02 else 0.0)
    return times


@pytest.mark.parametrize("rate", [0.5, 1, 7.5, 30, 1000])
def test_the_rate_is_kept_and_used(rate: float) -> None:
    times = leave(LocalBudget(rate), 60.0, tick=0.004, dice=random.Random(1), stall=0.0)
    assert fullest_window(times) <= math.ceil(rate)
    assert len(times) >= 0.98 * rate * 60


@pytest.mark.parametrize("rate", [30, 1000])
def test_stalls_of_the_machine_are_caught_up_within_the_rate(rate: float) -> None:
    times = leave(LocalBudget(rate), 60.0, tick=0.004, dice=random.Random(2), stall=0.03)
    assert fullest_window(times) <= rate
    assert len(times) >= 0.98 * rate * 60


@settings(max_examples=examples(60), deadline=None)
@given(
    rate=st.sampled_from([1.0, 3.0, 30.0, 200.0]),
    gaps=st.lists(st.floats(min_value=0.0, max_value=2.0), max_size=60),
    bursts=st.lists(st.integers(min_value=1, max_value=80), max_size=60),
)
def test_no_window_is_too_full_whatever_is_asked(rate: float, gaps: list[float], bursts: list[int]) -> None:
    budget, now, times = LocalBudget(rate), 0.0, []
    for gap, burst in zip(gaps, bursts, strict=False):
        now += gap
        budget.rest(now)
        for _ in range(burst):
            now = max(now, budget.available_at(now, 1))
            budget.take(now)
            times.append(now)
    assert fullest_window(times) <= rate


@settings(max_examples=examples(60), deadline=None)
@given(
    rate=st.sampled_from([3.0, 30.0, 200.0]),
    late=st.lists(st.floats(min_value=0.0, max_value=0.3), min_size=1, max_size=300),
)
def test_what_misses_its_slot_takes_nobodys_place_and_leaves_in_another(
    rate: float, late: list[float]
) -> None:
    """A connection is opened first, or the process waits for its processor; what is written is what counts."""
    budget, now, times = LocalBudget(rate), 0.0, []
    for delay in late:
        now = max(now, budget.available_at(now, 1))
        by = budget.take(now)
        now += delay
        if now > by:
            budget.missed(by)
            now = max(now, budget.available_at(now, 1))
            budget.take(now)
        times.append(now)
    assert fullest_window(times) <= rate
    assert not late or times[-1] <= sum(late) + 1.03 * len(late) / rate


def test_there_is_no_burst_at_the_start_nor_after_a_rest() -> None:
    budget = LocalBudget(30)
    for began in (1000.0, 5000.0):
        budget.rest(began)
        now, times = began, []
        for _ in range(5):
            now = max(now, budget.available_at(now, 1))
            budget.take(now)
            times.append(now)
        assert all(later - earlier > 0.033 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_more_than_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        budget_for(rate)
