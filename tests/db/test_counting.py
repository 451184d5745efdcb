"""What counts for seconds, in a process that only reads: behind everything else, and in nobody's way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from db import engine, sqlite
from db.engine import Database, open_to_read
from db.facts import get_fact
from db.sqlite_connection import connection_of
from db.waiting import nobody_waits
from tests.db.test_engine import remember

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
async def beside(sqlite_database: Database) -> AsyncIterator[Database]:
    """What another process has of the same file."""
    opened = await open_to_read(None, file=sqlite_database.file, key=sqlite_database.key)
    yield opened
    await opened.close()


@pytest.mark.parametrize(("each_alone", "seen"), [(True, 2), (False, 1)])
async def test_each_statement_sees_what_was_committed_or_all_see_the_same(
    sqlite_database: Database, beside: Database, each_alone: bool, seen: int
) -> None:
    await remember(sqlite_database, "told", 1)
    async with beside.count(each_alone=each_alone) as tx:
        assert await get_fact(tx, "told") == 1
        await remember(sqlite_database, "told", 2)
        assert await get_fact(tx, "told") == seen


@pytest.mark.parametrize(("each_alone", "is_kept"), [(True, False), (False, True)])
async def test_between_two_statements_the_log_begins_anew(
    sqlite_database: Database, beside: Database, each_alone: bool, is_kept: bool
) -> None:
    await remember(sqlite_database, "told", 1)
    assert sqlite_database.file is not None
    other = sqlite.connect(sqlite_database.file, sqlite_database.key, ("PRAGMA busy_timeout = 0",))
    try:
        async with beside.count(each_alone=each_alone) as tx:
            await get_fact(tx, "told")
            is_busy, *_ = other.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        assert bool(is_busy) == is_kept
    finally:
        other.close()


async def test_nothing_is_written_where_it_is_counted(sqlite_database: Database, beside: Database) -> None:
    await remember(sqlite_database, "told", 1)
    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        async with beside.count(each_alone=True) as tx:
            await tx.exec_driver_sql("DELETE FROM facts")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads share one niceness")
async def test_it_leaves_the_processors_to_all_others(beside: Database) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    async with beside.count() as tx:
        theirs = await connection_of(tx).visit(
            lambda _: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        )
    async with beside.read() as tx:
        others = await connection_of(tx).visit(
            lambda _: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        )
    assert theirs == min(mine + sqlite.FURTHER_BACK, 19)
    assert others == mine == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads are of one kind")
async def test_what_nobody_waits_for_takes_what_others_leave(beside: Database) -> None:
    async def policy() -> int:
        async with beside.count() as tx:
            return await connection_of(tx).visit(lambda _: os.sched_getscheduler(0))

    assert await policy() == os.SCHED_OTHER
    with nobody_waits():
        assert await policy() == os.SCHED_IDLE
    assert await policy() == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads share one niceness")
def test_where_python_knows_of_no_such_thing_it_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler")

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def stepped() -> tuple[int, int]:
        before, _ = niceness(), sqlite.step_aside()
        return before, niceness()

    with ThreadPoolExecutor(1) as thread:
        before, after = thread.submit(stepped).result()
    assert after == min(before + sqlite.FURTHER_BACK, 19)


@dataclass
class Counting:
    """A count that never ends by itself: in which thread."""

    thread: threading.Thread | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, database: Database) -> None:
        async with database.count(each_alone=True) as tx:
            self.thread = connection_of(tx)._thread
            self.begun.set()
            await tx.exec_driver_sql(ENDLESS)

    async def ended(self) -> None:
        assert self.thread is not None
        await asyncio.to_thread(self.thread.join)


async def test_what_nobody_waits_for_is_broken_off_where_it_gets_too_little(
    beside: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    with nobody_waits():
        async with beside.count():
            pass  # its connection is open: the time is that of the count alone
        monkeypatch.setattr(engine, "MOST_ASIDE", 0.2)
        with pytest.raises(TimeoutError):
            await counting(beside)
    await counting.ended()
    with nobody_waits():
        async with beside.count() as tx:
            assert await get_fact(tx, "told") is None


async def test_whoever_does_not_wait_any_more_has_nothing_counted(beside: Database) -> None:
    counting = Counting()
    task = asyncio.create_task(counting(beside))
    await counting.begun.wait()
    task.cancel()  # whether its thread has begun or not
    with pytest.raises(asyncio.CancelledError):
        await task
    await counting.ended()


CANCELLED = """
import asyncio, sys, threading
from pathlib import Path
from db.engine import open_to_read
from db.key import DatabaseKey
from db.sqlite_connection import connection_of

begun = threading.Event()

def count(thread):
    thread.create_function("begun", 0, begun.set)
    thread.execute("WITH RECURSIVE n(i) AS (SELECT begun() UNION ALL SELECT begun() FROM n) SELECT count(*) FROM n")

async def visit(database):
    async with database.count(each_alone=True) as tx:
        await connection_of(tx).visit(count)

async def main(file, key):
    database = await open_to_read(None, file=Path(file), key=DatabaseKey(hex=key) if key else None)
    task = asyncio.create_task(visit(database))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.wait({task})
    await database.close()
    sys.exit(0 if task.cancelled() else "not cancelled")

asyncio.run(main(*sys.argv[1:]))
"""


def test_whoever_is_cancelled_does_not_hold_what_the_thread_waits_for(sqlite_database: Database) -> None:
    """In a process of its own: it would stand still for ever, and no thread of it could tell."""
    given = (str(sqlite_database.file), sqlite_database.key.hex if sqlite_database.key else "")
    subprocess.run([sys.executable, "-c", CANCELLED, *given], check=True, timeout=120)
