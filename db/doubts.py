"""Messages in doubt: posted, but nobody knows whether they arrived. Who they were for, and queueing them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.small_counts import Headcount
from db.areas import person_in
from db.headcounts import counted, headcount, known_to, named_in
from db.notices import IS_NOTICE
from db.restrictions import IS_USABLE
from db.schema import broadcasts, deliveries, people

MOST_BROADCASTS = 20


class Doubt(Frozen):
    """Somebody of whom nobody knows whether a message reached them, who is known to the team of the areas asked for.

    `at`: since when it is in doubt.
    """

    first_name: str | None
    commune: str | None
    at: datetime


class Doubts(Frozen):
    """How many deliveries of a broadcast are in doubt, how many may be sent again, and for how many that are named.

    `until` is when the latest of them became so: a later doubt is another one.
    """

    people: Headcount
    again: Headcount
    named: int
    until: datetime | None


class Doubtful(Frozen):
    """A broadcast that nobody of the staff wrote, with deliveries in doubt."""

    id: int
    kind: str
    area: str
    people: Headcount


def _in_areas(areas: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(person_in(area) for area in areas))


def _may_leave(areas: Iterable[str], now: datetime) -> sa.ColumnElement[bool]:
    """Those that could still leave: the others would only change from "in doubt" to "cancelled", which is less true."""
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


_IN_DOUBT = deliveries.c.state == sa.literal_column("'in_doubt'")
"""In the very words of the partial index, so that SQLite uses it."""
_ANY = sa.select(deliveries.c.broadcast).where(_IN_DOUBT).limit(1)


def _of(broadcast: int) -> sa.ColumnElement[bool]:
    return sa.and_(deliveries.c.broadcast == broadcast, _IN_DOUBT, IS_USABLE)


async def summary(
    tx: AsyncConnection,
    broadcast: int,
    areas: Sequence[str],
    now: datetime,
    *,
    known_in: Sequence[str] | None,
) -> Doubts:
    """How many are in doubt; of them, those in these areas who may still get the message can be sent it again."""
    known = known_to(known_in)
    query = sa.select(
        *counted("people", known),
        *counted("again", known, _may_leave(areas, now)),
        sa.func.count().filter(named_in(areas)).label("named"),
        sa.func.max(deliveries.c.changed_at).label("until"),
    )
    row = (await tx.execute(query.select_from(_JOINED).where(_of(broadcast)))).one()
    return Doubts(
        people=headcount(row, "people"),
        again=headcount(row, "again"),
        named=row.named,
        until=row.until,
    )


async def page(
    tx: AsyncConnection, broadcast: int, areas: Iterable[str], *, first: int, room: int
) -> list[Doubt]:
    """Some of those in doubt who are known to the team of these areas, oldest first. Nobody else is listed."""
    query = (
        sa.select(people.c.first_name, people.c.commune, deliveries.c.changed_at)
        .select_from(_JOINED)
        .where(_of(broadcast), named_in(areas))
        .order_by(deliveries.c.id)
    )
    return [
        Doubt(first_name=row.first_name, commune=row.commune, at=row.changed_at)
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


async def unattended(tx: AsyncConnection, known_in: Sequence[str] | None) -> list[Doubtful]:
    """The latest broadcasts with deliveries in doubt that no member of staff wrote: nobody follows their progress."""
    columns = (broadcasts.c.id, broadcasts.c.kind, broadcasts.c.area)
    query = (
        sa.select(*columns, *counted("people", known_to(known_in)))
        .select_from(_JOINED)
        .where(_IN_DOUBT, broadcasts.c.created_by.is_(None), sa.not_(IS_NOTICE), IS_USABLE)
        .group_by(*columns)
        .order_by(broadcasts.c.id.desc())
        .limit(MOST_BROADCASTS)
    )
    return [
        Doubtful(id=row.id, kind=row.kind, area=row.area, people=headcount(row, "people"))
        for row in await tx.execute(query)
    ]


class Open(Frozen):
    """A broadcast with deliveries in doubt that could be sent again now."""

    id: int
    area: str
    author: int | None
    people: Headcount


async def open_since(
    tx: AsyncConnection,
    since: datetime,
    *,
    areas: Sequence[str],
    now: datetime,
    known_in: Sequence[str] | None,
) -> list[Open]:
    """The broadcasts made after an instant of which somebody in these areas is in doubt and may get it again."""
    # By an index of nothing else: mostly there is none, and broadcasts are many.
    if await tx.scalar(_ANY) is None:
        return []
    columns = (broadcasts.c.id, broadcasts.c.area, broadcasts.c.created_by)
    recent = sa.select(broadcasts.c.id).where(broadcasts.c.created_at > since, sa.not_(IS_NOTICE))
    query = (
        # Who may get it again is counted, not looked for: people are found by the few doubts, and not by their area.
        sa.select(*columns, *counted("people", known_to(known_in), _may_leave(areas, now)))
        .select_from(_JOINED)
        .where(deliveries.c.broadcast.in_(recent), _IN_DOUBT, IS_USABLE)
        .group_by(*columns)
        .having(sa.func.count().filter(_may_leave(areas, now)) > 0)
        .order_by(broadcasts.c.id.desc())
        .limit(MOST_BROADCASTS)
    )
    return [
        Open(id=row.id, area=row.area, author=row.created_by, people=headcount(row, "people"))
        for row in await tx.execute(query)
    ]
