"""Conversations between supporters and the team, for tests: who is on duty, and what has arrived."""

from __future__ import annotations

import sqlalchemy as sa

import db.deliveries
from bot.delivery.calls import Call
from db.deliveries import Settled, Turn
from db.schema import deliveries
from tests.campaigning import staff
from tests.conversation import Conversation, Talker
from tests.leaving import leaving


async def on_duty(
    conversation: Conversation, number: int, name: str, role: str = "organizer", area: str = "69"
) -> Talker:
    """Somebody of the team who is told of what comes in."""
    member = await staff(conversation, number, role, area)
    await member.send("/inbox")
    await member.send(name)
    await member.tap("Go on duty")
    return member


async def arrive(conversation: Conversation, *talkers: Talker) -> None:
    """What is due reaches these people's screens, and is known to have arrived."""
    now = conversation.clock.now()
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    for talker in talkers:
        person = await talker.stored()
        assert person is not None
        sending = sa.select(deliveries.c.id).where(
            deliveries.c.person == person.id, deliveries.c.state == "sending"
        )
        async with conversation.database.read() as tx:
            numbers = list(await tx.scalars(sending.order_by(deliveries.c.id)))
        mine = [call for call in calls if call.chat == talker.telegram_id]
        assert len(mine) == len(numbers)
        for number, call in zip(numbers, mine, strict=True):
            talker.receive([call])
            async with conversation.database.write() as tx:
                arrived = Settled(id=number, state="sent", message_id=talker.last.id)
                await db.deliveries.take_turn(tx, Turn(settled=[arrived]), owner="me", now=now)
