"""Updates that could not be read, or that the database refused: their bytes, kept to find out why.

Whose they are nobody knows: they are erased with whoever's number stands in them, and after some days anyway.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.batches import Statement
from db.schema import unread_updates
from db.upsert import insert

LARGEST_UPDATE_ID = 2**31 - 1
"""Telegram's numbers have 31 bits (tdlib, `td/db/TQueue.h`). Asked for those after a larger one, it would give none."""
MOST_BYTES = 64 * 1024
"""What is kept of one; the beginning tells whose it is and what kind."""
MOST_ROWS = 1_000
"""A server that sends nothing else must not fill the disk."""
_NUMBER = re.compile(rb'"update_id"\s*:\s*(\d{1,10})\s*[,}]')


class Unread(Frozen):
    """The bytes of an update, and why it is none: the kind of error. Without its end it was perhaps cut off."""

    body: bytes
    error: str
    has_end: bool = True

    @property
    def update_id(self) -> int | None:
        """Its number, where one can be made out."""
        found = _NUMBER.search(self.body)
        number = int(found[1]) if found is not None else None
        return None if number is None or number > LARGEST_UPDATE_ID else number


async def keep(tx: AsyncConnection, found: Iterable[Unread], now: datetime) -> int:
    """Keep those that are not kept yet, and no more than the last `MOST_ROWS`; how many were new."""
    count = 0
    for one in found:
        row = {
            "digest": hashlib.sha256(one.body).hexdigest(),
            "update_id": one.update_id,
            "body": one.body[:MOST_BYTES],
            "size": len(one.body),
            "error": one.error[:64],
            "received_at": now,
        }
        statement = insert(tx, unread_updates).on_conflict_do_nothing(
            index_elements=[unread_updates.c.digest]
        )
        count += (await tx.execute(statement.values(row))).rowcount
    if count:
        last = sa.select(sa.func.max(unread_updates.c.id)).scalar_subquery()
        await tx.execute(sa.delete(unread_updates).where(unread_updates.c.id <= last - MOST_ROWS))
    return count


async def count(tx: AsyncConnection) -> int:
    """How many are kept."""
    return int((await tx.execute(sa.select(sa.func.count()).select_from(unread_updates))).scalar_one())


_ERASE = Statement(
    lambda s: (
        f"""
    DELETE FROM unread_updates WHERE EXISTS (
        SELECT 1 FROM {s.each} WHERE {s.holds.format("body", s.to_bytes.format("each.value ->> 0"))})"""
    )
)


async def erase_of(tx: AsyncConnection, telegram_ids: Iterable[int]) -> int:
    """Erase those in which one of these numbers stands; how many. One too many is no loss."""
    return await _ERASE.run(tx, rows=[(str(number),) for number in telegram_ids])
