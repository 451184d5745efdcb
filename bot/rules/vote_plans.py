"""What may be said of a vote, and until when."""

from datetime import datetime, timedelta
from enum import StrEnum

TOLD_AFTERWARDS = timedelta(days=2)
"""How long after the close one may still tell that one voted."""


class Turnout(StrEnum):
    """An answer on the polling day."""

    VOTED = "voted"
    LATER = "later"
    CANNOT = "cannot"


def may_tell_turnout(answer: Turnout, *, closes_at: datetime, now: datetime) -> bool:
    """Whether the answer still makes sense: "later" until the close, the others a little longer."""
    if answer is Turnout.LATER:
        return now < closes_at
    return now < closes_at + TOLD_AFTERWARDS


def may_have_voted(*, opens_at: datetime, now: datetime) -> bool:
    """Whether one can have voted: nobody has before voting opens where they vote."""
    return opens_at <= now
