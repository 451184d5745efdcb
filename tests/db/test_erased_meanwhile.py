"""Who is erased while something is queued for them: neither transaction stands in the other's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
import db.filling
import db.people_to_plan
import db.planning
from db.broadcasts import by_the_program
from db.engine import Database
from db.erasing import erase_person
from db.schema import deliveries, people, people_to_plan
from tests.bots import until
from tests.filling import NOW, is_filling, rows, sent
from tests.hall import SEALING
from tests.locks import somebody_waits
from tests.planned import add, somebody

Act = Callable[[AsyncConnection], Awaitable[object]]


async def begun(database: Database, act: Act) -> asyncio.Task[None]:
    """Another transaction, once it waits for this one or has ended."""

    async def whole() -> None:
        async with database.write() as tx:
            await act(tx)

    task = asyncio.create_task(whole())

    async def waits() -> bool:
        async with database.read() as tx:
            return task.done() or await somebody_waits(tx)

    await until(waits, "the other waits for this one")
    return task


@pytest.mark.parametrize("erased_first", [True, False])
async def test_whose_mark_is_taken_just_then(postgresql_database: Database, *, erased_first: bool) -> None:
    """The planner has their mark, the erasure their row: each needs the other's."""
    database, taken = postgresql_database, list[int]()
    erased, stays = await add(database, somebody(0), somebody(1))

    async def plans(tx: AsyncConnection) -> None:
        taken.extend(await db.people_to_plan.take(tx, most=10))
        number = await db.broadcasts.ensure(tx, by_the_program("x:1", NOW, kind="service", starts_at=NOW))
        who = sa.select(people.c.id).where(people.c.id.in_(taken))
        await db.broadcasts.queue_deliveries(tx, broadcast=number, people=who, due_at=NOW, now=NOW)

    async def erases(tx: AsyncConnection) -> None:
        await erase_person(tx, erased, SEALING)

    async with database.write() as tx:
        if erased_first:
            await tx.execute(sa.select(people.c.id).where(people.c.id == erased).with_for_update())
            other = await begun(database, plans)
            await erases(tx)
        else:
            await plans(tx)
            other = await begun(database, erases)
    await other
    assert taken == [stays] if erased_first else [erased, stays]
    async with database.read() as tx:
        whose = {row.person: row.state for row in await tx.execute(sa.select(deliveries))}
        assert whose == {stays: "queued"} | ({} if erased_first else {None: "cancelled"})
        assert not list(await tx.scalars(sa.select(people_to_plan.c.person)))


async def test_for_whom_a_message_for_many_is_queued_just_then(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.planning, "PORTION", 2)
    database = postgresql_database
    await sent(database)
    async with database.read() as tx:
        numbers = list(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered")))
    async with database.write() as tx:
        await erase_person(tx, numbers[3], SEALING)
        filling = await begun(database, lambda beside: db.filling.fill_up(beside, NOW))
    await filling
    assert not await is_filling(database)
    assert await rows(database, "person") == [*numbers[:3], *numbers[4:]]
