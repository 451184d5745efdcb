"""Whoever waits for their turn to read shares a snapshot with others, and never sees less than was there when they
asked.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections import deque
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from db import snapshots, sqlite
from db.engine import Database
from db.facts import get_fact
from db.snapshots import Asked
from tests.bots import until
from tests.db.test_engine import remember
from tests.db.test_restarted_server import PROCESS, end
from tests.thorough import seeds

LONG = 3600.0
"""Seconds: no test takes as long."""


@pytest.fixture
def never_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "KEPT_SECONDS", LONG)


async def seen(database: Database, asked_at: float, *, others_wait: bool) -> object:
    async with database.read(asked=Asked(at=asked_at, others_wait=lambda: others_wait)) as tx:
        return await get_fact(tx, "told")


@pytest.mark.usefixtures("never_too_late")
async def test_it_serves_those_who_asked_before_it_was_taken_and_nobody_else(database: Database) -> None:
    await remember(database, "told", 1)
    early = time.monotonic()
    assert await seen(database, early, others_wait=True) == 1
    await remember(database, "told", 2)
    late = time.monotonic()
    assert await seen(database, early, others_wait=True) == 1
    assert await seen(database, late, others_wait=True) == 2
    await remember(database, "told", 3)
    assert await seen(database, early, others_wait=False) == 2
    assert await seen(database, early, others_wait=False) == 3


@pytest.mark.usefixtures("never_too_late")
@pytest.mark.parametrize("seed", seeds(9))
async def test_nobody_sees_less_than_was_there_when_they_asked(database: Database, seed: int) -> None:
    chance, written = random.Random(seed), 0
    waiting: deque[tuple[float, int]] = deque()
    for _ in range(60):
        what = chance.choice(("write", "ask", "read"))
        if what == "write":
            written += 1
            await remember(database, "told", written)
        elif what == "ask":
            waiting.append((time.monotonic(), written))
        elif waiting:
            asked_at, known = waiting.popleft()
            found = await seen(database, asked_at, others_wait=bool(waiting))
            assert known <= (found or 0) <= written  # type: ignore[operator]  # a number, where anything was written


@pytest.mark.usefixtures("never_too_late")
async def test_two_at_one_time_have_one_each(database: Database) -> None:
    await remember(database, "told", 1)
    early = time.monotonic()
    assert await seen(database, early, others_wait=True) == 1
    async with database.read(asked=Asked(at=early, others_wait=lambda: True)) as one:
        await remember(database, "told", 2)
        async with database.read(asked=Asked(at=early, others_wait=lambda: True)) as other:
            assert await get_fact(one, "told") == 1
            assert await get_fact(other, "told") == 2


@pytest.fixture
def other(sqlite_database: Database) -> Iterator[sqlite3.Connection]:
    """One that waits for nobody."""
    assert sqlite_database.file is not None
    found = sqlite.connect(sqlite_database.file, sqlite_database.key, ("PRAGMA busy_timeout = 0",))
    yield found
    found.close()


def is_kept(other: sqlite3.Connection) -> bool:
    """Whether the log of SQLite cannot begin anew, since somebody may still read in it."""
    is_busy, *_ = other.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    return bool(is_busy)


@pytest.mark.usefixtures("never_too_late")
@pytest.mark.parametrize("others_wait", [True, False])
async def test_it_is_kept_only_for_somebody(
    sqlite_database: Database, other: sqlite3.Connection, others_wait: bool
) -> None:
    await remember(sqlite_database, "told", 1)
    await seen(sqlite_database, time.monotonic(), others_wait=others_wait)
    assert is_kept(other) == others_wait
    await sqlite_database._snapshots.end()
    assert not is_kept(other)


async def test_it_ends_where_whoever_waited_needs_none(
    sqlite_database: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT_SECONDS", 0.001)
    await remember(sqlite_database, "told", 1)
    await seen(sqlite_database, time.monotonic(), others_wait=True)

    async def has_ended() -> bool:
        return not is_kept(other)

    await until(has_ended, "the snapshot has ended")


@pytest.mark.usefixtures("never_too_late")
async def test_one_in_which_something_broke_serves_nobody(database: Database) -> None:
    await remember(database, "told", 1)
    early = time.monotonic()
    with pytest.raises(sa.exc.DBAPIError):
        async with database.read(asked=Asked(at=early, others_wait=lambda: True)) as tx:
            await tx.exec_driver_sql("SELECT nothing FROM nowhere")
    await remember(database, "told", 2)
    assert await seen(database, early, others_wait=False) == 2


@pytest.mark.usefixtures("never_too_late")
async def test_one_whose_connection_the_server_ended_is_nobodys_trouble(
    postgresql_database: Database, postgresql_address: str
) -> None:
    database = postgresql_database
    await remember(database, "told", 1)
    async with database.read(asked=Asked(at=time.monotonic(), others_wait=lambda: True)) as tx:
        process = int((await tx.execute(PROCESS)).scalar_one())
    await end(postgresql_address, process)
    assert await seen(database, time.monotonic(), others_wait=False) == 1
