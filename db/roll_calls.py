"""Roll calls: of whom a condition holds, asked of the whole database at once, or of a few people.

Numbers come as one text for each group, in slices, so that the event loop has its turn: a row for each of a million
people would take longer than finding them. Where most people fulfil a condition, those are read who do not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa
from pyroaring import BitMap
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.rules.leaves import Period
from db.expressions import SUPPORTERS, Condition, Whose, given_numbers
from db.schema import people, vote_plans

Asked: TypeAlias = Condition | Whose
FLAGS = ("consent_commune", "consent_team", "volunteer", "mutes_events", "mutes_news", "mutes_reminders")
SLICE = 1 << 16
"""Characters of a list of numbers that are read at a time: the event loop has its turn in between."""


class listed(FunctionElement[str]):
    """Numbers, one after the other with commas between: one value, however many there are."""

    inherit_cache = True
    type = sa.Text()


@compiles(listed, "sqlite")
def _in_sqlite(element: listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(listed, "postgresql")
def _in_postgresql(element: listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg(CAST({compiler.process(element.clauses, **options)} AS TEXT), ',')"


_COLUMNS = tuple(people.c[name] for name in ("territory", "zone", "language", *FLAGS))
# In the words of the index, which stands in their order (ix_people_register).
_ORDER = ("territory", "zone", "consent_commune", "language", "volunteer", "consent_team")
_GROUPED = tuple(
    people.c[name] for name in (*_ORDER, "mutes_events", "mutes_news", "mutes_reminders", "unreachable_at")
)
_REGISTERED = sa.text("people.state = 'registered' AND people.consent_contact")
OF_ALL = sa.select(*_GROUPED, listed(people.c.id).label("ids")).where(_REGISTERED).group_by(*_GROUPED)


async def rows_of(tx: AsyncConnection, persons: Iterable[int]) -> Sequence[sa.RowMapping]:
    """What the register says of these people, those who are supporters."""
    columns = (people.c.id, *_COLUMNS, people.c.unreachable_at.is_not(None).label("unreachable"))
    query = sa.select(*columns).where(people.c.id.in_(given_numbers(persons)), SUPPORTERS)
    return (await tx.execute(query)).mappings().all()


async def all_of(tx: AsyncConnection, asked: Asked) -> BitMap:
    """Everybody of whom a condition holds; where it is about who has no such row, those who have one."""
    if isinstance(asked, Whose):
        found = sa.select(asked.person.label("id")).where(asked.person.is_not(None), *asked.like).subquery()
    else:
        found = sa.select(people.c.id).where(asked).subquery()
    return await numbers_in(await tx.scalar(sa.select(listed(found.c.id))))


async def among(tx: AsyncConnection, asked: Mapping[Any, Asked], persons: Iterable[int]) -> dict[Any, BitMap]:
    """Those of these people of whom each condition holds."""
    columns = [
        sa.func.coalesce(_of_one(each), sa.false()).label(f"n{at}") for at, each in enumerate(asked.values())
    ]
    rows = (
        await tx.execute(sa.select(people.c.id, *columns).where(people.c.id.in_(given_numbers(persons))))
    ).all()
    return {key: BitMap([row[0] for row in rows if row[number]]) for number, key in enumerate(asked, start=1)}


def _of_one(asked: Asked) -> Condition:
    return replace(asked, none=False).looked_up() if isinstance(asked, Whose) else asked


async def numbers_in(listed: str | None) -> BitMap:
    return BitMap() if listed is None else await asyncio.to_thread(read_numbers, listed)


def read_numbers(listed: str) -> BitMap:
    """The numbers in a list, in a thread of its own: slice by slice, so that the event loop has its turn."""
    found, at = BitMap(), 0
    while at < len(listed):
        end = listed.find(",", at + SLICE)
        end = len(listed) if end < 0 else end
        found.update(orjson.loads(f"[{listed[at:end]}]"))
        at = end + 1
    return found


def together(asked: Mapping[Any, Asked]) -> list[dict[Any, Asked]]:
    """What is asked in parts, each of which one look answers: what was said of votes stands in one small table."""
    votes = {key: each for key, each in asked.items() if _is_of_votes(each)}
    return [*([votes] if votes else []), *({key: each} for key, each in asked.items() if key not in votes)]


def _is_of_votes(asked: Asked) -> bool:
    return isinstance(asked, Whose) and asked.person is vote_plans.c.person


async def each_of(tx: AsyncConnection, asked: Mapping[Any, Asked]) -> dict[Any, BitMap]:
    """As `all_of`, of conditions that one look answers."""
    if len(asked) == 1:
        return {key: await all_of(tx, each) for key, each in asked.items()}
    columns = [
        listed(sa.case((sa.and_(*each.like), each.person)))
        for each in asked.values()
        if isinstance(each, Whose)
    ]
    row = (await tx.execute(sa.select(*columns))).one()
    return {key: await numbers_in(listed) for key, listed in zip(asked, row, strict=True)}


async def outside_if_most(tx: AsyncConnection, period: Period) -> BitMap | None:
    """Who did not join in a period, where most people did, by the first and the last day: they are fewer to read."""
    joined = people.c.registered_at
    first, last = (await tx.execute(sa.select(*(_end(end) for end in (joined.asc(), joined.desc()))))).one()
    if first is None or first == last:
        inside = first is not None and period.holds(first)
    else:
        begins, ends = period.since or first, period.before or last
        inside = (ends - begins) * 2 > last - first
    if not inside:
        return None
    before = joined < period.since if period.since is not None else sa.false()
    after = joined >= period.before if period.before is not None else sa.false()
    return await all_of(tx, sa.or_(before, after, joined.is_(None)))


def _end(order: sa.UnaryExpression[Any]) -> sa.ScalarSelect[Any]:
    joined = people.c.registered_at
    return sa.select(joined).where(joined.is_not(None)).order_by(order).limit(1).scalar_subquery()
