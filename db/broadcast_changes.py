"""Broadcasts changed after they were queued: written anew before anything left, sent again where they expired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.filling
import db.mends
from bot.rules.mends import REACHED
from db.areas import person_in
from db.schema import broadcasts, deliveries, people


async def has_left(tx: AsyncConnection, broadcast: int) -> bool:
    """Whether somebody has it, or may."""
    found = sa.exists().where(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(REACHED))
    return bool((await tx.execute(sa.select(found))).scalar())


async def empty(tx: AsyncConnection, broadcast: int) -> bool:
    """Takes everybody out of its queue; False where some of it was leaving at that moment."""
    await db.filling.stop(tx, broadcast)
    waiting = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state.not_in(REACHED))
    await tx.execute(sa.delete(deliveries).where(waiting))
    return not await has_left(tx, broadcast)


async def rewrite(
    tx: AsyncConnection,
    broadcast: int,
    values: Mapping[str, Any],
    texts: Mapping[str, str],
    others: Sequence[Mapping[str, str]] = (),
) -> None:
    """Other columns and other words in the place of those it had."""
    change = broadcasts.update().where(broadcasts.c.id == broadcast)
    await tx.execute(change.values(finished_at=None, measured=sa.null(), **values))
    await db.mends.set_texts(tx, broadcast, texts, others)


async def renew(
    tx: AsyncConnection, broadcast: int, areas: Iterable[str], *, now: datetime, expires_at: datetime
) -> int:
    """Queues what expired once more, for people in these areas; how many."""
    theirs = sa.select(people.c.id).where(sa.or_(sa.false(), *(person_in(area) for area in areas)))
    expired = sa.and_(
        deliveries.c.broadcast == broadcast,
        deliveries.c.state == "expired",
        deliveries.c.person.in_(theirs),
    )
    values = {"state": "queued", "due_at": now, "expires_at": expires_at, "reason": None, "changed_at": now}
    again = await tx.execute(deliveries.update().where(expired).values(values))
    if again.rowcount:
        await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(finished_at=None))
    return again.rowcount
