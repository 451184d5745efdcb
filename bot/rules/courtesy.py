"""Courtesy: at which hours of a person's own day a campaign may write, and how often.

The caps (one campaign message a day, three in seven days, over all broadcasts and steps) count the partisan
kinds: persuasion, event_invite, gotv, poll, result. `civic_neutral`, `event_service` and `service` are
not among them, because the default steps of a polling week are already exactly three partisan
messages (plan on D-4, echo on D-2, thanks after the embargo): were the neutral `go` and `last` of the
polling day counted, the reminders that work best would be the ones to give way; and what a person asked for
or accepted is no solicitation. Neutral reminders that staff send have caps of their own (`capped_neutral`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.kinds import COURTEOUS, PARTISAN, Kind
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

WEEK = timedelta(days=7)
CALM = timedelta(hours=1)
"""For so long the card of the event by whose link somebody came stands alone, unless they answer it."""


class CourtesyHours(Frozen):
    """Local hours in which a campaign message may leave: from `opens`, included, to `closes`, excluded.

    `evening_closes` is the later end for what is marked as a message of the evening (the thanks after a
    ballot).
    """

    opens: time = time(9, 0)
    closes: time = time(20, 30)
    evening_closes: time = time(21, 30)


class Caps(Frozen):
    """How many partisan messages one person may get in a local day and in any seven days.

    `per_week_when_silent` holds for those who left `silent_after` questions in a row unanswered; but not for a step
    that is marked to remain for them, which gives way to the other two alone.
    """

    per_day: int = 1
    per_week: int = 3
    per_week_when_silent: int = 2
    silent_after: int = 2


class CapReason(StrEnum):
    """Which cap a message has to give way to; names the text that its author sees."""

    DAY = "cap_day"
    WEEK = "cap_week"
    # Once another one has left that leaves first, it has room too late to be of use; until then it only waits to be
    # looked at again, at an instant at which nobody gets it.
    BEHIND = "cap_behind"


class Capped(Frozen):
    """A message gives way to those already sent; `until` (aware UTC) is when the cap would let it through."""

    reason: CapReason
    until: datetime


NEUTRAL_PER_WEEK = 2
"""Neutral reminders of staff to one person in any seven days: one for the eve, one for the day."""


class NeutralSent(Frozen):
    """When a neutral reminder left for somebody (aware UTC), and whether a step of the campaign file sent it."""

    at: datetime
    by_a_step: bool


def next_courteous(
    *,
    now: datetime,
    zone: str,
    kind: Kind,
    hours: CourtesyHours,
    evening: bool = False,
    courteous: bool = False,
) -> datetime:
    """The first instant from `now` on (aware UTC) at which a message may leave: `now` itself inside
    courtesy hours.

    `zone` is the person's own. `courteous`: waits whatever its kind. Raises UnknownZone.
    """
    if kind not in COURTEOUS and not courteous:
        return now
    local = now.astimezone(zone_named(zone))
    closes = hours.evening_closes if evening else hours.closes
    wall = local.time()
    if wall < hours.opens:
        day = local.date()
    elif wall < closes:
        return now
    else:
        day = local.date() + timedelta(days=1)
    return at_local(day, hours.opens, zone_named(zone)).astimezone(UTC)


def capped(
    *,
    kind: Kind,
    sent: Iterable[datetime],
    now: datetime,
    zone: str,
    caps: Caps,
    unanswered: int = 0,
) -> Capped | None:
    """Whether a message of this kind has to give way, and until when; None when it may leave.

    `sent`: aware instants at which partisan messages left for this person; those older than seven days do
    not matter. `unanswered`: questions in a row that the person left unanswered.
    """
    if kind not in PARTISAN:
        return None
    # An instant to come was noted before the machine's clock was set back: it counts.
    recent = sorted(instant for instant in sent if now - WEEK < instant)
    where = zone_named(zone)
    today = now.astimezone(where).date()
    reasons: list[Capped] = []
    on_this_day = [instant for instant in recent if instant.astimezone(where).date() == today]
    if len(on_this_day) >= caps.per_day:
        midnight = at_local(today + timedelta(days=1), time(), where).astimezone(UTC)
        reasons.append(Capped(reason=CapReason.DAY, until=midnight))
    per_week = caps.per_week_when_silent if unanswered >= caps.silent_after else caps.per_week
    if len(recent) >= per_week:
        # Room comes when so many have left the seven days that one fewer than the cap remains.
        leaves_first = recent[len(recent) - per_week]
        reasons.append(Capped(reason=CapReason.WEEK, until=leaves_first + WEEK))
    return max(reasons, key=lambda each: each.until, default=None)


def capped_neutral(*, sent: Iterable[NeutralSent], now: datetime, zone: str) -> Capped | None:
    """Whether a neutral reminder of staff has to give way, and until when; None when it may leave.

    `sent`: those of steps and of staff alike. A day has room for one, whoever sent it; a week for two of staff. What a
    step sends never gives way: it leaves once in a round, and what staff send must not keep it from anybody.
    """
    recent = [each for each in sent if now - WEEK < each.at]
    where = zone_named(zone)
    today = now.astimezone(where).date()
    reasons: list[Capped] = []
    if any(each.at.astimezone(where).date() == today for each in recent):
        midnight = at_local(today + timedelta(days=1), time(), where).astimezone(UTC)
        reasons.append(Capped(reason=CapReason.DAY, until=midnight))
    of_staff = sorted(each.at for each in recent if not each.by_a_step)
    if len(of_staff) >= NEUTRAL_PER_WEEK:
        reasons.append(Capped(reason=CapReason.WEEK, until=of_staff[-NEUTRAL_PER_WEEK] + WEEK))
    return max(reasons, key=lambda each: each.until, default=None)


UNDISTURBED = "undisturbed"
"""The reason of what waits for somebody who has an event before their eyes."""


def is_undisturbed(until: datetime | None, now: datetime) -> bool:
    """Whether somebody still has before their eyes what they came for, and nothing may join it.

    An instant further away than that lasts was noted before the machine's clock was set back: it is over.
    """
    return until is not None and now < until <= now + CALM
