"""Answers of people who left: no row, no count under ten, no name of a small count, on both engines."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import sqlalchemy as sa

from bot.rules.leftovers import Cell
from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.leftovers import count_and_delete
from db.schema import answer_counts, answer_remainders, responses
from db.sqlite_connection import connection_of
from db.suppression_key import change_suppression_key, open_suppression_key
from tests.exported import LYON, NOON, add_person

KEY = SuppressionKey(links=(b"k" * 32,))
NOWHERE = dict.fromkeys(LYON)


async def answered(database: Database, *answers: dict[str, Any]) -> None:
    rows = [
        {
            **{"at": NOON, "person": None, "question": "rsvp", "subject": "abc", "answer": "yes"},
            **{name: LYON[name] for name in ("commune", "department", "region")},
            **answer,
        }
        for answer in answers
    ]
    async with database.write() as tx:
        await tx.execute(sa.insert(responses), rows)


async def leave(database: Database, key: SuppressionKey = KEY) -> int:
    async with database.write() as tx:
        return await count_and_delete(tx, sa.true(), key)


async def told(database: Database) -> dict[Cell, int]:
    async with database.read() as tx:
        return {Cell(*row[:-1]): row[-1] for row in await tx.execute(sa.select(answer_counts))}


async def remainders(database: Database) -> list[tuple[str, int]]:
    async with database.read() as tx:
        return [(row.cell, row._mapping["count"]) for row in await tx.execute(sa.select(answer_remainders))]


async def test_nine_tell_nothing_and_ten_are_told(database: Database) -> None:
    await answered(database, *({} for _ in range(9)))
    assert await leave(database) == 9
    assert await told(database) == {}
    await answered(database, {})
    await leave(database)
    assert await told(database) == {
        Cell(day=day, question="rsvp", subject="abc", answer="yes", area=area): 10
        for day in ("2016-11-16", "")
        for area in ("69", "R84", "FR")
    }
    assert await remainders(database) == []
    async with database.read() as tx:
        assert (await tx.execute(sa.select(responses))).all() == []


async def test_what_is_not_told_yet_has_no_name(database: Database) -> None:
    await answered(database, {"question": "commune", "subject": None, "answer": "69123"}, {"answer": "no"})
    await leave(database)
    waiting = await remainders(database)
    assert len(waiting) == 12
    assert {count for _, count in waiting} == {1}
    for word in ("rsvp", "commune", "69", "abc", "2016"):
        assert not any(word == name or f"{word}\n" in name for name, _ in waiting)
    assert all(len(name) == 64 for name, _ in waiting)


async def test_where_one_votes_is_counted_as_the_departement(database: Database) -> None:
    communes = [
        {"question": "commune", "subject": None, "answer": f"69{number}"} for number in range(101, 111)
    ]
    await answered(database, *communes)
    await leave(database)
    assert {(cell.answer, cell.subject) for cell in await told(database)} == {("69", "")}


async def test_people_abroad_are_counted_there(database: Database) -> None:
    await add_person(database, 1, {**NOWHERE, "territory": "abroad"})
    nowhere = dict.fromkeys(("commune", "department", "region"))
    await answered(database, *({"person": 1, **nowhere, "update_id": number} for number in range(10)))
    await leave(database)
    assert {cell.area for cell in await told(database)} == {"abroad", "FR"}


async def test_whatever_leaves_when_counts_grow_by_tens_and_nothing_is_lost(database: Database) -> None:
    """People leave one by one and in crowds: what is told is never more than the truth, nor ten less."""
    chance, truth = random.Random(7), Counter[tuple[str, str]]()
    for _ in range(12):
        crowd = [
            {
                "answer": chance.choice(["yes", "no"]),
                "department": chance.choice(["69", "75"]),
                "region": None,
            }
            for _ in range(chance.choice([1, 3, 40]))
        ]
        truth.update((each["answer"], each["department"]) for each in crowd)
        await answered(database, *crowd)
        await leave(database)
        for cell, count in (await told(database)).items():
            assert count % 10 == 0
            people = [
                people
                for (answer, place), people in truth.items()
                if answer == cell.answer
                and (cell.area in (place, "FR") or cell.area == {"69": "R84", "75": "R11"}[place])
            ]
            assert sum(people) - 10 < count <= sum(people)
    both = sum(count for _, count in await remainders(database)) + sum((await told(database)).values())
    assert both == 6 * sum(truth.values())


async def test_what_waits_survives_a_change_of_the_key(database: Database, tmp_path: Any) -> None:
    file = tmp_path / "suppression.key"
    await answered(database, *({} for _ in range(9)))
    await leave(database, await open_suppression_key(database, file))
    await change_suppression_key(database, file)
    await answered(database, {})
    await leave(database, await open_suppression_key(database, file))
    assert set((await told(database)).values()) == {10}
    assert await remainders(database) == []


async def visits_of(database: Database, answers: int, *, events: int) -> int:
    """How often the database's thread is visited while so many answers to so many events are counted."""
    await answered(database, *({"subject": f"e{number % events}"} for number in range(answers)))
    async with database.write() as tx:
        connection = connection_of(tx)
        before = connection._visits_begun
        assert await count_and_delete(tx, sa.true(), KEY) == answers
        return connection._visits_begun - before


async def test_many_answers_are_counted_in_as_few_visits_as_one(sqlite_database: Database) -> None:
    """Each visit waits for its turn beside everything else that is going on."""
    assert await visits_of(sqlite_database, 1, events=1) == 2
    assert await visits_of(sqlite_database, 200, events=60) == 2
