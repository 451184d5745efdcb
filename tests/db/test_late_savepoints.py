"""What savepoints ask of a server: nothing where no statement follows, and always the same words."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database, savepoint

_ASKED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%ours'"


async def asked(tx: AsyncConnection) -> int:
    """How many statements about savepoints the server was asked to prepare on this connection."""
    return int((await tx.execute(sa.text(_ASKED))).scalar_one())


async def test_a_savepoint_that_nothing_follows_is_not_made(postgresql_database: Database) -> None:
    """Each update that is handled has one: where all is written at the end it would cost two ways to the server."""
    async with postgresql_database.write() as tx:
        before = await asked(tx)
        async with savepoint(tx), savepoint(tx):
            pass
        with contextlib.suppress(ZeroDivisionError):
            async with savepoint(tx):
                _ = 1 / 0
        assert await asked(tx) == before


async def test_savepoints_throw_no_statement_out_of_those_that_are_prepared(
    postgresql_database: Database,
) -> None:
    """Numbered as they come, those of one batch would throw out all others."""
    async with postgresql_database.write() as tx:
        for _ in range(70):
            async with savepoint(tx):
                await tx.execute(sa.text("SELECT 1"))
        with contextlib.suppress(ZeroDivisionError):
            async with savepoint(tx):
                await tx.execute(sa.text("SELECT 1"))
                _ = 1 / 0
        assert await asked(tx) == 3
