"""`portevoix events`: a file makes events and changes them, all of it or nothing; events leave as a calendar."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.staff
from bot.cli import main
from bot.settings import Settings
from bot.startup import opened
from db.schema import (
    approvals,
    audit,
    broadcasts,
    check_ins,
    deliveries,
    event_keys,
    events,
    people,
    rsvps,
    shift_places,
    shifts,
)
from tests.commanding import refusal
from tests.frozen import FROZEN
from tests.places import place_of
from tests.thorough import IS_THOROUGH

NOW = datetime(2016, 11, 16, 7, tzinfo=UTC)
HEADER = "key,starts_at,ends_at,commune,address,capacity,title_fr,area,invite"
LYON = "lyon,2016-11-24 19:00,2016-11-24 21:00,69123,Salle Molière,120,Réunion,69,yes"
PARIS = "paris,2016-11-23 19:00,2016-11-23 21:00,75056,Salle Pleyel,,Meeting,,"


async def ask(query: sa.Executable) -> list[tuple[object, ...]]:
    async with opened(Settings.from_environment()) as database, database.write() as tx:
        found = await tx.execute(query)
        return [tuple(row) for row in found] if found.returns_rows else []


def run(query: sa.Executable) -> list[tuple[object, ...]]:
    return asyncio.run(ask(query))


@pytest.fixture(autouse=True)
def supporters() -> None:
    """Three people of Lyon and one of Paris."""

    async def fill() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            for number, commune in enumerate(("69123", "69123", "69123", "75056"), start=1):
                row = {
                    "telegram_id": number,
                    "pseudonym": str(number),
                    "state": "registered",
                    "zone": "Europe/Paris",
                }
                agreed = {"consent_contact": True, "consent_commune": True, "registered_at": NOW}
                moments = {"created_at": NOW, "seen_at": NOW}
                await tx.execute(
                    sa.insert(people).values(territory="FR", **place_of(commune), **row, **agreed, **moments)
                )

    asyncio.run(fill())


def written(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> str:
    file = tmp_path / "events.csv"
    file.write_bytes("\n".join((header, *rows, "")).encode(encoding))
    return str(file)


def test_a_file_makes_events_invites_and_the_same_file_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, LYON, PARIS, encoding="cp1252")
    assert main(["events", "import", file, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "line 2: new: Réunion, Lyon (69123), 2016-11-24 19:00" in said
    assert "invites 3 people: in:69" in said
    assert said.endswith("Nothing was done: this is a dry run.\n")
    assert run(sa.select(events.c.id)) == []

    assert main(["events", "import", file]) == 0
    assert "2 new, 0 changed, 0 cancelled, 0 the same" in capsys.readouterr().out
    assert run(sa.select(events.c.state, events.c.capacity).order_by(events.c.commune)) == [
        ("open", 120),
        ("open", None),
    ]
    assert run(sa.select(sa.func.count()).select_from(deliveries)) == [(3,)]

    assert main(["events", "import", file]) == 0
    assert "0 new, 0 changed, 0 cancelled, 2 the same" in capsys.readouterr().out
    assert run(sa.select(sa.func.count()).select_from(events)) == [(2,)]
    assert run(sa.select(sa.func.count()).select_from(broadcasts)) == [(1,)]
    assert run(sa.select(audit.c.actor).where(audit.c.action == "import_events"))[0] == ("command line",)


def test_the_same_key_changes_the_event_and_tells_who_said_yes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", "import", written(tmp_path, LYON, PARIS)]) == 0
    ((event,),) = run(sa.select(event_keys.c.event).where(event_keys.c.key == "lyon"))
    run(sa.insert(rsvps).values(event=event, person=1, answer="yes", at=NOW))
    capsys.readouterr()

    moved = LYON.replace("19:00", "20:00").replace("21:00", "22:00").replace(",120,", ",80,")
    file = written(tmp_path, moved, PARIS)
    assert main(["events", "import", file, "--dry-run"]) == 0
    said = capsys.readouterr().out
    for each in (
        "line 2: changed: Réunion",
        "starts_at: 2016-11-24 19:00 -> 2016-11-24 20:00",
        "capacity: 120 -> 80",
        "tells 1 person who said yes or maybe",
    ):
        assert each in said
    assert main(["events", "import", file]) == 0
    changed = run(
        sa.select(events.c.starts_at, events.c.capacity, events.c.sequence).where(events.c.id == event)
    )
    assert changed == [(datetime(2016, 11, 24, 19, tzinfo=UTC), 80, 2)]
    told = sa.select(broadcasts.c.template).where(broadcasts.c.key.like("event:%:change:%"))
    assert run(told) == [("broadcasts/event_changed",)]


def test_one_line_that_cannot_be_done_and_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = PARIS.replace("2016-11-23", "2016-11-03")
    assert "cannot be imported" in refusal(capsys, "events", "import", written(tmp_path, LYON, past))
    assert "has faults" in refusal(capsys, "events", "import", written(tmp_path, LYON, "x,soon,,,,,,,"))
    assert main(["events", "import", written(tmp_path, LYON, past)]) == 2
    assert "line 3: It begins on 2016-11-03 at 19:00, which is past" in capsys.readouterr().err
    assert run(sa.select(events.c.id)) == []


def test_many_people_wait_for_a_second_person_as_in_the_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = tmp_path / "campaign.toml"
    text = (FROZEN / "campaign.toml").read_text(encoding="utf-8")
    assert "approval_above = 5000" in text
    campaign.write_text(text.replace("approval_above = 5000", "approval_above = 2"), encoding="utf-8")
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(campaign))
    assert main(["events", "import", written(tmp_path, LYON)]) == 0
    assert run(sa.select(events.c.state)) == [("hidden",)]
    assert run(sa.select(approvals.c.what, approvals.c.asked_by)) == [("broadcast", None)]


def test_a_member_of_the_team_imports_within_their_area(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def appoint() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            await db.staff.add(tx, telegram_id=1, role="organizer", area="69", added_by=None, now=NOW)

    asyncio.run(appoint())
    refusal(capsys, "events", "import", written(tmp_path, LYON, PARIS), "--as", "1")
    assert run(sa.select(events.c.id)) == []
    assert main(["events", "import", written(tmp_path, LYON), "--as", "1"]) == 0
    assert run(sa.select(events.c.created_by)) == [(1,)]
    assert "is known" in refusal(capsys, "events", "import", written(tmp_path, LYON), "--as", "99")


def test_a_calendar_goes_out_and_comes_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "import", written(tmp_path, LYON, PARIS)]) == 0
    calendar = tmp_path / "events.ics"
    assert main(["events", "export", str(calendar), "--area", "69"]) == 0
    assert "1 event written" in capsys.readouterr().out
    assert main(["events", "import", str(calendar)]) == 0
    assert "0 new, 0 changed, 0 cancelled, 1 the same" in capsys.readouterr().out
    calendar.write_bytes(calendar.read_bytes().replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"))
    assert main(["events", "import", str(calendar)]) == 0
    assert run(sa.select(events.c.state).where(events.c.commune == "69123")) == [("cancelled",)]
    assert "does not end in .ics" in refusal(capsys, "events", "export", "events.csv")


def test_events_are_listed_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "import", written(tmp_path, LYON)]) == 0
    ((event, code),) = run(sa.select(events.c.id, events.c.code))
    for person, answer in ((1, "yes"), (2, "waiting"), (3, "no")):
        run(
            sa.insert(rsvps).values(
                event=event, person=person, answer=answer, at=NOW, guests=2 if person == 1 else 0
            )
        )
    hours = {"starts_at": NOW, "ends_at": NOW}
    run(sa.update(events).values(has_shifts=True))
    run(sa.insert(shifts).values(id=1, event=event, role="welcome", capacity=1, **hours))
    for person, answer in ((1, "yes"), (2, "waiting")):
        run(sa.insert(shift_places).values(shift=1, person=person, answer=answer, at=NOW))
    run(sa.insert(check_ins).values(event=event, person=1, at=NOW, how="list"))
    capsys.readouterr()
    assert main(["events", "show", str(code), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["checked_in"], shown["attended"], shown["absent"]) == (1, 0, 0)
    (shift,) = shown["shifts"]
    assert (shift["role"], shift["capacity"], shift["taken"]) == ("welcome", 1, 1)
    assert (shift["waitlisted"], shift["offered"]) == (1, 0)
    assert (shown["yes"], shown["guests"], shown["waitlisted"], shown["no"]) == (1, 2, 1, 1)
    assert (shown["starts_at"], shown["capacity"], shown["state"]) == (
        "2016-11-24T19:00:00+01:00",
        120,
        "open",
    )
    assert main(["events", "list", "--json"]) == 0
    assert [each["code"] for each in json.loads(capsys.readouterr().out)] == [code]
    assert main(["events", "list"]) == 0
    assert "There is no event nothere" in refusal(capsys, "events", "show", "nothere")


def test_of_very_many_lines_the_one_that_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = 50_000 if IS_THOROUGH else 10_000
    rows = [f"k{number},2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,R,," for number in range(many)]
    rows[-1] = rows[-1].replace("2016-11-24 21:00", "2016-11-34 21:00")
    assert main(["events", "import", written(tmp_path, *rows)]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[0].startswith(f"line {many + 1}: ends_at is “2016-11-34 21:00”")
    assert run(sa.select(events.c.id)) == []
