"""Telling somebody that a friend whom they invited is in, so that it says as little as it can of which one."""

from datetime import UTC, datetime, time, timedelta

from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

TOLD_AT = time(18)
KEPT = timedelta(days=3)
"""So long after it was due it may still be told: a quiet period ends before."""


def told_at(*, now: datetime, zone: str) -> datetime:
    """The instant (UTC) at which it is told that somebody signed up `now`: the next day of who is told, at one hour for
    everybody. The hour at which a friend signed up shows in nothing, and whoever signs up that day is told with them.
    """
    where = zone_named(zone)
    tomorrow = now.astimezone(where).date() + timedelta(days=1)
    return at_local(tomorrow, TOLD_AT, where).astimezone(UTC)
