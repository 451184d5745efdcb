"""Whom of an audience a message would reach: counted by what decides it, one row for all who share that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.frozen import Frozen
from bot.rules.courtesy import Caps, NeutralSent
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


async def standings(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    others: Sequence[OtherMessage] = (),
    known_in: Sequence[str] | None = None,
    counting: Collection[Kind] = PARTISAN,
    only: int | None = None,
) -> list[ReachGroup]:
    """The people of an audience (a condition on `people`), counted by what decides whether a message reaches them, for
    a reader who knows people in some areas. `others`: what is leaving beside it counts as what left. `counting`: the
    kinds that the caps count for it. `only`: the audience is this one person.
    """
    # What was sent to everybody is found once for very many; for one it is looked up by their own index.
    theirs = sa.true() if only is None else deliveries.c.person == only
    # Two look-ups and no OR: each has an index of its own.
    sent = sa.select(deliveries.c.person).where(_is_sent(deliveries, since, counting), theirs)
    recently: Condition = people.c.id.in_(sent)
    for mutes, numbers in _by_mutes(others).items():
        waits = sa.select(deliveries.c.person).where(
            _is_on_its_way(deliveries), deliveries.c.broadcast.in_(numbers), theirs
        )
        recently = sa.or_(recently, sa.and_(_hears(mutes), people.c.id.in_(waits)))
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
    now: datetime,
    others: Sequence[OtherMessage] = (),
    known_in: Sequence[str] | None = None,
) -> list[WrittenTo]:
    """Those of an audience whom a message can reach and to whom the campaign wrote since then, or for whom some of the
    `others` wait, by what the caps ask of each. `days`: today, in each zone that somebody lives by.
    """
    silent = people.c.unanswered >= caps.silent_after
    moment, is_sent, waits = _moment(deliveries), _is_sent(deliveries, since), _waits_of(others)
    today = sa.or_(
        sa.false(), *(sa.and_(_lives_by(zone), _between(moment, *day)) for zone, day in days.items())
    )
    sent, waiting = sa.func.count().filter(is_sent), sa.func.count().filter(waits)
    # Of so many of the oldest a cap may ask when they left, until the last that waits has left too.
    asked = sent + waiting + 1 - sa.case((silent, caps.per_week_when_silent), else_=caps.per_week)
    columns = (
        people.c.territory,
        people.c.zone,
        known_to(known_in).label("is_known"),
        silent.label("silent"),
        sent.label("sent"),
        sa.func.count().filter(sa.and_(is_sent, today)).label("today"),
        sa.case(
            (asked <= 0, sa.null()),
            (asked == 1, _Minute(sa.func.min(sa.case((is_sent, moment), else_=sa.null())))),
            else_=sa.func.aggregate_strings(sa.case((is_sent, _Minute(moment)), else_=sa.null()), ","),
        ).label("known"),
        sa.func.aggregate_strings(sa.case((waits, _waiting(now)), else_=sa.null()), ",").label("waits"),
    )
    reached = _reached(among, mute).where(sa.or_(is_sent, waits))
    each = reached.with_only_columns(*columns).group_by(people.c.id).subquery()
    shared = [column for column in each.c if column.name != "is_known"]
    query: sa.Select[Any] = sa.select(*shared, *counted("people", each.c.is_known)).group_by(*shared)
    return [_as_written(row) for row in await tx.execute(query)]


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
        sa.func.aggregate_strings(_Minute(_moment(deliveries)) + by_step, ",").label("sent"),
    )
    got = _reached(among, mute).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    each = got.where(_is_sent(deliveries, since, NEUTRAL)).with_only_columns(*columns)
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
    return NeutralSent(at=_end_of(minute), by_a_step=bool(step))


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


def _as_written(row: sa.Row[Any]) -> WrittenTo:
    return WrittenTo(
        territory=row.territory,
        zone=row.zone,
        silent=bool(row.silent),
        sent=row.sent,
        today=row.today,
        known=tuple(sorted(_end_of(minute) for minute in (row.known or "").split(",") if minute)),
        waits=tuple(_read(waits) for waits in sorted((row.waits or "").split(",")) if waits),
        people=headcount(row, "people"),
    )


def _end_of(minute: str) -> datetime:
    """Its last instant: nobody is said to be reached who is not yet."""
    return datetime.fromisoformat(minute) + timedelta(minutes=1)


def _waiting(now: datetime) -> sa.ColumnElement[str]:
    """What is asked of something that waits, as text: see `Waits`."""
    is_later = sa.and_(deliveries.c.state == "queued", deliveries.c.due_at > now)
    due = sa.case((is_later, _Minute(deliveries.c.due_at)), else_="")
    expires = sa.func.coalesce(_Minute(deliveries.c.expires_at), "")
    return sa.cast(deliveries.c.broadcast, sa.Text()) + "|" + due + "|" + expires


def _read(waits: str) -> Waits:
    number, due, expires = waits.split("|")
    return Waits(
        number=int(number),
        due_at=datetime.fromisoformat(due) if due else None,
        expires_at=datetime.fromisoformat(expires) if expires else None,
    )


def _lives_by(zone: str | None) -> Condition:
    return people.c.zone.is_(None) if zone is None else people.c.zone == zone


def _between(moment: sa.ColumnElement[datetime], start: datetime, end: datetime) -> Condition:
    return sa.and_(moment >= start, moment < end)


def _moment(rows: sa.FromClause) -> sa.ColumnElement[datetime]:
    """When it left."""
    return sa.func.coalesce(rows.c.sent_at, rows.c.changed_at, type_=Instant())


def _is_sent(rows: sa.FromClause, since: datetime, kinds: Collection[Kind] = PARTISAN) -> Condition:
    """The messages of these kinds that left since then, leave, or may have left."""
    counted_ones = sa.select(broadcasts.c.id).where(
        broadcasts.c.kind.in_(sorted(kinds)),
        # Of one that was over before, nothing left since.
        sa.or_(broadcasts.c.finished_at.is_(None), broadcasts.c.finished_at >= since),
    )
    return sa.and_(
        rows.c.person.is_not(None),
        rows.c.state.in_(IN_FLIGHT),
        rows.c.broadcast.in_(counted_ones),
        _moment(rows) > since,
    )


def _is_on_its_way(rows: sa.FromClause) -> Condition:
    return sa.and_(rows.c.person.is_not(None), rows.c.state.in_(ON_THE_WAY))


def _by_mutes(others: Sequence[OtherMessage]) -> dict[frozenset[Mute], list[int]]:
    found: dict[frozenset[Mute], list[int]] = {}
    for each in others:
        found.setdefault(each.mutes, []).append(each.number)
    return found


def _hears(mutes: frozenset[Mute]) -> Condition:
    """Whether somebody switched none of these off."""
    return sa.and_(sa.true(), *(sa.not_(_is_muted(mute)) for mute in sorted(mutes)))


def _waits_of(others: Sequence[OtherMessage]) -> Condition:
    """Whether a delivery of somebody is one of these, and still to leave."""
    theirs = (
        sa.and_(_hears(mutes), deliveries.c.broadcast.in_(numbers))
        for mutes, numbers in _by_mutes(others).items()
    )
    return sa.and_(_is_on_its_way(deliveries), sa.or_(sa.false(), *theirs))


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
