"""When a broadcast leaves: a time that has passed is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.sending import SendingTime, all_at, each_at

NOW = datetime(2016, 11, 16, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("when", "is_past"),
    [
        (all_at(NOW), False),  # now
        (all_at(NOW - SECOND), True),
        (all_at(NOW + SECOND), False),
        # Noon of each one's own clock comes last twelve hours behind UTC.
        (each_at(NOW - timedelta(hours=12)), False),
        (each_at(NOW - timedelta(hours=12) - SECOND), True),
    ],
)
def test_a_time_is_past_when_it_has_passed_for_everybody(when: SendingTime, *, is_past: bool) -> None:
    assert when.is_past(NOW) is is_past
