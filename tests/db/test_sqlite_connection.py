"""A cursor that nobody waits for any more holds no statement.

The garbage collector may end a cursor in whatever thread it runs. Where that resets a statement which another thread
executes or frees meanwhile, the whole process ends by a segmentation fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from db import sqlite
from db.engine import FILE_NAME
from db.sqlite_connection import Connection, _Cursor

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n"


@pytest.fixture(params=["in its thread", "here"])
async def connection(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connection]:
    path = tmp_path / FILE_NAME
    sqlite.create_file(path, None)
    here = request.param == "here"
    connection = await Connection(lambda: sqlite.connect(path, None), "BEGIN", set(), always_here=here)
    await (await open_cursor(connection)).execute("CREATE TABLE t (i INTEGER PRIMARY KEY)")
    yield connection
    await connection.close()


async def open_cursor(connection: Connection) -> _Cursor:
    return await connection.cursor().__aenter__()


async def fails(connection: Connection, cursor: _Cursor) -> None:
    await cursor.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlcipher.IntegrityError):
        await cursor.execute("INSERT INTO t VALUES (1)")


async def fails_among_many(connection: Connection, cursor: _Cursor) -> None:
    with pytest.raises(sqlcipher.IntegrityError):
        await cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (1,)])


async def writes_many(connection: Connection, cursor: _Cursor) -> None:
    await cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert cursor.rowcount == 2


async def is_undone_in_the_middle_of_its_rows(connection: Connection, cursor: _Cursor) -> None:
    await cursor.execute(NUMBERS)
    assert await cursor.fetchone() == (1,)
    await connection.rollback()


@pytest.mark.parametrize("work", [fails, fails_among_many, writes_many, is_undone_in_the_middle_of_its_rows])
async def test_whatever_happened_it_is_closed(
    connection: Connection, work: Callable[[Connection, _Cursor], Awaitable[None]]
) -> None:
    cursor = await open_cursor(connection)
    await work(connection, cursor)
    assert await connection.visit(lambda _thread: is_closed(cursor))
    assert not connection.unread


def is_closed(cursor: _Cursor) -> bool:
    with contextlib.suppress(sqlcipher.ProgrammingError):
        cursor._cursor.fetchone()
        return False
    return True


async def test_one_whose_reader_is_cancelled_is_closed_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    sqlite.create_file(path, None)
    connection = await Connection(lambda: sqlite.connect(path, None), "BEGIN", set())
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)

    await connection.visit(lambda thread: thread.create_function("work", 0, work))
    cursor = await open_cursor(connection)
    reading = asyncio.create_task(cursor.execute(f"SELECT work() FROM ({NUMBERS})"))
    await asyncio.to_thread(begun.wait, 10)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    may_end.set()
    assert await connection.visit(lambda _thread: is_closed(cursor))
    await connection.close()


async def test_rows_that_are_read_to_their_end_are_all_there(connection: Connection) -> None:
    """They come in parts, and what was read is remembered by nobody."""
    cursor = await open_cursor(connection)
    await cursor.execute(NUMBERS)
    assert [row[0] for row in await cursor.fetchmany(700)] == list(range(1, 701))
    assert connection.unread == {cursor}
    assert [row[0] for row in await cursor.fetchall()] == list(range(701, 2001))
    assert not connection.unread
