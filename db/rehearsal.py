"""What a rehearsal reads of the bot's own database: what waits, and what it says became of every delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.mends import RECALLED
from db.mends import IS_MESSAGE
from db.records import records
from db.schema import (
    Instant,
    broadcasts,
    check_ins,
    deliveries,
    events,
    people,
    rsvps,
    shift_places,
    shifts,
    visits,
    walks,
)
from db.schema import survey_answers as survey_answers_


@dataclass(frozen=True, kw_only=True, slots=True)
class RehearsedBroadcast:
    """A broadcast, by what it is about. `template` is empty where staff wrote it; `begins`: when its event does."""

    id: int
    key: str
    kind: str
    ballot: int | None
    step: str | None
    template: str | None
    begins: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedDelivery:
    """A message to one person, and what the bot says became of it. `person` is their Telegram id, None once erased."""

    broadcast: int
    person: int | None
    state: str
    reason: str | None
    message_id: int | None
    variant: str | None = None


# Asked at each instant: what is made once is not put together anew.
_AFTER = sa.bindparam("after", type_=Instant())
_NEXT = sa.select(
    *(
        sa.select(deliveries.c.due_at)
        .where(deliveries.c.state == state, deliveries.c.due_at > _AFTER)
        .order_by(deliveries.c.due_at)
        .limit(1)
        .scalar_subquery()
        for state in ("queued", "withheld")
    ),
    sa.select(sa.func.min(rsvps.c.offer_until))
    .where(rsvps.c.ticket > 0, rsvps.c.offer_until > _AFTER)
    .scalar_subquery(),
    sa.select(sa.func.min(shift_places.c.offer_until))
    .where(shift_places.c.offer_until > _AFTER)
    .scalar_subquery(),
)


async def next_due(tx: AsyncConnection, after: datetime) -> datetime | None:
    """When the next message that waits is due, or a seat is held no longer."""
    found = (await tx.execute(_NEXT, {"after": after})).one()
    return min((due for due in found if due is not None), default=None)


async def event_times(tx: AsyncConnection) -> list[tuple[datetime, datetime, str]]:
    """Start, end and zone of every event."""
    query = sa.select(events.c.starts_at, events.c.ends_at, events.c.zone).order_by(events.c.id)
    return [(row.starts_at, row.ends_at, row.zone) for row in await tx.execute(query)]


async def sendings(tx: AsyncConnection) -> list[RehearsedBroadcast]:
    """Every message, oldest first; not what corrects one or takes it back."""
    columns = (
        broadcasts.c.id,
        broadcasts.c.key,
        broadcasts.c.kind,
        broadcasts.c.ballot,
        broadcasts.c.step,
        broadcasts.c.template,
        events.c.starts_at.label("begins"),
    )
    about = broadcasts.outerjoin(events, events.c.id == broadcasts.c.event)
    query = sa.select(*columns).select_from(about).where(IS_MESSAGE).order_by(broadcasts.c.id)
    return records(RehearsedBroadcast, await tx.execute(query))


_LOGGED = sa.select(
    deliveries.c.broadcast,
    people.c.telegram_id.label("person"),
    deliveries.c.state,
    deliveries.c.reason,
    deliveries.c.message_id,
    deliveries.c.variant,
).select_from(
    deliveries.join(broadcasts, sa.and_(broadcasts.c.id == deliveries.c.broadcast, IS_MESSAGE)).outerjoin(
        people, people.c.id == deliveries.c.person
    )
)


async def logged_deliveries(tx: AsyncConnection) -> AsyncIterator[LoggedDelivery]:
    """Every delivery, in no order, a few at a time."""
    async with tx.stream(_LOGGED) as rows:
        async for some in rows.partitions(5_000):
            for row in some:
                yield LoggedDelivery(**row._mapping)


async def deliveries_of(tx: AsyncConnection, telegram_ids: Iterable[int]) -> list[LoggedDelivery]:
    """Those of a few people, who are about to be erased."""
    rows = await tx.execute(_LOGGED.where(people.c.telegram_id.in_(list(telegram_ids))))
    return records(LoggedDelivery, rows)


async def taken_back(tx: AsyncConnection) -> dict[int, set[int]]:
    """The messages that were taken back, each with whom the bot says it could not take it back from."""
    return await _mended(tx, broadcasts.c.template == RECALLED)


async def corrected(tx: AsyncConnection) -> dict[int, set[int]]:
    """The messages that were corrected, each with whom the bot says it could not correct it for."""
    return await _mended(tx, sa.and_(broadcasts.c.mends.is_not(None), broadcasts.c.template.is_(None)))


async def _mended(tx: AsyncConnection, how: sa.ColumnElement[bool]) -> dict[int, set[int]]:
    mends = sa.select(broadcasts.c.id, broadcasts.c.mends).where(how, broadcasts.c.state != "cancelled")
    found: dict[int, set[int]] = {}
    for mend, mended in (await tx.execute(mends)).all():
        kept = (
            sa.select(people.c.telegram_id)
            .join(deliveries, deliveries.c.person == people.c.id)
            .where(deliveries.c.broadcast == mend, deliveries.c.state != "sent")
        )
        found[mended] = set(await tx.scalars(kept))
    return found


_PROMISED = events.c.capacity * (100 + events.c.overbooking) // 100
_SEATED = sa.case((rsvps.c.answer == "yes", 1 + rsvps.c.guests), else_=rsvps.c.offered)
_COMING = (
    sa.select(sa.func.coalesce(sa.func.sum(_SEATED), 0))
    .where(rsvps.c.event == events.c.id, rsvps.c.answer.in_(("yes", "offered")))
    .scalar_subquery()
)
_FULL = sa.select(events.c.code).where(_COMING > _PROMISED)
_HELPING = (
    sa.select(sa.func.count())
    .where(shift_places.c.shift == shifts.c.id, shift_places.c.answer.in_(("yes", "offered")))
    .scalar_subquery()
)
_CROWDED = sa.select(shifts.c.id).where(shifts.c.capacity < _HELPING)


async def overfull(tx: AsyncConnection) -> list[str]:
    """The codes of the events that more people said yes to, or were offered a seat at, with their guests, than were to
    be promised one, and the shifts that more people took, or were offered, than there are places.
    """
    full = list(await tx.scalars(_FULL))
    return [*full, *(f"shift:{number}" for number in await tx.scalars(_CROWDED))]


@cache
def _two_shifts() -> sa.Select[Any]:
    one, other = shifts.alias("one"), shifts.alias("other")
    mine, too = shift_places.alias("mine"), shift_places.alias("too")
    return (
        sa.select(one.c.id, other.c.id)
        .join(mine, mine.c.shift == one.c.id)
        .join(too, too.c.person == mine.c.person)
        .join(other, other.c.id == too.c.shift)
        .where(one.c.id < other.c.id, mine.c.answer == "yes", too.c.answer == "yes")
        .where(one.c.starts_at < other.c.ends_at, other.c.starts_at < one.c.ends_at)
        .where(one.c.state == "open", other.c.state == "open")
    )


async def two_shifts(tx: AsyncConnection) -> list[str]:
    """The pairs of shifts that are at the same time, and that one person took."""
    return [f"{first} and {second}" for first, second in (await tx.execute(_two_shifts())).all()]


async def not_at_the_door(tx: AsyncConnection, early: timedelta) -> list[str]:
    """The codes of the events where somebody was noted as there before its door opened: so long before the start."""
    query = sa.select(events.c.code, events.c.starts_at, check_ins.c.at)
    query = query.join(check_ins, check_ins.c.event == events.c.id)
    return sorted({code for code, starts, at in await tx.execute(query) if at < starts - early})


async def knocks(tx: AsyncConnection) -> list[tuple[str, datetime]]:
    """The walks on which somebody noted, on the way, what happened at a door, and when."""
    query = sa.select(walks.c.code, visits.c.at).join(walks, walks.c.id == visits.c.walk)
    query = query.where(sa.not_(visits.c.paper)).order_by(visits.c.id)
    return [(row.code, row.at) for row in await tx.execute(query)]


async def survey_answers(tx: AsyncConnection) -> list[tuple[int, str, str, datetime]]:
    """Everything that is kept of answers to surveys: Telegram id, question, option (empty: left out), and when."""
    columns = (people.c.telegram_id, *(survey_answers_.c[name] for name in ("question", "option", "at")))
    query = sa.select(*columns).join(people, people.c.id == survey_answers_.c.person)
    return [(row[0], row[1], row[2], row[3]) for row in await tx.execute(query)]


async def held_back(tx: AsyncConnection) -> list[tuple[int, str, int]]:
    """How many messages wait for the end of what holds them back: (broadcast, reason, people)."""
    query = (
        sa.select(deliveries.c.broadcast, deliveries.c.reason, sa.func.count())
        .where(deliveries.c.state == "withheld")
        .group_by(deliveries.c.broadcast, deliveries.c.reason)
    )
    return [(row[0], row[1] or "", row[2]) for row in await tx.execute(query)]
