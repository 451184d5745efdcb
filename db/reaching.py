"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import Headcount
from db.areas import person_in
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


class ReachGroup(Frozen):
    """So many people who live by the same zone and vote in the same territory, and what stands in the way of all of
    them. `recently`: the campaign wrote to them in the last days.
    """

    territory: str | None
    zone: str | None
    unreachable: bool
    muted: bool
    recently: bool
    people: Headcount


class Ahead(Frozen):
    """What leaves before another message: of what waits `now`, all that is due `by` when that is to leave, or held
    already. `but`: the other message itself, where it is queued.
    """

    now: datetime
    by: datetime
    but: int | None = None


class Written(Frozen):
    """So many people to whom the campaign wrote in the last days. `silent`: they left so many questions unanswered that
    the lower cap of a week holds; `today`: they had all that a day of theirs allows; `fills_week`: when the oldest of
    the messages left, to the minute, that together fill the week; None: they do not. `held`: how many wait for a later
    day, the first of them until `held_from`, the last until `held_until`.
    """

    territory: str | None
    zone: str | None
    silent: bool
    today: bool
    fills_week: datetime | None
    people: Headcount
    held: int = 0
    held_from: datetime | None = None
    held_until: datetime | None = None


def _is_muted(mute: Mute | None) -> sa.ColumnElement[bool]:
    return sa.false() if mute is None else people.c[f"mutes_{mute}"]


async def standings(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    ahead: Ahead | None = None,
    known_in: Sequence[str] | None = None,
    only: int | None = None,
) -> list[ReachGroup]:
    """The people of an audience (a condition on `people`), counted by what decides whether a message reaches them, for
    a reader who knows people in some areas. `ahead`: what leaves before it counts as what left. `only`: the audience is
    this one person.
    """
    # What was sent to everybody is found once for very many; for one it is looked up by their own index.
    theirs = sa.true() if only is None else deliveries.c.person == only
    # Two look-ups and no OR: each has an index of its own.
    sent = sa.select(deliveries.c.person).where(_is_sent(deliveries, since), theirs)
    recently: Condition = people.c.id.in_(sent)
    if ahead is not None:
        waits = sa.select(deliveries.c.person).where(_waits(deliveries, ahead), theirs)
        recently = sa.or_(recently, people.c.id.in_(waits))
    columns = (
        people.c.territory,
        people.c.zone,
        people.c.unreachable_at.is_not(None).label("unreachable"),
        _is_muted(mute).label("muted"),
        recently.label("recently"),
    )
    each = sa.select(*columns, known_to(known_in).label("is_known")).where(among).subquery()
    shared = [column for column in each.c if column.name != "is_known"]
    query = sa.select(*shared, *counted("people", each.c.is_known)).group_by(*shared)
    names = [column.name for column in shared]
    return [
        ReachGroup(**{name: row._mapping[name] for name in names}, people=headcount(row, "people"))
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
    ahead: Ahead | None = None,
    known_in: Sequence[str] | None = None,
) -> list[Written]:
    """Those of an audience whom a message can reach and to whom the campaign wrote since then, by what the caps ask of
    each. `days`: today, in each zone that somebody lives by. `ahead`: what leaves before it counts as what left.
    """
    silent = people.c.unanswered >= caps.silent_after
    moment = _moment(deliveries, ahead)
    today = sa.or_(
        sa.false(), *(sa.and_(_lives_by(zone), _between(moment, *day)) for zone, day in days.items())
    )
    held: Condition = sa.false()
    if ahead is not None:
        is_later = sa.and_(moment > ahead.by, sa.case((today, 0), else_=1) == 1)
        held = sa.and_(deliveries.c.state.in_(ON_THE_WAY), is_later)
    columns = (
        people.c.territory,
        people.c.zone,
        known_to(known_in).label("is_known"),
        silent.label("silent"),
        (sa.func.count().filter(today) >= caps.per_day).label("today"),
        sa.case(
            (silent, _filled(caps.per_week_when_silent, since, ahead)),
            else_=_filled(caps.per_week, since, ahead),
        ).label("filled"),
        sa.func.count().filter(held).label("held"),
        sa.func.min(sa.case((held, moment), else_=sa.null())).label("held_from"),
        sa.func.max(sa.case((held, moment), else_=sa.null())).label("held_until"),
    )
    reached = _reached(among, mute).where(_counts(deliveries, since, ahead))
    each = reached.with_only_columns(*columns).group_by(people.c.id).subquery()
    shared = (
        *(each.c.territory, each.c.zone, each.c.silent, each.c.today, each.c.held),
        _Minute(each.c.filled).label("filled_at"),
        _Minute(each.c.held_from).label("held_since"),
        _Minute(each.c.held_until).label("held_to"),
    )
    query = sa.select(*shared, *counted("people", each.c.is_known)).group_by(*shared)
    return [_as_written(row) for row in await tx.execute(query)]


def _reached(among: Condition, mute: Mute | None) -> sa.Select[tuple[int]]:
    """Those of an audience whom a message can reach, with what was sent to each."""
    # Apart: a condition may ask about deliveries too, and would take those that are counted here for its own.
    members = sa.select(people.c.id).where(among).subquery()
    return (
        sa.select(people.c.id)
        .select_from(people)
        .join(members, members.c.id == people.c.id)
        .join(deliveries, deliveries.c.person == people.c.id)
        .where(people.c.unreachable_at.is_(None), sa.not_(_is_muted(mute)))
    )


def _as_written(row: sa.Row[Any]) -> Written:
    return Written(
        territory=row.territory,
        zone=row.zone,
        silent=bool(row.silent),
        today=bool(row.today),
        fills_week=_end_of(row.filled_at),
        people=headcount(row, "people"),
        held=row.held,
        held_from=_end_of(row.held_since),
        held_until=_end_of(row.held_to),
    )


def _end_of(minute: str | None) -> datetime | None:
    """Its last instant: nobody is said to be reached who is not yet."""
    return None if minute is None else datetime.fromisoformat(minute) + timedelta(minutes=1)


def _filled(per_week: int, since: datetime, ahead: Ahead | None) -> sa.ColumnElement[datetime | None]:
    """When the oldest of so many messages of a group left; nothing where there are fewer. Looked up one by one only
    where there are more, which the caps leave to few.
    """
    number, theirs = sa.func.count(), deliveries.alias("theirs")
    moment = _moment(theirs, ahead)
    of_one = sa.select(moment).where(theirs.c.person == people.c.id, _counts(theirs, since, ahead))
    found = of_one.order_by(moment.desc()).limit(1).offset(per_week - 1).correlate(people)
    return sa.case(
        (number < per_week, sa.null()),
        (number == per_week, sa.func.min(_moment(deliveries, ahead))),
        else_=found.scalar_subquery(),
    )


def _lives_by(zone: str | None) -> Condition:
    return people.c.zone.is_(None) if zone is None else people.c.zone == zone


def _between(moment: sa.ColumnElement[datetime], start: datetime, end: datetime) -> Condition:
    return sa.and_(moment >= start, moment < end)


def _moment(rows: sa.FromClause, ahead: Ahead | None) -> sa.ColumnElement[datetime]:
    """When it left; of what leaves first, when that is."""
    left = sa.func.coalesce(rows.c.sent_at, rows.c.changed_at, type_=Instant())
    if ahead is None:
        return left
    leaves = sa.case((rows.c.due_at > ahead.now, rows.c.due_at), else_=sa.literal(ahead.now, Instant()))
    return sa.case((rows.c.state.in_(ON_THE_WAY), leaves), else_=left)


def _counts(rows: sa.FromClause, since: datetime, ahead: Ahead | None) -> Condition:
    sent = _is_sent(rows, since)
    return sent if ahead is None else sa.or_(sent, _waits(rows, ahead))


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
        _moment(rows, None) > since,
    )


def _waits(rows: sa.FromClause, ahead: Ahead) -> Condition:
    """The partisan messages that leave first."""
    partisan = sa.select(broadcasts.c.id).where(
        broadcasts.c.kind.in_(sorted(PARTISAN)),
        broadcasts.c.state == "active",
        broadcasts.c.finished_at.is_(None),
        broadcasts.c.id != (ahead.but or 0),
    )
    return sa.and_(
        rows.c.person.is_not(None),
        rows.c.state.in_(ON_THE_WAY),
        sa.or_(rows.c.state == "withheld", rows.c.due_at <= ahead.by),
        rows.c.broadcast.in_(partisan),
    )


def waits_in(broadcast: int) -> Condition:
    """Whether a row of `people` has yet to get this broadcast."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(ON_THE_WAY))
    return people.c.id.in_(sa.select(deliveries.c.person).where(mine))


def expired_in(broadcast: int, areas: Iterable[str]) -> Condition:
    """Whether a row of `people` lives in these areas and did not get this broadcast while it was of use."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == "expired")
    there = sa.or_(sa.false(), *(person_in(area) for area in areas))
    return sa.and_(there, people.c.id.in_(sa.select(deliveries.c.person).where(mine)))
