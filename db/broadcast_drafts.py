"""Broadcasts as they are made: the row, its texts, and one queued delivery for each person of the audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.kinds import Kind
from db.audiences import Target, in_any
from db.schema import broadcast_texts, broadcasts, deliveries, people
from db.upsert import insert


async def create(tx: AsyncConnection, *, texts: Mapping[str, str], **values: Any) -> int | None:
    """A broadcast's id; None if there is one with this key already. `values` are columns but the id."""
    statement = (
        insert(tx, broadcasts).values(values).on_conflict_do_nothing(index_elements=[broadcasts.c.key])
    )
    row = (await tx.execute(statement.returning(broadcasts.c.id))).first()
    if row is None:
        return None
    if texts:
        rows = [{"broadcast": row.id, "language": code, "text": text} for code, text in texts.items()]
        await tx.execute(sa.insert(broadcast_texts), rows)
    return int(row.id)


async def queue(
    tx: AsyncConnection,
    broadcast: int,
    targets: Sequence[Target],
    *,
    kind: Kind | None,
    due_at: datetime,
    expires_at: datetime | None,
    now: datetime,
    zones: Sequence[str | None] | None = None,
) -> int:
    """Queues one delivery for each person of the audiences who has none yet; gives how many.

    `zones`: only people who live by one of these; None among them stands for people without one. `kind`:
    without those who switched it off.
    """
    chosen = sa.and_(in_any(targets, kind), _lives_by(zones))
    rows = sa.select(
        sa.literal(broadcast, deliveries.c.broadcast.type),
        people.c.id,
        sa.literal("queued", sa.String()),
        sa.literal(due_at, deliveries.c.due_at.type),
        sa.literal(expires_at, deliveries.c.expires_at.type),
        sa.literal(now, deliveries.c.changed_at.type),
    ).where(chosen)
    columns = ["broadcast", "person", "state", "due_at", "expires_at", "changed_at"]
    statement = (
        insert(tx, deliveries)
        .from_select(columns, rows)
        .on_conflict_do_nothing(index_elements=[deliveries.c.broadcast, deliveries.c.person])
    )
    return (await tx.execute(statement)).rowcount


def _lives_by(zones: Sequence[str | None] | None) -> sa.ColumnElement[bool]:
    if zones is None:
        return sa.true()
    named = people.c.zone.in_([zone for zone in zones if zone is not None])
    return sa.or_(named, people.c.zone.is_(None)) if None in zones else named
