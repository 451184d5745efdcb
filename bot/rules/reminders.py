"""Reminder steps: when each one is due for everybody in a territory, and for whom it is still meant.

A step is data (a row of the campaign file). `occurrences` turns it into instants, one per territory, or one
per slot for a step that follows each person's own plan: a planner queues whole territories at once.
`reason_to_skip` says for one person why a step is not to leave; it is asked when the message is about to leave.

A step that fell before somebody registered, or during an outage, is caught up as long as it is useful: from
its instant until `until`. In the default steps each is useful until the next one, so that never two wait at
once; should a campaign file make them overlap, the caps keep what is partisan from coming in a burst.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.frozen import Frozen
from bot.rules.ballots import Ballot, last_close
from bot.rules.consent import may_contact
from bot.rules.courtesy import next_courteous
from bot.rules.kinds import Kind, mutes_of_step
from bot.rules.moments import Anchor, Moment
from bot.rules.people import PersonFacts, PersonState, VoteState
from bot.rules.quiet import ballot_abroad, embargo_of
from bot.rules.steps import Schedule, Slot, Step
from bot.rules.territories import ABROAD, METROPOLE, at_local, zone_of
from bot.rules.territories import zone as zone_named

__all__ = [
    "GAP_BEFORE_FOLLOW_UP",
    "NotNow",
    "Schedule",
    "Skip",
    "Slot",
    "Step",
    "StepOccurrence",
    "ballots_of_cannot",
    "in_own_zone",
    "occurrence_for",
    "occurrences",
    "reason_not_meant",
    "reason_to_skip",
    "territory_followed",
]

GAP_BEFORE_FOLLOW_UP = timedelta(hours=1)
"""A step that follows another one waits this long after it, so that two never come at once."""


class StepOccurrence(Frozen):
    """One step of one ballot in one territory: due from `at_utc` until `expires_at`, both aware UTC.

    `slot`: the plan that it is for; None for a step that follows no plan, and for people without one.
    `at_local` is in the territory's zone. It is useless from `expires_at` on.
    """

    ballot: int
    step: str
    kind: Kind
    territory: str
    slot: str | None
    at_local: datetime
    at_utc: datetime
    expires_at: datetime


class Skip(StrEnum):
    """Why a step is not to leave for one person now; logged with the row."""

    NOT_YET = "not_yet"
    EXPIRED = "expired"
    NO_CONSENT = "no_consent"
    NOT_ACTIVE = "not_active"
    MUTED = "muted"
    VOTED = "voted"
    CANNOT = "cannot"
    SILENT = "silent"
    CANDIDATE_OUT = "candidate_out"
    NOTHING_TO_FOLLOW = "nothing_to_follow"
    OTHER_BALLOT = "other_ballot"


class NotNow(Frozen):
    """A step is not to leave for one person: why, and from when on it is (aware UTC); None: not at all."""

    reason: Skip
    until: datetime | None = None


def territory_followed(territory: str | None, ballot: Ballot) -> str | None:
    """The territory whose steps people of one get: their own, None where it has no part in this ballot.

    Those of whom no territory is known get metropolitan France's, or the first one's where it has no part.
    """
    if territory is None:
        return METROPOLE if ballot.takes_place_in(METROPOLE) else ballot.territories[0]
    return territory if ballot.takes_place_in(territory) else None


@lru_cache(maxsize=8192)
def occurrences(
    *, ballot: Ballot, step: Step, territory: str, schedule: Schedule
) -> tuple[StepOccurrence, ...]:
    """When a step is due in a territory that takes part in the ballot.

    One row, or for a step that follows the plan one row for each slot and one (slot None) for people
    without a plan. Each is put off to the territory's next courtesy hour, unless it would be useless by
    then. Empty for a step that is not of this ballot. Raises UnknownTerritory.
    """
    if not step.belongs_to(ballot.number):
        return ()
    slots = (*(slot.name for slot in schedule.slots), None) if step.follows_slot else (None,)
    return tuple(_occurrence(ballot, step, territory, schedule, slot) for slot in slots)


def _occurrence(
    ballot: Ballot, step: Step, territory: str, schedule: Schedule, slot: str | None
) -> StepOccurrence:
    zone = ballot.polling(territory).zone
    planned = _instant(step.when, ballot, territory, schedule, slot)
    expires_at = _instant(step.until, ballot, territory, schedule, slot)
    courteous = next_courteous(
        now=planned,
        zone=zone.key,
        kind=step.kind,
        hours=schedule.courtesy,
        evening=step.evening,
        courteous=step.courteous,
    )
    at = courteous if courteous < expires_at else planned
    return StepOccurrence(
        ballot=ballot.number,
        step=step.name,
        kind=step.kind,
        territory=territory,
        slot=slot,
        at_local=at.astimezone(zone),
        at_utc=at,
        expires_at=expires_at,
    )


LAST_CHANCE = timedelta(minutes=30)
"""How long before the end of courtesy hours a step leaves that would otherwise come too late."""


def in_own_zone(occurrence: StepOccurrence, *, zone: str, step: Step, schedule: Schedule) -> StepOccurrence:
    """The occurrence for people whose own zone is not the territory's: those abroad, who follow Paris.

    It waits for their own courtesy hours; where it would be useless by then (in Sydney the polls close in
    Paris before morning comes) it leaves earlier, towards the end of their last courtesy hours before.
    """
    hours = schedule.courtesy
    courteous = next_courteous(
        now=occurrence.at_utc, zone=zone, kind=step.kind, hours=hours, evening=step.evening
    )
    if courteous >= occurrence.expires_at:
        where = zone_named(zone)
        local = occurrence.at_utc.astimezone(where)
        day = local.date() if local.time() >= hours.closes else local.date() - timedelta(days=1)
        courteous = at_local(day, hours.closes, where).astimezone(UTC) - LAST_CHANCE
    return replace(occurrence, at_utc=courteous, at_local=courteous.astimezone(occurrence.at_local.tzinfo))


def _instant(
    moment: Moment, ballot: Ballot, territory: str, schedule: Schedule, slot: str | None
) -> datetime:
    """The instant of a moment in a territory, in UTC."""
    polling = ballot.polling(territory)
    match moment.anchor:
        case Anchor.POLLING_DAY:
            day = polling.day - timedelta(days=moment.days_before)
            # Before the vote whichever comes first, as the silence does, at a consulate or in Paris.
            clocks = {polling.zone, zone_of(territory)} if moment.days_before > 0 else {polling.zone}
            return min(at_local(day, moment.at, clock).astimezone(UTC) for clock in clocks)
        case Anchor.EMBARGO:
            return embargo_of(schedule.law, ballot) - moment.before
        case Anchor.CLOSE:
            return last_close(ballot, territory) - moment.before
        case Anchor.SLOT:
            planned = schedule.slot(slot)
            if planned.before_close is not None:
                starts = polling.voting_window.ends - planned.before_close
            else:
                starts = at_local(polling.day, planned.starts or polling.hours.opens, polling.zone)
            return starts.astimezone(UTC) - moment.before


def occurrence_for(
    *, ballot: Ballot, step: Step, schedule: Schedule, facts: PersonFacts
) -> StepOccurrence | None:
    """The occurrence that concerns one person, None when their territory or the step has no part in the ballot.

    People abroad follow their own courtesy hours. What follows another step waits for it to be some time ago.
    """
    territory = territory_followed(facts.territory, ballot)
    if territory is None:
        return None
    if territory == ABROAD:
        ballot = ballot_abroad(ballot=ballot, law=schedule.law, zone=facts.zone)
    slot = facts.vote(ballot.number).slot if step.follows_slot else None
    known = {each.name for each in schedule.slots}
    for occurrence in occurrences(ballot=ballot, step=step, territory=territory, schedule=schedule):
        if occurrence.slot == (slot if slot in known else None):
            if territory == ABROAD:
                occurrence = in_own_zone(occurrence, zone=facts.zone, step=step, schedule=schedule)
            followed_at = facts.vote(ballot.number).sent.get(step.follows) if step.follows else None
            return _after_followed(occurrence, followed_at)
    return None


def _after_followed(occurrence: StepOccurrence, followed_at: datetime | None) -> StepOccurrence:
    if followed_at is None or followed_at + GAP_BEFORE_FOLLOW_UP <= occurrence.at_utc:
        return occurrence
    at = followed_at + GAP_BEFORE_FOLLOW_UP
    return replace(occurrence, at_utc=at, at_local=at.astimezone(occurrence.at_local.tzinfo))


def reason_to_skip(
    *, step: Step, ballot: Ballot, schedule: Schedule, facts: PersonFacts, now: datetime, silent_after: int
) -> NotNow | None:
    """Why a step of a ballot is not to leave for this person now; None when it may. Law, hours and caps come after."""
    reason = reason_not_meant(step=step, ballot=ballot.number, facts=facts, silent_after=silent_after)
    if reason is not None:
        return NotNow(reason=reason)
    occurrence = occurrence_for(ballot=ballot, step=step, schedule=schedule, facts=facts)
    if occurrence is None:
        return NotNow(reason=Skip.OTHER_BALLOT)
    if now >= occurrence.expires_at:
        return NotNow(reason=Skip.EXPIRED)
    if now < occurrence.at_utc:
        return NotNow(reason=Skip.NOT_YET, until=occurrence.at_utc)
    return None


def reason_not_meant(*, step: Step, ballot: int, facts: PersonFacts, silent_after: int) -> Skip | None:
    """Why a step of a ballot is not meant for this person, whatever its hour.

    `db.planning.queue_step` says the same of everybody at once; a property test holds the two together.
    """
    vote = facts.vote(ballot)
    if not step.belongs_to(ballot):
        return Skip.OTHER_BALLOT
    if facts.state is not PersonState.ACTIVE:
        return Skip.NOT_ACTIVE
    if not may_contact(facts.consents):
        return Skip.NO_CONSENT
    if mutes_of_step(step.kind) & facts.mutes:
        return Skip.MUTED
    if vote.state is VoteState.CANNOT:
        return Skip.CANNOT
    if vote.state is VoteState.VOTED and not step.when_voted:
        return Skip.VOTED
    if facts.unanswered >= silent_after and not step.when_silent:
        return Skip.SILENT
    if step.follows is not None and step.follows not in vote.sent:
        return Skip.NOTHING_TO_FOLLOW
    return None


def ballots_of_cannot(*, step: Step, ballot: int, ballots: Iterable[Ballot]) -> tuple[int, ...]:
    """Which ballots "can't" speaks of, said to a step of a ballot.

    Said to a question that is put once for the whole vote (the pledge) it holds for that ballot and the later
    ones; said to a question of every round it holds for that round, because who missed round 1 may still vote
    in round 2.
    """
    if step.ballots:
        return tuple(each.number for each in ballots if each.number >= ballot)
    return (ballot,)
