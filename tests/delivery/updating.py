"""Updates given to an engine, and what the database then says of them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import sqlalchemy as sa

from db.schema import responses, updates


async def give(engine: Any, *given: dict[str, Any]) -> None:
    await asyncio.gather(*(engine.intake.store(orjson.dumps(update)) for update in given))


async def states(bench: Any) -> dict[int, str]:
    async with bench.database.read() as tx:
        found = await tx.execute(sa.select(updates.c.update_id, updates.c.state))
        return {row.update_id: row.state for row in found}


async def effects(bench: Any) -> list[int]:
    async with bench.database.read() as tx:
        return sorted((await tx.execute(sa.select(responses.c.update_id))).scalars())
