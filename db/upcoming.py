"""Events still to come, for the lists that people see. What an event says is in db.events."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.events import not_over
from db.records import records
from db.schema import events


class Upcoming(Frozen):
    """The facts that sorting a list of events needs."""

    id: int
    starts_at: datetime
    commune: str
    region: str | None
    latitude: float | None
    longitude: float | None


async def upcoming(tx: AsyncConnection, now: datetime) -> list[Upcoming]:
    """Every open event that is not over, the soonest first."""
    columns = sa.select(*(events.c[each.name] for each in fields(Upcoming)))
    query = columns.where(events.c.state == "open", not_over(now))
    rows = await tx.execute(query.order_by(events.c.starts_at, events.c.id))
    return records(Upcoming, rows)
