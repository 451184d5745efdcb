"""Whether a clock was set back: by an hour, by the seconds that keep it right, before the start; and set right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.clock_back import Backsteps, WentBack

NOON = datetime(2016, 11, 16, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_an_hour_is_told_until_the_clock_shows_what_it_had_shown() -> None:
    steps = Backsteps()
    assert steps.look(NOON, 100) is None
    assert steps.look(NOON + 5 * SECOND, 105) is None
    last = NOON + 5 * SECOND
    found = steps.look(NOON + 10 * SECOND - HOUR, 110)
    assert found == WentBack(by=HOUR, until=last)
    later = steps.look(NOON - HOUR / 2, 110 + 1790)
    assert later == found, "it is the same step all the while"
    assert steps.look(last, 110 + 3600) is None
    assert steps.look(last + 5 * SECOND, 115 + 3600) is None


@pytest.mark.parametrize("step", [1, 2, 30, -1, -3600])
def test_what_keeps_it_right_and_what_sets_it_forward_is_no_step_back(step: int) -> None:
    steps = Backsteps()
    steps.look(NOON, 0)
    assert steps.look(NOON + 5 * SECOND - step * SECOND, 5) is None
    assert steps.look(NOON + 10 * SECOND - step * SECOND, 10) is None


def test_set_back_twice_and_right_again() -> None:
    steps = Backsteps()
    steps.look(NOON, 0)
    assert steps.look(NOON - HOUR, 0) == WentBack(by=HOUR, until=NOON)
    assert steps.look(NOON - 3 * HOUR, 0) == WentBack(by=3 * HOUR, until=NOON)
    assert steps.look(NOON - HOUR, 0) == WentBack(by=HOUR, until=NOON)
    assert steps.look(NOON, 0) is None


def test_what_is_known_at_the_start() -> None:
    steps = Backsteps()
    steps.remember(None)
    steps.remember(NOON)
    steps.remember(NOON - HOUR)
    assert steps.look(NOON - HOUR, 0) == WentBack(by=HOUR, until=NOON)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (timedelta(minutes=2), "by 2 min:"),
        (HOUR, "by 1 h:"),
        (timedelta(hours=1, minutes=5, seconds=2), "by 1 h 5 min:"),
        (timedelta(days=1, minutes=3), "by 1 day:"),
        (timedelta(days=40, hours=3), "by 40 days 3 h:"),
    ],
)
def test_it_is_said_by_how_much_and_until_when(by: timedelta, said: str) -> None:
    sentence = WentBack(by=by, until=NOON).sentence
    assert said in sentence
    assert "until it shows 2016-11-16 12:00 UTC again" in sentence
