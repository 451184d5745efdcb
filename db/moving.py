"""Moving everything from one database into an empty one, of whichever engine: whole, or not at all."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.processes
from db import portable
from db.engine import Database
from db.errors import BackupFailed, InUse
from db.facts import get_fact, set_fact
from db.portable import OF_PROCESSES, as_read
from db.schema import facts, metadata

MOVED_TO = "moved_to"
"""The fact of a database from which everything was moved: where to."""
ONE_MORE_THAN_A_DIGEST = 1 << 256

Digest = tuple[int, str]
"""How many rows a table has, and a digest of them all, in whatever order."""


async def move(source: Database, target: Database, *, named: str) -> dict[str, Digest]:
    """Copies every row of `source`, on which nothing runs, into `target`, which is empty; what was compared, by table.

    `source` then knows that it was moved to what is `named`. Raises InUse and BackupFailed; then nothing was changed.
    """
    source.claim()
    target.claim()
    async with source.write() as old:
        await _refuse_running(old, source)
        async with target.write() as new:
            await _refuse_running(new, target)
            if not await portable.holds_nothing(new):
                raise BackupFailed("The other database is not empty: name one that nobody uses yet.")
            await portable.empty(new)  # what the migrations put there
            await portable.copy_rows(old, new)
            moved = await digests(old)
            arrived = await digests(new)
            different = sorted(name for name in moved if moved[name] != arrived[name])
            if different:
                raise BackupFailed(
                    f"What arrived is not what was sent ({', '.join(different)}): nothing was moved; report this."
                )
        await set_fact(old, MOVED_TO, named)
    return moved


async def moved_to(tx: AsyncConnection) -> str | None:
    """Where everything in this database was moved to, if it was."""
    found: str | None = await get_fact(tx, MOVED_TO)
    return found


async def _refuse_running(tx: AsyncConnection, database: Database) -> None:
    """Raises InUse. On PostgreSQL nobody else writes until the transaction ends; SQLite has one writer anyway."""
    if database.dialect != "postgresql":
        return
    if await db.processes.living(tx, "move") != ["move"]:
        raise InUse("The bot is running on this database: stop every `portevoix run`, then try again.")
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    await tx.execute(sa.text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE"))


async def digests(tx: AsyncConnection) -> dict[str, Digest]:
    """Each table's, the same on either engine where the rows are the same."""
    return {table.name: await _digest(tx, table) for table in portable.CURRENT}


async def _digest(tx: AsyncConnection, table: sa.Table) -> Digest:
    query = sa.select(*(as_read(column) for column in table.c))
    if table is facts:
        query = query.where(sa.not_(OF_PROCESSES))
    is_json = [isinstance(column.type, sa.JSON) for column in table.c]
    count = total = 0
    async for row in await tx.stream(query):
        values = [_plain(value, its) for value, its in zip(row, is_json, strict=True)]
        # Neither engine orders texts as the other does: the sum has no order.
        total += int.from_bytes(hashlib.sha256(orjson.dumps(values)).digest(), "big")
        count += 1
    return count, f"{total % ONE_MORE_THAN_A_DIGEST:064x}"


def _plain(value: Any, is_json: bool) -> Any:
    if value is None:
        return None
    if is_json:  # PostgreSQL writes it with other spaces, and its keys in another order
        return ["json", orjson.dumps(orjson.loads(value), option=orjson.OPT_SORT_KEYS).decode()]
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
