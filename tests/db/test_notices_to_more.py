"""A notice to the team that somebody more gets, on both engines: once, and never by a key that there is not."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from db import notices
from db.engine import Database
from db.schema import broadcasts, deliveries
from tests.campaigning import supporter
from tests.conversation import Conversation, paris

NOW = paris("2016-11-16T10:00")


async def test_nobody_gets_it_twice(database: Database) -> None:
    for number in (1, 2):
        await supporter(Conversation(database, NOW), number, "69123")
    async with database.write() as tx:
        assert (
            await notices.queue(tx, key="approval:1", template="t", details={}, telegram_ids=[1], now=NOW)
            == 1
        )
        await tx.execute(sa.update(broadcasts).values(finished_at=NOW))

    async def more() -> int:
        async with database.write() as tx:
            return await notices.queue_more(tx, key="approval:1", telegram_id=2, now=NOW)

    assert sorted(await asyncio.gather(*(more() for _ in range(3)))) == [0, 0, 1]
    async with database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(deliveries)) == 2
        assert await tx.scalar(sa.select(broadcasts.c.finished_at)) is None, "it has something to send again"


async def test_a_stranger_or_another_key_gets_nothing(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    async with database.write() as tx:
        assert await notices.queue_more(tx, key="approval:1", telegram_id=1, now=NOW) == 0
        await notices.queue(tx, key="approval:1", template="t", details={}, telegram_ids=[1], now=NOW)
        assert await notices.queue_more(tx, key="approval:1", telegram_id=99, now=NOW) == 0
