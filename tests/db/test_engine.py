"""Transactions, turns and snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from db import sqlite
from db.batches import DatabaseVisit, Statement, together
from db.engine import FILE_NAME, Database, open_database, savepoint
from db.errors import CannotOpen, InUse
from db.facts import get_fact, set_fact
from db.key import DatabaseKey
from db.schema import facts, people
from db.sqlite_connection import Connection, connection_of

NOW = datetime(2016, 11, 16, 8, tzinfo=UTC)


async def remember(database: Database, name: str, value: object) -> None:
    async with database.write() as transaction:
        await set_fact(transaction, name, value)


async def recall(database: Database, name: str) -> object:
    async with database.read() as transaction:
        return await get_fact(transaction, name)


# Transactions


async def test_a_transaction_cancelled_while_another_process_writes_leaves_nothing(
    sqlite_database: Database, database_key: DatabaseKey
) -> None:
    """Its statement waits in the connection's thread, and is executed after all: then it is undone there."""
    assert sqlite_database.file is not None
    started = threading.Event()

    def work(visit: DatabaseVisit) -> None:
        visit.run(Statement(lambda _s: "INSERT INTO facts (name, value) VALUES ('cancelled', '1')"))

    async def cancelled() -> None:
        async with sqlite_database.write() as transaction:
            raw = await transaction.get_raw_connection()
            asyncio.get_running_loop().call_soon(started.set)
            assert raw.driver_connection is not None
            await together(transaction, work)

    await remember(sqlite_database, "first", 1)  # the connection is there
    other = sqlite.connect(sqlite_database.file, database_key)
    other.execute("BEGIN IMMEDIATE")
    try:
        task = asyncio.create_task(cancelled())
        while not started.is_set():  # noqa: ASYNC110 - told by the loop itself
            await asyncio.sleep(0)
        task.cancel()
        ended = asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
        other.execute("COMMIT")
        await ended
    finally:
        other.close()
    await remember(sqlite_database, "next", 1)
    assert await recall(sqlite_database, "cancelled") is None


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as transaction:
            await set_fact(transaction, "offset", 1)
            _ = 1 / 0
    assert await recall(database, "offset") is None


async def test_a_savepoint_is_undone_alone(database: Database) -> None:
    async with database.write() as transaction:
        await set_fact(transaction, "before", 1)
        with contextlib.suppress(ZeroDivisionError):
            async with savepoint(transaction):
                await set_fact(transaction, "inside", 1)
                with pytest.raises(sa.exc.IntegrityError):
                    await transaction.execute(facts.insert(), {"name": "before", "value": 2})
                _ = 1 / 0
        await set_fact(transaction, "after", 1)
    assert await names(database) == ["after", "before"]


async def test_a_savepoint_may_come_first_and_last(database: Database) -> None:
    async with database.write() as transaction:
        async with savepoint(transaction):
            await set_fact(transaction, "kept", 1)
        with contextlib.suppress(ZeroDivisionError):
            async with savepoint(transaction):
                await set_fact(transaction, "undone", 1)
                _ = 1 / 0
    assert await names(database) == ["kept"]


async def test_savepoints_stand_in_each_other_and_may_be_empty(database: Database) -> None:
    async with database.write() as transaction:
        async with savepoint(transaction):
            await set_fact(transaction, "outer", 1)
            with contextlib.suppress(ZeroDivisionError):
                async with savepoint(transaction):
                    async with savepoint(transaction):
                        await set_fact(transaction, "innermost", 1)
                    _ = 1 / 0
            async with savepoint(transaction):
                pass
            with contextlib.suppress(ZeroDivisionError):
                async with savepoint(transaction):
                    _ = 1 / 0
        await set_fact(transaction, "after", 1)
    assert await names(database) == ["after", "outer"]


async def test_what_a_transaction_undoes_takes_its_savepoints_along(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as transaction, savepoint(transaction):
            await set_fact(transaction, "undone", 1)
            _ = 1 / 0
    await remember(database, "next", 1)
    assert await names(database) == ["next"]


OURS = facts.c.name != "experiments:key"
"""The facts that a test set: one of its own has every database, by which is drawn."""


async def names(database: Database) -> list[str]:
    async with database.read() as transaction:
        return list(await transaction.scalars(sa.select(facts.c.name).where(OURS).order_by(facts.c.name)))


async def test_a_reader_sees_one_snapshot_and_does_not_wait_for_the_writer(database: Database) -> None:
    await remember(database, "offset", 1)
    async with database.read() as reading:
        assert await get_fact(reading, "offset") == 1
        await remember(database, "offset", 2)
        assert await get_fact(reading, "offset") == 1
    assert await recall(database, "offset") == 2


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
        async with database.read() as transaction:
            await set_fact(transaction, "offset", 1)
    await remember(database, "offset", 2)  # the pooled connection is not left in that state
    assert await recall(database, "offset") == 2


async def test_twenty_writers_at_once_lose_no_increment(sqlite_database: Database) -> None:
    await remember(sqlite_database, "count", 0)

    async def increment() -> None:
        async with sqlite_database.write() as transaction:
            await set_fact(transaction, "count", await get_fact(transaction, "count") + 1)

    await asyncio.gather(*(increment() for _ in range(20)))
    assert await recall(sqlite_database, "count") == 20


async def test_a_cancelled_writer_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def stay() -> None:
        async with database.write() as transaction:
            await set_fact(transaction, "offset", 1)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stay())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await recall(database, "offset") is None
    await asyncio.wait_for(remember(database, "offset", 2), 5)


async def test_writers_cancelled_in_the_middle_of_a_statement_block_nobody(database: Database) -> None:
    await remember(database, "offset", 0)
    for turns in range(12):  # each round cancels one step of the event loop later
        task = asyncio.create_task(remember(database, "offset", turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(remember(database, "offset", "free"), 5)
    assert await recall(database, "offset") == "free"


async def test_write_inside_write_is_refused_rather_than_waiting_for_itself(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.write():
        with pytest.raises(RuntimeError, match="pass the connection on"):
            async with sqlite_database.write():
                pass


async def test_long_results_come_whole_and_can_be_streamed(database: Database) -> None:
    rows = [{"name": f"{number:05}", "value": number} for number in range(2_000)]
    async with database.write() as transaction:
        await transaction.execute(facts.insert(), rows)
    query = sa.select(facts.c.value).where(OURS).order_by(facts.c.name)
    async with database.read() as transaction:
        assert (await transaction.scalars(query)).all() == list(range(2_000))
        assert (await transaction.scalars(query)).first() == 0
        streamed = [value async for value in await transaction.stream_scalars(query)]
        assert streamed == list(range(2_000))
        async for _ in await transaction.stream_scalars(query):
            break  # a stream left in the middle holds nothing up
    await remember(database, "00000", "changed")


async def test_instants_come_back_aware_in_utc(database: Database) -> None:
    values = {"telegram_id": 2**40, "pseudonym": "p", "created_at": NOW, "seen_at": NOW}
    async with database.write() as transaction:
        inserted = await transaction.execute(people.insert().returning(people.c.id), values)
        assert inserted.scalar_one() == 1
    async with database.read() as transaction:
        row = (await transaction.execute(sa.select(people))).one()
    assert (row.created_at, row.telegram_id, row.consent_contact) == (NOW, 2**40, False)


async def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.write() as transaction:
            await transaction.execute(
                sa.text(
                    "INSERT INTO event_texts (event, language, title, description) VALUES (9, 'fr', '', '')"
                )
            )


# SQLite: durability, privacy and one process


async def test_sqlite_commits_to_the_disk_before_it_acknowledges(sqlite_database: Database) -> None:
    async with sqlite_database.write() as transaction:
        found = {
            name: (await transaction.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "temp_store")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "temp_store": 2}


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
async def test_the_files_are_the_owners_alone(tmp_path: Path, database_key: DatabaseKey) -> None:
    folder = tmp_path / "data"
    database = await open_database(None, folder=folder, key=database_key)
    async with database.write() as transaction:
        await transaction.exec_driver_sql("CREATE TABLE thing (name TEXT)")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    await database.close()
    assert modes == dict.fromkeys((FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_an_error_tells_nothing_of_what_people_wrote(database: Database) -> None:
    """Its text may reach a log."""
    row = {"telegram_id": 1, "pseudonym": "p", "first_name": "Zébulon", "created_at": NOW, "seen_at": NOW}
    async with database.write() as transaction:
        await transaction.execute(people.insert(), row)
        with pytest.raises(sa.exc.IntegrityError) as raised:
            await transaction.execute(people.insert(), row)
    assert "Zébulon" not in str(raised.value)


async def test_the_key_is_never_shown(sqlite_database: Database, database_key: DatabaseKey) -> None:
    shown = repr(database_key) + repr(vars(sqlite_database)) + repr(sqlite_database.key)
    assert database_key.hex not in shown


async def test_one_process_runs_the_bot_on_a_file_and_another_can_read(sqlite_database: Database) -> None:
    await remember(sqlite_database, "offset", 1)
    sqlite_database.claim()
    sqlite_database.claim()  # claiming what one has is no error
    assert sqlite_database.file is not None
    other = await open_database(None, folder=sqlite_database.file.parent, key=sqlite_database.key)
    with pytest.raises(InUse, match="Another Portevoix is running"):
        other.claim()
    assert await recall(other, "offset") == 1
    await other.close()


def test_a_claim_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="make the folder writable"):
        sqlite.claim(tmp_path / "nowhere" / FILE_NAME)


async def test_a_claim_ends_with_its_process_however_it_ends(sqlite_database: Database) -> None:
    program = (
        "import pathlib, sys; from db import sqlite; claim = sqlite.claim(pathlib.Path(sys.argv[1]));"
        "print('claimed', flush=True); sys.stdin.read()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", program, str(sqlite_database.file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"claimed\n"
    with pytest.raises(InUse):
        sqlite_database.claim()
    process.kill()
    await process.communicate()
    sqlite_database.claim()


async def test_a_writer_waits_for_another_process_then_says_so(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite_database.write() as transaction:  # the pool keeps this connection
        await transaction.exec_driver_sql("PRAGMA busy_timeout = 10")
    assert sqlite_database.file is not None
    other = await open_database(None, folder=sqlite_database.file.parent, key=sqlite_database.key)
    async with other.write() as transaction:
        await set_fact(transaction, "offset", 2)
        with pytest.raises(InUse, match="Another process has been writing"):
            await remember(sqlite_database, "offset", 1)
    await other.close()
    await remember(sqlite_database, "offset", 1)


async def test_a_connection_that_is_stopped_while_it_closes_is_closed(tmp_path: Path) -> None:
    """As SQLAlchemy does where whoever closes it is cancelled: both wait for the one end of its thread."""
    path = tmp_path / FILE_NAME
    sqlite.create_file(path, None)
    connection = await Connection(lambda: sqlite.connect(path, None), "BEGIN", set())
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)  # it has asked the thread to close
    stopping = connection.stop()
    closing.cancel()
    done, _ = await asyncio.wait([closing], timeout=10)
    assert done, "it waits for an answer that nobody gives"
    assert stopping is not None
    await asyncio.wait([stopping])


async def test_whoever_disposes_waits_for_what_a_cancellation_left_running(tmp_path: Path) -> None:
    """Its thread answers the event loop once more, which may have ended when nobody waits."""
    path = tmp_path / FILE_NAME
    sqlite.create_file(path, None)
    engine = sqlite.create_engine(path, None, pragmas=(), begin="BEGIN", size=1)
    engine = engine.execution_options(whatever=True)  # as those who only read have
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work(_: object) -> None:
        begun.set()
        may_end.wait(10)
        ended.set()

    async def working() -> None:
        async with engine.begin() as transaction:
            await connection_of(transaction).visit(work)

    task = asyncio.create_task(working())
    await asyncio.to_thread(begun.wait, 10)
    for _ in range(3):  # the second while it undoes, the third while it closes
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task], timeout=0)
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    await engine.dispose()
    assert ended.is_set()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_pass_through_a_table_that_is_cancelled_is_cancelled(sqlite_database: Database) -> None:
    """Else whoever goes on after an error of the database would never end."""
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)

    async def reading() -> None:
        async with sqlite_database.read() as tx, sqlite.small_cache(tx):
            await connection_of(tx).visit(lambda thread: thread.create_function("work", 0, work))
            await tx.exec_driver_sql("SELECT work()")

    task = asyncio.create_task(reading())
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
