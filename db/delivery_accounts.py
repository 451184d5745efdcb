"""What became of a broadcast's deliveries, counted: how many are in each state, and why some wait or were too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.filling
from bot.frozen import Frozen
from bot.rules.causes import cause_of
from bot.rules.courtesy import WEEK, CapReason
from bot.rules.experiments import HELD_OUT
from bot.rules.kinds import PARTISAN
from bot.rules.leaving_order import NEVER
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import NOBODY, Headcount
from db.headcounts import Condition, counted, headcount, known_to
from db.restrictions import of_others, restricted_people
from db.schema import Instant, broadcasts, deliveries, people
from db.supporters import IS_REGISTERED, REGISTERED, known_by_commune

QUICK = 5_000
"""Deliveries that are counted within some milliseconds."""


class Withholding(Frozen):
    """Deliveries withheld for one reason; `until` is when the first of them comes back, `last` when the last does.
    `is_behind`: another message to the same people leaves first then, and this one waits on for a day that is not full;
    of what is only looked at again at an instant (CapReason.BEHIND) nobody gets it then;
    `may_expire`: when the first of them is of no use any more, where that may come before.
    """

    reason: str | None
    people: Headcount
    until: datetime
    last: datetime
    is_behind: bool = False
    may_expire: datetime | None = None


class BroadcastAccount(Frozen):
    """How many people’s deliveries are in each state, how many were answered, and why some are withheld or expired."""

    states: Mapping[str, Headcount]
    answered: Headcount
    withheld: tuple[Withholding, ...]
    expired: tuple[Withholding, ...]
    next_due: datetime | None

    @property
    def in_total(self) -> BroadcastAccount:
        """The numbers of everybody, known by name or not."""
        return replace(
            self,
            states={state: people.in_total for state, people in self.states.items()},
            answered=self.answered.in_total,
            withheld=tuple(replace(each, people=each.people.in_total) for each in self.withheld),
        )

    @property
    def people(self) -> Headcount:
        """Whom it is for: not who drew to be left out."""
        return sum((people for state, people in self.states.items() if state != HELD_OUT), start=NOBODY)

    def count(self, *states: str) -> Headcount:
        return sum((self.states.get(state, NOBODY) for state in states), start=NOBODY)


class DueLater(Frozen):
    """So many get it later, the first of them `at` that instant."""

    people: Headcount
    at: datetime


async def due_later(
    tx: AsyncConnection, broadcast: int, now: datetime, known_in: Sequence[str] | None
) -> DueLater | None:
    """Who waits for an hour of their own that is still to come; None: nobody."""
    later = sa.and_(deliveries.c.state == "queued", deliveries.c.due_at > now)
    found = await waiting(tx, broadcast, later, known_in)
    return DueLater(people=found[0], at=found[1]) if found is not None else None


async def waiting(
    tx: AsyncConnection, broadcast: int, condition: Condition, known_in: Sequence[str] | None
) -> tuple[Headcount, datetime] | None:
    """How many of a broadcast's deliveries fulfil a condition, and when the first of them is due; None: none does."""
    rows = deliveries if known_in is None else deliveries.join(people, people.c.id == deliveries.c.person)
    query = (
        sa.select(*counted("people", known_to(known_in)), sa.func.min(deliveries.c.due_at).label("first"))
        .select_from(rows)
        .where(deliveries.c.broadcast == broadcast, condition, of_others(deliveries.c.person))
    )
    found = (await tx.execute(query)).one()
    return (headcount(found, "people"), found.first) if found.people else None


async def is_large(tx: AsyncConnection, broadcast: int) -> bool:
    """Whether it has more deliveries than are counted in no time, or will have."""
    if await db.filling.is_under_way(tx, broadcast):
        return True
    mine = sa.select(deliveries.c.id).where(deliveries.c.broadcast == broadcast).limit(1).offset(QUICK)
    return (await tx.execute(mine)).first() is not None


Reader = tuple[str, ...] | None
"""The areas where people are known to the reader of an account; None: who counts exactly."""

# While a message leaves it is counted again and again: what is made once is not put together anew.
_MINE = deliveries.c.broadcast == sa.bindparam("broadcast")
_IS_ANSWERED = deliveries.c.answered_at.is_not(None)
# Each by an index alone, whatever the size: that of a million rows is read in a third of the time.
_BY_STATE = (
    sa.select(deliveries.c.state, sa.func.count().label("people")).where(_MINE).group_by(deliveries.c.state)
)
_ANSWERED = sa.select(sa.func.count()).where(_MINE, _IS_ANSWERED)
_SOONEST = sa.select(sa.func.min(deliveries.c.due_at)).where(_MINE, deliveries.c.state == "queued")


class _States(Frozen):
    """How many deliveries of some people are in each state, and how many were answered."""

    people: Mapping[str, int]
    answered: int


async def _states_of(tx: AsyncConnection, broadcast: int, some: sa.Select[Any]) -> _States:
    rows = (await tx.execute(some, {"broadcast": broadcast})).all()
    return _States(
        people={state: number for state, number, _ in rows}, answered=sum(answered for *_, answered in rows)
    )


_NOBODY = _States(people={}, answered=0)


def _of(some: Condition) -> sa.Select[Any]:
    """Counts of those of a broadcast's deliveries that fulfil a condition. Found first, and only then counted: SQLite
    would else read all of them in the order in which they are counted.
    """
    mine = sa.select(deliveries.c.state, deliveries.c.answered_at).where(_MINE, some)
    found = mine.cte("found").prefix_with("MATERIALIZED")
    return sa.select(found.c.state, sa.func.count(), sa.func.count(found.c.answered_at)).group_by(
        found.c.state
    )


_RESTRICTED = _of(deliveries.c.person.in_(restricted_people()))


@lru_cache(maxsize=64)
def _known(reader: Reader, *, is_large: bool) -> sa.Select[Any]:
    """Of a large one those who are known are looked for in it; of a small one each is asked whether they are."""
    known = sa.select(people.c.id).where(people.c.state == "registered", known_by_commune(reader))
    if is_large:
        return _of(deliveries.c.person.in_(known))
    return _of(known.where(people.c.id == deliveries.c.person).exists())


def _told(total: int, *, less: int, known: int) -> Headcount:
    return Headcount(known=known, others=total - less - known)


async def account(tx: AsyncConnection, broadcast: int, known_in: Sequence[str] | None) -> BroadcastAccount:
    """Counts by the indexes of a broadcast, whatever the size; people are read only where some may be known.

    Those who restricted their data are counted by theirs, and taken away: they are few.
    """
    mine, reader = {"broadcast": broadcast}, None if known_in is None else tuple(known_in)
    everybody = {row.state: row.people for row in await tx.execute(_BY_STATE, mine)}
    restricted = await _states_of(tx, broadcast, _RESTRICTED)
    known = _NOBODY
    if reader:
        is_large = sum(everybody.values()) > QUICK
        known = await _states_of(tx, broadcast, _known(reader, is_large=is_large))

    states = {
        state: _told(number, less=restricted.people.get(state, 0), known=known.people.get(state, 0))
        for state, number in everybody.items()
    }
    # It is for those too for whom it is still to be queued.
    so_far = sum(number for state, number in everybody.items() if state != HELD_OUT)
    states["queued"] = states.get("queued", NOBODY) + await db.filling.rest(
        tx, broadcast, known_in, queued=so_far
    )
    answered = (await tx.execute(_ANSWERED, mine)).scalar_one()
    held = await _held(tx, broadcast, reader)
    return BroadcastAccount(
        states={state: people for state, people in states.items() if people.total},
        answered=_told(answered, less=restricted.answered, known=known.answered),
        withheld=tuple(some for state, some in held if state == "withheld"),
        expired=_by_cause([some for state, some in held if state == "expired"]),
        next_due=(await tx.execute(_SOONEST, mine)).scalar_one_or_none(),
    )


async def _held(tx: AsyncConnection, broadcast: int, reader: Reader) -> list[tuple[str, Withholding]]:
    """Those that are withheld or expired, each with its state."""
    others = list(await tx.scalars(_OTHERS, {"broadcast": broadcast}))
    asked = {"broadcast": broadcast, "others": others} if others else {"broadcast": broadcast}
    withheld: dict[tuple[Any, ...], tuple[str, Withholding]] = {}
    for row in await tx.execute(_held_of(reader, others=bool(others)), asked):
        expires = row.over if _may_come_before_room(row.over, row.until) else None
        key = (row.state, row.reason, bool(row.is_behind), expires is not None)
        some = Withholding(
            reason=row.reason,
            people=headcount(row, "people"),
            until=row.until,
            last=row.last,
            is_behind=bool(row.is_behind),
            may_expire=expires,
        )
        withheld[key] = row.state, _with(withheld[key][1], some) if key in withheld else some
    return list(withheld.values())


@lru_cache(maxsize=64)
def _held_of(reader: Reader, *, others: bool) -> sa.Select[Any]:
    """`others`: whether any message may leave before them."""
    theirs = sa.and_(IS_REGISTERED, REGISTERED.c.id == deliveries.c.person)
    rows = deliveries if reader is None else deliveries.outerjoin(REGISTERED, theirs)
    each = (
        sa.select(
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.due_at,
            deliveries.c.expires_at,
            known_by_commune(reader, REGISTERED).label("is_known"),
            sa.or_(_LOOKED_AT_AGAIN, _is_behind() if others else sa.false()).label("is_behind"),
        )
        .select_from(rows)
        .where(_MINE, deliveries.c.state.in_(("withheld", "expired")), of_others(deliveries.c.person))
        .subquery()
    )
    # When it is of no use any more matters of those that another message leaves before, and of those whose turn comes
    # later than that: of an event that was moved to an earlier hour.
    is_late = each.c.expires_at <= each.c.due_at
    over = sa.case((sa.or_(each.c.is_behind, is_late), each.c.expires_at), else_=sa.null()).label("over")
    alike = (each.c.state, each.c.reason, each.c.is_behind, over)
    found = sa.select(
        *alike,
        *counted("people", each.c.is_known),
        sa.func.min(each.c.due_at).label("until"),
        sa.func.max(each.c.due_at).label("last"),
    )
    return found.group_by(*alike).order_by(*alike)


def _with(one: Withholding, other: Withholding) -> Withholding:
    """Both together, which wait alike; where they may expire, the first of them is the one that was met first."""
    return replace(
        one,
        people=one.people + other.people,
        until=min(one.until, other.until),
        last=max(one.last, other.last),
    )


def _may_come_before_room(over: datetime | None, until: datetime) -> bool:
    """Whether it may be over before the caps have room again for whom another message leaves at an instant: that is a
    week later at the latest, in courtesy hours.
    """
    return over is not None and over <= until + WEEK + timedelta(days=1)


def _by_cause(expired: Sequence[Withholding]) -> tuple[Withholding, ...]:
    """Each cause once."""
    found: dict[str | None, Withholding] = {}
    for each in expired:
        cause = cause_of("expired", each.reason)
        before = found.get(cause, replace(each, reason=cause, people=NOBODY))
        found[cause] = _with(before, each)
    return tuple(found.values())


_OTHERS = sa.select(broadcasts.c.id).where(
    broadcasts.c.id != sa.bindparam("broadcast"),
    broadcasts.c.kind.in_(sorted(PARTISAN)),
    broadcasts.c.state == "active",
    broadcasts.c.finished_at.is_(None),
)
"""The messages that the caps count, and that are leaving beside this one."""

# What left first for them may be gone already: it is told as behind until it was looked at.
_LOOKED_AT_AGAIN = sa.and_(deliveries.c.state == "withheld", deliveries.c.reason == str(CapReason.BEHIND))


def _is_behind() -> Condition:
    """Whether a cap holds it, and another message leaves for the same person first then: the cap holds that too until
    then, and one leaves before the other (`bot.rules.leaving_order.place_in_line`), if it is still of use.
    """
    before, never = deliveries.alias("before"), sa.literal(NEVER, Instant())
    expires, theirs = (sa.func.coalesce(rows.c.expires_at, never) for rows in (deliveries, before))
    is_older = sa.and_(theirs == expires, before.c.broadcast < deliveries.c.broadcast)
    first = sa.select(before.c.id).where(
        before.c.person == deliveries.c.person,
        before.c.broadcast.in_(sa.bindparam("others", expanding=True)),
        before.c.state.in_(ON_THE_WAY),
        before.c.due_at <= deliveries.c.due_at,
        theirs > deliveries.c.due_at,
        sa.or_(theirs < expires, is_older),
    )
    by_a_cap = deliveries.c.reason.in_([str(reason) for reason in CapReason])
    return sa.and_(deliveries.c.state == "withheld", by_a_cap, first.exists())
