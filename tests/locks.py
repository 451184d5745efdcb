"""Whether somebody waits for what a transaction holds, in this database: what other tests wait for is theirs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

# A lock on a row names no database, but whoever waits for it holds locks on tables of theirs.
_WAITING = sa.text(
    "SELECT count(*) FROM pg_locks AS waiting WHERE NOT granted AND EXISTS ("
    " SELECT FROM pg_locks AS held JOIN pg_database ON pg_database.oid = held.database"
    " WHERE held.pid = waiting.pid AND datname = current_database())"
)


async def how_many_wait(tx: AsyncConnection) -> int:
    """As it is now, each time it is asked in a transaction; on PostgreSQL."""
    return int((await tx.execute(_WAITING)).scalar_one())


async def somebody_waits(tx: AsyncConnection) -> bool:
    return await how_many_wait(tx) > 0
