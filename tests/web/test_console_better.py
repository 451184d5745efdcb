"""Where nobody would get a message now, a better time in one tap: counted while no form has the writer or a reader."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import sqlalchemy as sa

from db.engine import READERS, Database
from db.long_counts import Count, CountsHere, Read, T
from db.schema import broadcasts
from tests.campaigning import staff, supporter
from tests.conversation import Conversation
from tests.handlers.test_reach import full_week
from tests.web.browsing import application_of, signed_in
from tests.web.test_console_writing import WHEN, WORDS, seen, write

LYON = "69123"
SECONDS = 60


class Unhindered:
    """Counts that are made once everything of a database could be had: whoever asks holds nothing of it."""

    def __init__(self, database: Database) -> None:
        self._database, self._here = database, CountsHere(database)
        self.counts = 0

    async def made(self, count: Count[T], read: Read[T]) -> T:
        async with asyncio.timeout(SECONDS), self._database.write(), AsyncExitStack() as all_readers:
            for _ in range(READERS):
                await all_readers.enter_async_context(self._database.read())
        self.counts += 1
        return await self._here.made(count, read)


async def test_a_better_time_and_the_last_look_keep_nobody_waiting(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    for number in range(23):
        await full_week(conversation, await supporter(conversation, 100 + number, LYON))
    unhindered = Unhindered(conversation.database)
    web = httpx.ASGITransport(application_of(conversation, counts=unhindered))
    visitor = await signed_in(admin, web=web)
    await write(visitor)
    assert "Nobody would get it" in visitor.text
    before = unhindered.counts
    await visitor.send(WHEN, do="better")
    assert unhindered.counts == before + 2  # that of the form, and of the page that it leads to
    assert "Nobody would get it" not in visitor.text
    before = unhindered.counts
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    assert unhindered.counts == before + 1
    async with conversation.database.read() as tx:
        starts_at = (
            await tx.execute(sa.select(broadcasts.c.starts_at).where(broadcasts.c.key.like("staff:%")))
        ).scalar_one()
    assert starts_at > conversation.clock.now() + timedelta(days=2)
