"""News of an event: at which hours they leave, and how often."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.courtesy import CourtesyHours
from bot.rules.event_news import APART_WHEN_NEAR, DAY, MOST_WHEN_NEAR, tellable_from, told_next
from tests.conversation import paris

HOURS = CourtesyHours()
START = datetime(2016, 11, 20, 12, tzinfo=UTC)
minutes = st.integers(0, 3 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute))


def test_by_night_it_waits_for_the_morning_unless_that_would_be_too_late() -> None:
    for now, starts, expected in (
        ("2016-11-15T02:00", "2016-11-15T19:00", "2016-11-15T09:00"),
        ("2016-11-15T02:00", "2016-11-15T12:00", "2016-11-15T09:00"),
        ("2016-11-15T02:00", "2016-11-15T11:59", "2016-11-15T02:00"),
        ("2016-11-15T23:00", "2016-11-15T22:00", "2016-11-15T23:00"),
        ("2016-11-15T20:29", "2016-11-24T19:00", "2016-11-15T20:29"),
    ):
        found = tellable_from(now=paris(now), zone="Europe/Paris", hours=HOURS, starts_at=paris(starts))
        assert found == paris(expected)


@given(changes=st.lists(minutes, max_size=60).map(sorted), starts=minutes)
def test_however_often_it_changes_people_hear_of_it_a_few_times_a_day(
    changes: list[datetime], starts: datetime
) -> None:
    """What is due later is replaced by the next change, as `bot.actions.event_news.gather` does."""
    told: list[datetime] = []
    waiting: datetime | None = None
    for now in changes:
        if waiting is not None and waiting <= now:
            told.append(waiting)
        waiting = told_next(now=now, starts_at=starts, told=told)
        assert waiting >= now
    told += [waiting] if waiting is not None else []
    for each in told:
        assert sum(each <= other < each + DAY for other in told) <= MOST_WHEN_NEAR
    assert all(after - before >= APART_WHEN_NEAR for before, after in itertools.pairwise(told))
