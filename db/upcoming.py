"""Events still to come, for the lists that people see. What an event says is in db.events."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.events import not_over
from db.schema import events


class Upcoming(NamedTuple):
    """The facts that sorting a list of events needs. A tuple, because all of them are read for a page."""

    id: int
    starts_at: datetime
    commune: str
    region: str | None
    latitude: float | None
    longitude: float | None


async def upcoming(tx: AsyncConnection, now: datetime) -> list[Upcoming]:
    """Every open event that is not over, the soonest first."""
    columns = sa.select(*(events.c[name] for name in Upcoming._fields))
    query = columns.where(events.c.state == "open", not_over(now))
    rows = await tx.execute(query.order_by(events.c.starts_at, events.c.id))
    return [Upcoming._make(row) for row in rows]
