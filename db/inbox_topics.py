"""The group of the team, where there is one, and the message of each of its topics."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.facts import forget_fact, get_fact, set_fact
from db.schema import inbox_topics
from db.upsert import put

GROUP = "inbox:group"


class Topic(Frozen):
    """One row of `inbox_topics`: see db.schema for what each field means."""

    area: str
    topic: int
    message_id: int | None
    shown: str | None


async def group(tx: AsyncConnection) -> int | None:
    """The chat of the group."""
    found = await get_fact(tx, GROUP)
    return found if isinstance(found, int) else None


async def use_group(tx: AsyncConnection, chat: int | None) -> None:
    """Another group from now on, or none: what stood in the one before is forgotten."""
    await tx.execute(sa.delete(inbox_topics))
    if chat is None:
        await forget_fact(tx, GROUP)
    else:
        await set_fact(tx, GROUP, chat)


async def topics(tx: AsyncConnection) -> dict[str, Topic]:
    """By area."""
    rows = await tx.execute(sa.select(inbox_topics))
    return {row.area: Topic(**row._mapping) for row in rows}


async def keep(tx: AsyncConnection, area: str, **values: Any) -> None:
    """Sets these columns of an area's topic, whose row is made where there was none."""
    await put(tx, inbox_topics, {"area": area}, values)


async def forget(tx: AsyncConnection, area: str) -> None:
    """The topic was deleted, or its message was."""
    await tx.execute(sa.delete(inbox_topics).where(inbox_topics.c.area == area))
