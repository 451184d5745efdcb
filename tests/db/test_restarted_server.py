"""A server that ended its connections, as a restart does: whoever comes next does not learn it by their transaction."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import sqlalchemy as sa

from db import postgresql
from db.engine import Database

PROCESS = sa.text("SELECT pg_backend_pid()")


async def process_of(database: Database) -> int:
    """Of the server's processes the one that serves the next transaction."""
    async with database.write() as tx:
        return int((await tx.execute(PROCESS)).scalar_one())


async def end(url: str, process: int) -> None:
    """The server ends a connection, and is done with it."""
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    assert await other.fetchval("SELECT pg_terminate_backend($1)", process)
    there = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
    while await other.fetchval(there, process):  # noqa: ASYNC110 - another process fulfils it
        await asyncio.sleep(0.01)
    await other.close()


@pytest.mark.parametrize("rest", [postgresql._REST_SECONDS, 0.0], ids=["just used", "rested"])
async def test_a_connection_that_the_server_ended_is_replaced(
    postgresql_database: Database, postgresql_address: str, rest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_REST_SECONDS", rest)
    before = await process_of(postgresql_database)
    assert await process_of(postgresql_database) == before
    await end(postgresql_address, before)
    assert await process_of(postgresql_database) != before
