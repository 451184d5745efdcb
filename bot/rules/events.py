"""Events in time: until when one may be made, answered and changed, and from when on one may say that one came."""

from datetime import datetime


def is_to_come(starts_at: datetime, now: datetime) -> bool:
    """Whether an event begins in the future: none is announced for, or moved to, a time that is past."""
    return now < starts_at


def is_over(ends_at: datetime, now: datetime) -> bool:
    """Whether an event has ended: then nobody answers it and nothing of it is changed."""
    return ends_at <= now


def may_tell_whether_came(starts_at: datetime, now: datetime) -> bool:
    """Whether one may say that one was there, which nobody was before it began."""
    return starts_at <= now
