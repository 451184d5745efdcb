"""Conversations: hours of duty over midnight, what is too much, and how long people wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.conversations import (
    NEW,
    Claims,
    ConversationState,
    Duty,
    answered,
    claimed,
    closed,
    coordinates,
    goes_on,
    is_idle,
    is_overdue,
    is_too_much,
    left_idle,
    may_answer,
    median_seconds,
    team_area,
    written_to,
)
from bot.rules.permissions import Role, Staff

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "hour", "told"),
    [
        ((None, None), 3, True),
        ((18, 21), 18, True),
        ((18, 21), 21, False),
        ((22, 6), 23, True),
        ((22, 6), 5, True),
        ((22, 6), 6, False),
    ],
)
def test_hours_of_duty(hours: tuple[int | None, int | None], hour: int, told: bool) -> None:
    first, last = hours
    assert Duty(on_duty=True, from_hour=first, to_hour=last).is_at(hour) is told
    assert not Duty(on_duty=False, from_hour=first, to_hour=last).is_at(hour)


@given(st.integers(0, 23), st.integers(0, 23))
def test_who_is_on_duty_from_one_hour_to_another_is_so_for_as_many_hours(first: int, last: int) -> None:
    hours = sum(Duty(on_duty=True, from_hour=first, to_hour=last).is_at(hour) for hour in range(24))
    assert hours == ((last - first) % 24 or 24)


def test_an_answered_claim_that_rests_is_over_and_an_unanswered_one_goes_back() -> None:
    taken = claimed(written_to(NEW, NOW), 7, NOW)
    assert not is_idle(taken, Claims(), NOW + 2 * HOUR - timedelta(seconds=1))
    assert is_idle(taken, Claims(), NOW + 2 * HOUR)
    assert left_idle(taken, NOW).state is ConversationState.WAITING
    assert left_idle(answered(taken, NOW), NOW).state is ConversationState.CLOSED


def test_who_writes_again_waits_since_they_wrote_first() -> None:
    twice = written_to(written_to(NEW, NOW), NOW + HOUR)
    assert twice.waiting_since == NOW
    assert not is_overdue(twice, Claims(), NOW + 23 * HOUR)
    assert is_overdue(twice, Claims(), NOW + 24 * HOUR)


def test_what_is_closed_goes_on_for_a_day() -> None:
    ended = closed(claimed(written_to(NEW, NOW), 7, NOW), NOW)
    assert goes_on(ended, NOW + 23 * HOUR)
    assert not goes_on(ended, NOW + 24 * HOUR)
    assert written_to(ended, NOW + HOUR).state is ConversationState.WAITING


def test_ten_messages_a_minute_are_enough() -> None:
    written = [NOW + timedelta(seconds=each) for each in range(10)]
    assert is_too_much(written, NOW + timedelta(seconds=30))
    assert not is_too_much(written, NOW + timedelta(seconds=60))


def test_an_organizer_answers_where_their_area_reaches_and_hears_of_nothing_that_went_up() -> None:
    organizer, coordinator = (
        Staff(id=1, role=role, area="69") for role in (Role.ORGANIZER, Role.COORDINATOR)
    )
    assert may_answer([organizer], "69123")
    assert not may_answer([organizer], "13055")
    assert coordinates([coordinator], "69123")
    assert not coordinates([organizer], "69123")


def test_a_team_is_called_by_its_city_and_time_by_its_median() -> None:
    assert team_area("69383") == "69123"
    assert team_area("FR") == "FR"
    assert median_seconds([10, 30, 1000]) == 30
    assert median_seconds([]) is None
