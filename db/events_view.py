"""Events as supporters see them: read only. What organizers write is in db.events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import event_texts, events


@dataclass(frozen=True, kw_only=True)
class EventText:
    """An event's words in one language."""

    title: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of `events` with its texts by language: see db.schema for what each field means."""

    id: int
    code: str
    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    commune: str
    department: str
    region: str
    territory: str
    address: str
    latitude: float | None
    longitude: float | None
    pinned: bool
    created_by: int | None
    created_at: datetime
    sequence: int
    texts: Mapping[str, EventText] = field(default_factory=dict)

    @property
    def is_cancelled(self) -> bool:
        return self.state == "cancelled"

    def text(self, language: str, fallbacks: Iterable[str]) -> EventText:
        """The words in a language, else in the first fallback there is, else in any.

        A description that is blank in that language is taken from the others in the same order.
        """
        order = [code for code in (language, *fallbacks, *self.texts) if code in self.texts]
        if not order:
            return EventText(title=self.code, description="")
        described = (self.texts[code].description for code in order if self.texts[code].description)
        return EventText(title=self.texts[order[0]].title, description=next(described, ""))


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """What sorting a list of events needs."""

    id: int
    starts_at: datetime
    latitude: float | None
    longitude: float | None


async def find(tx: AsyncConnection, code: str) -> Event | None:
    """The event of a public code, cancelled and past ones included."""
    found = await _with_texts(tx, events.c.code == code)
    return found[0] if found else None


async def get_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, Event]:
    """The events with these ids, by id."""
    return {event.id: event for event in await _with_texts(tx, events.c.id.in_(list(ids)))}


async def upcoming(tx: AsyncConnection, now: datetime) -> list[Upcoming]:
    """Every open event that is not over, the soonest first."""
    columns = sa.select(events.c.id, events.c.starts_at, events.c.latitude, events.c.longitude)
    query = columns.where(events.c.state == "open", events.c.ends_at > now)
    rows = await tx.execute(query.order_by(events.c.starts_at, events.c.id))
    return [Upcoming(**row._mapping) for row in rows]


async def _with_texts(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> list[Event]:
    rows = (await tx.execute(sa.select(events).where(condition))).all()
    words: dict[int, dict[str, EventText]] = defaultdict(dict)
    ids = [row.id for row in rows]
    for text in await tx.execute(sa.select(event_texts).where(event_texts.c.event.in_(ids))):
        words[text.event][text.language] = EventText(title=text.title, description=text.description)
    return [Event(**row._mapping, texts=words[row.id]) for row in rows]
