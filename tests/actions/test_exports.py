"""Exports: one row per answer, within the area, pseudonymous unless agreed, in every format."""

from __future__ import annotations

import csv
import importlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.actions import exports
from bot.actions.exports import ExportTooLarge, Order
from bot.exporting.cells import harmless
from bot.exporting.formats import FORMATS
from bot.exporting.layouts import LAYOUTS
from bot.exporting.pseudonyms import Pseudonyms
from bot.exporting.tables import TABLES
from db.engine import Database
from db.exports import SOURCES, Selection
from db.schema import answer_counts, broadcasts, deliveries, hosts, rsvps, shift_places, shifts, vote_plans
from tests.exported import LYON, NOON, PARIS, add_answer, add_event, add_person, tell


@pytest.fixture
async def told(database: Database) -> Database:
    return await tell(database)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """People stand in the files under the name that never leaves the database, for tests of everything else."""
    monkeypatch.setattr(Pseudonyms, "of", lambda self, person, lasts=False: person)


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    """Which answers these are: each was given in an hour of its own."""
    return sorted(datetime.fromisoformat(row["at"]).hour - NOON.hour for row in rows)


async def rows_of(database: Database, table: str, **selection: Any) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    order = Order(table=table, format="jsonl", selection=Selection(**selection))
    await exports.write(database, order, stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_there_is_one_row_for_each_answer(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.exports.CHUNK", 2)
    assert numbers(await rows_of(told, "responses")) == [1, 2, 3, 5]


async def test_an_area_sees_its_own_answers(told: Database) -> None:
    """The one given before the commune was known counts; an answer that leads to nobody is no row."""
    assert numbers(await rows_of(told, "responses", area="69")) == [1, 2]
    assert numbers(await rows_of(told, "responses", area="R11")) == [3, 5]
    assert numbers(await rows_of(told, "responses", area="75056")) == [3, 5]
    assert await rows_of(told, "responses", area="abroad") == []


async def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(told: Database) -> None:
    found = await rows_of(told, "responses", since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=4))
    assert numbers(found) == [2, 3]


async def test_rows_about_one_event_or_one_ballot(told: Database) -> None:
    """A ballot's number and an event's code are told apart by the question: this event's code is a number."""
    await add_answer(told, 6, 1, LYON, question="turnout", subject="1", answer="voted")
    await add_answer(told, 7, 1, LYON, question="rsvp", subject="1")
    await add_answer(told, 8, 1, LYON, question="turnout", subject="2", answer="later")
    assert numbers(await rows_of(told, "responses", ballot=1)) == [6]
    assert numbers(await rows_of(told, "responses", event="1")) == [7]
    assert numbers(await rows_of(told, "responses", event="abc", area="75")) == [3, 5]
    async with told.write() as tx:
        await tx.execute(sa.insert(vote_plans).values(person=3, ballot=1, at=NOON))
    assert [row["supporter"] for row in await rows_of(told, "supporters", ballot=1)] == ["p3"]
    assert await rows_of(told, "supporters", ballot=1, area="69") == []


async def test_only_those_who_agreed_are_named(told: Database) -> None:
    known, hidden, _, stopped = await rows_of(told, "responses")
    assert (known["telegram_id"], known["commune"], known["answer"]) == (1001, "69123", "69123")
    assert (hidden["telegram_id"], hidden["first_name"], hidden["commune"]) == (None, None, None)
    assert (hidden["supporter"], hidden["answer"]) == ("p2", "69")
    assert stopped["telegram_id"] is None


async def test_the_supporters_of_an_area(told: Database) -> None:
    named, hidden = await rows_of(told, "supporters", area="69")
    assert (named["supporter"], named["telegram_id"]) == ("p1", 1001)
    assert (hidden["supporter"], hidden["telegram_id"], hidden["department"]) == ("p2", None, "69")


async def test_counts_of_who_left_are_told_by_area_day_and_subject(told: Database) -> None:
    """An area is told of itself and of what lies in it; a period takes whole days, and no total over all of them."""
    days = ("", "2016-11-15", "2016-11-16")
    about = (("rsvp", "abc"), ("rsvp", "1"), ("turnout", "1"), ("shift", "abc"), ("event.stars", "abc"))
    about = (*about, ("delete", ""))
    rows = [
        {"day": day, "question": question, "subject": subject, "answer": "yes", "area": area, "count": 10}
        for day in days
        for question, subject in about
        for area in ("69", "R84", "75", "R11", "FR", "abroad")
    ]
    async with told.write() as tx:
        await tx.execute(sa.insert(answer_counts), rows)

    async def told_of(column: str, **selection: Any) -> set[str]:
        return {row[column] for row in await rows_of(told, "answer_counts", **selection)}

    assert len(await rows_of(told, "answer_counts")) == len(rows)
    # What is empty is no text: the total over all days, and a question that is about nothing.
    assert await told_of("day", area="69") == {None, "2016-11-15", "2016-11-16"}
    assert await told_of("subject", area="69") == {"abc", "1", None}
    assert await told_of("area", area="69") == {"69"}
    assert await told_of("area", area="R84") == {"69", "R84"}
    assert await told_of("area", area="abroad") == {"abroad"}
    assert await told_of("area", area="69123") == set()
    assert await told_of("day", since=NOON - timedelta(days=1)) == {"2016-11-16"}
    assert await told_of("day", until=NOON) == {"2016-11-15"}
    assert await told_of("question", event="1") == {"rsvp"}
    assert await told_of("question", event="abc") == {"rsvp", "shift", "event.stars"}
    assert await told_of("question", ballot=1) == {"turnout"}


async def test_how_many_somebody_brought_is_told_and_not_whom(told: Database) -> None:
    """Two signed up by the first one's link; of whoever has not, nothing is counted."""
    await add_person(told, 5, PARIS, recruiter=1)
    await add_person(told, 6, LYON, recruiter=1)
    await add_person(told, 7, LYON, recruiter=1, state="new", registered_at=None)
    rows = await rows_of(told, "supporters")
    assert [row["recruited"] for row in rows] == [2, 0, 0, 0, 0, 0]
    assert not [name for name in rows[0] if "recruiter" in name]
    shown = [
        column.name
        for layout in LAYOUTS.values()
        for each in layout.shapes.values()
        for column in each.columns
    ]
    assert not [name for name in shown if "recruiter" in name]


async def test_deliveries_and_attendance(told: Database) -> None:
    await add_event(told)
    async with told.write() as tx:
        broadcast = {
            "id": 1,
            "key": "step:1:go",
            "kind": "civic_neutral",
            "ballot": 1,
            "step": "go",
            "audience": {},
        }
        await tx.execute(
            sa.insert(broadcasts).values(**broadcast, area="FR", starts_at=NOON, created_at=NOON)
        )
        due = {"broadcast": 1, "due_at": NOON, "changed_at": NOON, "state": "sent", "sent_at": NOON}
        await tx.execute(
            sa.insert(deliveries), [{**due, "person": 1}, {**due, "person": 3}, {**due, "person": None}]
        )
        answers = [{"event": 1, "person": person, "answer": "yes", "at": NOON} for person in (1, 3)]
        await tx.execute(sa.insert(rsvps), answers)
        hours = {"role": "welcome", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}
        await tx.execute(sa.insert(shifts).values(id=7, event=1, capacity=2, **hours))
        places = [{"shift": 7, "person": each, "answer": "yes", "at": NOON} for each in (1, 3)]
        await tx.execute(sa.insert(shift_places), places)
        await tx.execute(sa.insert(hosts).values(event=1, person=1, part="host", since=NOON))
    for name, told_there in (("shifts", [1001, None]), ("hosts", [1001])):
        assert [row["telegram_id"] for row in await rows_of(told, name, area="69", event="abc")] == told_there
        assert await rows_of(told, name, area="75") == await rows_of(told, name, event="abd") == []
    assert [row["supporter"] for row in await rows_of(told, "deliveries")] == [None, "p1", "p3"]
    assert [row["step"] for row in await rows_of(told, "deliveries", area="69")] == ["go"]
    assert [row["step"] for row in await rows_of(told, "deliveries", area="69", ballot=1)] == ["go"]
    assert await rows_of(told, "deliveries", ballot=2) == []
    assert await rows_of(told, "deliveries", event="abc") == []
    here, elsewhere = await rows_of(told, "attendance", area="69")
    assert (here["supporter"], here["telegram_id"]) == ("p1", 1001)
    # Who votes in Paris came to Lyon: counted by Lyon's team, and named only to Paris's and to the whole campaign.
    assert (elsewhere["supporter"], elsewhere["telegram_id"], elsewhere["commune"]) == ("p3", None, None)
    assert [row["telegram_id"] for row in await rows_of(told, "attendance", event="abc")] == [1001, 1003]
    assert await rows_of(told, "attendance", area="75") == []
    assert await rows_of(told, "attendance", event="abd") == []
    assert [row["supporter"] for row in await rows_of(told, "supporters", event="abc", area="75")] == ["p3"]


async def test_nationbuilder_imports_people_and_names_those_who_agreed(told: Database) -> None:
    stream = io.BytesIO()
    order = Order(table="supporters", format="csv", layout="nationbuilder", selection=Selection(area="69"))
    assert await exports.write(told, order, stream) == 2
    known, hidden = csv.DictReader(io.StringIO(stream.getvalue().decode()))
    assert (known["external_id"], known["first_name"], known["address_city"]) == (
        "p1",
        "'=HYPERLINK(1)",
        "Lyon",
    )
    assert known["address_zip"] == ""  # Lyon has several
    assert (known["is_volunteer"], known["created_at"]) == ("N", "2016-11-16T12:00:00.000Z")
    assert (hidden["external_id"], hidden["first_name"], hidden["address_city"]) == ("p2", "", "")
    assert "portevoix-pseudonymous" in hidden["tag_list"].split(",")
    assert not {"email_opt_in", "mobile_opt_in"} & set(known)  # consent here is consent to neither


async def test_osdi_people(told: Database) -> None:
    stream = io.BytesIO()
    order = Order(table="supporters", format="jsonl", layout="osdi", selection=Selection(area="69"))
    await exports.write(told, order, stream)
    known, hidden = map(json.loads, stream.getvalue().splitlines())
    assert known["identifiers"] == ["portevoix:p1"]
    assert (known["given_name"], known["created_date"]) == ("=HYPERLINK(1)", "2016-11-16T12:00:00.000Z")
    assert known["postal_addresses"] == [
        {"primary": True, "locality": "Lyon", "region": "69", "country": "FR"}
    ]
    assert hidden["given_name"] is None
    assert hidden["postal_addresses"] == [{"primary": True, "region": "69", "country": "FR"}]
    assert "1001" not in str(known["identifiers"])


async def test_osdi_attendances(told: Database) -> None:
    await add_event(told)
    async with told.write() as tx:
        answers = [
            {"event": 1, "person": 1, "answer": "yes", "at": NOON, "attended": True},
            {"event": 1, "person": 2, "answer": "maybe", "at": NOON, "attended": None},
        ]
        await tx.execute(sa.insert(rsvps), answers)
    stream = io.BytesIO()
    order = Order(table="attendance", format="jsonl", layout="osdi", selection=Selection())
    await exports.write(told, order, stream)
    came, hidden = map(json.loads, stream.getvalue().splitlines())
    assert (came["status"], came["attended"], came["action_date"]) == (
        "accepted",
        True,
        "2016-11-16T12:00:00.000Z",
    )
    assert (came["person"]["given_name"], came["event"]["title"]) == ("=HYPERLINK(1)", "Réunion")
    assert (hidden["status"], hidden["attended"]) == ("tentative", None)
    assert hidden["person"] == {"identifiers": ["portevoix:p2"], "origin_system": "portevoix"}


@pytest.mark.parametrize("table", TABLES)
async def test_the_columns_are_those_of_the_query(table: str) -> None:
    names = [column.name for column in SOURCES[table](Selection()).query.selected_columns]
    assert names == [column.name for column in TABLES[table].columns]


def test_every_column_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
    missing = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if f"`{column.name}`" not in documented.partition(f"## {table.name}\n")[2].partition("\n## ")[0]
    }
    assert not missing


def test_every_column_of_a_layout_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
    layouts = documented.partition("## Layouts\n")[2].partition("\n## ")[0]
    for layout in LAYOUTS.values():
        for shape in layout.shapes.values():
            assert [column.name for column in shape.columns if f"`{column.name}`" not in layouts] == []


async def test_csv_runs_no_formula(told: Database) -> None:
    stream = io.BytesIO()
    await exports.write(told, Order(table="supporters", format="csv", selection=Selection()), stream)
    first = next(csv.DictReader(io.StringIO(stream.getvalue().decode())))
    assert first["first_name"] == "'=HYPERLINK(1)"
    assert first["registered_at"] == "2016-11-16T12:00:00.000Z"
    assert first["consent_team"] == "true"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+33", "'+33"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ("a=1", "a=1"),
        ("", ""),
        # A spreadsheet set to French cuts at semicolons, and takes a quote in the middle for a quote.
        ("Lyon;=1+1", "Lyon;'=1+1"),
        ('Lyon; "=1+1"', 'Lyon; "\'=1+1"'),
        ("a\n-1\tb", "a\n'-1\tb"),
        ("a\t＝1", "a\t'＝1"),
        ("=a;+b", "'=a;'+b"),
        ("7; rue du Bac, 3-5", "7; rue du Bac, 3-5"),
    ],
)
def test_formulas_are_made_harmless(typed: str, shown: str) -> None:
    assert harmless(typed) == shown


async def test_xlsx_holds_text_and_no_formula(told: Database, tmp_path: Path) -> None:
    file = tmp_path / "supporters.xlsx"
    with file.open("wb") as stream:
        order = Order(table="supporters", format="xlsx", selection=Selection())
        assert await exports.write(told, order, stream) == 4
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet
    assert sheet.count("<row>") == 5


async def test_parquet_is_typed(told: Database, tmp_path: Path) -> None:
    parquet = importlib.import_module("pyarrow.parquet")
    file = tmp_path / "responses.parquet"
    with file.open("wb") as stream:
        await exports.write(told, Order(table="responses", format="parquet", selection=Selection()), stream)
    table = parquet.read_table(file)
    assert table.column("people").to_pylist() == [1, 1, 1, 1]
    assert table.column("at").to_pylist()[0] == NOON + timedelta(hours=1)


async def test_an_empty_export_is_a_whole_file(database: Database) -> None:
    formats = [name for name, each in FORMATS.items() if each.package != "pyarrow"]
    for table, format_ in product(TABLES, formats):
        order, stream = Order(table=table, format=format_, selection=Selection()), io.BytesIO()
        assert await exports.write(database, order, stream) == 0, order
        assert stream.getvalue() or format_ == "jsonl", order


RESPONSES = Order(table="responses", format="csv", selection=Selection(area="69"))


async def test_a_file_made_while_it_is_read_is_the_same(told: Database) -> None:
    for format_ in FORMATS:
        order = Order(table="responses", format=format_, selection=Selection())
        whole = io.BytesIO()
        await exports.write(told, order, whole)
        parts = [part async for part in exports.content(told, order)]
        if format_ == "xlsx":  # its parts carry the time
            with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as book:
                assert book.testzip() is None
                assert b"p1" in book.read("xl/worksheets/sheet1.xml")
        else:
            assert b"".join(parts) == whole.getvalue()


async def test_what_grows_too_large_is_given_up(told: Database) -> None:
    with pytest.raises(ExportTooLarge):
        await exports.write(told, RESPONSES, io.BytesIO(), most_bytes=100)


async def test_progress_is_told(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.exports.CHUNK", 2)
    seen = []

    async def note(rows: int) -> None:
        seen.append(rows)

    await exports.write(told, replace(RESPONSES, selection=Selection()), io.BytesIO(), progress=note)
    assert seen == [2, 4, 4]


IN_ORDER = {
    "messages of a département for its team": ("deliveries", Selection(area="69", known_in=("69",))),
    "answers of a département for its team": ("responses", Selection(area="69", known_in=("69", "75"))),
    "supporters of a département for its team": ("supporters", Selection(area="69", known_in=("69",))),
    "everything": ("responses", Selection()),
    "a period": ("responses", Selection(since=NOON, until=NOON)),
    "a département": ("responses", Selection(area="69")),
    "people abroad": ("responses", Selection(area="abroad")),
    "an event": ("responses", Selection(event="abc")),
    "every message": ("deliveries", Selection(since=NOON)),
    "messages of a département": ("deliveries", Selection(area="69")),
    "messages of a region": ("deliveries", Selection(area="R84", ballot=1)),
    "messages of a city": ("deliveries", Selection(area="75056")),
    "supporters of a département": ("supporters", Selection(area="69")),
    "supporters of a region": ("supporters", Selection(area="R84")),
}


@pytest.mark.parametrize("name", IN_ORDER)
async def test_what_may_be_millions_is_not_sorted_first(sqlite_database: Database, name: str) -> None:
    """By an index SQLite would find the rows in another order, and sort all of them in memory."""
    table, selection = IN_ORDER[name]
    source = SOURCES[table](selection)
    query = source.query.order_by(*source.keys)
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with sqlite_database.read() as tx:
        plan = (await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")).all()
    assert not [step for step in plan if "TEMP B-TREE FOR ORDER BY" in str(step)]
