"""What counts for seconds, in a process that only reads: behind everything else, and in nobody's way."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from db import sqlite
from db.engine import Database, open_to_read
from db.facts import get_fact
from db.sqlite_connection import connection_of
from tests.db.test_engine import remember


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
