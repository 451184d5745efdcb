"""Answers of people who left become counts: they are added up, then deleted (bot.rules.leftovers)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import ABROAD_AREA
from bot.rules.leftovers import Cell, LeftAnswer
from bot.rules.small_counts import LEAST, in_tens
from bot.rules.suppression import SuppressionKey
from db.batches import DatabaseVisit, Statement, given_texts, together
from db.days import day_text
from db.effects import OPENED
from db.schema import people, responses

# Where one votes was an answer too; the département is left of it.
_ANSWER = sa.case(
    (responses.c.question == "commune", sa.func.coalesce(responses.c.department, "")),
    else_=responses.c.answer,
)
_IS_ABROAD = (
    sa.select(people.c.territory == ABROAD_AREA)
    .where(people.c.id == responses.c.person)
    .correlate(responses)
    .scalar_subquery()
)
_DELETE = sa.delete(responses).returning(
    day_text(responses.c.at),
    responses.c.question,
    sa.func.coalesce(responses.c.subject, ""),
    _ANSWER,
    responses.c.department,
    sa.func.coalesce(_IS_ABROAD, sa.false()),
)

_WAIT = Statement(
    lambda s: (
        f"""
    INSERT INTO answer_remainders (cell, count)
    SELECT each.value ->> 0, CAST(each.value ->> 1 AS INTEGER) FROM {s.each} WHERE true
    ON CONFLICT (cell) DO UPDATE SET count = answer_remainders.count + excluded.count"""
    )
)
_FULL = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(cell, count)) AS text) FROM answer_remainders
    WHERE cell IN {given_texts(s)} AND count >= {LEAST}"""
    )
)
_SETTLE = Statement(
    lambda s: (
        f"""
    INSERT INTO answer_counts (day, question, subject, answer, area, count)
    SELECT {", ".join(f"each.value ->> {column}" for column in range(5))}, CAST(each.value ->> 5 AS INTEGER)
    FROM {s.each} WHERE true
    ON CONFLICT (day, question, subject, answer, area) DO UPDATE SET count = answer_counts.count + excluded.count"""
    )
)
_TAKE = Statement(
    lambda s: (
        f"""
    UPDATE answer_remainders SET count = answer_remainders.count - given.tens
    FROM (SELECT each.value ->> 0 AS cell, CAST(each.value ->> 1 AS INTEGER) AS tens FROM {s.each}) AS given
    WHERE answer_remainders.cell = given.cell"""
    )
)
_FORGET_EMPTY = Statement(
    lambda s: f"DELETE FROM answer_remainders WHERE cell IN {given_texts(s)} AND count = 0"
)


async def count_and_delete(
    tx: AsyncConnection, condition: sa.ColumnElement[bool], key: SuppressionKey
) -> int:
    """Deletes the answers under a condition, and adds to the counts what was deleted; how many they were."""
    deleted = (await tx.execute(_DELETE.where(condition))).all()
    # That somebody opened an event is no answer, and not told.
    found = _cells(LeftAnswer(*row) for row in deleted if row[1] != OPENED)
    if found:
        await _add(tx, found, key)
    return len(deleted)


def _cells(answers: Iterable[LeftAnswer]) -> Counter[Cell]:
    """How many of the answers add to which count: alike ones, of which there are many, are looked at once."""
    found: Counter[Cell] = Counter()
    for answer, times in Counter(answers).items():
        for cell in answer.cells():
            found[cell] += times
    return found


async def _add(tx: AsyncConnection, found: Mapping[Cell, int], key: SuppressionKey) -> None:
    named = {key.seal(cell.name): cell for cell in found}
    # In the order of their sealed names: two processes at it wait for each other, and never in a circle.
    waiting = [(name, found[named[name]]) for name in sorted(named)]

    def add(visit: DatabaseVisit) -> None:
        """To what has not come to ten; whole tens of it go into the counts that may be told."""
        visit.run(_WAIT, rows=waiting)
        full = sorted((name, in_tens(count)) for name, count in visit.rows(_FULL, rows=waiting))
        if full:
            visit.run(_SETTLE, rows=[(*named[name], tens) for name, tens in full])
            visit.run(_TAKE, rows=full)
            visit.run(_FORGET_EMPTY, rows=full)

    await together(tx, add)
