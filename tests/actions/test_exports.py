"""Exports: one row per answer, within the area, pseudonymous unless agreed, in every format."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.people
from bot import communes
from bot.actions import audit, exports
from bot.actions.authority import Author
from bot.actions.exports import ExportTooLarge, Order
from bot.errors import NotAllowed
from bot.exporting.formats import FORMATS, harmless
from bot.exporting.tables import TABLES
from bot.rules.permissions import Role, Staff
from db.engine import Database
from db.exports import SOURCES, Selection
from db.schema import audit as audit_rows
from db.schema import broadcasts, deliveries, event_texts, events, people, responses, rsvps
from tests.conversation import CAMPAIGN

NOON = datetime(2016, 11, 16, 12, 0, tzinfo=UTC)
LYON = {"commune": "69123", "department": "69", "region": "84", "territory": "FR"}
PARIS = {"commune": "75115", "department": "75", "region": "11", "territory": "FR"}


async def add_person(database: Database, number: int, place: dict[str, Any], **values: Any) -> None:
    row = {
        "id": number,
        "telegram_id": 1000 + number,
        "pseudonym": f"p{number}",
        "state": "registered",
        "first_name": f"Name{number}",
        "created_at": NOON,
        "registered_at": NOON,
        "seen_at": NOON,
        **place,
        **values,
    }
    async with database.write() as tx:
        await tx.execute(sa.insert(people).values(row))


async def add_answer(
    database: Database, number: int, person: int | None, place: dict[str, Any], **values: Any
) -> None:
    row = {
        "at": NOON + timedelta(hours=number),
        "person": person,
        "question": "rsvp",
        "subject": "abc",
        "answer": "yes",
        "update_id": number,
        **{name: place[name] for name in ("commune", "department", "region")},
        **values,
    }
    async with database.write() as tx:
        await tx.execute(sa.insert(responses).values(row))


@pytest.fixture
async def told(database: Database) -> Database:
    """Camille of Lyon is known to the team, Dominique of Lyon is not, Claude votes in Paris, one was erased."""
    await add_person(database, 1, LYON, consent_team=True, first_name="=HYPERLINK(1)")
    await add_person(database, 2, LYON)
    await add_person(database, 3, PARIS, consent_team=True)
    await add_person(database, 4, PARIS, consent_team=True, state="stopped")
    nowhere = dict.fromkeys(LYON)
    await add_answer(database, 1, 1, LYON, question="commune", answer="69123", subject=None)
    await add_answer(database, 2, 2, nowhere, question="commune", answer="69123", subject=None)
    await add_answer(database, 3, 3, PARIS)
    await add_answer(database, 4, None, LYON)
    await add_answer(database, 5, 4, PARIS)
    return database


async def rows_of(database: Database, table: str, **selection: Any) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    order = Order(table=table, format="jsonl", selection=Selection(**selection))
    await exports.write(database, order, stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_there_is_one_row_for_each_answer(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.exports.CHUNK", 2)
    assert [row["id"] for row in await rows_of(told, "responses")] == [1, 2, 3, 4, 5]


async def test_an_area_sees_its_own_answers(told: Database) -> None:
    """The one given before the commune was known counts; and what an erased person said there."""
    assert [row["id"] for row in await rows_of(told, "responses", area="69")] == [1, 2, 4]
    assert [row["id"] for row in await rows_of(told, "responses", area="R11")] == [3, 5]
    assert [row["id"] for row in await rows_of(told, "responses", area="75056")] == [3, 5]
    assert await rows_of(told, "responses", area="abroad") == []


async def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(told: Database) -> None:
    found = await rows_of(told, "responses", since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=4))
    assert [row["id"] for row in found] == [2, 3]


async def test_only_those_who_agreed_are_named(told: Database) -> None:
    known, hidden, _, erased, stopped = await rows_of(told, "responses")
    assert (known["telegram_id"], known["commune"], known["answer"]) == (1001, "69123", "69123")
    assert (hidden["telegram_id"], hidden["first_name"], hidden["commune"]) == (None, None, None)
    assert (hidden["supporter"], hidden["answer"]) == ("p2", "69")
    assert erased["supporter"] is None
    assert stopped["telegram_id"] is None


async def test_the_supporters_of_an_area(told: Database) -> None:
    named, hidden = await rows_of(told, "supporters", area="69")
    assert (named["supporter"], named["telegram_id"]) == ("p1", 1001)
    assert (hidden["supporter"], hidden["telegram_id"], hidden["department"]) == ("p2", None, "69")


async def test_deliveries_and_attendance(told: Database) -> None:
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
        event = {
            "id": 1,
            "code": "abc",
            "starts_at": NOON,
            "ends_at": NOON,
            "zone": "Europe/Paris",
            "address": "x",
        }
        await tx.execute(sa.insert(events).values(**event, **LYON, created_at=NOON))
        await tx.execute(
            sa.insert(event_texts).values(event=1, language="fr", title="Réunion", description="")
        )
        answers = [{"event": 1, "person": person, "answer": "yes", "at": NOON} for person in (1, 3)]
        await tx.execute(sa.insert(rsvps), answers)
    assert [row["supporter"] for row in await rows_of(told, "deliveries")] == ["p1", "p3", None]
    assert [row["step"] for row in await rows_of(told, "deliveries", area="69")] == ["go"]
    assert [row["supporter"] for row in await rows_of(told, "attendance", area="69")] == ["p1", "p3"]
    assert await rows_of(told, "attendance", area="75") == []


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
    assert sheet.count("<row ") == 5


async def test_parquet_is_typed(told: Database, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "responses.parquet"
    with file.open("wb") as stream:
        await exports.write(told, Order(table="responses", format="parquet", selection=Selection()), stream)
    table = parquet.read_table(file)
    assert table.column("id").to_pylist() == [1, 2, 3, 4, 5]
    assert table.column("at").to_pylist()[0] == NOON + timedelta(hours=1)


@pytest.mark.parametrize("format_", [name for name, each in FORMATS.items() if each.package != "pyarrow"])
@pytest.mark.parametrize("table", TABLES)
async def test_an_empty_export_is_a_whole_file(
    database: Database, table: str, format_: str, tmp_path: Path
) -> None:
    with (tmp_path / "empty").open("wb") as stream:
        assert (
            await exports.write(database, Order(table=table, format=format_, selection=Selection()), stream)
            == 0
        )
    assert (tmp_path / "empty").stat().st_size > 0 or format_ == "jsonl"


RESPONSES = Order(table="responses", format="csv", selection=Selection(area="69"))
COORDINATOR = Staff(id=1, role=Role.COORDINATOR, area="69")


async def author_with(database: Database, role: Staff) -> Author:
    async with database.read() as tx:
        person = await db.people.get(tx, 1)
    assert person is not None
    return Author(person=person, roles=(role,), campaign=CAMPAIGN, gazetteer=communes.load(), now=NOON)


async def test_an_export_in_the_chat_is_checked_and_noted(told: Database) -> None:
    author = await author_with(told, COORDINATOR)
    async with told.write() as tx:
        assert await exports.order_in_chat(tx, author, RESPONSES) == 3
    async with told.read() as tx:
        (noted,) = (await tx.execute(sa.select(audit_rows))).all()
        assert (await audit.verify(tx)).faults == ()
    assert (noted.actor, noted.action, noted.details["area"]) == ("staff:1001", "export_responses", "69")
    assert Order.from_details(noted.details) == RESPONSES


REFUSED = {
    "another département": (COORDINATOR, replace(RESPONSES, selection=Selection(area="75"))),
    "everywhere": (COORDINATOR, replace(RESPONSES, selection=Selection())),
    "the audit log": (COORDINATOR, replace(RESPONSES, table="audit")),
    "the audit log, by an admin of one area": (
        replace(COORDINATOR, role=Role.ADMIN),
        replace(RESPONSES, table="audit"),
    ),
    "an organizer": (replace(COORDINATOR, role=Role.ORGANIZER), RESPONSES),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_export_beyond_role_or_area_is_refused(told: Database, name: str) -> None:
    staff, order = REFUSED[name]
    author = await author_with(told, staff)
    async with told.write() as tx:
        with pytest.raises(NotAllowed):
            await exports.order_in_chat(tx, author, order)
    async with told.read() as tx:
        assert (await tx.execute(sa.select(audit_rows))).first() is None


async def test_what_is_too_large_for_the_chat_is_refused(
    told: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHAT_ROWS", 2)
    author = await author_with(told, COORDINATOR)
    async with told.write() as tx:
        with pytest.raises(ExportTooLarge):
            await exports.order_in_chat(tx, author, RESPONSES)


async def test_the_producer_makes_the_ordered_file(told: Database, tmp_path: Path) -> None:
    produce = exports.Producer(told, tmp_path / "exports")
    file = await produce({**RESPONSES.details, "number": 7})
    assert file.name == "responses-69-7.csv"
    assert len(file.read_text().splitlines()) == 4
    assert names_in(file.parent) == [file.name]


async def test_the_producer_never_leaves_part_of_a_file(
    told: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHAT_BYTES", 100)
    with pytest.raises(ExportTooLarge):
        await exports.Producer(told, tmp_path / "exports")({**RESPONSES.details, "number": 7})
    assert names_in(tmp_path / "exports") == []


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
