"""Series of events: made once, and which of their dates are still to come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.broadcast_accounts import Broadcast
from db.events import Event
from db.records import records
from db.schema import events, series, series_events


async def create(tx: AsyncConnection, *, rule: str, of: Sequence[int], now: datetime) -> int:
    """A new series of some events; its number."""
    made = await tx.execute(sa.insert(series).values(rule=rule, created_at=now).returning(series.c.id))
    number = int(made.scalar_one())
    await tx.execute(sa.insert(series_events), [{"event": event, "series": number} for event in of])
    return number


async def number_of(tx: AsyncConnection, event: int) -> int | None:
    """The series that an event is a date of, if it is of one."""
    return await tx.scalar(_NUMBER, {"event": event})


async def whole(tx: AsyncConnection, event: int) -> tuple[str, list[Event]] | None:
    """The rule of the series that an event is a date of, and all its dates, the soonest first, without those
    that were given up before anybody saw them; None: it is of none.
    """
    number = await number_of(tx, event)
    if number is None:
        return None
    rule = (await tx.execute(sa.select(series.c.rule).where(series.c.id == number))).scalar_one()
    query = sa.select(events).join(series_events, series_events.c.event == events.c.id)
    shown = sa.and_(series_events.c.series == number, events.c.state != "dropped")
    rows = await tx.execute(query.where(shown).order_by(events.c.starts_at))
    return rule, records(Event, rows)


async def to_come(tx: AsyncConnection, of: Collection[int], now: datetime) -> dict[int, list[Event]]:
    """The dates still to come of the series that each of these events is a date of, the soonest first."""
    first = series_events.alias("first")
    query = (
        sa.select(first.c.event.label("of"), events)
        .join(first, first.c.event.in_(list(of)))
        .join(
            series_events,
            sa.and_(series_events.c.series == first.c.series, series_events.c.event == events.c.id),
        )
        .where(events.c.state == "open", events.c.starts_at > now)
    )
    found: dict[int, list[Event]] = {}
    for row in await tx.execute(query.order_by(events.c.starts_at, events.c.id)):
        values = dict(row._mapping)
        found.setdefault(values.pop("of"), []).append(Event(**values))
    return found


async def last_start(tx: AsyncConnection, event: int) -> datetime | None:
    """When the last date of the series that an event is a date of begins, of those that take place; None: none does."""
    dates = await taking_place(tx, event)
    return dates[-1].starts_at if dates else None


_NUMBER = sa.select(series_events.c.series).where(series_events.c.event == sa.bindparam("event"))
_TAKING_PLACE = (
    sa.select(events)
    .join(series_events, series_events.c.event == events.c.id)
    .where(
        series_events.c.series == _NUMBER.scalar_subquery(),
        events.c.state.in_(("open", "hidden")),
    )
    .order_by(events.c.starts_at, events.c.id)
)
_TAKING_PLACE_SINCE = _TAKING_PLACE.where(events.c.starts_at >= sa.bindparam("since"))


async def taking_place(tx: AsyncConnection, event: int, *, since: datetime | None = None) -> list[Event]:
    """The dates that take place of the series that an event is a date of, or those that do not begin before an
    instant; the soonest first. Of none, nothing.
    """
    query = _TAKING_PLACE if since is None else _TAKING_PLACE_SINCE
    return records(Event, await tx.execute(query, {"event": event, "since": since}))


async def following(tx: AsyncConnection, event: Event) -> list[Event]:
    """The event and the later dates of its series that take place, the soonest first; of none, nothing."""
    return await taking_place(tx, event.id, since=event.starts_at)


def with_dates(invitation: Broadcast, dates: Sequence[Event]) -> Broadcast:
    """The invitation to a series, to these dates instead of those that it was made with."""
    told = [[each.code, each.starts_at.isoformat()] for each in dates]
    series = {**(invitation.series or {}), "dates": told}
    return replace(invitation, details={**(invitation.details or {}), "series": series})
