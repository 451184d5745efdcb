"""Files of an area for its team, and the pseudonyms of files: who did not agree has no row and no name that lasts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from bot.actions import exports
from bot.actions.exports import Order
from bot.exporting.pseudonyms import Pseudonyms, new_key
from db.engine import Database
from db.exports import Selection
from tests.exported import LYON, NOON, PARIS, add_answer, add_person, tell

TEAM = Selection(area="69", known_in=("69",))


@pytest.fixture
async def told(database: Database) -> Database:
    """Two people of Lyon, one of whom is known to the team, and two of Paris."""
    await tell(database)
    async with database.write() as tx:
        order = Order(table="supporters", format="csv", selection=Selection())
        await exports.note(tx, order, actor="test", now=NOON)
    return database


async def rows_of(
    database: Database, table: str, selection: Selection, *, key: bytes | None = None, **order: Any
) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    wanted = Order(table=table, format="jsonl", selection=selection, **order)
    await exports.write(database, wanted, stream, key=key)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def names(database: Database, table: str, selection: Selection, **more: Any) -> set[str]:
    return {row["supporter"] for row in await rows_of(database, table, selection, **more)}


async def test_who_refused_the_team_has_no_row_in_its_file(told: Database) -> None:
    """One supporter of the commune refused: neither a row nor a count tells of them."""
    for table in ("supporters", "responses"):
        rows = await rows_of(told, table, TEAM)
        assert [row["first_name"] for row in rows] == ["=HYPERLINK(1)"]
        assert {row["telegram_id"] for row in rows} == {None}
    alone = replace(TEAM, area="69123")
    assert [row["people"] for row in await rows_of(told, "responses", alone)] == [1]


async def test_others_are_counted_in_whole_tens_from_ten_on(told: Database) -> None:
    for number in range(20, 34):
        await add_person(told, number, LYON)
        await add_answer(told, number % 12, number, LYON, update_id=number)
    counted = [row for row in await rows_of(told, "responses", TEAM) if row["supporter"] is None]
    assert [(row["question"], row["answer"], row["people"]) for row in counted] == [("rsvp", "yes", 10)]
    assert {counted[0][name] for name in ("at", "commune", "department", "broadcast")} == {None}
    (people,) = [row for row in await rows_of(told, "supporters", TEAM) if row["supporter"] is None]
    assert (people["department"], people["state"], people["people"]) == ("69", "registered", 10)


async def test_ten_answers_of_one_person_are_not_told(told: Database) -> None:
    for number in range(10):
        await add_answer(told, number, 2, LYON, update_id=100 + number)
    assert [row["supporter"] for row in await rows_of(told, "responses", TEAM)].count(None) == 0


async def test_whoever_may_know_two_areas_has_the_rows_of_both(told: Database) -> None:
    """Who came to Lyon from Paris is known to the same coordinator."""
    both = Selection(area="FR", known_in=("69", "75"))
    assert {row["commune"] for row in await rows_of(told, "supporters", both)} == {"69123", "75115"}


async def test_two_exports_of_the_whole_campaign_cannot_be_joined(told: Database) -> None:
    for table in ("supporters", "responses"):
        first, second = [await names(told, table, Selection()) for _ in range(2)]
        assert not first & second
        assert not (first | second) & {"p1", "p2", "p3", "p4"}


async def test_tables_that_are_ordered_together_can_be_joined(told: Database) -> None:
    key = new_key()
    people = await names(told, "supporters", Selection(), key=key)
    assert await names(told, "responses", Selection(), key=key) <= people


async def test_who_is_known_keeps_a_name_in_the_files_of_teams_and_other_systems(told: Database) -> None:
    """Another one than in any other file, so that those of the whole campaign cannot be joined by it."""
    first, second = [await names(told, "supporters", TEAM) for _ in range(2)]
    assert first == second
    imported = [await rows_of(told, "supporters", Selection(), layout="osdi") for _ in range(2)]
    known, hidden = [
        [{row["identifiers"][0] for row in rows if bool(row["given_name"]) is named} for rows in imported]
        for named in (True, False)
    ]
    assert known[0] == known[1]
    assert {f"portevoix:{name}" for name in first} <= known[0]
    assert not hidden[0] & hidden[1]
    assert not first & await names(told, "supporters", Selection())


async def test_instants_and_periods_are_cut_to_the_hour(told: Database) -> None:
    await add_person(told, 9, PARIS, registered_at=NOON.replace(minute=47, second=12))
    rows = await rows_of(told, "supporters", Selection(since=NOON.replace(minute=50)))
    assert {row["registered_at"] for row in rows} == {"2016-11-16T12:00:00.000Z"}
    assert len(rows) == 5
    assert await rows_of(told, "supporters", Selection(until=NOON.replace(minute=50))) == []


def test_a_block_of_rows_does_not_keep_its_order_but_each_persons_does() -> None:
    rows = [(number, f"p{number % 40}") for number in range(400)]
    pseudonyms = [Pseudonyms(key=new_key(), lasting=new_key()) for _ in range(2)]
    one, other = [each.put_on(rows, supporter=1, lasts_where=None) for each in pseudonyms]
    assert sorted(row[0] for row in one) == list(range(400))
    assert [row[0] for row in one] != [row[0] for row in other] != list(range(400))
    for person in {row[1] for row in one}:
        mine = [row[0] for row in one if row[1] == person]
        assert mine == sorted(mine)
