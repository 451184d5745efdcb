"""What must be known of a batch of messages about to leave, loaded together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.departure
import db.events
import db.people
import db.polling_places
import db.vote_plans
from bot.rules.courtesy import WEEK
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.polling_places import NOWHERE_KNOWN, PollingPlace, Where, communes_asked, where_to_vote
from db.broadcast_accounts import Broadcast
from db.deliveries import Leased
from db.events import Event, EventTexts
from db.people import Person
from db.vote_plans import VotePlan


@dataclass(frozen=True, kw_only=True)
class Freedom:
    """Whether law and hours let a message leave now, and until when; the caps are each person's own."""

    may_leave: bool
    until: datetime | None


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
