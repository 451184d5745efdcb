"""Waitlists of shifts are settled beside whoever answers the event: two transactions, on PostgreSQL really at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import sqlalchemy as sa

import db.people
import db.seats
import db.shifts
from bot.actions import event_cards, rsvps, shift_offers
from bot.actions.responses import Origin
from bot.rules.people import RsvpAnswer
from bot.rules.seats import Standing
from db.engine import Database
from db.schema import shown_cards
from db.tapped_events import Tap
from tests.actions.test_shifts_machine import Plan
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.db.test_erasing_together import until_it_waits


async def offering(database: Database) -> tuple[Plan, int]:
    """A shift with one place, which is offered to the second person."""
    plan = Plan(Conversation(database, paris("2016-11-15T10:00")), 1)
    await plan.open()
    shift = plan.shifts[0]
    for person in (1, 2):
        await plan.say(person, shift, takes=True)
    await plan.say(1, shift, takes=False)
    await plan.look("sent")
    return plan, shift


async def test_an_offer_lapses_beside_an_answer(postgresql_database: Database) -> None:
    """Whoever answers holds the seats of the event and asks for the shift: none waits for the other in vain."""
    plan, shift = await offering(postgresql_database)
    assert (await plan.places())[shift][2].answer == Standing.OFFERED
    plan.conversation.clock.move(plan.now + timedelta(days=2))

    async def tend() -> None:
        async with postgresql_database.write() as tx:
            await shift_offers.tend(tx, CAMPAIGN, plan.now)

    async with postgresql_database.write() as answering:
        await db.seats.hold(answering, [plan.event])
        tending = asyncio.create_task(tend())
        await until_it_waits(postgresql_database)
        assert await db.shifts.lock(answering, shift) is not None
    await tending
    assert (await plan.places())[shift][2].answer == Standing.LAPSED


async def test_an_offer_lapses_beside_who_does_not_come(postgresql_database: Database) -> None:
    """Whoever gives back a shift with the event, where seats are not counted, holds the event's before the shift too:
    their other messages are noted there.
    """
    plan, shift = await offering(postgresql_database)
    plan.conversation.clock.move(plan.now + timedelta(days=2))
    async with postgresql_database.write() as tx:
        card = {"person": 2, "message": 77, "event": plan.event, "face": 0}
        await tx.execute(sa.insert(shown_cards).values(card))

    async def tend() -> None:
        async with postgresql_database.write() as tx:
            await shift_offers.tend(tx, CAMPAIGN, plan.now)

    async with postgresql_database.write() as answering:
        found = await event_cards.find_tapped(answering, {2: Tap(code="plan", message=5)})
        person = await db.people.get(answering, 2)
        assert person is not None
        origin = Origin(update_id=900, message_id=5, at=plan.now)
        said = (answering, person, origin, found[2].told.event, RsvpAnswer.NO)
        assert found[2].before is not None
        await rsvps.answer_invitation(*said, before=found[2].before, tapped=found[2])
        tending = asyncio.create_task(tend())
        await until_it_waits(postgresql_database)
    await tending
    assert (await plan.places())[shift][2].answer == Standing.NO
