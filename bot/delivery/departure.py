"""The last look before messages leave: still wanted, still meant, allowed now? Then they are worded.

Asked for each batch the sender has leased; nothing here depends on what was true when they were queued.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaign import Campaign
from bot.clock import Clock
from bot.delivery.batch import Batch, Freedom, load
from bot.delivery.calls import Call
from bot.delivery.compose import CANCELLATION, Composer
from bot.delivery.sender import Stop, Wait
from bot.delivery.wording import Wording
from bot.rules.audience_limits import MUTES
from bot.rules.audiences import chosen_by_commune
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.consent import Purpose
from bot.rules.courtesy import next_courteous
from bot.rules.holdout import is_held_out
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import COURTESY_HOURS, Policy, free_until, hold
from bot.rules.people import PersonFacts, State, VoteFacts
from bot.rules.reminders import Skip, occurrence_for, reason_not_meant
from bot.texts import Texts
from db.broadcast_accounts import Broadcast
from db.deliveries import Leased
from db.people import Person, renewals_due
from db.renewals import TEMPLATE as RENEWAL
from db.vote_plans import VotePlan

# What a step follows was checked when it was queued; here it only has to be some time ago.
FOLLOWED_AGO = timedelta(days=1)
# How long a message that was let go may wait for its turn; after that it is looked at again.
REMEMBERED = timedelta(minutes=1)
# After so many the event loop has its turn.
TURN = 32


class Leaving(TypedDict):
    """What `bot.rules.leaving` asks of every message."""

    kind: Kind
    territory: str | None
    zone: str
    now: datetime
    policy: Policy
    evening: bool
    courteous: bool
    cancellation: bool


class Departure:
    """Decides and words; `prepare` is what the sender calls."""

    def __init__(
        self, *, campaign: Campaign, texts: Texts, composer: Composer, clock: Clock, bot_username: str
    ) -> None:
        self._campaign, self._clock = campaign, clock
        self._wording = Wording(campaign=campaign, texts=texts, composer=composer, bot_username=bot_username)
        # What was let go: two broadcasts may reach one person through batches so close that the first has not left.
        self._promised: OrderedDict[int, datetime] = OrderedDict()

    async def prepare(self, tx: AsyncConnection, rows: Sequence[Leased]) -> list[Call | Wait | Stop]:
        """What is to become of each leased delivery, in their order."""
        now = self._clock.now()
        self._forget_promises(now)
        for row in rows:  # looked at again: not in its own way
            self._promised.pop(row.id, None)
        batch = await load(tx, rows, now, promised=self._promised)
        decisions: list[Call | Wait | Stop] = []
        for row in rows:
            decision = self._decide(row, batch, now)
            if isinstance(decision, Call):
                self._promised[row.id] = now
            decisions.append(decision)
            if not len(decisions) % TURN:
                await asyncio.sleep(0)  # posts go on meanwhile
        return decisions

    def _forget_promises(self, now: datetime) -> None:
        """The oldest come first: at full speed there are more than can be gone through for each batch."""
        while self._promised:
            oldest = next(iter(self._promised))
            if abs(now - self._promised[oldest]) < REMEMBERED:
                return
            self._promised.popitem(last=False)

    def _decide(self, row: Leased, batch: Batch, now: datetime) -> Call | Wait | Stop:
        person = batch.people.get(row.person) if row.person is not None else None
        broadcast = batch.broadcasts[row.broadcast]
        if person is None:
            return Stop(state="cancelled", reason="erased")
        unwanted = self._unwanted(person, broadcast, batch, now)
        if unwanted is not None:
            return unwanted
        wait = self._hold(person, broadcast, batch, now)
        if wait is not None:
            useless = row.expires_at is not None and wait.until >= row.expires_at
            return Stop(state="expired", reason=wait.reason) if useless else wait
        if Kind(broadcast.kind) in PARTISAN:
            batch.sent.setdefault(person.id, []).append(now)
        until = self._freedom(person, broadcast, batch, now).until
        return self._wording.call(person, broadcast, batch, now, leave_before=until)

    def _hold(self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime) -> Wait | None:
        if broadcast.template == RENEWAL:
            return self._until_a_decent_hour(person, now)
        sent = batch.sent.get(person.id, ())
        if not sent and self._freedom(person, broadcast, batch, now).may_leave:
            return None
        held = hold(**self._leaving(person, broadcast, now), sent=sent, unanswered=person.unanswered)
        return None if held is None else Wait(until=held.until, reason=held.reason, state="withheld")

    def _until_a_decent_hour(self, person: Person, now: datetime) -> Wait | None:
        """A question about consent is a service, which no law holds back; and yet nobody is woken up for it."""
        zone = person.zone or "Europe/Paris"
        hours = self._campaign.policy.courtesy
        decent = next_courteous(now=now, zone=zone, kind=Kind.CIVIC_NEUTRAL, hours=hours)
        return None if decent <= now else Wait(until=decent, reason=COURTESY_HOURS, state="withheld")

    def _freedom(self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime) -> Freedom:
        """What law and hours say, which is the same for all who live under the same ones."""
        key = (broadcast.id, person.territory, person.zone)
        found = batch.freedoms.get(key)
        if found is None:
            leaving = self._leaving(person, broadcast, now)
            found = batch.freedoms[key] = Freedom(
                may_leave=hold(**leaving) is None, until=free_until(**leaving)
            )
        return found

    def _leaving(self, person: Person, broadcast: Broadcast, now: datetime) -> Leaving:
        return {
            "kind": Kind(broadcast.kind),
            "territory": person.territory,
            "zone": person.zone or "Europe/Paris",
            "now": now,
            "policy": self._campaign.policy,
            "evening": self._is_of_the_evening(broadcast),
            "courteous": broadcast.step == LAST_CHOICE,
            "cancellation": broadcast.template == CANCELLATION,
        }

    def _is_of_the_evening(self, broadcast: Broadcast) -> bool:
        return broadcast.step is not None and self._campaign.step(broadcast.step).evening

    def _unwanted(
        self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime
    ) -> Stop | Wait | None:
        """Why this person is not to get it any more, if so."""
        kind, is_last_choice = Kind(broadcast.kind), broadcast.step == LAST_CHOICE
        if (kind is not Kind.SERVICE or is_last_choice) and not (
            person.is_registered and person.consent_contact
        ):
            return Stop(state="cancelled", reason="not_a_supporter")
        if person.unreachable_at is not None:
            return Stop(state="unreachable", reason="blocked")
        if is_last_choice:
            stands = not self._campaign.is_out(now)
            return Stop(state="cancelled", reason="candidate_stands") if stands else None
        if self._campaign.is_out(now) and kind is not Kind.SERVICE and broadcast.template != CANCELLATION:
            return Stop(state="cancelled", reason=Skip.CANDIDATE_OUT.value)
        if is_muted(person, kind):
            return Stop(state="cancelled", reason="muted")
        if not person.consent_commune and chosen_by_commune(broadcast.audience, broadcast.area):
            return Stop(state="cancelled", reason="not_by_commune")
        if broadcast.template == RENEWAL and not (person.is_registered and renewals_due(person)):
            return Stop(state="cancelled", reason="renewed")
        if broadcast.step is not None and broadcast.ballot is not None:
            return self._step_unwanted(person, broadcast, batch, now)
        return event_unwanted(person, broadcast, batch)

    def _step_unwanted(
        self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime
    ) -> Stop | Wait | None:
        assert broadcast.step is not None
        assert broadcast.ballot is not None
        if is_held_out(
            campaign=self._campaign.slug, person=person.id, percent=self._campaign.holdout_percent
        ):
            return Stop(state="cancelled", reason="held_out")
        step, ballot = self._campaign.step(broadcast.step), self._campaign.ballot(broadcast.ballot)
        plan = batch.plans.get((person.id, ballot.number))
        followed = {step.follows: now - FOLLOWED_AGO} if step.follows else {}
        facts = facts_of(person, {ballot.number: plan} if plan else {}, followed)
        skip = reason_not_meant(
            step=step,
            ballot=ballot.number,
            facts=facts,
            now=now,
            silent_after=self._campaign.caps.silent_after,
        )
        if skip is not None:
            return Stop(state="cancelled", reason=skip.value)
        schedule = self._campaign.schedule
        occurrence = occurrence_for(ballot=ballot, step=step, schedule=schedule, facts=facts)
        if occurrence is None:
            return Stop(state="cancelled", reason=Skip.OTHER_BALLOT.value)
        if now >= occurrence.expires_at:
            return Stop(state="expired", reason=Skip.EXPIRED.value)
        if now < occurrence.at_utc:  # the plan or the place changed since it was queued
            return Wait(until=occurrence.at_utc, reason=Skip.NOT_YET.value, state="queued")
        return None


def event_unwanted(person: Person, broadcast: Broadcast, batch: Batch) -> Stop | None:
    """An event's messages: not once it is cancelled (but the word of it), nor to those who will not come."""
    event = batch.events.get(broadcast.event) if broadcast.event is not None else None
    if event is None or broadcast.template == CANCELLATION:
        return None
    if event.state == "cancelled":
        return Stop(state="cancelled", reason="event_cancelled")
    answer = batch.rsvps.get((event.id, person.id))
    reminds = Kind(broadcast.kind) is Kind.EVENT_SERVICE
    if answer == "no" or (reminds and answer is None):
        return Stop(state="cancelled", reason="not_coming")
    return None


def is_muted(person: Person, kind: Kind) -> bool:
    """Whether the person switched this kind of message off."""
    return kind in MUTES and bool(getattr(person, f"mutes_{MUTES[kind]}"))


def facts_of(
    person: Person, plans: Mapping[int, VotePlan], sent: Mapping[str, datetime] | None = None
) -> PersonFacts:
    """A supporter as the rules know them. `sent`: when steps of the ballots in `plans` left."""
    purposes = {purpose for purpose in Purpose if getattr(person, f"consent_{purpose.value}")}
    states = {"registered": State.ACTIVE, "stopped": State.STOPPED}
    state = State.UNREACHABLE if person.unreachable_at else states.get(person.state, State.UNFINISHED)
    return PersonFacts(
        territory=person.territory,
        zone=person.zone or "Europe/Paris",
        language=person.language or "fr",
        registered_at=person.registered_at or person.created_at,
        state=state,
        commune=person.commune,
        department=person.department,
        region=person.region,
        consents=frozenset(purposes),
        muted=frozenset(kind for kind in MUTES if is_muted(person, kind)),
        volunteer=person.volunteer,
        unanswered=person.unanswered,
        votes={
            number: VoteFacts(state=plan.state, slot=plan.slot, sent=sent or {})
            for number, plan in plans.items()
        },
    )
