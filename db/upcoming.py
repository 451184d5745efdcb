"""Events still to come, for the lists that people see. What an event says is in db.events."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.events import NOT_OVER, longest_ago
from db.schema import events


class Upcoming(NamedTuple):
    """The facts that sorting a list of events needs. A tuple, because all of them are read for a page."""

    id: int
    starts_at: datetime
    commune: str
    region: str | None
    latitude: float | None
    longitude: float | None


_UPCOMING = (
    sa.select(*(events.c[name] for name in Upcoming._fields))
    .where(events.c.state == "open", NOT_OVER)
    .order_by(events.c.starts_at, events.c.id)
)


async def upcoming(tx: AsyncConnection, now: datetime) -> list[Upcoming]:
    """Every open event that is not over, the soonest first."""
    return [
        Upcoming._make(row)
        for row in await tx.execute(_UPCOMING, {"now": now, "longest_ago": longest_ago(now)})
    ]
