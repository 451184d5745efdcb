"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.kinds import PARTISAN, Mute
from db.departure import IN_FLIGHT
from db.schema import broadcasts, deliveries, people

Condition = sa.ColumnElement[bool]
_MOMENT = sa.func.coalesce(deliveries.c.sent_at, deliveries.c.changed_at)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """So many people who live by the same zone and vote in the same territory, and what stands in the way of all of
    them. `recently`: the campaign wrote to them in the last days.
    """

    territory: str | None
    zone: str | None
    unreachable: bool
    muted: bool
    recently: bool
    people: int


@dataclass(frozen=True, kw_only=True)
class Written:
    """Somebody to whom the campaign wrote in the last days, and when; `unanswered`: questions left so in a row."""

    territory: str | None
    zone: str | None
    unanswered: int
    sent: tuple[datetime, ...]


async def standings(tx: AsyncConnection, among: Condition, mute: Mute, *, since: datetime) -> list[Standing]:
    """The people of an audience (a condition on `people`), counted by what decides whether a message reaches them."""
    columns = (
        people.c.territory,
        people.c.zone,
        people.c.unreachable_at.is_not(None).label("unreachable"),
        people.c[f"mutes_{mute}"].label("muted"),
        people.c.id.in_(_sent(since).with_only_columns(deliveries.c.person)).label("recently"),
    )
    counted = sa.select(*columns).where(among).subquery()
    query = sa.select(counted, sa.func.count().label("people")).group_by(*counted.c)
    return [Standing(**row._mapping) for row in await tx.execute(query)]


async def written_to(
    tx: AsyncConnection, among: Condition, mute: Mute, *, since: datetime
) -> AsyncIterator[Written]:
    """Those of an audience whom a message can reach and to whom the campaign wrote since then, one by one."""
    columns = (people.c.id, people.c.territory, people.c.zone, people.c.unanswered, _MOMENT.label("moment"))
    query = (
        _sent(since)
        .with_only_columns(*columns)
        .join(people, people.c.id == deliveries.c.person)
        .where(among, people.c.unreachable_at.is_(None), people.c[f"mutes_{mute}"].is_(False))
        .order_by(people.c.id)
    )
    rows = (await tx.execute(query)).all()
    for _, theirs in groupby(rows, key=lambda row: row.id):
        first, *others = theirs
        sent = tuple(row.moment for row in (first, *others))
        yield Written(territory=first.territory, zone=first.zone, unanswered=first.unanswered, sent=sent)


def _sent(since: datetime) -> sa.Select[tuple[int]]:
    """The partisan messages that left since then, leave, or may have left."""
    return (
        sa.select(deliveries.c.id)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .where(
            deliveries.c.person.is_not(None),
            deliveries.c.state.in_(IN_FLIGHT),
            broadcasts.c.kind.in_(sorted(PARTISAN)),
            since < _MOMENT,
        )
    )
