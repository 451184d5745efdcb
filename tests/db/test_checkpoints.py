"""What was written reaches the file beside those who write, and nothing is lost or left by it."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from db import checkpoints, sqlite
from db.engine import Database
from db.facts import get_fact, set_fact
from tests.bots import until


async def write(database: Database, count: int) -> None:
    for number in range(count):
        async with database.write() as tx:
            await set_fact(tx, f"fact {number % 50}", f"{number:04}" * 1_000)  # the same would not be written


def pages_in_the_log(database: Database) -> tuple[int, int]:
    """How many pages are in the log, and how many of them are in the file too."""
    assert database.file is not None
    connection = sqlite.connect(database.file, database.key)
    try:
        _busy, pages, folded = connection.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
    finally:
        connection.close()
    return pages, folded


def size_of_the_log(database: Database) -> int:
    log = f"{database.file}-wal"
    return os.path.getsize(log) if os.path.exists(log) else 0


async def all_in_the_file(database: Database) -> None:
    async def is_all() -> bool:
        pages, folded = pages_in_the_log(database)
        return pages == folded

    await until(is_all, "all that is in the log is in the file")


async def test_what_was_written_reaches_the_file_beside_those_who_write(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE_SECONDS", 0.01)
    await write(sqlite_database, 20)
    assert pages_in_the_log(sqlite_database)[0] > 0
    await all_in_the_file(sqlite_database)


async def test_a_log_that_nobody_pauses_for_does_not_grow(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(checkpoints, "MOST_PAGES", 100)
    await write(sqlite_database, 600)  # some four pages each
    assert size_of_the_log(sqlite_database) < 600 * 4_096


async def test_a_log_that_somebody_always_reads_begins_anew(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself begins it anew at an instant at which nobody reads: here two others still do when one goes."""
    monkeypatch.setattr(checkpoints, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(checkpoints, "MOST_PAGES", 100)

    monkeypatch.setattr(checkpoints, "MOMENT", 5.0)  # as long as three readers take on a busy machine
    longest = 0

    async def reading() -> None:
        there: deque[AsyncExitStack] = deque()
        while True:
            there.append(one := AsyncExitStack())
            tx, before = await one.enter_async_context(sqlite_database.read()), sqlite_database.written
            await get_fact(tx, "fact 0")
            for _ in range(
                30
            ):  # then whoever writes waits for the readers, and this one goes without a commit
                if sqlite_database.written > before:
                    break
                await get_fact(tx, "fact 0")
            if len(there) == 3:
                await there.popleft().aclose()

    async def is_short_again() -> bool:
        nonlocal longest
        for number in range(20):
            async with sqlite_database.write() as tx:
                await set_fact(tx, f"fact {number}", f"{sqlite_database.written:08}" * 500)
        pages, _ = pages_in_the_log(sqlite_database)
        longest = max(longest, pages)
        return pages < longest

    readers = asyncio.create_task(reading())
    await until(is_short_again, "the log begins anew")
    readers.cancel()
    await asyncio.gather(readers, return_exceptions=True)


async def test_what_cannot_be_folded_is_said_and_keeps_nobody(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connect(*_given: object) -> None:
        raise sqlite.sqlcipher.OperationalError("disk I/O error")

    monkeypatch.setattr(checkpoints, "PAUSE_SECONDS", 0.0)
    full = SimpleNamespace(connect=connect, Error=sqlite.Error, CHECKPOINT_PRAGMAS=())
    monkeypatch.setattr(checkpoints, "sqlite", full)

    async def is_said() -> bool:
        await write(sqlite_database, 1)
        return "log_not_folded" in "".join(capsys.readouterr())

    await until(is_said, "the log tells that it was not folded")
    async with sqlite_database.read() as tx:
        assert await get_fact(tx, "fact 0") == "0000" * 1_000


async def test_a_closed_database_is_one_file(sqlite_database: Database) -> None:
    await write(sqlite_database, 5)
    await asyncio.sleep(0)
    await sqlite_database.close()
    assert size_of_the_log(sqlite_database) == 0
