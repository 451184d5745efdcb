"""How much waits in the inbox of the team, by area."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.conversations import ConversationState
from db.conversations import IS_ANSWERABLE, IS_OPEN
from db.records import records
from db.schema import conversations, people

_WAITED_SINCE = (
    sa.select(conversations.c.id)
    .where(IS_OPEN, conversations.c.waiting_since <= sa.bindparam("instant"))
    .limit(1)
)


async def has_waited_since(tx: AsyncConnection, instant: datetime) -> bool:
    """Whether any open conversation has waited for an answer since then; of whoever cannot be answered too."""
    return await tx.scalar(_WAITED_SINCE, {"instant": instant}) is not None


class AreaLoad(Frozen):
    """Of an area: in how many open conversations somebody waits, the longest since when, how many are `free`."""

    area: str
    waiting: int
    since: datetime | None
    free: int


_LOADS = (
    sa.select(
        conversations.c.area,
        sa.func.count(conversations.c.waiting_since).label("waiting"),
        sa.func.min(conversations.c.waiting_since).label("since"),
        sa.func.count().filter(conversations.c.state == ConversationState.WAITING).label("free"),
    )
    .join(people, people.c.id == conversations.c.person)
    .where(IS_OPEN, IS_ANSWERABLE, conversations.c.person != sa.bindparam("but"))
    .group_by(conversations.c.area)
)


async def loads(tx: AsyncConnection, *, but: int = 0) -> list[AreaLoad]:
    """How much waits in each area where anything does; not of who cannot be answered, nor of one person (`but`)."""
    return records(AreaLoad, await tx.execute(_LOADS, {"but": but}))
