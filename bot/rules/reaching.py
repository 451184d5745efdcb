"""Why a message that is sent now would not reach somebody while it is of use."""

from datetime import datetime
from enum import StrEnum

from bot.rules.courtesy import CapReason
from bot.rules.kinds import Kind
from bot.rules.leaving import COURTESY_HOURS, Hold

NEWS = Kind.PERSUASION
"""What staff write: the kind whose reach is told where nothing else is asked."""


class Held(StrEnum):
    """What keeps a message from somebody until it is of no use any more."""

    UNREACHABLE = "unreachable"
    CANDIDATE_OUT = "candidate_out"
    MUTED = "muted"
    QUIET = "quiet"
    HOURS = "hours"
    CAP = "cap"


def held_by(found: Hold | None, *, expires_at: datetime) -> Held | None:
    """What keeps it back, by the hold that the last look before leaving found; None: it leaves in time."""
    if found is None or found.until < expires_at:
        return None
    if found.reason == COURTESY_HOURS:
        return Held.HOURS
    return Held.CAP if found.reason in set(CapReason) else Held.QUIET
