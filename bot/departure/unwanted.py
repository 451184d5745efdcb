"""Why somebody is not to get any more what was queued for them: they left, decided, voted, or it is not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.campaign.campaign import Campaign
from bot.delivery.outcomes import Stop, Wait
from bot.departure.batch import Batch
from bot.departure.of_events import event_unwanted
from bot.departure.sending import LeavingBroadcast
from bot.rules.consent import Purpose
from bot.rules.kinds import Kind, Mute
from bot.rules.neutrality import NOT_NEUTRAL, is_worded_by_the_program
from bot.rules.people import NOT_A_SUPPORTER, PersonFacts, PersonState, VoteFacts, VoteState
from bot.rules.reminders import Skip, reason_to_skip
from bot.rules.restriction import RESTRICTED
from bot.words.step_values import vote_in
from db.people import Person, renewals_due
from db.vote_plans import VotePlan

# What a step follows was checked when it was queued; here it only has to be some time ago.
FOLLOWED_AGO = timedelta(days=1)
# Who told this of their vote is not reminded of it.
SAID_ALL = frozenset({VoteState.VOTED, VoteState.CANNOT})


def why_unwanted(
    campaign: Campaign, person: Person, sending: LeavingBroadcast, batch: Batch, held_out: bool
) -> Stop | Wait | None:
    """Why this person is not to get it any more, if so."""
    is_service = sending.kind is Kind.SERVICE and not (sending.is_last_choice or sending.is_of_hours)
    is_meant = is_service or (person.is_registered and person.consent_contact)
    if person.is_restricted or not is_meant:
        return Stop(state="cancelled", reason=NOT_A_SUPPORTER)
    if person.unreachable_at is not None:
        return Stop(state="unreachable", reason="blocked")
    is_out = campaign.is_out(batch.now)
    if not is_what_it_is_called(sending):
        return Stop(state="cancelled", reason=NOT_NEUTRAL)
    if sending.is_last_choice:
        return None if is_out else Stop(state="cancelled", reason="candidate_stands")
    if is_out and not is_service and not sending.is_cancellation:
        return Stop(state="cancelled", reason=Skip.CANDIDATE_OUT.value)
    if sending.mute is not None and is_muted(person, sending.mute):
        return Stop(state="cancelled", reason="muted")
    if sending.by_commune and not person.consent_commune and not batch.is_in_otherwise(person, sending):
        return Stop(state="cancelled", reason="not_by_commune")
    if sending.is_renewal and not (person.is_registered and renewals_due(person)):
        return Stop(state="cancelled", reason="renewed")
    if sending.is_of_friends:
        return friends_unwanted(person, batch, is_out=is_out)
    if sending.is_of_hours:
        return _hours_unwanted(campaign, person, sending, batch)
    if sending.row.step is not None and sending.row.ballot is not None:
        return _step_unwanted(campaign, person, sending.row.step, sending.row.ballot, batch, held_out)
    if sending.is_neutral_of_staff:
        return _neutral_unwanted(campaign, person, sending, batch)
    return event_unwanted(person, sending, batch) if sending.event is not None else None


def _neutral_unwanted(
    campaign: Campaign, person: Person, sending: LeavingBroadcast, batch: Batch
) -> Stop | None:
    """A neutral reminder of staff: not once somebody told of their vote, nor where it is over or not held."""
    number = sending.row.ballot
    assert number is not None  # else it was not the program's own
    plan = batch.plans.get((person.id, number))
    if plan is not None and plan.state in SAID_ALL:
        return Stop(state="cancelled", reason=plan.state.value)
    vote = vote_in(campaign, campaign.ballot(number), person=person, language=person.language or "")
    if vote is None:
        return Stop(state="cancelled", reason=Skip.OTHER_BALLOT.value)
    return Stop(state="expired", reason=Skip.EXPIRED.value) if vote.is_over(batch.now) else None


def _hours_unwanted(
    campaign: Campaign, person: Person, sending: LeavingBroadcast, batch: Batch
) -> Stop | None:
    """Word of changed hours: not once somebody planned anew or told of their vote, nor where it is over."""
    if is_muted(person, Mute.REMINDERS):
        return Stop(state="cancelled", reason="muted")
    plan = batch.plans.get((person.id, sending.row.ballot or 0))
    if plan is None or plan.slot is None or plan.at > sending.row.created_at:
        return Stop(state="cancelled", reason="replanned")
    return _neutral_unwanted(campaign, person, sending, batch)


def _step_unwanted(
    campaign: Campaign, person: Person, name: str, number: int, batch: Batch, held_out: bool
) -> Stop | Wait | None:
    if held_out:
        return Stop(state="cancelled", reason="held_out")
    if person.commune is not None and not campaign.votes(person.commune):
        # The file says since they signed up that the vote is not held there.
        return Stop(state="cancelled", reason=Skip.OTHER_BALLOT.value)
    step, ballot, now = campaign.step(name), campaign.ballot(number), batch.now
    plan = batch.plans.get((person.id, number))
    followed = {step.follows: now - FOLLOWED_AGO} if step.follows else {}
    found = reason_to_skip(
        step=step,
        ballot=ballot,
        schedule=campaign.schedule,
        facts=facts_of(person, number, plan, followed),
        now=now,
        silent_after=campaign.caps.silent_after,
    )
    if found is None:
        return None
    if found.until is not None:  # the plan or the place changed since it was queued
        return Wait(until=found.until, reason=found.reason.value, state="queued")
    ended = "expired" if found.reason is Skip.EXPIRED else "cancelled"
    return Stop(state=ended, reason=found.reason.value)


def is_what_it_is_called(sending: LeavingBroadcast) -> bool:
    """Whether what the law lets leave as a service or as neutral is the program's own words, whoever queued it."""
    row = sending.row
    if sending.kind is Kind.SERVICE:
        return is_of_our_own(sending) or sending.is_notice or sending.is_of_hours
    if sending.kind is not Kind.CIVIC_NEUTRAL:
        return True
    return row.ballot is not None and is_worded_by_the_program(
        step=row.step,
        template=row.template,
        fields=row.fields,
        photo=row.photo,
        has_texts=bool(sending.texts),
        event=row.event,
    )


def is_of_our_own(sending: LeavingBroadcast) -> bool:
    """Whether the program asks or tells it by itself: a service that has no reason to hurry."""
    return sending.is_renewal or sending.is_last_choice or sending.is_of_friends


def friends_unwanted(person: Person, batch: Batch, *, is_out: bool) -> Stop | None:
    """That a friend is in: not to who left, wants no news or has no friend there any more, nor once nobody stands."""
    if not (person.is_registered and person.consent_contact):
        return Stop(state="cancelled", reason=NOT_A_SUPPORTER)
    if is_out:
        return Stop(state="cancelled", reason=Skip.CANDIDATE_OUT.value)
    if is_muted(person, Mute.NEWS):
        return Stop(state="cancelled", reason="muted")
    return None if batch.brought.get(person.id) else Stop(state="cancelled", reason="erased")


def is_muted(person: Person, mute: Mute) -> bool:
    """Whether the person switched these kinds of message off."""
    return bool(getattr(person, f"mutes_{mute}"))


def facts_of(person: Person, ballot: int, plan: VotePlan | None, sent: Mapping[str, datetime]) -> PersonFacts:
    """A supporter as the rules know them, with what is known of a ballot. `sent`: when its steps left."""
    purposes = {purpose for purpose in Purpose if getattr(person, f"consent_{purpose.value}")}
    states = {
        "registered": PersonState.ACTIVE,
        "stopped": PersonState.STOPPED,
        RESTRICTED: PersonState.RESTRICTED,
    }
    state = (
        PersonState.UNREACHABLE if person.unreachable_at else states.get(person.state, PersonState.UNFINISHED)
    )
    return PersonFacts(
        territory=person.territory,
        zone=person.zone or "Europe/Paris",
        state=state,
        consents=frozenset(purposes),
        mutes=frozenset(mute for mute in Mute if is_muted(person, mute)),
        unanswered=person.unanswered,
        votes={
            ballot: VoteFacts(
                state=plan.state if plan is not None else VoteState.NONE,
                slot=plan.slot if plan is not None else None,
                sent=sent,
            )
        },
    )
