"""What SQLite does in the thread of who asks: a quick block, or everything, where nobody needs another thread."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import db.engine
from db.batches import DatabaseVisit, Statement, together
from db.engine import FILE_NAME, Database, here, open_database, open_to_read, savepoint
from db.facts import get_fact, set_fact
from db.key import DatabaseKey
from db.sqlite_connection import connection_of
from tests.db.test_engine import recall, remember


def thread_of(visit: DatabaseVisit) -> int:
    visit.run(
        Statement(lambda _s: "INSERT INTO facts (name, value) VALUES ('here', '1') ON CONFLICT DO NOTHING")
    )
    return threading.get_ident()


async def test_what_is_quick_runs_where_it_is_asked_for(sqlite_database: Database) -> None:
    """But a transaction begins, and ends, where nobody waits for whoever else writes, nor for the disk."""
    mine = threading.get_ident()
    async with sqlite_database.write() as transaction:
        with here(transaction):
            assert await together(transaction, thread_of) != mine
            assert await together(transaction, thread_of) == mine
        assert await together(transaction, thread_of) != mine
    assert await recall(sqlite_database, "here") == 1


async def test_what_is_read_briefly_by_who_only_reads_visits_no_thread(sqlite_database: Database) -> None:
    """From its beginning to its end. The bot's own process has others that wait meanwhile; it does so where told."""
    await remember(sqlite_database, "told", 1)
    beside = await open_to_read(None, file=sqlite_database.file, key=sqlite_database.key)
    try:
        for database, briefly, at_once, is_visited in (
            (beside, True, False, False),
            (beside, False, False, True),
            (sqlite_database, True, False, True),
            (sqlite_database, True, True, False),
        ):
            async with database.read(briefly=briefly, at_once=at_once) as transaction:
                connection = connection_of(transaction)
            before = connection._visits_begun
            async with database.read(briefly=briefly, at_once=at_once) as transaction:
                assert connection_of(transaction) is connection
                assert await get_fact(transaction, "told") == 1
            assert (connection._visits_begun > before) == is_visited
    finally:
        await beside.close()


async def test_who_waits_for_a_connection_has_it_before_who_had_it_asks_again(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing lets others have their turn in the middle of what is read here: they would wait for all pages of one."""
    monkeypatch.setattr(db.engine, "READERS", 2)
    beside = await open_to_read(None, file=sqlite_database.file, key=sqlite_database.key)
    read: list[str] = []

    async def asks(name: str, times: int) -> None:
        for _ in range(times):
            async with beside.read(briefly=True) as transaction:
                await get_fact(transaction, "told")
            read.append(name)

    try:
        await asyncio.gather(*(asks(name, 1) for name in "abcdef"))  # opens them
        read.clear()
        await asyncio.gather(*(asks(name, 4) for name in "abcdef"))
    finally:
        await beside.close()
    assert sorted(read[:6]) == [*"abcdef"]


async def test_what_runs_here_is_undone_like_anything_else(database: Database) -> None:
    await remember(database, "kept", 1)
    with contextlib.suppress(RuntimeError):
        async with database.write() as transaction:
            await set_fact(transaction, "kept", 2)
            with here(transaction):
                with contextlib.suppress(ValueError):
                    async with savepoint(transaction):
                        await set_fact(transaction, "undone", 1)
                        raise ValueError
                assert await get_fact(transaction, "undone") is None
                await set_fact(transaction, "kept", 3)
                raise RuntimeError
    assert await recall(database, "kept") == 1


class _Watched:
    """A connection that is closed only while no statement is executed in it, and tells whether one was."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.is_at_work = threading.Event()
        self.may_end = threading.Event()
        self.was_closed_at_work: list[bool] = []
        connection.create_function("work", 0, self._work)

    def _work(self) -> None:
        self.is_at_work.set()
        self.may_end.wait(1)
        self.is_at_work.clear()

    def close(self) -> None:
        self.was_closed_at_work.append(self.is_at_work.is_set())
        if not self.is_at_work.is_set():
            self._connection.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


async def test_a_connection_at_work_in_its_thread_is_not_closed_here(
    sqlite_database: Database,
) -> None:
    """As whoever waited is cancelled: closed in the middle of a statement it would end the whole process."""

    async def working() -> None:
        async with sqlite_database.write() as transaction:
            with here(transaction):
                await transaction.exec_driver_sql("SELECT work()")

    async with sqlite_database.write() as transaction:
        connection = connection_of(transaction)
    watched = _Watched(connection._conn)
    connection._connection = watched  # type: ignore[assignment]  # it passes all on
    task = asyncio.create_task(working())
    await asyncio.to_thread(watched.is_at_work.wait, 10)
    task.cancel()
    for _ in range(10):  # whoever waited undoes what they did, and closes
        await asyncio.sleep(0)
    watched.may_end.set()
    await asyncio.wait([task], timeout=10)
    assert watched.was_closed_at_work == [False]
    await remember(sqlite_database, "next", 1)


@pytest.fixture
async def all_here(
    sqlite_template: Path, tmp_path: Path, database_key: DatabaseKey
) -> AsyncIterator[Database]:
    """A database that does everything in the thread of the test."""
    shutil.copyfile(sqlite_template, tmp_path / FILE_NAME)
    database = await open_database(None, folder=tmp_path, key=database_key, here=True)
    yield database
    await database.close()


async def test_all_of_it_runs_here_and_others_have_their_turn(all_here: Database) -> None:
    """Whoever reads a thousand rows one by one keeps nobody else from anything."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with all_here.write() as transaction:
        assert await together(transaction, thread_of) == threading.get_ident()
        running = asyncio.create_task(other())
        for number in range(20):
            await set_fact(transaction, "here", number)
        running.cancel()
    assert turns >= 20
    assert await recall(all_here, "here") == 19


async def test_who_is_cancelled_here_leaves_nothing_and_blocks_nobody(all_here: Database) -> None:
    """At whatever turn it comes: as a statement ends, as the transaction ends."""
    for turns in range(12):
        await remember(all_here, "kept", "before")

        async def change() -> None:
            async with all_here.write() as transaction:
                await set_fact(transaction, "kept", "half")
                await set_fact(transaction, "kept", "after")

        task = asyncio.create_task(change())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert await recall(all_here, "kept") in ("before", "after")
    await asyncio.wait_for(remember(all_here, "kept", "again"), 5)
    assert await recall(all_here, "kept") == "again"
