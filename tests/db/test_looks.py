"""Those who look share one reading transaction; whoever comes after work, or after a fault, reads anew."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.facts import get_fact, set_fact
from db.looks import Work, look_in_turn


async def finds_nothing(_tx: AsyncConnection) -> Work | None:
    return None


async def asks_nonsense(tx: AsyncConnection) -> Work | None:
    await tx.execute(sa.text("SELECT nothing FROM nowhere"))
    return None


async def test_those_who_find_nothing_share_one_transaction(database: Database) -> None:
    read_in: list[object] = []

    async def looks(tx: AsyncConnection) -> Work | None:
        read_in.append(tx)
        return None

    assert await look_in_turn(database, [looks, finds_nothing, looks]) == []
    one, other = read_in
    assert one is other


async def test_whoever_comes_after_work_reads_what_it_wrote(database: Database) -> None:
    read: list[str | None] = []

    async def looks(tx: AsyncConnection) -> Work | None:
        read.append(await get_fact(tx, "told"))
        return None

    async def has_work(_tx: AsyncConnection) -> Work | None:
        return write

    async def write() -> None:
        async with database.write() as tx:
            await set_fact(tx, "told", "yes")

    assert await look_in_turn(database, [looks, has_work, looks]) == []
    assert read == [None, "yes"]


@pytest.mark.parametrize("in_work", [False, True])
async def test_what_fails_keeps_nobody_after_it_from_reading(database: Database, *, in_work: bool) -> None:
    """On PostgreSQL a transaction in which something failed answers nothing any more."""
    read: list[str | None] = []

    async def looks(tx: AsyncConnection) -> Work | None:
        read.append(await get_fact(tx, "told"))
        return None

    async def has_work(_tx: AsyncConnection) -> Work | None:
        return fails

    async def fails() -> None:
        raise OSError("the line is down")

    failed = await look_in_turn(database, [looks, has_work if in_work else asks_nonsense, looks, looks])
    (error,) = failed
    assert isinstance(error, OSError if in_work else sa.exc.SQLAlchemyError)
    assert read == [None, None, None]


async def test_each_is_told_of_a_database_that_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(database, "read", away)
    assert len(await look_in_turn(database, [finds_nothing, finds_nothing])) == 2
