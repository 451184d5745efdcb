"""The last look before messages leave: still wanted, still meant, allowed now? Then they are worded.

Asked for each batch the sender has leased; nothing here depends on what was true when they were queued.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.departure
import db.events
import db.people
import db.polling_places
import db.vote_plans
from bot.campaign import Campaign
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.compose import CANCELLATION, Composer, as_call, compose_broadcast
from bot.delivery.sender import Stop, Wait
from bot.rules.audience_limits import MUTES
from bot.rules.audiences import chosen_by_commune
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.consent import Purpose
from bot.rules.courtesy import WEEK, next_courteous
from bot.rules.holdout import is_held_out
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import COURTESY_HOURS, Policy, free_until, hold
from bot.rules.people import PersonFacts, State, VoteFacts
from bot.rules.polling_places import NOWHERE_KNOWN, PollingPlace, Where, communes_asked, where_to_vote
from bot.rules.reminders import Skip, occurrence_for, reason_not_meant
from bot.step_values import values_for_step
from bot.texts import Texts
from db.broadcast_accounts import Broadcast
from db.deliveries import Leased
from db.events import Event, EventTexts
from db.people import Person, renewals_due
from db.renewals import TEMPLATE as RENEWAL
from db.vote_plans import VotePlan

# What a step follows was checked when it was queued; here it only has to be some time ago.
FOLLOWED_AGO = timedelta(days=1)
# How long a message that was let go may wait for its turn; after that it is looked at again.
REMEMBERED = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Freedom:
    """Whether law and hours let a message leave now, and until when; the caps are each person's own."""

    may_leave: bool
    until: datetime | None


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


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Everything known of the messages about to leave, loaded together."""

    people: Mapping[int, Person]
    broadcasts: Mapping[int, Broadcast]
    texts: Mapping[int, Mapping[str, str]]
    events: Mapping[int, Event]
    event_texts: Mapping[int, EventTexts]
    rsvps: Mapping[tuple[int, int], str]
    plans: Mapping[tuple[int, int], VotePlan]
    sent: dict[int, list[datetime]] = field(default_factory=dict)
    freedoms: dict[tuple[int, str | None, str | None], Freedom] = field(default_factory=dict)
    places: Mapping[str, Sequence[PollingPlace]] = field(default_factory=dict)
    chosen: Mapping[int, Collection[int]] = field(default_factory=dict)

    def where(self, person: Person, ballot: int) -> Where:
        """Where the person votes, if they agreed to messages by commune."""
        if not person.consent_commune:
            return NOWHERE_KNOWN
        chosen = self.chosen.get(person.id, ())
        return where_to_vote(self.places, commune=person.commune, ballot=ballot, chosen=chosen)


class Departure:
    """Decides and words; `prepare` is what the sender calls."""

    def __init__(
        self, *, campaign: Campaign, texts: Texts, composer: Composer, clock: Clock, bot_username: str
    ) -> None:
        self._campaign, self._texts, self._composer = campaign, texts, composer
        self._clock, self._bot_username = clock, bot_username
        # What was let go: two broadcasts may reach one person through batches so close that the first has not left.
        self._promised: OrderedDict[int, datetime] = OrderedDict()

    async def prepare(self, tx: AsyncConnection, rows: Sequence[Leased]) -> list[Call | Wait | Stop]:
        """What is to become of each leased delivery, in their order."""
        now = self._clock.now()
        self._forget_promises(now)
        for row in rows:  # looked at again: not in its own way
            self._promised.pop(row.id, None)
        batch = await load(tx, rows, now, promised=self._promised)
        decisions = [self._decide(row, batch, now) for row in rows]
        for row, decision in zip(rows, decisions, strict=True):
            if isinstance(decision, Call):
                self._promised[row.id] = now
        return decisions

    def _forget_promises(self, now: datetime) -> None:
        """The oldest come first: at full speed there are more than can be gone through for each batch."""
        while self._promised:
            oldest = next(iter(self._promised))
            if abs(now - self._promised[oldest]) < REMEMBERED:
                return
            self._promised.popitem(last=False)

    async def delivered(self, tx: AsyncConnection, sent: Sequence[int]) -> None:
        """Counts the questions that wait for an answer: who answers none is asked less."""
        asking = [step.name for step in self._campaign.steps if step.asks is not None]
        await db.departure.count_unanswered(tx, sent, asking)

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
        call = self._word(person, broadcast, batch, now)
        return replace(call, payload=self._paid(call.payload), leave_before=until)

    def _paid(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The campaign pays for each message that leaves faster than Telegram lets for nothing."""
        return {**payload, "allow_paid_broadcast": True} if self._campaign.paid_broadcasts else payload

    def _word(self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime) -> Call:
        if broadcast.step == LAST_CHOICE:
            return self._word_last_choice(person, now)
        if broadcast.step is not None and broadcast.ballot is not None:
            return self._word_step(person, broadcast, batch, now)
        if broadcast.template == RENEWAL:
            language = self._composer.language_of(person)
            return as_call(
                person.telegram_id,
                self._texts.render(RENEWAL, language, purposes=renewals_due(person)),
            )
        return compose_broadcast(
            self._composer,
            broadcast,
            batch.texts.get(broadcast.id, {}),
            person,
            now=now,
            event=batch.events.get(broadcast.event) if broadcast.event is not None else None,
            event_texts=batch.event_texts.get(broadcast.event) if broadcast.event is not None else None,
        )

    def _word_last_choice(self, person: Person, now: datetime) -> Call:
        language, zone = self._composer.language_of(person), person.zone or "Europe/Paris"
        text = self._texts.render(f"steps/{LAST_CHOICE}", language, person=person, zone=zone, now=now)
        return as_call(person.telegram_id, text)

    def _word_step(self, person: Person, broadcast: Broadcast, batch: Batch, now: datetime) -> Call:
        assert broadcast.ballot is not None
        language = self._composer.language_of(person)
        values = values_for_step(
            person=person,
            plan=batch.plans.get((person.id, broadcast.ballot)),
            campaign=self._campaign,
            ballot=broadcast.ballot,
            language=language,
            bot_username=self._bot_username,
            now=now,
            where=batch.where(person, broadcast.ballot),
        )
        zone = person.zone or "Europe/Paris"
        text = self._texts.render(
            f"steps/{broadcast.template}", language, person=person, zone=zone, now=now, **values
        )
        return as_call(person.telegram_id, text)

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


async def load(
    tx: AsyncConnection, rows: Sequence[Leased], now: datetime, *, promised: Collection[int] = ()
) -> Batch:
    """What must be known of these deliveries, in a handful of queries however many they are.

    `promised`: other deliveries that were let go and may still wait for their turn; the caps count them.
    """
    ids = {row.person for row in rows if row.person is not None}
    found = await db.broadcast_accounts.get_many(tx, {row.broadcast for row in rows})
    events = {each.event for each in found.values() if each.event is not None}
    ballots = {each.ballot for each in found.values() if each.ballot is not None}
    plans: dict[tuple[int, int], VotePlan] = {}
    for ballot in ballots:
        by_person = await db.vote_plans.of_people(tx, ids, ballot)
        plans |= {(person, ballot): plan for person, plan in by_person.items()}
    partisan = any(Kind(each.kind) in PARTISAN for each in found.values())
    people = await db.people.get_many(tx, ids)
    places: Mapping[str, Sequence[PollingPlace]] = {}
    if any(each.step is not None for each in found.values()):
        asked = {code for person in people.values() for code in communes_asked(person.commune)}
        places = await db.polling_places.of_communes(tx, asked)
    return Batch(
        people=people,
        broadcasts=found,
        texts=await db.broadcast_accounts.texts_of_many(tx, found),
        events=await db.events.get_many(tx, events) if events else {},
        event_texts=await db.events.texts_of_many(tx, events) if events else {},
        rsvps=await db.departure.rsvp_answers(tx, ids, events) if events else {},
        plans=plans,
        places=places,
        chosen=await db.polling_places.chosen_by(tx, ids) if places else {},
        sent=await db.departure.recently_sent(tx, ids, kinds=PARTISAN, since=now - WEEK, promised=promised)
        if partisan
        else {},
    )
