"""Events in time: until when one may be made, answered and changed, and from when on one may say that one came."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

UNUSUALLY_LONG = timedelta(hours=12)
"""From so long on it is asked whether that is meant: `24` is more often an hour than a duration, and the day of an end
is easily mistyped.
"""
FAR_AHEAD = timedelta(days=365)
NIGHT_FROM, NIGHT_UNTIL = time(23), time(6)
"""What begins between these, by the clock of its place, is more often a 5 for a 17."""


class UnlikelyTime(StrEnum):
    """Why the time of an event is probably a slip of the finger."""

    LONG = "long"
    NIGHT = "night"
    FAR = "far"
    AFTER_VOTES = "after_votes"


def doubts_of(
    starts_at: datetime, lasts: timedelta, last: date, now: datetime, votes: Collection[date]
) -> list[UnlikelyTime]:
    """What is unusual of an event, or of a series that goes on until `last`, in a campaign that votes on these days."""
    found = [UnlikelyTime.LONG] if lasts >= UNUSUALLY_LONG else []
    if starts_at - now > FAR_AHEAD:
        found.append(UnlikelyTime.FAR)
    elif votes and now.date() <= max(votes) < last:
        found.append(UnlikelyTime.AFTER_VOTES)
    return found


def event_doubts_of(
    starts_at: datetime, lasts: timedelta, last: date, now: datetime, votes: Collection[date], zone: tzinfo
) -> list[UnlikelyTime]:
    """The same of an event, whose hour is one of its place, and not at night: no message would leave then."""
    found, begins = doubts_of(starts_at, lasts, last, now, votes), starts_at.astimezone(zone).time()
    return [UnlikelyTime.NIGHT, *found] if begins >= NIGHT_FROM or begins < NIGHT_UNTIL else found


def is_to_come(starts_at: datetime, now: datetime) -> bool:
    """Whether an event begins in the future: none is announced for, or moved to, a time that is past."""
    return now < starts_at


def is_over(ends_at: datetime, now: datetime) -> bool:
    """Whether an event has ended: then nobody answers it and nothing of it is changed."""
    return ends_at <= now


def may_tell_whether_came(starts_at: datetime, now: datetime) -> bool:
    """Whether one may say that one was there, which nobody was before it began."""
    return starts_at <= now
