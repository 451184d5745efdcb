"""Erased people: what is kept so that they are not imported or invited again."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import suppressions


async def add(tx: AsyncConnection, suppression: str, today: date) -> None:
    if not await contains(tx, suppression):
        await tx.execute(sa.insert(suppressions).values(hash=suppression, day=today))


_LEFT_ON = sa.select(suppressions.c.day).where(suppressions.c.hash == sa.bindparam("mark"))


async def left_on(tx: AsyncConnection, suppression: str) -> date | None:
    """The day of a mark that is on the list."""
    found: date | None = (await tx.execute(_LEFT_ON, {"mark": suppression})).scalar_one_or_none()
    return found


async def contains(tx: AsyncConnection, suppression: str) -> bool:
    query = sa.select(suppressions.c.hash).where(suppressions.c.hash == suppression)
    return (await tx.execute(query)).first() is not None


async def remove(tx: AsyncConnection, suppression: str) -> None:
    await tx.execute(sa.delete(suppressions).where(suppressions.c.hash == suppression))
