"""Of whom something changed that decides what is due: the planner looks at these alone (`db.planning`).

They stand in a table of their own. Of somebody's row PostgreSQL writes another one with each change, and into each of
thirteen indexes where the change concerns any: to take the marks of a thousand people took it 60 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.batches import DatabaseVisit, Spelling, Statement
from db.engine import here
from db.postponed import Row, postpone, write_postponed
from db.schema import people, people_to_plan

_PERSON = people_to_plan.c.person


def _marking(s: Spelling) -> str:
    """Who is marked is held all the same, where several write at once: whoever takes marks meanwhile would read of them
    what was before, and so leaves this one.
    """
    return f"""
    INSERT INTO people_to_plan (person)
    SELECT DISTINCT CAST(each.value ->> 0 AS BIGINT) FROM {s.each} WHERE true ORDER BY 1
    ON CONFLICT (person) {"DO UPDATE SET person = excluded.person" if s.lock else "DO NOTHING"}"""


_MARK = Statement(_marking)


def mark_all(visit: DatabaseVisit, rows: Sequence[Row]) -> None:
    """Something changed of these people: the first member of each row."""
    visit.run(_MARK, rows=[row[:1] for row in rows])


def mark(tx: AsyncConnection, person: int) -> None:
    """Something changed of somebody: what is due for them is looked at again. By the end of the transaction."""
    postpone(tx, mark_all, [(person,)])


_ANY = sa.select(_PERSON).limit(1)


async def any_marked(tx: AsyncConnection) -> bool:
    """Whether `take` would tell of anybody."""
    return (await tx.execute(_ANY)).first() is not None


# Not a condition alone: PostgreSQL may ask it once for each row, and find others each time.
_SOME = (
    sa.select(_PERSON)
    .order_by(_PERSON)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("some")
)
_TAKE = sa.delete(people_to_plan).where(_PERSON.in_(sa.select(_SOME.c.person))).returning(_PERSON)


async def take(tx: AsyncConnection, *, most: int) -> list[int]:
    """The people, so many at most, of whom something changed since this last told of them.

    Their marks are gone with this transaction: what is due for them is queued in it. Whoever changes meanwhile keeps,
    or gets, their mark: what reads them comes after this. Whoever is being erased is waited for, and is nobody then.
    """
    await write_postponed(tx)
    with here(tx):
        marked = sorted(await tx.scalars(_TAKE, {"most": most}))
    if not marked or tx.dialect.name == "sqlite":  # nobody else writes
        return marked
    there = sa.select(people.c.id).where(people.c.id.in_(marked)).order_by(people.c.id)
    return list(await tx.scalars(there.with_for_update(read=True, key_share=True)))


async def forget(tx: AsyncConnection, doomed: sa.Select[tuple[int]]) -> None:
    """Takes the marks of people whose rows the caller holds, to erase them.

    Those that the planner has just taken are not waited for: they are gone with that, and it waits for the rows.
    """
    await write_postponed(tx)
    free = sa.select(_PERSON).where(_PERSON.in_(doomed)).order_by(_PERSON)
    some = free.with_for_update(skip_locked=True).cte("some")
    await tx.execute(sa.delete(people_to_plan).where(_PERSON.in_(sa.select(some.c.person))))
