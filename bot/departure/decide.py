"""The last look before messages leave: still wanted, still meant, allowed now? Then they are worded.

Asked for each batch the sender has leased; nothing here depends on what was true when they were queued.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

import db.departure
from bot.actions.approvals import ApprovalGone
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.departure.approving import asking
from bot.departure.batch import Batch, load
from bot.departure.compose import Composer, as_call
from bot.departure.conversing import Talks
from bot.departure.mending import Mending
from bot.departure.of_events import event_unwanted
from bot.departure.promised import Promised
from bot.departure.sending import Found, Freedom, LeavingBroadcast
from bot.departure.wording import Wording
from bot.errors import NotAllowed
from bot.rules.consent import Purpose
from bot.rules.courtesy import UNDISTURBED, NeutralSent, is_undisturbed
from bot.rules.holdout import is_held_out
from bot.rules.kinds import PARTISAN, Kind, Mute
from bot.rules.leaving import Hold, Policy, free_until, hold
from bot.rules.leaving_order import place_in_line
from bot.rules.neutrality import NOT_NEUTRAL, is_worded_by_the_program
from bot.rules.people import NOT_A_SUPPORTER, PersonFacts, PersonState, VoteFacts, VoteState
from bot.rules.reminders import Skip, reason_to_skip
from bot.rules.restriction import RESTRICTED
from bot.words.step_values import vote_in
from bot.words.texts import Texts
from db.deliveries import Leased
from db.people import Person, renewals_due
from db.vote_plans import VotePlan

# What a step follows was checked when it was queued; here it only has to be some time ago.
FOLLOWED_AGO = timedelta(days=1)
# Who told this of their vote is not reminded of it.
SAID_ALL = frozenset({VoteState.VOTED, VoteState.CANNOT})
# After so many the event loop has its turn.
TURN = 16


class DepartureFacts(TypedDict):
    """The facts that `bot.rules.leaving` asks of every message."""

    kind: Kind
    territory: str | None
    zone: str | None
    now: datetime
    policy: Policy
    evening: bool
    cancellation: bool
    news_before: datetime | None


class Departure:
    """Decides and words; `prepare` is what the sender calls."""

    def __init__(
        self, *, campaign: Campaign, texts: Texts, composer: Composer, clock: Clock, bot_username: str
    ) -> None:
        self._campaign, self._clock = campaign, clock
        self._texts, self._composer = texts, composer
        self._talks = Talks(texts=texts, composer=composer)
        self._mending = Mending(campaign=campaign, texts=texts, composer=composer)
        self._wording = Wording(campaign=campaign, texts=texts, composer=composer, bot_username=bot_username)
        self._promised = Promised(clock)

    async def prepare(self, tx: AsyncConnection, rows: Sequence[Leased]) -> list[Call | Wait | Stop]:
        """A decision for each leased delivery, in their order."""
        now = self._clock.now()
        self._promised.look_again_at((row.id for row in rows), now)
        # What else may leave for the same people is decided with them: of two the caps let the first one leave.
        others = await db.departure.partisan_due(tx, rows, now=now, promised=self._promised.deliveries)
        batch = await load(tx, [*rows, *others], now, promised=self._promised.deliveries)
        batch = replace(batch, cards=await self._cards(tx, batch, rows))
        decisions: dict[int, Call | Wait | Stop] = {}
        mine = {row.id for row in rows}
        for row in sorted((*rows, *others), key=lambda row: place_in_line(row.expires_at, row.broadcast)):
            if row.id not in mine:
                # Nothing waits for what cannot be decided: a step that the campaign file does not have any more.
                with contextlib.suppress(Exception):
                    self._decide(row, batch)
                continue
            decision = self._decide(row, batch)
            if isinstance(decision, Found):
                decision = decision.form(batch.people[row.person or 0])
            if isinstance(decision, Call):
                self._promised.remember(row.id, now)
            decisions[row.id] = decision
            if not len(decisions) % TURN:
                await asyncio.sleep(0)  # posts go on meanwhile
        return [decisions[row.id] for row in rows]

    async def _cards(
        self, tx: AsyncConnection, batch: Batch, rows: Sequence[Leased]
    ) -> dict[int, Call | Stop]:
        """What asks somebody to let a broadcast go, and what leaves of conversations, as they are at this moment;
        nothing where it was decided, or ended, meanwhile.
        """
        found: dict[int, Call | Stop] = {}
        for row in rows:
            sending = batch.broadcasts[row.broadcast]
            person = batch.people.get(row.person) if row.person is not None else None
            if sending.is_talk and person is not None:
                details = sending.row.details or {}
                found[row.id] = await self._talks.call(
                    tx, person, str(sending.row.template), details, batch.now
                )
            elif sending.is_card and person is not None:
                approval = int((sending.row.details or {})["approval"])
                try:
                    text = await asking(tx, self._composer, self._texts, person, approval, batch.now)
                except (ApprovalGone, NotAllowed):
                    found[row.id] = Stop(state="cancelled", reason="decided")
                else:
                    found[row.id] = as_call(person.telegram_id, text)
        return found

    def _decide(self, row: Leased, batch: Batch) -> Found | Call | Wait | Stop:
        """What becomes of it; `Found`: it leaves, and has yet to be worded."""
        person = batch.people.get(row.person) if row.person is not None else None
        if person is None:
            return Stop(state="cancelled", reason="erased")
        sending = batch.broadcasts[row.broadcast]
        if sending.mended is not None:
            return self._mending.decide(row, person, sending, batch)
        found = self._found(row, person, sending, batch)
        if found.unwanted is not None:
            return found.unwanted
        if sending.is_card or sending.is_talk:
            return batch.cards[row.id]
        wait = self._hold(person, sending, batch, found.freedom.held)
        if wait is not None:
            useless = row.expires_at is not None and wait.until >= row.expires_at
            return Stop(state="expired", reason=wait.reason) if useless else wait
        if sending.kind in PARTISAN:
            batch.sent.setdefault(person.id, []).append(batch.now)
        elif sending.kind is Kind.CIVIC_NEUTRAL:
            leaves = NeutralSent(at=batch.now, by_a_step=sending.row.step is not None)
            batch.neutral_sent.setdefault(person.id, []).append(leaves)
        return found

    def _found(self, row: Leased, person: Person, sending: LeavingBroadcast, batch: Batch) -> Found:
        """What is found for the person: once for all who are alike, from what they have in common alone."""
        drawn = batch.variants.get(row.id), self._is_held_out(person, sending, batch)
        if not (sending.is_for_many and batch.is_like_others(person, sending)):
            return self._look(person, sending, batch, *drawn)
        key = (sending.likeness.of(person), *drawn)
        found = sending.alike.get(key)
        if found is None:
            anybody = sending.likeness.anybody(person)
            found = sending.alike[key] = self._look(anybody, sending, batch, *drawn)
        return found

    def _look(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, variant: str | None, held_out: bool
    ) -> Found:
        unwanted = self._unwanted(person, sending, batch, held_out)
        until = person.undisturbed_until
        if (
            unwanted is None
            and until is not None
            and is_undisturbed(until, batch.now)
            and not sending.is_notice
        ):
            unwanted = Wait(until=until, reason=UNDISTURBED, state="queued")
        freedom = self._freedom(person, sending, batch.now)
        return Found(
            unwanted=unwanted,
            freedom=freedom,
            word=partial(
                self._wording.form,
                person,
                sending,
                batch,
                variant=variant,
                leave_before=freedom.until,
                is_quiet=freedom.is_quiet,
            ),
        )

    def _is_held_out(self, person: Person, sending: LeavingBroadcast, batch: Batch) -> bool:
        percent = self._campaign.holdout_percent if sending.row.step is not None else 0
        return bool(percent) and is_held_out(key=batch.key, person=person.id, percent=percent)

    def _hold(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, held: Hold | None
    ) -> Wait | None:
        """Why it waits: `held`, as for everybody under the same law and hours, or what this person got before."""
        sent = batch.sent.get(person.id, ()) if sending.kind in PARTISAN else ()
        neutral = batch.neutral_sent.get(person.id, ()) if sending.is_neutral_of_staff else ()
        if sent or neutral:
            leaving, step = self._leaving(person, sending, batch.now), sending.row.step
            unanswered = person.unanswered
            if step is not None:
                unanswered = self._campaign.step(step).unanswered_before(unanswered)
            held = hold(**leaving, sent=sent, neutral=neutral, unanswered=unanswered)
        return None if held is None else Wait(until=held.until, reason=held.reason, state="withheld")

    def _freedom(self, person: Person, sending: LeavingBroadcast, now: datetime) -> Freedom:
        """The freedom that law and hours leave, shared by all who live under the same ones."""
        key = (person.territory, person.zone)
        found = sending.freedoms.get(key)
        if found is None:
            leaving = self._leaving(person, sending, now)
            is_quiet = self._campaign.is_quiet(territory=person.territory, now=now, zone=person.zone)
            held = hold(**leaving)
            if not is_quiet:
                # From the quiet period on, word of a cancelled event says less.
                leaving["cancellation"] = False
            found = Freedom(held=held, until=free_until(**leaving), is_quiet=is_quiet)
            sending.freedoms[key] = found
        return found

    def _leaving(self, person: Person, sending: LeavingBroadcast, now: datetime) -> DepartureFacts:
        step = sending.row.step
        return {
            # What we ask by ourselves bears our name: it wakes nobody up, and a quiet period can wait for its end.
            "kind": Kind.PERSUASION
            if is_of_our_own(sending) or sending.is_offer or sending.is_shift_offer
            else sending.kind,
            "territory": person.territory,
            "zone": person.zone,
            "now": now,
            "policy": self._campaign.policy,
            "evening": step is not None and self._campaign.step(step).evening,
            "cancellation": sending.is_cancellation,
            "news_before": sending.news_before,
        }

    def _unwanted(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, held_out: bool
    ) -> Stop | Wait | None:
        """Why this person is not to get it any more, if so."""
        is_service = sending.kind is Kind.SERVICE and not (sending.is_last_choice or sending.is_of_hours)
        is_meant = is_service or (person.is_registered and person.consent_contact)
        if person.is_restricted or not is_meant:
            return Stop(state="cancelled", reason=NOT_A_SUPPORTER)
        if person.unreachable_at is not None:
            return Stop(state="unreachable", reason="blocked")
        is_out = self._campaign.is_out(batch.now)
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
            return self._hours_unwanted(person, sending, batch)
        if sending.row.step is not None and sending.row.ballot is not None:
            return self._step_unwanted(person, sending.row.step, sending.row.ballot, batch, held_out)
        if sending.is_neutral_of_staff:
            return self._neutral_unwanted(person, sending, batch)
        return event_unwanted(person, sending, batch) if sending.event is not None else None

    def _neutral_unwanted(self, person: Person, sending: LeavingBroadcast, batch: Batch) -> Stop | None:
        """A neutral reminder of staff: not once somebody told of their vote, nor where it is over or not held."""
        number = sending.row.ballot
        assert number is not None  # else it was not the program's own
        plan = batch.plans.get((person.id, number))
        if plan is not None and plan.state in SAID_ALL:
            return Stop(state="cancelled", reason=plan.state.value)
        vote = vote_in(
            self._campaign, self._campaign.ballot(number), person=person, language=person.language or ""
        )
        if vote is None:
            return Stop(state="cancelled", reason=Skip.OTHER_BALLOT.value)
        return Stop(state="expired", reason=Skip.EXPIRED.value) if vote.is_over(batch.now) else None

    def _hours_unwanted(self, person: Person, sending: LeavingBroadcast, batch: Batch) -> Stop | None:
        """Word of changed hours: not once somebody planned anew or told of their vote, nor where it is over."""
        if is_muted(person, Mute.REMINDERS):
            return Stop(state="cancelled", reason="muted")
        plan = batch.plans.get((person.id, sending.row.ballot or 0))
        if plan is None or plan.slot is None or plan.at > sending.row.created_at:
            return Stop(state="cancelled", reason="replanned")
        return self._neutral_unwanted(person, sending, batch)

    def _step_unwanted(
        self, person: Person, name: str, number: int, batch: Batch, held_out: bool
    ) -> Stop | Wait | None:
        if held_out:
            return Stop(state="cancelled", reason="held_out")
        if person.commune is not None and not self._campaign.votes(person.commune):
            # The file says since they signed up that the vote is not held there.
            return Stop(state="cancelled", reason=Skip.OTHER_BALLOT.value)
        step, ballot, now = self._campaign.step(name), self._campaign.ballot(number), batch.now
        plan = batch.plans.get((person.id, number))
        followed = {step.follows: now - FOLLOWED_AGO} if step.follows else {}
        found = reason_to_skip(
            step=step,
            ballot=ballot,
            schedule=self._campaign.schedule,
            facts=facts_of(person, number, plan, followed),
            now=now,
            silent_after=self._campaign.caps.silent_after,
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
