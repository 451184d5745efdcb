"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.rules.courtesy import Caps
from bot.rules.kinds import PARTISAN, Mute
from db.departure import IN_FLIGHT
from db.schema import Instant, broadcasts, deliveries, people

Condition = sa.ColumnElement[bool]
Day = tuple[datetime, datetime]
"""From a midnight to the next (aware UTC)."""
_MOMENT = sa.func.coalesce(deliveries.c.sent_at, deliveries.c.changed_at, type_=Instant())


class _Minute(FunctionElement[str]):
    """The minute in which an instant lies, as text; nothing where there is none."""

    inherit_cache = True
    type = sa.Text()


@compiles(_Minute, "sqlite")
def _(element: _Minute, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"(substr({column}, 1, 16) || '+00:00')"


@compiles(_Minute, "postgresql")
def _(element: _Minute, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"+00:00"')"""


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
    """So many people to whom the campaign wrote in the last days. `silent`: they left so many questions unanswered that
    the lower cap of a week holds; `today`: they had all that a day of theirs allows; `fills_week`: when the oldest of
    the messages left, to the minute, that together fill the week; None: they do not.
    """

    territory: str | None
    zone: str | None
    silent: bool
    today: bool
    fills_week: datetime | None
    people: int


async def standings(tx: AsyncConnection, among: Condition, mute: Mute, *, since: datetime) -> list[Standing]:
    """The people of an audience (a condition on `people`), counted by what decides whether a message reaches them."""
    columns = (
        people.c.territory,
        people.c.zone,
        people.c.unreachable_at.is_not(None).label("unreachable"),
        people.c[f"mutes_{mute}"].label("muted"),
        people.c.id.in_(sa.select(deliveries.c.person).where(_is_sent(since))).label("recently"),
    )
    each = sa.select(*columns).where(among).subquery()
    query = sa.select(each, sa.func.count().label("people")).group_by(*each.c)
    return [Standing(**row._mapping) for row in await tx.execute(query)]


async def written_to(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute,
    *,
    since: datetime,
    caps: Caps,
    days: Mapping[str | None, Day],
) -> list[Written]:
    """Those of an audience whom a message can reach and to whom the campaign wrote since then, by what the caps ask of
    each. `days`: today, in each zone that somebody lives by.
    """
    sent = _sent_to(among, mute, since, days)
    silent = people.c.unanswered >= caps.silent_after
    fills = sa.case((silent, caps.per_week_when_silent), else_=caps.per_week)
    columns = (
        people.c.territory,
        people.c.zone,
        silent.label("silent"),
        (sa.func.sum(sent.c.today) >= caps.per_day).label("today"),
        sa.func.max(sa.case((sent.c.rank == fills, sent.c.moment))).label("filled"),
    )
    each = (
        sa.select(*columns)
        .join(sent, sent.c.person == people.c.id)
        .group_by(people.c.id, people.c.territory, people.c.zone, people.c.unanswered)
        .subquery()
    )
    shared = (each.c.territory, each.c.zone, each.c.silent, each.c.today)
    filled = _Minute(each.c.filled)
    query = sa.select(*shared, filled, sa.func.count()).group_by(*shared, filled)
    return [_written(*row) for row in await tx.execute(query)]


def _written(
    territory: str | None, zone: str | None, silent: object, today: object, filled: str | None, number: int
) -> Written:
    # The last instant of the minute: nobody is said to be reached who is not yet.
    fills_week = None if filled is None else datetime.fromisoformat(filled) + timedelta(minutes=1)
    return Written(
        territory=territory,
        zone=zone,
        silent=bool(silent),
        today=bool(today),
        fills_week=fills_week,
        people=number,
    )


def _sent_to(among: Condition, mute: Mute, since: datetime, days: Mapping[str | None, Day]) -> sa.Subquery:
    """Each message that counts towards the caps: whether it left today, and how many later ones there are."""
    today = sa.or_(sa.false(), *(sa.and_(_lives_by(zone), _between(*day)) for zone, day in days.items()))
    rank = sa.func.row_number().over(partition_by=deliveries.c.person, order_by=_MOMENT.desc())
    return (
        sa.select(
            deliveries.c.person,
            _MOMENT.label("moment"),
            sa.case((today, 1), else_=0).label("today"),
            rank.label("rank"),
        )
        .join(people, people.c.id == deliveries.c.person)
        .where(_is_sent(since), among, people.c.unreachable_at.is_(None))
        .where(people.c[f"mutes_{mute}"].is_(False))
        .subquery()
    )


def _lives_by(zone: str | None) -> Condition:
    return people.c.zone.is_(None) if zone is None else people.c.zone == zone


def _between(start: datetime, end: datetime) -> Condition:
    return sa.and_(start <= _MOMENT, end > _MOMENT)


def _is_sent(since: datetime) -> Condition:
    """The partisan messages that left since then, leave, or may have left."""
    partisan = sa.select(broadcasts.c.id).where(broadcasts.c.kind.in_(sorted(PARTISAN)))
    conditions: tuple[sa.ColumnElement[Any], ...] = (
        deliveries.c.person.is_not(None),
        deliveries.c.state.in_(IN_FLIGHT),
        deliveries.c.broadcast.in_(partisan),
        since < _MOMENT,
    )
    return sa.and_(*conditions)
