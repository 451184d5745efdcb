"""Whatever people, their organizer, the clock and the network do to two shifts: what holds after each."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

import db.people
import db.shifts
from bot.actions import rsvps, shift_offers, shifts
from bot.actions.erasure import erase
from bot.actions.responses import Origin
from bot.actions.rsvps import EventClosed
from bot.rules.offers import may_be_asked
from bot.rules.people import RsvpAnswer
from bot.rules.seats import MOST_LOST, door_opens
from bot.rules.sending import SHIFT_OFFER
from bot.rules.shifts import ShiftRefused, overlapping
from db.engine import Database
from db.key import DatabaseKey
from db.schema import broadcasts, deliveries, events
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.hall import LYON, SEALING
from tests.machines import Machine, on_postgresql, on_sqlite, played

PEOPLE = range(1, 7)
BEGINS = paris("2016-11-22T19:00")


class Plan:
    """Two shifts of one event, that overlap by an hour, and a third on the next day."""

    def __init__(self, conversation: Conversation, capacity: int) -> None:
        self.conversation, self.capacity = conversation, capacity
        self.updates = itertools.count(1)

    async def open(self) -> None:
        self.event = await self.conversation.add_event("plan", starts="2016-11-22T19:00")
        for number in PEOPLE:
            assert await supporter(self.conversation, 1000 + number, LYON) == number
        async with self.database.write() as tx:
            await tx.execute(sa.update(events).values(has_shifts=True))
            self.shifts = [
                await db.shifts.create(
                    tx,
                    event=self.event,
                    role="welcome",
                    starts_at=BEGINS + timedelta(hours=start),
                    ends_at=BEGINS + timedelta(hours=start + 2),
                    capacity=self.capacity,
                )
                for start in (-1, 0, 12)
            ]

    @property
    def database(self) -> Database:
        return self.conversation.database

    @property
    def now(self) -> Any:
        return self.conversation.clock.now()

    async def say(self, person: int, shift: int, *, takes: bool) -> None:
        async with self.database.write() as tx:
            somebody = await db.people.get(tx, person)
            assert somebody is not None
            change = shifts.take if takes else shifts.give_back
            await change(tx, somebody, self._origin(), shift)

    async def stay_away(self, person: int) -> None:
        async with self.database.write() as tx:
            somebody = await db.people.get(tx, person)
            event = (await db.events.get_many(tx, [self.event]))[self.event]
            assert somebody is not None
            before = await rsvps.answer_of(tx, somebody, event)
            await rsvps.answer_invitation(tx, somebody, self._origin(), event, RsvpAnswer.NO, before=before)

    def _origin(self) -> Origin:
        return Origin(update_id=next(self.updates), message_id=None, at=self.now)

    async def look(self, arrives: str) -> None:
        async with self.database.write() as tx:
            await shift_offers.tend(tx, CAMPAIGN, self.now)
        made = sa.select(broadcasts.c.id).where(broadcasts.c.template == SHIFT_OFFER)
        waiting = sa.and_(deliveries.c.broadcast.in_(made), deliveries.c.state == "queued")
        async with self.database.write() as tx:
            await tx.execute(sa.update(deliveries).where(waiting).values(state=arrives, sent_at=self.now))

    async def places(self) -> dict[int, dict[int, Any]]:
        async with self.database.read() as tx:
            return {
                shift: {each.person: each for each in await db.shifts.places_of(tx, shift)}
                for shift in self.shifts
            }

    async def by_id(self) -> dict[int, Any]:
        async with self.database.read() as tx:
            return await db.shifts.get_many(tx, self.shifts)


class Shifts(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.gone: set[int] = set()
        self.promised: dict[int, int] = {}

    @initialize(capacity=st.integers(1, 2))
    def begin(self, capacity: int) -> None:
        async def opening() -> None:
            await self.open_database()
            self.plan = Plan(Conversation(self.database, paris("2016-11-20T17:00")), capacity)
            await self.plan.open()

        self.run(opening())

    @rule(
        person=st.sampled_from(PEOPLE),
        shift=st.integers(0, 2),
        takes=st.sampled_from([True, True, False]),
    )
    def say(self, person: int, shift: int, takes: bool) -> None:
        if person in self.gone:
            return
        before = self.run(self.plan.places())
        with contextlib.suppress(ShiftRefused, EventClosed):
            self.run(self.plan.say(person, self.plan.shifts[shift], takes=takes))
        after = self.run(self.plan.places())
        for number in self.plan.shifts:
            assert {who: row for who, row in before[number].items() if who != person} == {
                who: row for who, row in after[number].items() if who != person
            }, "A tap changes how oneself stands, and nobody else."

    @rule(person=st.sampled_from(PEOPLE))
    def stay_away(self, person: int) -> None:
        if person in self.gone:
            return
        with contextlib.suppress(EventClosed):
            self.run(self.plan.stay_away(person))
            for places in self.run(self.plan.places()).values():
                assert person not in places or places[person].answer in ("no", "lapsed")

    @rule(arrives=st.sampled_from(["sent", "sent", "in_doubt", "failed"]))
    def look(self, arrives: str) -> None:
        before = self.run(self.plan.places())
        self.run(self.plan.look(arrives))
        after, shift_of = self.run(self.plan.places()), self.run(self.plan.by_id())
        awake = may_be_asked(territory="FR", zone="Europe/Paris", now=self.plan.now, policy=CAMPAIGN.policy)
        for number, places in after.items():
            got = [who for who, row in places.items() if row.offered and not before[number][who].offered]
            door = door_opens(shift_of[number].starts_at)
            assert not got or (awake and self.plan.now < door)
            for who in got:
                for other, row in places.items():
                    if row.waits and before[number][other].waits and row.lost < MOST_LOST:
                        assert (row.ticket or 0) > (places[who].ticket or 0), "In order."

    @rule(hours=st.sampled_from([0.25, 2, 12, 20]))
    def wait(self, hours: float) -> None:
        self.plan.conversation.clock.move(self.plan.now + timedelta(hours=hours))

    @rule(shift=st.integers(0, 2), capacity=st.none() | st.integers(1, 3))
    def resize(self, shift: int, capacity: int | None) -> None:
        async def resizing() -> None:
            async with self.database.write() as tx:
                await db.shifts.change(tx, self.plan.shifts[shift], capacity=capacity)

        self.run(resizing())

    @rule(person=st.sampled_from(PEOPLE))
    def erase(self, person: int) -> None:
        if person in self.gone or len(self.gone) > 1:
            return
        self.gone.add(person)

        async def erasing() -> None:
            async with self.database.write() as tx:
                somebody = await db.people.get(tx, person)
                assert somebody is not None
                await erase(tx, somebody, SEALING, self.plan.now)

        self.run(erasing())

    @invariant()
    def what_was_promised_is_there(self) -> None:
        if not hasattr(self, "plan"):
            return
        places, shift_of = self.run(self.plan.places()), self.run(self.plan.by_id())
        for number, rows in places.items():
            taken = sum(row.seats for row in rows.values())
            limit = shift_of[number].capacity
            if limit is not None:
                assert taken <= max(limit, self.promised.get(number, 0)), "Never more than there are."
            self.promised[number] = taken
            tickets = [row.ticket for row in rows.values() if row.waits]
            assert len(set(tickets)) == len(tickets), "No two have one place."
            assert all(
                (row.answer == "offered") is (row.offered > 0 and row.offer_until is not None)
                for row in rows.values()
            )
            assert not self.gone & set(rows)

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        if not hasattr(self, "plan"):
            return
        places, shift_of = self.run(self.plan.places()), self.run(self.plan.by_id())
        for person in PEOPLE:
            held = [
                (replace(shift_of[number]), rows[person])
                for number, rows in places.items()
                if person in rows and rows[person].answer in ("yes", "waiting", "offered")
            ]
            for shift, _ in held:
                assert overlapping(shift, held) is None


def test_shifts_hold_on_sqlite(sqlite_template: Path, database_key: DatabaseKey) -> None:
    played(Shifts, on_sqlite(sqlite_template, database_key), examples=5, steps=20)


def test_shifts_hold_on_postgresql(postgresql_address: str) -> None:
    played(Shifts, on_postgresql(postgresql_address), examples=2, steps=20)
