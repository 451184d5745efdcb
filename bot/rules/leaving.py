"""Leaving: the last question before a message is posted. May it leave now, and if not, from when?

Law first, then the person's own hours, then the caps. To be asked for every message about to leave, also
for edits and automatic replies: nothing here depends on what was true when the message was queued.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.rules.ballots import Ballot
from bot.rules.courtesy import Caps, CourtesyHours, capped, next_courteous
from bot.rules.kinds import Kind
from bot.rules.quiet import LawProfile, quiet

COURTESY_HOURS = "courtesy_hours"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A message has to wait. `reason` names the text that its author sees: a `quiet.Reason`,
    `courtesy_hours` or a
    `courtesy.CapReason`. `until` (aware UTC): when it may leave if nothing else happens meanwhile."""

    reason: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A campaign's law, ballots, hours and caps."""

    law: LawProfile
    ballots: tuple[Ballot, ...]
    courtesy: CourtesyHours
    caps: Caps


def hold(
    *,
    kind: Kind,
    territory: str | None,
    zone: str,
    now: datetime,
    policy: Policy,
    sent: Collection[datetime] = (),
    unanswered: int = 0,
    evening: bool = False,
    cancellation: bool = False,
) -> Hold | None:
    """Why a message to one person has to wait, and until when; None when it may leave now.

    `zone`: the person's own. `sent`: when partisan messages left for this person in the last seven days.
    `evening`: a step that may leave until the evening's end of courtesy hours. `cancellation`: tells of a
    cancelled event.
    """

    def first_reason(instant: datetime) -> Hold | None:
        law = quiet(
            kind=kind,
            territory=territory,
            now=instant,
            law=policy.law,
            ballots=policy.ballots,
            cancellation=cancellation,
            zone=zone,
        )
        if law is not None:
            return Hold(reason=law.reason, until=law.until)
        courteous = next_courteous(now=instant, zone=zone, kind=kind, hours=policy.courtesy, evening=evening)
        if courteous > instant:
            return Hold(reason=COURTESY_HOURS, until=courteous)
        cap = capped(kind=kind, sent=sent, now=instant, zone=zone, caps=policy.caps, unanswered=unanswered)
        return Hold(reason=cap.reason, until=cap.until) if cap is not None else None

    found = first_reason(now)
    if found is None:
        return None
    # What ends one reason may begin another: a quiet period that ends at night, a cap that ends on an eve.
    until = found.until
    while (following := first_reason(until)) is not None:
        until = following.until
    return Hold(reason=found.reason, until=until)
