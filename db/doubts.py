"""Messages in doubt: posted, but nobody knows whether they arrived. Who they were for, and queueing them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.areas import person_in
from db.notices import IS_NOTICE
from db.schema import broadcasts, deliveries, people

MOST_BROADCASTS = 20


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A delivery of which nobody knows whether it arrived. No pseudonym: the person was erased since.

    `first_name` and `commune` are there only for who agreed to be known to the team, and lives in the areas asked for.
    """

    delivery: int
    pseudonym: str | None
    first_name: str | None
    commune: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """How many deliveries of a broadcast are in doubt, and how many may be sent again.

    `until` is when the latest of them became so: a later doubt is another one.
    """

    people: int
    again: int
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """A broadcast that nobody of the staff wrote, with deliveries in doubt."""

    id: int
    kind: str
    area: str
    people: int


def _in_areas(areas: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(person_in(area) for area in areas))


def _may_leave(areas: Iterable[str], now: datetime) -> sa.ColumnElement[bool]:
    """What could still leave: the others would only change from "in doubt" to "cancelled", which is less true."""
    wants = sa.and_(people.c.state == "registered", people.c.consent_contact)
    return sa.and_(
        broadcasts.c.state != "cancelled",
        sa.or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > now),
        sa.or_(deliveries.c.expires_at.is_(None), deliveries.c.expires_at > now),
        people.c.unreachable_at.is_(None),
        sa.or_(wants, broadcasts.c.kind == "service"),
        _in_areas(areas),
    )


_JOINED = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast).outerjoin(
    people, people.c.id == deliveries.c.person
)


def _of(broadcast: int) -> sa.ColumnElement[bool]:
    return sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == "in_doubt")


async def summary(tx: AsyncConnection, broadcast: int, areas: Iterable[str], now: datetime) -> Doubts:
    """How many are in doubt; of them, those in these areas who may still get the message can be sent it again."""
    again = sa.func.count(sa.case((_may_leave(areas, now), 1)))
    query = sa.select(sa.func.count(), again, sa.func.max(deliveries.c.changed_at))
    count, sendable, until = (await tx.execute(query.select_from(_JOINED).where(_of(broadcast)))).one()
    return Doubts(people=count, again=sendable, until=until)


async def page(
    tx: AsyncConnection, broadcast: int, areas: Iterable[str], *, first: int, room: int
) -> list[Doubt]:
    """Some of the deliveries in doubt, oldest first."""
    known = sa.and_(people.c.state == "registered", people.c.consent_team, _in_areas(areas))
    query = (
        sa.select(
            deliveries.c.id,
            people.c.pseudonym,
            sa.case((known, people.c.first_name)).label("first_name"),
            sa.case((known, people.c.commune)).label("commune"),
            deliveries.c.changed_at,
        )
        .select_from(_JOINED)
        .where(_of(broadcast))
        .order_by(deliveries.c.id)
    )
    return [
        Doubt(
            delivery=row.id,
            pseudonym=row.pseudonym,
            first_name=row.first_name,
            commune=row.commune,
            at=row.changed_at,
        )
        for row in await tx.execute(query.offset(first).limit(room))
    ]


async def send_again(
    tx: AsyncConnection, broadcast: int, areas: Iterable[str], *, until: datetime, now: datetime
) -> int:
    """Queue what came in doubt up to `until` once more, for those in these areas who may still get it; how many.

    Who got the first one gets it twice. What was queued again is no longer in doubt, so that a second call finds
    nothing.
    """
    chosen: sa.Select[Any] = sa.select(deliveries.c.id).select_from(_JOINED)
    chosen = chosen.where(_of(broadcast), deliveries.c.changed_at <= until, _may_leave(areas, now))
    again = await tx.execute(
        deliveries.update()
        # Asked once more under the row's lock: somebody else may have queued it meanwhile.
        .where(deliveries.c.id.in_(chosen), deliveries.c.state == "in_doubt")
        .values(state="queued", due_at=now, reason="sent_again", changed_at=now)
    )
    if again.rowcount:
        await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(finished_at=None))
    return again.rowcount


async def unattended(tx: AsyncConnection) -> list[Doubtful]:
    """The latest broadcasts with deliveries in doubt that no member of staff wrote: nobody follows their progress."""
    query = (
        sa.select(broadcasts.c.id, broadcasts.c.kind, broadcasts.c.area, sa.func.count().label("people"))
        .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        .where(deliveries.c.state == "in_doubt", broadcasts.c.created_by.is_(None), sa.not_(IS_NOTICE))
        .group_by(broadcasts.c.id, broadcasts.c.kind, broadcasts.c.area)
        .order_by(broadcasts.c.id.desc())
        .limit(MOST_BROADCASTS)
    )
    return [Doubtful(**row._mapping) for row in await tx.execute(query)]
