"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.frozen import Frozen
from bot.rules.courtesy import Caps
from bot.rules.kinds import PARTISAN, Mute
from bot.rules.small_counts import Headcount
from db.departure import IN_FLIGHT
from db.headcounts import counted, headcount, known_to
from db.schema import Instant, broadcasts, deliveries, people

Condition = sa.ColumnElement[bool]
Day = tuple[datetime, datetime]
"""From a midnight to the next (aware UTC)."""


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


class Standing(Frozen):
    """So many people who live by the same zone and vote in the same territory, and what stands in the way of all of
    them. `recently`: the campaign wrote to them in the last days.
    """

    territory: str | None
    zone: str | None
    unreachable: bool
    muted: bool
    recently: bool
    people: Headcount


class Written(Frozen):
    """So many people to whom the campaign wrote in the last days. `silent`: they left so many questions unanswered that
    the lower cap of a week holds; `today`: they had all that a day of theirs allows; `fills_week`: when the oldest of
    the messages left, to the minute, that together fill the week; None: they do not.
    """

    territory: str | None
    zone: str | None
    silent: bool
    today: bool
    fills_week: datetime | None
    people: Headcount


def _is_muted(mute: Mute | None) -> sa.ColumnElement[bool]:
    return sa.false() if mute is None else people.c[f"mutes_{mute}"]


async def standings(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    known_in: Sequence[str] | None = None,
) -> list[Standing]:
    """The people of an audience (a condition on `people`), counted by what decides whether a message reaches them, for
    a reader who knows people in some areas.
    """
    columns = (
        people.c.territory,
        people.c.zone,
        people.c.unreachable_at.is_not(None).label("unreachable"),
        _is_muted(mute).label("muted"),
        people.c.id.in_(sa.select(deliveries.c.person).where(_is_sent(deliveries, since))).label("recently"),
    )
    each = sa.select(*columns, known_to(known_in).label("is_known")).where(among).subquery()
    shared = [column for column in each.c if column.name != "is_known"]
    query = sa.select(*shared, *counted("people", each.c.is_known)).group_by(*shared)
    names = [column.name for column in shared]
    return [
        Standing(**{name: row._mapping[name] for name in names}, people=headcount(row, "people"))
        for row in await tx.execute(query)
    ]


async def written_to(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    caps: Caps,
    days: Mapping[str | None, Day],
    known_in: Sequence[str] | None = None,
) -> list[Written]:
    """Those of an audience whom a message can reach and to whom the campaign wrote since then, by what the caps ask of
    each. `days`: today, in each zone that somebody lives by.
    """
    silent = people.c.unanswered >= caps.silent_after
    today = sa.or_(sa.false(), *(sa.and_(_lives_by(zone), _between(*day)) for zone, day in days.items()))
    columns = (
        people.c.territory,
        people.c.zone,
        known_to(known_in).label("is_known"),
        silent.label("silent"),
        (sa.func.count().filter(today) >= caps.per_day).label("today"),
        sa.case(
            (silent, _filled(caps.per_week_when_silent, since)), else_=_filled(caps.per_week, since)
        ).label("filled"),
    )
    # Apart: a condition may ask about deliveries too, and would take those that are counted here for its own.
    members = sa.select(people.c.id).where(among).subquery()
    each = (
        sa.select(*columns)
        .select_from(people)
        .join(members, members.c.id == people.c.id)
        .join(deliveries, deliveries.c.person == people.c.id)
        .where(_is_sent(deliveries, since))
        .where(people.c.unreachable_at.is_(None), sa.not_(_is_muted(mute)))
        .group_by(people.c.id)
        .subquery()
    )
    shared = (each.c.territory, each.c.zone, each.c.silent, each.c.today)
    filled = _Minute(each.c.filled)
    query = sa.select(*shared, filled, *counted("people", each.c.is_known)).group_by(*shared, filled)
    return [
        _written(row[0], row[1], row[2], row[3], row[4], headcount(row, "people"))
        for row in await tx.execute(query)
    ]


def _written(
    territory: str | None,
    zone: str | None,
    silent: object,
    today: object,
    filled: str | None,
    number: Headcount,
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


def _filled(per_week: int, since: datetime) -> sa.ColumnElement[datetime | None]:
    """When the oldest of so many messages of a group left; nothing where there are fewer. Looked up one by one only
    where there are more, which the caps leave to few.
    """
    number, theirs = sa.func.count(), deliveries.alias("theirs")
    of_one = sa.select(_moment(theirs)).where(theirs.c.person == people.c.id, _is_sent(theirs, since))
    found = of_one.order_by(_moment(theirs).desc()).limit(1).offset(per_week - 1).correlate(people)
    return sa.case(
        (number < per_week, sa.null()),
        (number == per_week, sa.func.min(_moment(deliveries))),
        else_=found.scalar_subquery(),
    )


def _lives_by(zone: str | None) -> Condition:
    return people.c.zone.is_(None) if zone is None else people.c.zone == zone


def _between(start: datetime, end: datetime) -> Condition:
    return sa.and_(_moment(deliveries) >= start, _moment(deliveries) < end)


def _moment(rows: sa.FromClause) -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(rows.c.sent_at, rows.c.changed_at, type_=Instant())


def _is_sent(rows: sa.FromClause, since: datetime) -> Condition:
    """The partisan messages that left since then, leave, or may have left."""
    partisan = sa.select(broadcasts.c.id).where(
        broadcasts.c.kind.in_(sorted(PARTISAN)),
        # Of one that was over before, nothing left since.
        sa.or_(broadcasts.c.finished_at.is_(None), broadcasts.c.finished_at >= since),
    )
    return sa.and_(
        rows.c.person.is_not(None),
        rows.c.state.in_(IN_FLIGHT),
        rows.c.broadcast.in_(partisan),
        _moment(rows) > since,
    )
