"""The audit log: every way of tampering is found, and several writers make one chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

import db.audit
from bot.actions import audit
from bot.actions.audit import ChainFault, FaultKind
from db.audit import Entry
from db.engine import Database
from db.schema import audit as rows
from db.schema import audit_numbers
from db.upgrade import downgrade, upgrade

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


NAMED = {
    "who did it": ("staff:7", {}),
    "a number alone": ("staff:1", {"member": 7}),
    "as text, deep inside": ("staff:1", {"details": {"said": ["no", {"of": "7"}]}}),
    "by its name in the log": ("command line", {"by": "staff:7"}),
}
OTHERS = {
    "a longer number": {"people": 70, "text": "17"},
    "a part of a text": {"text": "7 people", "event": "a7", "at": "2016-11-07"},
    "neither text nor number": {"yes": True, "none": None, "share": 7.0, "most": 7**40, "before": -7},
    "a name of a field": {"7": "x"},
}


async def about(database: Database, telegram_id: int) -> list[int]:
    async with database.read() as tx:
        return [entry.id for entry in await db.audit.about(tx, telegram_id)]


async def noted(database: Database) -> None:
    """Entries that name 7, and as many that do not."""
    entries = [*NAMED.values(), *(("staff:1", details) for details in OTHERS.values())]
    for actor, details in entries:
        async with database.write() as tx:
            await audit.note(tx, actor=actor, action="edit_event", details=details, now=NOON)


async def numbers(database: Database) -> list[tuple[int, int]]:
    async with database.read() as tx:
        return [(row.entry, row.number) for row in await tx.execute(sa.select(audit_numbers))]


async def test_who_is_named_finds_the_entries_and_no_other(database: Database) -> None:
    await noted(database)
    assert await about(database, 7) == [1, 2, 3, 4]
    assert await about(database, 1) == [2, 3, 5, 6, 7, 8]
    assert await about(database, 70) == [5]
    assert await about(database, 1234) == []


async def test_what_is_forgotten_or_taken_out_names_nobody(database: Database) -> None:
    await noted(database)
    async with database.write() as tx:
        await audit.forget_some(tx, NOON, actor="staff:9", now=NOON + timedelta(days=1))
    assert await about(database, 7) == []
    assert len({entry for entry, _ in await numbers(database)}) == 1  # of the note that says so
    async with database.write() as tx:
        await tx.execute(sa.delete(rows))
    assert await numbers(database) == []


async def test_a_log_that_takes_the_place_of_another_is_found_in(database: Database) -> None:
    await noted(database)
    before = sorted(await numbers(database))
    async with database.write() as tx:
        tail = await db.audit.lock_tail(tx)
        assert tail is not None
        kept = [entry async for entry in db.audit.entries(tx)]

        async def log() -> AsyncIterator[Entry]:
            for entry in kept:
                yield entry

        await db.audit.replace(tx, log(), tail)
    assert sorted(await numbers(database)) == before
    assert await faults(database) == ()


async def test_the_numbers_of_a_log_that_was_written_before_are_noted(database: Database) -> None:
    await noted(database)
    before = sorted(await numbers(database))
    await downgrade(database, to="0088")
    await upgrade(database)
    assert sorted(await numbers(database)) == before
