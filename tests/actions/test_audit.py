"""The audit log: every way of tampering is found, and several writers make one chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.actions import audit
from bot.actions.audit import ChainFault, FaultKind
from db.engine import Database
from db.schema import audit as rows

NOON = datetime(2016, 11, 16, 12, 0, tzinfo=UTC)


async def write(database: Database, count: int) -> None:
    for number in range(count):
        async with database.write() as tx:
            await audit.note(
                tx,
                actor="staff:1",
                action="broadcast",
                details={"n": number, "text": "é\x00", "at": NOON},
                now=NOON + timedelta(seconds=number, microseconds=5),
            )


async def faults(database: Database) -> tuple[ChainFault, ...]:
    async with database.read() as tx:
        return (await audit.verify(tx)).faults


async def test_an_untouched_log_is_whole(database: Database) -> None:
    await write(database, 3)
    async with database.read() as tx:
        found = await audit.verify(tx)
    assert (found.entries, found.faults) == (3, ())


async def test_an_empty_log_is_whole(database: Database) -> None:
    assert await faults(database) == ()


TAMPERINGS: dict[str, tuple[Callable[[], list[sa.Executable]], FaultKind, int]] = {
    "other details": (
        lambda: [sa.update(rows).where(rows.c.id == 2).values(details={"n": 7})],
        FaultKind.ALTERED,
        2,
    ),
    "another actor": (
        lambda: [sa.update(rows).where(rows.c.id == 3).values(actor="staff:2")],
        FaultKind.ALTERED,
        3,
    ),
    "another instant": (
        lambda: [sa.update(rows).where(rows.c.id == 1).values(at=NOON)],
        FaultKind.ALTERED,
        1,
    ),
    "the first removed": (lambda: [sa.delete(rows).where(rows.c.id == 1)], FaultKind.REMOVED, 2),
    "one in the middle removed": (lambda: [sa.delete(rows).where(rows.c.id == 3)], FaultKind.REMOVED, 4),
    "the last removed": (lambda: [sa.delete(rows).where(rows.c.id == 5)], FaultKind.REMOVED, 4),
    "two exchanged": (
        lambda: [
            sa.update(rows).where(rows.c.id == old).values(id=new) for old, new in ((2, 9), (4, 2), (9, 4))
        ],
        FaultKind.REORDERED,
        2,
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found(database: Database, name: str) -> None:
    tampering, kind, entry = TAMPERINGS[name]
    await write(database, 5)
    async with database.write() as tx:
        for statement in tampering():
            await tx.execute(statement)
    assert ChainFault(entry=entry, kind=kind) in await faults(database)


async def test_a_row_rewritten_with_a_fitting_hash_breaks_the_next_one(database: Database) -> None:
    await write(database, 3)
    async with database.write() as tx:
        row = (await tx.execute(sa.select(rows).where(rows.c.id == 2))).one()
        forged = audit.chained(row.previous_hash, at=row.at, actor="staff:9", action=row.action, details={})
        values = {"actor": "staff:9", "details": {}, "hash": forged}
        await tx.execute(sa.update(rows).where(rows.c.id == 2).values(values))
    assert await faults(database) == (ChainFault(entry=3, kind=FaultKind.REMOVED),)


async def test_several_writers_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(write(database, 5) for _ in range(4)))
    async with database.read() as tx:
        found = await audit.verify(tx)
    assert (found.entries, found.faults) == (20, ())


async def fail_after_noting(database: Database) -> None:
    async with database.write() as tx:
        await audit.note(tx, actor="staff:1", action="broadcast", details={}, now=NOON)
        raise RuntimeError


async def test_what_is_rolled_back_leaves_no_trace(database: Database) -> None:
    await write(database, 1)
    with pytest.raises(RuntimeError):
        await fail_after_noting(database)
    await write(database, 1)
    assert await faults(database) == ()
