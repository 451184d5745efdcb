"""Why a message that is sent now would not reach somebody while it is of use."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.rules.courtesy import CapReason
from bot.rules.kinds import Kind
from bot.rules.leaving import COURTESY_HOURS, Hold
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

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


def reason_of(found: Hold) -> Held:
    """What a hold comes from."""
    if found.reason == COURTESY_HOURS:
        return Held.HOURS
    return Held.CAP if found.reason in set(CapReason) else Held.QUIET


def held_by(found: Hold | None, *, expires_at: datetime) -> Held | None:
    """What keeps it back, by the hold that the last look before leaving found; None: it leaves in time."""
    return None if found is None or found.until < expires_at else reason_of(found)


def today_in(zone: str, now: datetime) -> tuple[datetime, datetime]:
    """From midnight to midnight (aware UTC), by a zone."""
    where = zone_named(zone)
    day = now.astimezone(where).date()
    first, last = (at_local(each, time(), where).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return first, last
