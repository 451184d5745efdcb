"""What must be known of a batch of messages about to leave, loaded together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.departure
import db.events
import db.experiments
import db.expressions
import db.friends
import db.mends
import db.newcomers
import db.people
import db.polling_places
import db.series
import db.shifts
import db.surveys
import db.vote_plans
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from bot.departure.sending import LeavingBroadcast
from bot.frozen import Frozen
from bot.rules.belonging import Setting
from bot.rules.choosing_by_commune import chosen_by_commune, chosen_otherwise
from bot.rules.courtesy import WEEK, NeutralSent
from bot.rules.expressions import stored
from bot.rules.kinds import MUTES, PARTISAN, Kind
from bot.rules.polling_places import PollingPlace, Where, communes_asked, where_to_vote
from bot.rules.sampling import sampling_of
from bot.rules.sending import INVITATION, SHIFT_OFF
from bot.rules.shifts import Shift
from db.broadcast_accounts import Broadcast
from db.deliveries import Leased
from db.engine import here
from db.events import Event
from db.mends import Original
from db.people import Person
from db.rsvps import Rsvp
from db.vote_plans import VotePlan


class Batch(Frozen):
    """Everything known of the messages about to leave, loaded together, at the moment `now`."""

    now: datetime
    # The campaign's, by which people are drawn.
    key: str
    people: Mapping[int, Person]
    broadcasts: Mapping[int, LeavingBroadcast]
    rsvps: Mapping[tuple[int, int], Rsvp]
    plans: Mapping[tuple[int, int], VotePlan]
    sent: dict[int, list[datetime]]
    neutral_sent: dict[int, list[NeutralSent]]
    places: Mapping[str, Sequence[PollingPlace]]
    chosen: Mapping[int, Collection[int]]
    # What asks somebody to let a broadcast go, by delivery.
    cards: Mapping[int, Call | Stop] = field(default_factory=dict)
    # Who is in a broadcast that was chosen by commune for another reason, of those who did not agree to that.
    otherwise: Mapping[int, Collection[int]] = field(default_factory=dict)
    # How many are in by the links of those who are told of it.
    brought: Mapping[int, int] = field(default_factory=dict)
    # What a second thought is about, by its own delivery.
    originals: Mapping[int, Original] = field(default_factory=dict)
    # The events where whoever comes new finds no seat.
    closed: Collection[int] = ()
    # The shifts that messages tell of, how people stand with them, and what somebody has of an event's.
    shifts: Mapping[int, Shift] = field(default_factory=dict)
    shift_places: Mapping[tuple[int, int], Rsvp] = field(default_factory=dict)
    shifts_taken: Mapping[tuple[int, int], Sequence[Shift]] = field(default_factory=dict)
    # What there is besides a shift that is off, by event.
    shifts_left: Mapping[int, Sequence[Shift]] = field(default_factory=dict)
    # When partisan messages were let go for each person, by these very decisions.
    let_go: dict[int, list[datetime]] = field(default_factory=dict)
    # The version that somebody drew, by delivery, where versions are compared.
    variants: Mapping[int, str] = field(default_factory=dict)

    def is_like_others(self, person: Person, sending: LeavingBroadcast) -> bool:
        """Whether nothing is known of somebody, as far as a broadcast asks, but what stands in their own row, and how
        they plan to vote.
        """
        about = sending.event.id if sending.event is not None else None
        return not (
            (about, person.id) in self.rsvps
            or (about, person.id) in self.shifts_taken
            or person.id in self.chosen
            or (sending.by_commune and not person.consent_commune)
        )

    def is_in_otherwise(self, person: Person, sending: LeavingBroadcast) -> bool:
        """Whether somebody is in a broadcast although their commune may not be used."""
        return person.id in self.otherwise.get(sending.row.id, ())

    def answer_of(self, person: Person, sending: LeavingBroadcast) -> str | None:
        """How somebody stands with the event that a broadcast is about."""
        if sending.event is None:
            return None
        rsvp = self.rsvps.get((sending.event.id, person.id))
        return None if rsvp is None else rsvp.answer

    def shifts_of(self, person: Person, sending: LeavingBroadcast) -> Sequence[Shift]:
        """The shifts that somebody has of the event that a broadcast is about."""
        return self.shifts_taken.get((sending.event.id, person.id), ()) if sending.event is not None else ()

    def has_other_shifts(self, person: Person, sending: LeavingBroadcast) -> bool:
        """Whether the event has a shift to come that somebody does not have."""
        left = self.shifts_left.get(sending.event.id, ()) if sending.event is not None else ()
        theirs = {each.id for each in self.shifts_of(person, sending)}
        return any(each.id not in theirs and each.ends_at > self.now for each in left)

    def came(self, person: Person, sending: LeavingBroadcast) -> bool:
        """Whether it is known that somebody was at the event that a broadcast is about."""
        rsvp = self.rsvps.get((sending.event.id, person.id)) if sending.event is not None else None
        return rsvp is not None and rsvp.attended is True

    def where(self, person: Person, ballot: int) -> Where:
        """Where the person votes: they told their commune, at least for that."""
        chosen = self.chosen.get(person.id, ())
        return where_to_vote(self.places, commune=person.commune, ballot=ballot, chosen=chosen)


async def load(
    tx: AsyncConnection,
    rows: Sequence[Leased],
    now: datetime,
    *,
    promised: Collection[int] = (),
) -> Batch:
    """Everything that must be known of these deliveries, in a handful of queries however many they are.

    `promised`: other deliveries that were let go and may still wait for their turn; the caps count them.
    """
    ids = {row.person for row in rows if row.person is not None}
    with here(tx):  # of few, where each visit of another thread would take longer
        found = await _broadcasts(tx, {row.broadcast for row in rows}, now)
        key = await db.experiments.key(tx)
    events = {each.event.id for each in found.values() if each.event is not None}
    ballots = {each.row.ballot for each in found.values() if each.row.ballot is not None}
    partisan = any(each.kind in PARTISAN for each in found.values())
    people = await db.people.get_many(tx, ids)
    places = await _places_of(tx, people.values()) if ballots else {}
    compared = {number for number, each in found.items() if each.row.compares is not None}
    mending = {number for number, each in found.items() if each.mended is not None}
    setting = Setting(now=now, sampling=sampling_of(key))
    return Batch(
        now=now,
        key=key,
        originals=await db.mends.originals(tx, [row.id for row in rows if row.broadcast in mending])
        if mending
        else {},
        variants=await db.experiments.variants_of(tx, [row.id for row in rows if row.broadcast in compared])
        if compared
        else {},
        people=people,
        broadcasts=found,
        rsvps=await db.departure.rsvps_of(tx, ids, events) if events else {},
        closed=await db.newcomers.closed_to_newcomers(tx, _announced(found.values()), now),
        **await _shifts(tx, found.values(), ids),
        plans=await _plans_of(tx, ids, ballots),
        places=places,
        otherwise=await _otherwise(tx, found.values(), people.values(), setting),
        chosen=await db.polling_places.chosen_by(tx, ids) if places else {},
        brought=await db.friends.brought_by_many(tx, ids)
        if any(each.is_of_friends for each in found.values())
        else {},
        sent=await db.departure.partisan_sent(tx, rows, since=now - WEEK, promised=promised)
        if partisan
        else {},
        neutral_sent=await db.departure.neutral_sent(tx, rows, since=now - WEEK, promised=promised)
        if any(each.is_neutral_of_staff for each in found.values())
        else {},
    )


async def _plans_of(
    tx: AsyncConnection, people: Collection[int], ballots: Collection[int]
) -> dict[tuple[int, int], VotePlan]:
    """Their plans for these ballots, by person and ballot."""
    plans: dict[tuple[int, int], VotePlan] = {}
    for ballot in ballots:
        by_person = await db.vote_plans.of_people(tx, people, ballot)
        plans |= {(person, ballot): plan for person, plan in by_person.items()}
    return plans


async def _places_of(tx: AsyncConnection, people: Iterable[Person]) -> Mapping[str, Sequence[PollingPlace]]:
    """The polling places where they may vote, by commune."""
    asked = {code for person in people for code in communes_asked(person.commune)}
    return await db.polling_places.of_communes(tx, asked)


def _announced(sent: Iterable[LeavingBroadcast]) -> list[Event]:
    """The events that people are being invited to."""
    found = {each.event.id: each.event for each in sent if each.event is not None}
    return [
        found[each.event.id] for each in sent if each.event is not None and each.row.template == INVITATION
    ]


class ShiftFields(TypedDict, total=False):
    """The fields of a batch that are about shifts; where no event has any, none."""

    shifts: Mapping[int, Shift]
    shift_places: Mapping[tuple[int, int], Rsvp]
    shifts_taken: Mapping[tuple[int, int], Sequence[Shift]]
    shifts_left: Mapping[int, Sequence[Shift]]


async def _shifts(tx: AsyncConnection, sent: Iterable[LeavingBroadcast], ids: Collection[int]) -> ShiftFields:
    having = {each.event.id for each in sent if each.event is not None and each.event.has_shifts}
    if not having:
        return {}
    told = {each.shift for each in sent if each.shift is not None}
    off = {each.event.id for each in sent if each.event is not None and each.row.template == SHIFT_OFF}
    return {
        "shifts_left": {event: await db.shifts.of_event(tx, event) for event in sorted(off)},
        "shifts": await db.shifts.get_many(tx, told),
        "shift_places": await db.shifts.places_of_people(tx, ids, told),
        "shifts_taken": await db.shifts.of_people(tx, ids, having),
    }


async def _otherwise(
    tx: AsyncConnection, sent: Collection[LeavingBroadcast], people: Collection[Person], setting: Setting
) -> dict[int, Collection[int]]:
    """Who of those whose commune may not be used is in a broadcast all the same."""
    reserved = {person.id for person in people if not person.consent_commune}
    return {
        each.row.id: await db.expressions.among(tx, reserved, each.otherwise, setting)
        for each in sent
        if reserved and each.by_commune and each.otherwise is not None
    }


async def _with_the_dates_of_now(
    tx: AsyncConnection, rows: Mapping[int, Broadcast], now: datetime
) -> dict[int, Broadcast]:
    """An invitation to a series bears the dates of the day when it was made; it leaves with those that are to come."""
    about = {row.event for row in rows.values() if row.series is not None and row.event is not None}
    dates = await db.series.to_come(tx, about, now) if about else {}
    found = dict(rows)
    for number, row in rows.items():
        if row.series is not None and row.event is not None:
            left = dates.get(row.event, [])
            # What is told of the place is told of the next date.
            event = left[0].id if left else row.event
            found[number] = replace(db.series.with_dates(row, left), event=event)
    return found


async def _broadcasts(
    tx: AsyncConnection, ids: Collection[int], now: datetime
) -> dict[int, LeavingBroadcast]:
    rows = await _with_the_dates_of_now(tx, await db.broadcast_accounts.get_many(tx, ids), now)
    if mended := {row.mends for row in rows.values() if row.mends is not None} - set(rows):
        rows |= await db.broadcast_accounts.get_many(tx, mended)
    versions = await db.broadcast_accounts.versions_of_many(tx, rows)
    about = {row.event for row in rows.values() if row.event is not None}
    events = await db.events.get_many(tx, about) if about else {}
    event_texts = await db.events.texts_of_many(tx, about) if about else {}
    asking = [number for number, row in rows.items() if row.survey is not None]
    surveys = await db.surveys.of_broadcasts(tx, asking) if asking else {}
    leaving = {
        number: LeavingBroadcast(
            row=row,
            kind=Kind(row.kind),
            mute=MUTES.get(Kind(row.kind)),
            by_commune=chosen_by_commune(stored(row.audience), row.area),
            otherwise=chosen_otherwise(stored(row.audience), row.area),
            texts=next(iter(versions.get(number, ())), {}),
            others=versions.get(number, [])[1:],
            event=events.get(row.event) if row.event is not None else None,
            event_texts=event_texts.get(row.event) if row.event is not None else None,
            survey=surveys.get(number),
        )
        for number, row in rows.items()
    }
    return {
        number: each if each.row.mends is None else replace(each, mended=leaving[each.row.mends])
        for number, each in leaving.items()
        if number in ids
    }
