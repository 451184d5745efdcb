"""Answers of people who left become counts: they are added up, then deleted (bot.rules.leftovers)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import ABROAD_AREA
from bot.rules.leftovers import Cell, LeftAnswer
from bot.rules.small_counts import in_tens
from bot.rules.suppression import SuppressionKey
from db.days import day_text
from db.effects import OPENED
from db.schema import answer_counts, answer_remainders, people, responses
from db.upsert import insert

AT_ONCE = 500
"""Rows of one statement."""

# Where one votes was an answer too; the département is left of it.
_ANSWER = sa.case(
    (responses.c.question == "commune", sa.func.coalesce(responses.c.department, "")),
    else_=responses.c.answer,
)
_DAY = day_text(responses.c.at)
_IS_ABROAD = sa.func.coalesce(people.c.territory == ABROAD_AREA, sa.false())


async def count_and_delete(
    tx: AsyncConnection, condition: sa.ColumnElement[bool], key: SuppressionKey
) -> int:
    """Adds the answers under a condition to the counts, and deletes them; how many they were."""
    await _add(tx, await _found(tx, condition), key)
    return (await tx.execute(sa.delete(responses).where(condition))).rowcount


async def _found(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> Counter[Cell]:
    """How many of the answers add to which count. That somebody opened an event is no answer, and not told."""
    told = (
        _DAY.label("day"),
        responses.c.question,
        sa.func.coalesce(responses.c.subject, "").label("subject"),
        _ANSWER.label("answer"),
        responses.c.department,
        _IS_ABROAD.label("is_abroad"),
    )
    query = sa.select(*told, sa.func.count().label("people"))
    query = query.select_from(responses.outerjoin(people, responses.c.person == people.c.id))
    query = query.where(condition, responses.c.question != OPENED)
    found: Counter[Cell] = Counter()
    for *answer, count in await tx.execute(
        query.group_by(*(sa.literal_column(str(n + 1)) for n in range(len(told))))
    ):
        for cell in LeftAnswer(*answer).cells():
            found[cell] += count
    return found


async def _add(tx: AsyncConnection, found: Mapping[Cell, int], key: SuppressionKey) -> None:
    # In the order of their sealed names: two processes at it wait for each other, and never in a circle.
    cells = sorted((key.seal(cell.name), cell) for cell in found)
    for some in _pages(cells):
        named = dict(some)
        waiting = await _wait(tx, {name: found[cell] for name, cell in some})
        full = {name: in_tens(count) for name, count in waiting.items() if in_tens(count)}
        await _settle(tx, {named[name]: count for name, count in full.items()})
        await _take(tx, full)


async def _wait(tx: AsyncConnection, added: Mapping[str, int]) -> dict[str, int]:
    """Adds to what has not come to ten; how much each is now."""
    # Row by row: a statement with all of them is another for each number of rows, and is compiled anew.
    statement = insert(tx, answer_remainders)
    statement = statement.on_conflict_do_update(
        index_elements=[answer_remainders.c.cell],
        set_={"count": answer_remainders.c.count + statement.excluded.count},
    )
    await tx.execute(statement, [{"cell": name, "count": count} for name, count in added.items()])
    columns = (answer_remainders.c.cell, answer_remainders.c.count)
    rows = await tx.execute(sa.select(*columns).where(answer_remainders.c.cell.in_(added)))
    return {row[0]: row[1] for row in rows}


async def _settle(tx: AsyncConnection, tens: Mapping[Cell, int]) -> None:
    """Adds whole tens to the counts that may be told."""
    if not tens:
        return
    statement = insert(tx, answer_counts)
    statement = statement.on_conflict_do_update(
        index_elements=list(answer_counts.primary_key.columns),
        set_={"count": answer_counts.c.count + statement.excluded.count},
    )
    await tx.execute(statement, [{**cell._asdict(), "count": count} for cell, count in tens.items()])


async def _take(tx: AsyncConnection, tens: Mapping[str, int]) -> None:
    """Takes away what was settled."""
    if not tens:
        return
    less = sa.update(answer_remainders).where(answer_remainders.c.cell == sa.bindparam("name"))
    less = less.values(count=answer_remainders.c.count - sa.bindparam("settled"))
    await tx.execute(less, [{"name": name, "settled": count} for name, count in tens.items()])
    empty = sa.and_(answer_remainders.c.cell.in_(tens), answer_remainders.c.count == 0)
    await tx.execute(sa.delete(answer_remainders).where(empty))


def _pages(cells: Sequence[tuple[str, Cell]]) -> Iterator[Sequence[tuple[str, Cell]]]:
    for start in range(0, len(cells), AT_ONCE):
        yield cells[start : start + AT_ONCE]
