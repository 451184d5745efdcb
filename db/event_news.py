"""What was told of an event and what has yet to leave of it: by the key that its messages begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.seats import ON_THE_LIST, Standing
from db.beginnings import beginning, begins, begins_with
from db.schema import broadcasts, deliveries, rsvps
from db.schema.columns import Instant

WAITING = ("scheduled", "active", "paused", "unapproved")
_COME = (Standing.YES, Standing.MAYBE, *ON_THE_LIST)
LEFT = ("sending", "sent", "in_doubt", "failed", "unreachable")


def _event_key(event: int) -> str:
    """How the keys of all messages of an event begin."""
    return f"event:{event}:"


def change_key(event: int) -> str:
    """How the keys of changes of an event begin."""
    return f"event:{event}:change:"


def word_key(event: int) -> str:
    """How the keys begin of what its organizers write to those who come."""
    return f"event:{event}:word:"


def why_key(event: int) -> str:
    """How the keys begin of why it changes or is off, where that is told apart from the news."""
    return f"event:{event}:why:"


def reword_key(event: int) -> str:
    """How the keys begin of other words of an event, which a second person looks at."""
    return f"event:{event}:reword:"


def cancel_key(event: int) -> str:
    """How the key begins of the news that an event is off."""
    return f"event:{event}:cancel"


class LastTold(Frozen):
    """The newest message that told of a change, or that an event is off."""

    id: int
    created_at: datetime


class Untold(Frozen):
    """A message of an event that has not left for everybody, and what fills it."""

    id: int
    state: str
    starts_at: datetime
    details: Mapping[str, Any]


async def told_since(tx: AsyncConnection, key: str, since: datetime) -> list[datetime]:
    """When messages whose key begins so began to leave, since an instant; what reached nobody does not count."""
    # Asked of each: joined, SQLite would go through all deliveries that there are.
    first = (
        sa.select(sa.func.min(sa.func.coalesce(deliveries.c.sent_at, deliveries.c.changed_at)))
        .where(deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state.in_(LEFT))
        .scalar_subquery()
    )
    query = sa.select(broadcasts.c.starts_at, sa.type_coerce(first, Instant).label("left"))
    rows = await tx.execute(query.where(begins(broadcasts.c.key, key)))
    # The instants of people who were erased are cut to the day.
    told = [max(row.starts_at, row.left) for row in rows if row.left is not None]
    return [instant for instant in told if instant > since]


_BEGINS = begins_with(broadcasts.c.key)
_UNTOLD = (
    sa.select(
        *(broadcasts.c.id, broadcasts.c.key, broadcasts.c.state, broadcasts.c.starts_at, broadcasts.c.details)
    )
    .where(_BEGINS, broadcasts.c.state.in_(WAITING), broadcasts.c.finished_at.is_(None))
    .order_by(broadcasts.c.id)
)


async def untold(tx: AsyncConnection, key: str) -> list[Untold]:
    """The messages whose key begins so that still have somebody to leave for, or wait for a second person."""
    return [_untold(row) for row in await tx.execute(_UNTOLD, beginning(key))]


async def untold_among(tx: AsyncConnection, event: int, keys: Sequence[str]) -> list[Untold]:
    """The same of several keys of one event."""
    its = await tx.execute(_UNTOLD, beginning(_event_key(event)))
    return [_untold(row) for row in its if row.key.startswith(tuple(keys))]


def _untold(row: Any) -> Untold:
    return Untold(id=row.id, state=row.state, starts_at=row.starts_at, details=row.details or {})


_TOLD = (
    sa.select(broadcasts.c.id, broadcasts.c.key, broadcasts.c.created_at)
    .where(_BEGINS, broadcasts.c.state != "cancelled")
    .order_by(broadcasts.c.id.desc())
)


async def hand_on(
    tx: AsyncConnection,
    broadcast: int,
    *,
    before: int,
    to: Sequence[int],
    audience: Mapping[str, Any],
    details: Mapping[str, Any],
) -> None:
    """News of an event, `before`, are of these others, and stand at the first of them: for those who come to one of
    these, may, or wait. The caller filled `audience` and `details` accordingly.
    """
    key: str = (
        await tx.execute(sa.select(broadcasts.c.key).where(broadcasts.c.id == broadcast))
    ).scalar_one()
    # Of the first it may have such a key already: what comes last tells the two apart.
    kind = key.removeprefix(f"event:{before}:").partition("/")[0]
    values = {
        "key": f"event:{to[0]}:{kind}/{broadcast}",
        "event": to[0],
        "audience": audience,
        "details": details,
    }
    await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == broadcast).values(values))
    comes = sa.select(rsvps.c.person).where(
        rsvps.c.person == deliveries.c.person, rsvps.c.event.in_(to), rsvps.c.answer.in_(_COME)
    )
    others = sa.and_(
        deliveries.c.broadcast == broadcast, deliveries.c.state.in_(("queued", "withheld")), ~comes.exists()
    )
    await tx.execute(sa.delete(deliveries).where(others))


async def last_told(tx: AsyncConnection, event: int) -> LastTold | None:
    """What was told last of an event; what was taken back before it left told nobody."""
    keys = (change_key(event), cancel_key(event), reword_key(event))
    for row in await tx.execute(_TOLD, beginning(_event_key(event))):
        if row.key.startswith(keys):
            return LastTold(id=row.id, created_at=row.created_at)
    return None
