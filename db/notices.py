"""Service messages to the team: one broadcast each, whose details fill its template."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.broadcasts import by_the_program, create, queue_deliveries
from db.schema import broadcasts, people

PREFIX = "notices/"
"""What the names of their templates begin with."""

NAMING = ("telegram_id", "by", "approved_by", "decided_by")
"""The details that hold somebody’s Telegram number."""

IS_NOTICE = sa.func.coalesce(broadcasts.c.template, "").like(f"{PREFIX}%")


async def queue(
    tx: AsyncConnection,
    *,
    key: str,
    template: str,
    details: Mapping[str, Any],
    telegram_ids: Collection[int],
    expires_at: datetime | None = None,
    now: datetime,
) -> int:
    """One message to each of these Telegram users who ever wrote to the bot; how many. A key serves once."""
    who = sa.select(people.c.id).where(people.c.telegram_id.in_(sorted(set(telegram_ids))))
    if (await tx.execute(who.limit(1))).first() is None:
        return 0
    values = by_the_program(
        key,
        now,
        kind="service",
        template=f"{PREFIX}{template}",
        details=dict(details),
        starts_at=now,
        expires_at=expires_at,
    )
    broadcast = await create(tx, values)
    if broadcast is None:
        return 0
    return await queue_deliveries(
        tx, broadcast=broadcast, people=who, due_at=now, expires_at=expires_at, now=now
    )


async def queue_more(tx: AsyncConnection, *, key: str, telegram_id: int, now: datetime) -> int:
    """The message of this key to somebody more, who ever wrote to the bot; how many. Nobody gets it twice."""
    found = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key == key))
    if found is None:
        return 0
    who = sa.select(people.c.id).where(people.c.telegram_id == telegram_id)
    return await queue_deliveries(tx, broadcast=found, people=who, due_at=now, now=now)


def names(telegram_id: int) -> sa.ColumnElement[bool]:
    """Whether a notice names this Telegram user."""
    named = (sa.cast(broadcasts.c.details[key].as_string(), sa.BigInteger) for key in NAMING)
    return sa.and_(IS_NOTICE, sa.or_(*(number == telegram_id for number in named)))
