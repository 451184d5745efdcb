"""An event with few seats, for tests: people answer, the bot looks, messages leave or do not."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import sqlalchemy as sa

import db.events
import db.people
import db.rsvps
import db.seats
from bot.actions import rsvps, waitlist
from bot.actions.erasure import erase
from bot.actions.responses import Origin
from bot.campaign.campaign import Campaign
from bot.rules.people import RsvpAnswer
from bot.rules.seats import Rsvp, Seats
from bot.rules.sending import OFFER
from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.erasing import Sealing
from db.events import Event
from db.schema import broadcasts, deliveries, events, people
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation

LYON = "69123"
SEALING = Sealing(key=SuppressionKey(links=(b"k" * 32,)), today=date(2016, 11, 16), keeps_proof=False)


class Hall:
    """The seats of one event in Lyon. People are numbered from 1."""

    def __init__(self, conversation: Conversation, event: int, campaign: Campaign) -> None:
        self.conversation, self.event, self.campaign = conversation, event, campaign
        self.updates = itertools.count(1)

    @classmethod
    async def open(
        cls,
        conversation: Conversation,
        *,
        code: str = "hall",
        capacity: int | None = 2,
        starts: str = "2016-11-24T19:00",
        guests: int = 4,
        overbooking: int = 0,
        campaign: Campaign = CAMPAIGN,
    ) -> Hall:
        event = await conversation.add_event(code, starts=starts)
        hall = cls(conversation, event, campaign)
        await hall.set(
            capacity=capacity, guests=guests, overbooking=overbooking, counted=capacity is not None
        )
        return hall

    @property
    def database(self) -> Database:
        return self.conversation.database

    @property
    def now(self) -> datetime:
        return self.conversation.clock.now()

    def pass_time(self, **span: float) -> None:
        self.conversation.clock.move(self.now + timedelta(**span))

    async def set(self, **values: object) -> None:
        """As the organizer's action does."""
        async with self.database.write() as tx:
            await tx.execute(sa.update(events).where(events.c.id == self.event).values(values))
            await db.seats.recount(tx, [self.event])

    async def found(self) -> Event:
        async with self.database.read() as tx:
            return (await db.events.get_many(tx, [self.event]))[self.event]

    async def add(self, number: int) -> int:
        person = await supporter(self.conversation, 1000 + number, LYON)
        assert person == number
        return person

    def _origin(self) -> Origin:
        return Origin(update_id=next(self.updates), message_id=None, at=self.now)

    async def say(self, number: int, answer: str) -> Rsvp:
        async with self.database.write() as tx:
            person = await db.people.get(tx, number)
            event = (await db.events.get_many(tx, [self.event]))[self.event]
            assert person is not None
            if answer.startswith("+"):
                return await rsvps.bring_guests(tx, person, self._origin(), event, int(answer))
            if answer == "wait":
                return await rsvps.wait_for_all(tx, person, self._origin(), event)
            before = await rsvps.answer_of(tx, person, event)
            said = await rsvps.answer_invitation(
                tx, person, self._origin(), event, RsvpAnswer(answer), before=before
            )
            return said.rsvp

    async def come(self, *numbers: int) -> None:
        for number in numbers:
            await self.add(number)
            await self.say(number, "yes")

    async def look(self) -> int:
        """The bot's own loop, and the messages that it queued leave."""
        async with self.database.write() as tx:
            return await waitlist.tend(tx, self.campaign, self.now)

    async def deliver(self, state: str = "sent") -> None:
        """What the sender makes of the offers that wait."""
        offers = sa.select(broadcasts.c.id).where(broadcasts.c.template == OFFER)
        waiting = sa.and_(deliveries.c.broadcast.in_(offers), deliveries.c.state == "queued")
        async with self.database.write() as tx:
            await tx.execute(sa.update(deliveries).where(waiting).values(state=state, sent_at=self.now))

    async def tend(self) -> None:
        await self.look()
        await self.deliver()

    async def block(self, number: int, *, blocked: bool = True) -> None:
        async with self.database.write() as tx:
            await db.people.change(tx, number, unreachable_at=self.now if blocked else None)

    async def erase(self, number: int) -> None:
        async with self.database.write() as tx:
            person = await db.people.get(tx, number)
            assert person is not None
            await erase(tx, person, SEALING, self.now)

    async def seats(self) -> Seats:
        async with self.database.read() as tx:
            return await db.seats.of(tx, await self.found())

    async def standings(self) -> dict[int, str]:
        """By person: `yes`, `yes+2` with two guests, `waiting 1`, `offered 2` seats, `lapsed`, `no`."""
        async with self.database.read() as tx:
            numbers = list(await tx.scalars(sa.select(people.c.id).order_by(people.c.id)))
            found: dict[int, str] = {}
            for number in numbers:
                rsvp = await db.rsvps.get(tx, event=self.event, person=number)
                if rsvp is not None:
                    position = await db.seats.position(tx, rsvp) if rsvp.waits else None
                    found[number] = _told(rsvp, position)
        return found

    async def rsvps(self) -> Mapping[int, Rsvp]:
        async with self.database.read() as tx:
            numbers = list(await tx.scalars(sa.select(people.c.id)))
            rows = {number: await db.rsvps.get(tx, event=self.event, person=number) for number in numbers}
        return {number: row for number, row in rows.items() if row is not None}


def _told(rsvp: Rsvp, position: int | None) -> str:
    if rsvp.waits:
        return f"waiting {position}"
    if rsvp.offered:
        return f"offered {rsvp.offered}"
    return rsvp.answer + (f"+{rsvp.guests}" if rsvp.guests and rsvp.answer == "yes" else "")
