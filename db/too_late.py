"""Invitations that are held back until their event has begun: whoever they were for is not invited any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.small_counts import Headcount
from db.broadcast_accounts import Broadcast
from db.delivery_accounts import waiting
from db.headcounts import Condition
from db.records import records
from db.schema import broadcasts, deliveries


class TooLate(Frozen):
    """So many are written to again from `since` on, and what they were to be told is over by then."""

    people: Headcount
    since: datetime


def _held_beyond(instant: datetime | sa.ColumnElement[datetime]) -> Condition:
    # By the index on (broadcast, state, due_at): those who get it in time are not read.
    return sa.and_(deliveries.c.state == "withheld", deliveries.c.due_at >= instant)


async def held_beyond(
    tx: AsyncConnection, broadcast: int, instant: datetime, known_in: Sequence[str] | None
) -> TooLate | None:
    """For whom a message is held until an instant or longer; None: for nobody."""
    found = await waiting(tx, broadcast, _held_beyond(instant), known_in)
    return TooLate(people=found[0], since=found[1]) if found is not None else None


_LATE = sa.select(deliveries.c.id).where(
    deliveries.c.broadcast == broadcasts.c.id, _held_beyond(broadcasts.c.expires_at)
)
_INVITATIONS = (
    sa.select(broadcasts)
    .where(
        broadcasts.c.kind == Kind.EVENT_INVITE,
        broadcasts.c.event.is_not(None),
        broadcasts.c.state.in_(("active", "paused")),
        broadcasts.c.finished_at.is_(None),
        _LATE.exists(),
    )
    .order_by(broadcasts.c.id.desc())
)


async def invitations(tx: AsyncConnection) -> list[Broadcast]:
    """Those to one event that are held for somebody until it has begun, the newest first."""
    return records(Broadcast, await tx.execute(_INVITATIONS))
