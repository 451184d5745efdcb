"""Erased people: what is kept so that they are not imported again, and what is cut from their traces."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import deliveries, people, responses, suppressions


async def add(tx: AsyncConnection, suppression: str, now: datetime) -> None:
    if not await contains(tx, suppression):
        await tx.execute(sa.insert(suppressions).values(hash=suppression, at=now))


async def contains(tx: AsyncConnection, suppression: str) -> bool:
    query = sa.select(suppressions.c.hash).where(suppressions.c.hash == suppression)
    return (await tx.execute(query)).first() is not None


async def remove(tx: AsyncConnection, suppression: str) -> None:
    await tx.execute(sa.delete(suppressions).where(suppressions.c.hash == suppression))


async def unlink(tx: AsyncConnection, person: int) -> None:
    """Cuts what would lead back to the person from rows that only count: messages, updates, communes."""
    traces = {"person": None, "message_id": None, "update_id": None, "commune": None}
    await tx.execute(sa.update(responses).where(responses.c.person == person).values(**traces))
    await tx.execute(
        sa.update(deliveries).where(deliveries.c.person == person).values(person=None, message_id=None)
    )
    await tx.execute(sa.update(people).where(people.c.recruiter == person).values(recruiter=None))
