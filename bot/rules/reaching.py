"""Why a message that is sent now would not reach somebody while it is of use."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.rules.courtesy import CapReason, Caps
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


def like_those_sent(
    *,
    now: datetime,
    caps: Caps,
    silent: bool,
    today: bool,
    fills_week: datetime | None,
    held: int = 0,
    held_from: datetime | None = None,
    held_until: datetime | None = None,
) -> tuple[datetime, ...]:
    """Instants that the caps answer as they answer those at which messages leave for somebody: `today` the day is full,
    and the week is until `fills_week` has been over for seven days. `held` of them wait for later days, which they
    fill: from that of `held_from` to that of `held_until`, and on, where a day has room for fewer than wait for it.

    So a cap is asked once for all who stand before it alike.
    """
    full = [now] if today else []
    if held_until is not None:
        days = held // caps.per_day
        last = max(held_until, (held_from or held_until) + timedelta(days=max(0, days - 1)))
        full += [last - timedelta(days=back) for back in range(days)]
    instants = sorted(instant for instant in full for _ in range(caps.per_day))
    if fills_week is None:
        return tuple(instants)
    per_week = caps.per_week_when_silent if silent else caps.per_week
    latest = instants[-(per_week - 1) :] if per_week > 1 else []
    return (*(fills_week,) * (per_week - len(latest)), *latest)
