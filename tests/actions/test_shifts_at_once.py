"""Waitlists of shifts are settled beside whoever answers the event: two transactions, on PostgreSQL really at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import db.seats
import db.shifts
from bot.actions import shift_offers
from bot.rules.seats import Standing
from db.engine import Database
from tests.actions.test_shifts_machine import Plan
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.db.test_erasing_together import until_it_waits


async def test_an_offer_lapses_beside_an_answer(postgresql_database: Database) -> None:
    """Whoever answers holds the seats of the event and asks for the shift: none waits for the other in vain."""
    plan = Plan(Conversation(postgresql_database, paris("2016-11-15T10:00")), 1)
    await plan.open()
    shift = plan.shifts[0]
    for person in (1, 2):
        await plan.say(person, shift, takes=True)
    await plan.say(1, shift, takes=False)
    await plan.look("sent")
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
