"""Leaving: the last question before a message is posted. May it leave now, and if not, from when?

Law first, then the person's own hours, then the caps. To be asked for every message about to leave, also
for edits and automatic replies: nothing here depends on what was true when the message was queued.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from typing import NotRequired, TypedDict, Unpack

from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.courtesy import Caps, CourtesyHours, NeutralSent, capped, capped_neutral, next_courteous
from bot.rules.event_news import tellable_from
from bot.rules.kinds import COURTEOUS, Kind
from bot.rules.quiet import LawProfile, quiet, spans_for
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

COURTESY_HOURS = "courtesy_hours"
HOME = "Europe/Paris"
"""The clock of whoever has none of their own."""


class Hold(Frozen):
    """A message has to wait. `reason` names the text that its author sees: a `quiet.Reason`,
    `courtesy_hours` or a
    `courtesy.CapReason`. `until` (aware UTC): when it may leave if nothing else happens meanwhile."""

    reason: str
    until: datetime


class Policy(Frozen):
    """A campaign's law, ballots, hours and caps."""

    law: LawProfile
    ballots: tuple[Ballot, ...]
    courtesy: CourtesyHours
    caps: Caps


class LeavingFacts(TypedDict):
    """The facts of a message to one person that law and hours ask for.

    `zone`: the person's own; unknown, the law is asked for all of them, and their hours are those of Paris. `evening`:
    a step that may leave until the evening's end of courtesy hours. `cancellation`: tells of a cancelled event.
    `news_before`: of news of an event, when it begins. `silent`: an edit, which rings nowhere.
    """

    kind: Kind
    territory: str | None
    zone: str | None
    now: datetime
    policy: Policy
    evening: NotRequired[bool]
    cancellation: NotRequired[bool]
    news_before: NotRequired[datetime | None]
    silent: NotRequired[bool]


def hold(
    *,
    sent: Collection[datetime] = (),
    neutral: Collection[NeutralSent] = (),
    unanswered: int = 0,
    **facts: Unpack[LeavingFacts],
) -> Hold | None:
    """Why a message to one person has to wait, and until when; None when it may leave now.

    `sent`: when partisan messages left for this person in the last seven days. `neutral`: the neutral reminders that
    did, for one that staff send.
    """
    for_all = partial(held_at, facts)
    if facts.get("silent"):
        return _until_nothing_holds(facts["now"], for_all)  # only the law holds it back
    return hold_for_one(
        for_all,
        kind=facts["kind"],
        zone=facts["zone"],
        now=facts["now"],
        policy=facts["policy"],
        sent=sent,
        neutral=neutral,
        unanswered=unanswered,
    )


def held_at(facts: LeavingFacts, instant: datetime) -> Hold | None:
    """Why law or hours hold a message back at an instant, from all who live under the same ones, and until when."""
    kind, policy, zone = facts["kind"], facts["policy"], facts["zone"]
    law = quiet(
        kind=kind,
        territory=facts["territory"],
        now=instant,
        law=policy.law,
        ballots=policy.ballots,
        cancellation=facts.get("cancellation", False),
        zone=zone,
    )
    if law is not None:
        return Hold(reason=law.reason, until=law.until)
    if facts.get("silent"):
        return None
    clock, news_before = zone or HOME, facts.get("news_before")
    if news_before is not None:
        opens = tellable_from(now=instant, zone=clock, hours=policy.courtesy, starts_at=news_before)
    else:
        evening = facts.get("evening", False)
        opens = next_courteous(now=instant, zone=clock, kind=kind, hours=policy.courtesy, evening=evening)
    return Hold(reason=COURTESY_HOURS, until=opens) if opens > instant else None


class Held(dict[datetime, Hold | None]):
    """What law and hours say at the instants that were asked for, to all who live under the same ones."""

    def __init__(self, facts: LeavingFacts) -> None:
        self._facts = facts

    def __missing__(self, instant: datetime) -> Hold | None:
        found = self[instant] = held_at(self._facts, instant)
        return found


def hold_for_one(
    for_all: Callable[[datetime], Hold | None],
    *,
    kind: Kind,
    zone: str | None,
    now: datetime,
    policy: Policy,
    sent: Collection[datetime] = (),
    neutral: Collection[NeutralSent] = (),
    unanswered: int = 0,
) -> Hold | None:
    """As `hold`, where `for_all` tells what law and hours say at an instant: whoever asks for many keeps that."""
    clock = zone or HOME

    def first_reason(instant: datetime) -> Hold | None:
        held = for_all(instant)
        if held is not None:
            return held
        cap = capped(kind=kind, sent=sent, now=instant, zone=clock, caps=policy.caps, unanswered=unanswered)
        cap = cap or capped_neutral(sent=neutral, now=instant, zone=clock)
        return Hold(reason=cap.reason, until=cap.until) if cap is not None else None

    return _until_nothing_holds(now, first_reason)


def _until_nothing_holds(now: datetime, first_reason: Callable[[datetime], Hold | None]) -> Hold | None:
    """What ends one reason may begin another: a quiet period that ends at night, a cap that ends on an eve."""
    until, reason = now, ""
    while (found := first_reason(until)) is not None:
        until = found.until
        # A night is the reason where nothing else keeps it: whoever is told of the hours would choose another hour.
        reason = found.reason if reason in ("", COURTESY_HOURS) else reason
    return Hold(reason=reason, until=until) if reason else None


def free_until(**facts: Unpack[LeavingFacts]) -> datetime | None:
    """Until when a message that may leave now still may, by law and, unless `silent`, by the person's hours; None: for
    ever.

    A message is worded some moments before it leaves: it carries this instant, and is held back from it on.
    """
    kind, now, policy, zone = facts["kind"], facts["now"], facts["policy"], facts["zone"]
    spans = spans_for(
        kind=kind,
        territory=facts["territory"],
        law=policy.law,
        ballots=policy.ballots,
        cancellation=facts.get("cancellation", False),
        zone=zone,
    )
    ends = [span.span.starts for span in spans if span.span.starts > now]
    news_before = facts.get("news_before")
    if (kind in COURTEOUS or news_before is not None) and not facts.get("silent"):
        where = zone_named(zone or HOME)
        closes = policy.courtesy.evening_closes if facts.get("evening") else policy.courtesy.closes
        end = at_local(now.astimezone(where).date(), closes, where).astimezone(UTC)
        if news_before is None or end > now:  # else it is so near that it leaves at night
            ends.append(end)
    return min(ends, default=None)
