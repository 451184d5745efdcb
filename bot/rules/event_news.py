"""News of an event, as whoever organizes it makes them: at which hours they leave, and how often people hear of them.

An event may be changed as often as one likes; whoever comes to it is not told each time. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.courtesy import CourtesyHours, next_courteous
from bot.rules.kinds import Kind

NOTICE = timedelta(hours=3)
"""So long before an event begins people have to know: what would reach them later, by their hours, leaves at once."""
DAY = timedelta(days=1)
APART = timedelta(hours=1)
"""Two changes of one event are told so far apart; what is changed meanwhile is told together."""
APART_WHEN_NEAR = timedelta(minutes=15)
MOST_A_DAY = 3
"""So many changes of one event are told in 24 hours; the next one waits."""
MOST_WHEN_NEAR = 6
"""As many at the very most, where people would else hear of it too late."""


def tellable_from(*, now: datetime, zone: str, hours: CourtesyHours, starts_at: datetime) -> datetime:
    """The first instant from `now` on (aware UTC) at which news may leave for somebody who lives by `zone`.

    `starts_at`: when the event begins, or began before the change, whichever is sooner.
    """
    opens = next_courteous(now=now, zone=zone, kind=Kind.EVENT_SERVICE, hours=hours, courteous=True)
    return now if opens + NOTICE > starts_at else opens


def wakes(*, now: datetime, zone: str, hours: CourtesyHours) -> bool:
    """Whether news that leaves at `now` come by night to somebody who lives by `zone`."""
    return next_courteous(now=now, zone=zone, kind=Kind.EVENT_SERVICE, hours=hours, courteous=True) > now


def told_next(*, now: datetime, starts_at: datetime, told: Sequence[datetime]) -> datetime:
    """When a change may be told, after those told at the instants `told`; `starts_at` as for `tellable_from`."""
    due = _spaced(now, told, apart=APART, most=MOST_A_DAY)
    if due > now and due + NOTICE > starts_at:
        return _spaced(now, told, apart=APART_WHEN_NEAR, most=MOST_WHEN_NEAR)
    return due


def _spaced(now: datetime, told: Sequence[datetime], *, apart: timedelta, most: int) -> datetime:
    """The first instant that is so far `apart` from the last one, and at which fewer than `most` lie within a day."""
    recent = sorted(instant for instant in told if now - DAY < instant <= now)
    due = max([now, *(instant + apart for instant in recent)])
    return max(due, recent[-most] + DAY) if len(recent) >= most else due
