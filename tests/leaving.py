"""What leaves by itself, for tests of conversations: what is due is decided and worded as the sender has it done."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import db.deliveries
from bot.delivery.calls import Call
from bot.delivery.outcomes import Wait
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from db.deliveries import Leased, Settled, Turn
from db.schema import broadcasts, deliveries
from tests.conversation import BOT, Conversation, Shown, Talker


def departure(conversation: Conversation) -> Departure:
    shared = conversation.services
    composer = Composer(
        texts=shared.texts, campaign=shared.campaign, gazetteer=shared.gazetteer, bot_username=BOT
    )
    return Departure(
        campaign=shared.campaign,
        texts=shared.texts,
        composer=composer,
        clock=conversation.clock,
        bot_username=BOT,
    )


async def leaving(conversation: Conversation) -> list[Any]:
    """What becomes of every delivery that is due: the calls that would be posted, and why others are not."""
    now = conversation.clock.now()
    decisions: list[Any] = []
    async with conversation.database.write() as tx:
        active = sa.select(broadcasts.c.id).where(broadcasts.c.state == "active").order_by(broadcasts.c.id)
        for broadcast in list(await tx.scalars(active)):
            leased = await db.deliveries.lease(tx, [(broadcast, 9)], owner="me", now=now)
            decisions += await departure(conversation).prepare(tx, leased)
            found = list(zip(leased, decisions[-len(leased) :], strict=False))
            calls = [row.id for row, each in found if isinstance(each, Call)]
            waits = [
                Settled(id=row.id, state=each.state, reason=each.reason, due_at=each.until)
                for row, each in found
                if isinstance(each, Wait)
            ]
            if calls or waits:
                turn = Turn(next=calls, settled=waits)
                await db.deliveries.take_turn(tx, turn, owner="me", now=now)
    return decisions


async def leaving_of(conversation: Conversation, key: str) -> list[Any]:
    """What becomes of each delivery that waits of broadcasts with keys LIKE `key`, in order; then it has left."""
    async with conversation.database.write() as tx:
        about = sa.select(broadcasts.c.id).where(broadcasts.c.key.like(key))
        waiting = sa.and_(deliveries.c.broadcast.in_(about), deliveries.c.state == "queued")
        queued = (await tx.execute(sa.select(deliveries).where(waiting).order_by(deliveries.c.id))).all()
        leased = [
            Leased(
                id=row.id, broadcast=row.broadcast, person=row.person, expires_at=row.expires_at, attempts=0
            )
            for row in queued
        ]
        await tx.execute(sa.update(deliveries).where(waiting).values(state="sent"))
    async with conversation.database.read() as tx:
        return list(await departure(conversation).prepare(tx, leased))


async def let_leave(conversation: Conversation, *talkers: Talker) -> None:
    """What is due reaches these people’s screens; the others’ is lost on them."""
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    for talker in talkers:
        talker.receive(call for call in calls if call.chat == talker.telegram_id)


async def let_arrive(conversation: Conversation, talker: Talker) -> Shown:
    """The one message that is due to them, on their screen, and known to have arrived."""
    before = len(talker.screen)
    await let_leave(conversation, talker)
    assert len(talker.screen) == before + 1
    person, now = await talker.stored(), conversation.clock.now()
    assert person is not None
    async with conversation.database.write() as tx:
        sending = sa.select(deliveries.c.id).where(
            deliveries.c.person == person.id, deliveries.c.state == "sending"
        )
        arrived = Settled(
            id=(await tx.execute(sending)).scalar_one(), state="sent", message_id=talker.last.id
        )
        await db.deliveries.take_turn(tx, Turn(settled=[arrived]), owner="me", now=now)
    return talker.last
