"""Erased people: what is kept so that they are not imported or invited again."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import suppressions

KEY_FACT = "suppression:key"
"""The fact that holds the key of the hashes, in hexadecimal."""


def hash_of(key: bytes, telegram_id: int) -> str:
    """What remains of an erased person: only whoever has the key can tell whether a number is on the list."""
    return hmac.new(key, str(telegram_id).encode(), hashlib.sha256).hexdigest()


async def add(tx: AsyncConnection, suppression: str, now: datetime) -> None:
    if not await contains(tx, suppression):
        await tx.execute(sa.insert(suppressions).values(hash=suppression, at=now))


async def contains(tx: AsyncConnection, suppression: str) -> bool:
    query = sa.select(suppressions.c.hash).where(suppressions.c.hash == suppression)
    return (await tx.execute(query)).first() is not None


async def remove(tx: AsyncConnection, suppression: str) -> None:
    await tx.execute(sa.delete(suppressions).where(suppressions.c.hash == suppression))
