"""Whatever people, the organizer, the clock and the network do to an event with few seats: what holds after each."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.actions.rsvps import EventClosed, TooFewSeats
from bot.rules.offers import may_be_asked
from bot.rules.seats import MOST_LOST, door_opens
from db.key import DatabaseKey
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.hall import Hall
from tests.machines import Machine, on_postgresql, on_sqlite, played

PEOPLE = range(1, 9)
ANSWERS = st.sampled_from(["yes", "yes", "yes", "no", "maybe", "+0", "+1", "+2", "wait"])


class Waitlists(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.gone: set[int] = set()
        self.blocked: set[int] = set()
        # The most that was ever promised and not given back: a smaller room takes nothing away.
        self.promised = 0

    @initialize(capacity=st.integers(1, 4), overbooking=st.sampled_from([0, 50]))
    def begin(self, capacity: int, overbooking: int) -> None:
        self.run(self._begin(capacity, overbooking))

    async def _begin(self, capacity: int, overbooking: int) -> None:
        await self.open_database()
        conversation = Conversation(self.database, paris("2016-11-18T17:00"))
        self.hall = await Hall.open(
            conversation, capacity=capacity, overbooking=overbooking, starts="2016-11-22T19:00", guests=2
        )
        for number in PEOPLE:
            await self.hall.add(number)
        self.tickets: dict[int, int] = {}

    @rule(number=st.sampled_from(PEOPLE), answer=ANSWERS)
    def say(self, number: int, answer: str) -> None:
        if number in self.gone:
            return
        before = self.run(self.hall.rsvps())
        with contextlib.suppress(EventClosed, TooFewSeats):
            self.run(self.hall.say(number, answer))
        after = self.run(self.hall.rsvps())
        others = {person: row for person, row in before.items() if person != number}
        assert {person: row for person, row in after.items() if person != number} == others

    @rule(arrives=st.sampled_from(["sent", "sent", "sent", "in_doubt", "expired", "failed"]))
    def look(self, arrives: str) -> None:
        before = self.run(self.hall.rsvps())
        self.run(self.hall.look())
        after = self.run(self.hall.rsvps())
        offered = [n for n in after if after[n].offered and not before[n].offered]
        passed = [
            n
            for n in after
            if after[n].waits and before[n].waits and n not in self.blocked and after[n].lost < MOST_LOST
        ]
        awake = may_be_asked(territory="FR", zone="Europe/Paris", now=self.hall.now, policy=CAMPAIGN.policy)
        event = self.run(self.hall.found())
        assert not offered or (awake and self.hall.now < door_opens(event.starts_at))
        for got in offered:
            for waits in passed:
                earlier = (after[waits].ticket or 0) < (after[got].ticket or 0)
                assert not earlier or after[waits].whole, "In order, but for who waits for all."
        self.run(self.hall.deliver(arrives))

    @rule(hours=st.sampled_from([0.25, 2, 5, 12, 36]))
    def wait(self, hours: float) -> None:
        self.hall.pass_time(hours=hours)

    @rule(capacity=st.integers(1, 6))
    def resize(self, capacity: int) -> None:
        self.run(self.hall.set(capacity=capacity))

    @rule()
    def enough_for_everybody(self) -> None:
        self.run(self.hall.set(capacity=None))

    @rule(number=st.sampled_from(PEOPLE))
    def block(self, number: int) -> None:
        if number not in self.gone:
            self.blocked ^= {number}
            self.run(self.hall.block(number, blocked=number in self.blocked))

    @precondition(lambda self: len(self.gone) < 3)
    @rule(number=st.sampled_from(PEOPLE))
    def erase(self, number: int) -> None:
        if number not in self.gone:
            self.gone.add(number)
            self.run(self.hall.erase(number))

    @invariant()
    def seats_are_kept(self) -> None:
        if not hasattr(self, "hall"):
            return
        found, rows = self.run(self.hall.seats()), self.run(self.hall.rsvps()).values()
        taken = sum(row.seats for row in rows)
        assert found.taken == taken, "What is counted is what is there."
        assert found.waiting == sum(row.waits for row in rows)
        assert found.offered == sum(row.answer == "offered" for row in rows)
        if found.limit is not None:
            most = max(found.limit, self.promised)
            assert taken <= most, "Never more than there are, or were promised."
        self.promised = taken

    @invariant()
    def everybody_knows_where_they_stand(self) -> None:
        if not hasattr(self, "hall"):
            return
        rows = self.run(self.hall.rsvps())
        waiting = sorted((row.ticket or 0, person) for person, row in rows.items() if row.waits)
        assert len({ticket for ticket, _ in waiting}) == len(waiting), "No two have one place."
        told = self.run(self.hall.standings())
        for position, (_, person) in enumerate(waiting, start=1):
            assert told[person] == f"waiting {position}"
        for person, row in rows.items():
            assert (row.answer == "offered") is (row.offered > 0 and row.offer_until is not None)
            if row.waits and self.tickets.get(person, 0) > 0 and not row.offered:
                assert (row.ticket or 0) >= self.tickets[person], "Nobody moves up by a new ticket."
            self.tickets[person] = row.ticket or 0


def test_the_waitlist_holds_on_sqlite(sqlite_template: Path, database_key: DatabaseKey) -> None:
    played(Waitlists, on_sqlite(sqlite_template, database_key), examples=8, steps=25)


def test_the_waitlist_holds_on_postgresql(postgresql_address: str) -> None:
    played(Waitlists, on_postgresql(postgresql_address), examples=3, steps=25)
