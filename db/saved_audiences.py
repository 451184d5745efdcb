"""Audiences under a name."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.expressions import as_json, from_json
from bot.rules.saved_audiences import SavedAudience
from db import upsert
from db.schema import saved_audiences


async def all_saved(tx: AsyncConnection) -> dict[str, SavedAudience]:
    """Every saved audience, by name and in the order of names."""
    rows = await tx.execute(sa.select(saved_audiences).order_by(saved_audiences.c.name))
    return {
        row.name: SavedAudience(
            name=row.name, area=row.area, expression=from_json(row.expression), saved_at=row.saved_at
        )
        for row in rows
    }


async def put(tx: AsyncConnection, audience: SavedAudience) -> None:
    """Saves an audience, in place of the one of that name."""
    values = {
        "area": audience.area,
        "expression": as_json(audience.expression),
        "saved_at": audience.saved_at,
    }
    await upsert.put(tx, saved_audiences, {"name": audience.name}, values)


async def remove(tx: AsyncConnection, name: str) -> None:
    await tx.execute(sa.delete(saved_audiences).where(saved_audiences.c.name == name))
