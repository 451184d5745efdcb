"""The events that somebody organizes or looks after: those to come, those that are over, those that were cancelled."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.events import NOT_OVER, Event, EventPage, longest_ago, texts_of_many
from db.records import records
from db.schema import events, hosts, seats

MOST_SHOWN = 30
"""More than anybody reads in a chat; Telegram allows 100 buttons."""
QUERIES_KEPT = 256
"""For the areas of those who read."""


@lru_cache(QUERIES_KEPT)
def _managed(
    areas: tuple[sa.ColumnElement[bool], ...],
    looked_after: tuple[sa.ColumnElement[bool], ...],
    hosts_any: bool,
    waited_for: bool,
) -> sa.Select[Any]:
    """The query of `managed`."""
    own = sa.and_(events.c.created_by == sa.bindparam("author"), events.c.state.in_(("open", "hidden")))
    open_there = sa.and_(events.c.state == "open", sa.or_(sa.false(), *areas))
    theirs = sa.and_(
        events.c.id.in_(sa.bindparam("hosted", expanding=True)) if hosts_any else sa.false(),
        events.c.state.in_(("open", "hidden", "proposed", "returned")),
    )
    by_hosts = sa.and_(
        events.c.state == "open",
        sa.or_(sa.false(), *looked_after),
        events.c.id.in_(sa.select(hosts.c.event)),
    )
    query = sa.select(events).where(NOT_OVER, sa.or_(own, open_there, theirs, by_hosts))
    if waited_for:
        query = query.where(events.c.id.in_(sa.select(seats.c.event).where(seats.c.waiting > 0)))
    return query.order_by(events.c.starts_at, events.c.id).limit(MOST_SHOWN)


async def managed(
    tx: AsyncConnection,
    *,
    author: int,
    areas: Iterable[sa.ColumnElement[bool]],
    now: datetime,
    hosted: Collection[int] = (),
    looked_after: Iterable[sa.ColumnElement[bool]] = (),
    waited_for: bool = False,
) -> EventPage:
    """Events that are not over: the author's own, hidden or not, the open ones in the areas (see db.areas), and of the
    `hosted` ones those that were not given up, proposals among them; `looked_after`: where those that supporters host
    are listed too; `waited_for`: those alone of which somebody waits for a seat.
    """
    query = _managed(tuple(areas), tuple(looked_after), bool(hosted), waited_for)
    given = {"author": author, "now": now, "longest_ago": longest_ago(now), "hosted": list(hosted)}
    found = tuple(records(Event, await tx.execute(query, given)))
    return EventPage(events=found, texts=await texts_of_many(tx, (event.id for event in found)))


async def past(
    tx: AsyncConnection,
    *,
    author: int | None,
    areas: Iterable[sa.ColumnElement[bool]],
    now: datetime,
    number: int,
    size: int,
    hosted: Collection[int] = (),
) -> tuple[EventPage, bool]:
    """Events that are over and took place: the author's own, those they `hosted`, and those in the areas, the latest
    first; and whether there are more after this page, which is counted from 0.
    """
    theirs = sa.or_(events.c.created_by == author, events.c.id.in_(list(hosted)), *areas)
    over = sa.and_(events.c.ends_at <= now, events.c.state == "open")
    return await _page(tx, sa.and_(over, theirs), number=number, size=size)


async def cancelled(
    tx: AsyncConnection,
    *,
    author: int | None,
    areas: Iterable[sa.ColumnElement[bool]],
    number: int,
    size: int,
    hosted: Collection[int] = (),
) -> tuple[EventPage, bool]:
    """Events that were cancelled, to come or not: the author's own, those they `hosted`, and those in the areas."""
    theirs = sa.or_(events.c.created_by == author, events.c.id.in_(list(hosted)), *areas)
    return await _page(tx, sa.and_(events.c.state == "cancelled", theirs), number=number, size=size)


async def _page(
    tx: AsyncConnection, which: sa.ColumnElement[bool], *, number: int, size: int
) -> tuple[EventPage, bool]:
    query = sa.select(events).where(which)
    query = query.order_by(events.c.starts_at.desc(), events.c.id).offset(number * size).limit(size + 1)
    found = records(Event, await tx.execute(query))
    page = tuple(found[:size])
    texts = await texts_of_many(tx, (each.id for each in page))
    return EventPage(events=page, texts=texts), len(found) > size
