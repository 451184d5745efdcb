"""Who is erased while something is queued for them: neither transaction stands in the other's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.filling
import db.planning
from db.engine import Database
from db.erasing import erase_person
from db.schema import people
from tests.bots import until
from tests.filling import MANY, NOW, is_filling, rows, sent
from tests.hall import SEALING
from tests.locks import somebody_waits


@asynccontextmanager
async def beside(
    database: Database, other: Callable[[AsyncConnection], Awaitable[object]]
) -> AsyncIterator[None]:
    """Begins another transaction that has to wait for this one, or ends; it is waited for at the end of the block."""

    async def later() -> None:
        async with database.write() as tx:
            await other(tx)

    task = asyncio.create_task(later())

    async def waits() -> bool:
        async with database.read() as tx:
            return task.done() or await somebody_waits(tx)

    await until(waits, "the other waits")
    yield
    await task


async def test_for_whom_a_message_is_queued_just_then(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.planning, "PORTION", 2)
    database = postgresql_database
    queued = await sent(database)
    async with database.read() as tx:
        numbers = list(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered")))

    async def fills(tx: AsyncConnection) -> None:
        await db.filling.fill_up(tx, NOW)

    async with database.write() as tx:
        await erase_person(tx, numbers[3], SEALING)
        filling = beside(database, fills)
        await filling.__aenter__()
    await filling.__aexit__(None, None, None)
    assert not await is_filling(database)
    assert await rows(database, "person") == [*numbers[:3], *numbers[4:]]
    assert len(numbers) == MANY
    assert queued.people == MANY
