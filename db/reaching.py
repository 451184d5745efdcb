"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.frozen import Frozen
from bot.rules.courtesy import NeutralSent
from bot.rules.kinds import MUTES, PARTISAN, Kind, Mute, mutes_of_step
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import Headcount
from db.areas import person_in
from db.departure import IN_FLIGHT
from db.headcounts import counted, headcount, known_to
from db.schema import Instant, broadcasts, deliveries, people, rsvps

Condition = sa.ColumnElement[bool]
NEUTRAL = frozenset({Kind.CIVIC_NEUTRAL})
"""What the caps count of those who are reminded without a word for the campaign."""
Day = tuple[datetime, datetime]
"""From a midnight to the next (aware UTC)."""


class minute_of(FunctionElement[str]):
    """The minute in which an instant lies, in UTC, as text; nothing where there is none."""

    inherit_cache = True
    type = sa.Text()


@compiles(minute_of, "sqlite")
def _(element: minute_of, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"substr({column}, 1, 16)"


@compiles(minute_of, "postgresql")
def _(element: minute_of, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"


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


class OtherMessage(Frozen):
    """A message that is leaving beside another one, and counted by the caps."""

    number: int
    kind: Kind
    step: str | None

    @property
    def mutes(self) -> frozenset[Mute]:
        """The switches any of which silences it."""
        if self.step is not None:
            return mutes_of_step(self.kind)
        return frozenset({MUTES[self.kind]} if self.kind in MUTES else ())


class Waits(Frozen):
    """One of those that somebody waits for: its `number`, when it is due (None: now) and expires, to the minute."""

    number: int
    due_at: datetime | None
    expires_at: datetime | None


class WrittenTo(Frozen):
    """So many people to whom the campaign wrote in the last days, or for whom something waits, by what the caps ask of
    each. `silent`: they left so many questions unanswered that the lower cap of a week holds; `sent`: how many messages
    left for them, so many of them `today`; `known`: the oldest of them, to the minute, as far as a cap may ask when
    that was; `waits`: what else is to leave for them.
    """

    territory: str | None
    zone: str | None
    silent: bool
    sent: int
    today: int
    known: tuple[datetime, ...]
    waits: tuple[Waits, ...]
    people: Headcount


class Reminded(Frozen):
    """So many people whom neutral reminders reached in the last days, by when each left, to the minute, and whose it
    was.
    """

    territory: str | None
    zone: str | None
    sent: tuple[NeutralSent, ...]
    people: Headcount


async def others_leaving(tx: AsyncConnection, but: int | None = None) -> list[OtherMessage]:
    """What is leaving, and the caps count, beside a message (`but`)."""
    query = sa.select(broadcasts.c.id, broadcasts.c.kind, broadcasts.c.step).where(
        broadcasts.c.kind.in_(sorted(PARTISAN)),
        broadcasts.c.state == "active",
        broadcasts.c.finished_at.is_(None),
        broadcasts.c.mends.is_(None),
        broadcasts.c.id != (but or 0),
    )
    return [
        OtherMessage(number=row.id, kind=Kind(row.kind), step=row.step) for row in await tx.execute(query)
    ]


def _is_muted(mute: Mute | None) -> sa.ColumnElement[bool]:
    return sa.false() if mute is None else people.c[f"mutes_{mute}"]


async def reminded(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    known_in: Sequence[str] | None = None,
) -> list[Reminded]:
    """Those of an audience whom a message can reach and whom a neutral reminder reached since then."""
    by_step = sa.case((broadcasts.c.step.is_(None), ""), else_="|step")
    columns = (
        people.c.territory,
        people.c.zone,
        known_to(known_in).label("is_known"),
        sa.func.aggregate_strings(minute_of(moment(deliveries)) + by_step, ",").label("sent"),
    )
    got = _reached(among, mute).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    each = got.where(is_sent(deliveries, since, NEUTRAL)).with_only_columns(*columns)
    each_one = each.group_by(people.c.id).subquery()
    shared = [column for column in each_one.c if column.name != "is_known"]
    query: sa.Select[Any] = sa.select(*shared, *counted("people", each_one.c.is_known)).group_by(*shared)
    return [
        Reminded(
            territory=row.territory,
            zone=row.zone,
            sent=tuple(_neutral(text) for text in sorted(row.sent.split(","))),
            people=headcount(row, "people"),
        )
        for row in await tx.execute(query)
    ]


def _neutral(sent: str) -> NeutralSent:
    minute, _, step = sent.partition("|")
    return NeutralSent(at=end_of(minute), by_a_step=bool(step))


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


def begin_of(minute: str) -> datetime:
    return datetime.fromisoformat(minute).replace(tzinfo=UTC)


def end_of(minute: str) -> datetime:
    """Its last instant: nobody is said to be reached who is not yet."""
    return begin_of(minute) + timedelta(minutes=1)


def read_waits(waits: str) -> Waits:
    """What was told of them as a number and two minutes, or nothing, with bars between."""
    number, due, expires = waits.split("|")
    return Waits(
        number=int(number),
        due_at=begin_of(due) if due else None,
        expires_at=begin_of(expires) if expires else None,
    )


def moment(rows: sa.FromClause) -> sa.ColumnElement[datetime]:
    """When it left."""
    return sa.func.coalesce(rows.c.sent_at, rows.c.changed_at, type_=Instant())


def is_sent(
    rows: sa.FromClause, since: datetime, kinds: Collection[Kind] = PARTISAN, *, by_person: bool = False
) -> Condition:
    """The messages of these kinds that left since then, leave, or may have left. `by_person`: they are looked up by
    whom they are for.
    """
    counted_ones = sa.select(broadcasts.c.id).where(
        broadcasts.c.kind.in_(sorted(kinds)),
        # Of one that was over before, nothing left since.
        sa.or_(broadcasts.c.finished_at.is_(None), broadcasts.c.finished_at >= since),
    )
    return sa.and_(
        rows.c.person.is_not(None),
        rows.c.state.in_(IN_FLIGHT),
        # A sum: thousands of broadcasts are not looked up for each person.
        (rows.c.broadcast + 0 if by_person else rows.c.broadcast).in_(counted_ones),
        moment(rows) > since,
    )


def is_on_its_way(rows: sa.FromClause) -> Condition:
    return sa.and_(rows.c.person.is_not(None), rows.c.state.in_(ON_THE_WAY))


def waits_in(broadcast: int, *, invites_to: int | None = None, or_is: Condition | None = None) -> Condition:
    """Whether a row of `people` has yet to get this broadcast. `invites_to`: the event, where it is an invitation;
    `or_is`: for whom it is still to be queued.
    """
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(ON_THE_WAY))
    waits: Condition = people.c.id.in_(sa.select(deliveries.c.person).where(mine))
    waits = waits if or_is is None else sa.or_(waits, or_is)
    return sa.and_(waits, _is_invited(invites_to))


def _is_invited(event: int | None) -> Condition:
    """Whether somebody has not answered yet: who has is invited no more (`bot.departure.of_events`)."""
    answered = sa.select(rsvps.c.person).where(rsvps.c.event == event)
    return sa.true() if event is None else people.c.id.not_in(answered)


async def useful_until(tx: AsyncConnection, broadcast: int) -> datetime | None:
    """Until when what is still to leave of a broadcast is of use, where that is the same for everybody."""
    mine = sa.select(deliveries.c.expires_at).where(
        deliveries.c.broadcast == broadcast, deliveries.c.state.in_(ON_THE_WAY)
    )
    found: datetime | None = await tx.scalar(mine.limit(1))
    return found


def expired_in(broadcast: int, areas: Iterable[str], *, invites_to: int | None = None) -> Condition:
    """Whether a row of `people` lives in these areas and did not get this broadcast while it was of use. `invites_to`:
    the event, where it is an invitation.
    """
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == "expired")
    there = sa.or_(sa.false(), *(person_in(area) for area in areas))
    got_none = people.c.id.in_(sa.select(deliveries.c.person).where(mine))
    return sa.and_(there, got_none, _is_invited(invites_to))
