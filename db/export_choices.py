"""The events that an export may be narrowed to."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.areas import event_in
from db.records import records
from db.schema import event_texts, events

# The French title where there is one: the languages of a campaign file are few, and fr comes late among them.
TITLE = (
    sa.select(event_texts.c.title)
    .where(event_texts.c.event == events.c.id)
    .order_by(event_texts.c.language.desc())
    .limit(1)
    .scalar_subquery()
)


class EventName(Frozen):
    """An event to choose: its code, its title in one of its languages, when it begins and in which zone."""

    code: str
    title: str
    starts_at: datetime
    zone: str


_EVENT_NAMES = sa.select(
    events.c.code,
    sa.func.coalesce(TITLE, events.c.code).label("title"),
    events.c.starts_at,
    events.c.zone,
)
# What waits for a second person is its author's alone.
_PUBLIC = events.c.state.not_in(("hidden", "dropped"))


async def latest_events(tx: AsyncConnection, area: str, most: int) -> list[EventName]:
    """The events of an area that begin last, the latest first."""
    query = _EVENT_NAMES.where(_PUBLIC, event_in(area))
    rows = await tx.execute(query.order_by(events.c.starts_at.desc(), events.c.id.desc()).limit(most))
    return records(EventName, rows)


async def event_named(tx: AsyncConnection, code: str, area: str) -> EventName | None:
    """The event of this code, if it takes place in the area."""
    row = (await tx.execute(_EVENT_NAMES.where(_PUBLIC, events.c.code == code, event_in(area)))).one_or_none()
    return None if row is None else EventName(**row._mapping)
