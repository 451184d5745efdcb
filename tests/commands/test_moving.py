"""`portevoix db move` and `restore --drill`: everything arrives on the other engine, and nothing changes in a drill."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.moving
import db.people
import db.processes
from bot.cli import main
from bot.settings import Settings
from bot.startup import opened, present
from db.schema import broadcasts, deliveries, facts, people
from tests.commanding import refusal


async def fill() -> None:
    """What reads differently on the two engines: JSON, instants, text beyond ASCII, numbers that were given."""
    settings = Settings.from_environment()
    now = await present(settings)
    async with opened(settings) as database, database.write() as tx:
        rows = [
            {
                "telegram_id": 7_000_000_000 + number,
                "pseudonym": f"é{number}",
                "created_at": now,
                "seen_at": now,
            }
            for number in range(1, 1_203)
        ]
        await tx.execute(sa.insert(people), rows)
        await tx.execute(sa.delete(people).where(people.c.telegram_id == 7_000_001_202))
        await db.people.change(
            tx, 5, first_name="Zoé 🌍", latitude=45.7640431, longitude=-4.8, zone="Europe/Paris"
        )
        audience = {"b": [1, 2.5, None, True], "a": {"é": "ü"}, "c": ""}
        row = {"key": "k", "kind": "gotv", "state": "active", "audience": audience, "area": "FR"}
        await tx.execute(sa.insert(broadcasts).values(**row, starts_at=now, created_at=now))
        await tx.execute(
            sa.insert(deliveries).values(broadcast=1, person=5, state="in_doubt", due_at=now, changed_at=now)
        )


async def digests(url: str | None) -> dict[str, Any]:
    settings = Settings.from_environment()
    async with opened(settings.at(url) if url else settings) as database, database.read() as tx:
        return await db.moving.digests(tx)


def status(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {name: found[name] for name in ("staff", "supporters", "in_doubt", "due")}


def test_there_and_back(
    tmp_path: Path,
    empty_postgresql: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    asyncio.run(fill())
    main(["purge"])  # which makes the suppression key
    before, held = asyncio.run(digests(None)), status(capsys)
    assert before["people"][0] == 1_201
    assert main(["db", "move", empty_postgresql]) == 0
    said = capsys.readouterr().out
    assert f"{sum(count for count, _ in before.values()):,} rows" in said
    # The old one refuses, so that two bots cannot go on from the same point.
    assert "was moved to postgresql" in refusal(capsys, "staff", "list")
    monkeypatch.setenv("PORTEVOIX_DATABASE", empty_postgresql)
    assert asyncio.run(digests(None)) == before
    assert status(capsys) == held
    assert main(["audit", "verify"]) == 0
    back = f"sqlite:///{tmp_path / 'back' / 'again.db'}"
    (tmp_path / "back").mkdir()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{back}\n"))  # as from a file, for no list of processes
    assert main(["db", "move", "-"]) == 0
    assert str(Settings.from_environment().at(back).database_key_file) in capsys.readouterr().out
    assert "was moved to" in refusal(capsys, "staff", "list")
    monkeypatch.setenv("PORTEVOIX_DATABASE", back)
    assert asyncio.run(digests(None)) == before
    assert status(capsys) == held
    assert main(["audit", "verify"]) == 0
    # A number that was given once is not given again.
    assert main(["purge"]) == 0

    async def next_number() -> int:
        settings = Settings.from_environment()
        async with opened(settings) as database, database.write() as tx:
            return (await db.people.create(tx, telegram_id=9, pseudonym="n", now=await present(settings))).id

    assert asyncio.run(next_number()) == 1_203


def test_an_empty_standard_input_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not as a fault of PORTEVOIX_DATABASE, which nobody meant."""
    for typed in ("", "\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert "Standard input is empty" in refusal(capsys, "db", "move", "-")


def test_not_while_the_bot_runs_nor_onto_anything(
    tmp_path: Path, empty_postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])

    async def while_it_runs() -> str:
        async with opened(Settings.from_environment()) as bot:
            bot.claim()
            return await asyncio.to_thread(refusal, capsys, "db", "move", empty_postgresql)

    assert "running" in asyncio.run(while_it_runs())
    own = Settings.from_environment().data / "portevoix.db"
    assert "is the database itself" in refusal(capsys, "db", "move", f"sqlite:///{own}")
    other = tmp_path / "other.db"
    other.write_bytes(b"x")
    assert "exists already" in refusal(capsys, "db", "move", f"sqlite:///{other}")
    assert "not a database URL" in refusal(capsys, "db", "move", "mysql://x")

    async def used() -> None:
        settings = Settings.from_environment().at(empty_postgresql)
        async with opened(settings) as database, database.write() as tx:
            await db.people.create(tx, telegram_id=1, pseudonym="k", now=await present(settings))

    asyncio.run(used())
    assert "is not empty" in refusal(capsys, "db", "move", empty_postgresql)
    assert main(["staff", "list"]) == 0, "nothing was changed here"


def test_not_onto_a_server_on_which_a_bot_runs(
    empty_postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        async with (
            opened(Settings.from_environment().at(empty_postgresql)) as database,
            database.write() as tx,
        ):
            await db.processes.beat(tx, "another")

    asyncio.run(run())
    assert "The bot is running" in refusal(capsys, "db", "move", empty_postgresql)


def test_what_arrives_otherwise_is_not_moved(
    empty_postgresql: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row that is lost on the way is found by the comparison, and undoes all."""
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy_rows = db.moving.portable.copy_rows

    async def losing(source: Any, target: Any) -> None:
        await copy_rows(source, target)
        await target.execute(sa.delete(facts).where(facts.c.name == "audit_tail"))

    monkeypatch.setattr(db.moving.portable, "copy_rows", losing)
    assert "not what was sent (facts)" in refusal(capsys, "db", "move", empty_postgresql)
    assert main(["staff", "list"]) == 0
    monkeypatch.undo()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_drill_opens_counts_verifies_and_changes_nothing(
    tmp_path: Path,
    engine: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if engine == "postgresql":
        monkeypatch.setenv("PORTEVOIX_DATABASE", request.getfixturevalue("empty_postgresql"))
    assert "No backup is known" in refusal(capsys, "restore", "--drill")
    assert "Name the backup" in refusal(capsys, "restore")
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    asyncio.run(fill())
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    main(["staff", "add", "--telegram-id", "2", "--role", "admin"])
    before = asyncio.run(digests(None))
    files = sorted(str(file) for file in tmp_path.rglob("*") if "drill" in file.name)
    capsys.readouterr()
    assert main(["restore", "--drill"]) == 0
    said = capsys.readouterr().out
    assert f"{copy} opens, made on 2016-11-16 at 07:00 UTC" in said
    assert "people           1,201\n" in said
    assert "1 entry, the chain is whole" in said
    assert asyncio.run(digests(None)) == before
    assert sorted(str(file) for file in tmp_path.rglob("*") if "drill" in file.name) == files == []
    copy.write_bytes(copy.read_bytes()[:20_000])
    assert "damaged" in refusal(capsys, "restore", str(copy), "--drill")


def test_a_drill_finds_a_log_that_was_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])

    async def tamper() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            await tx.execute(sa.text("UPDATE audit SET actor = 'nobody'"))

    asyncio.run(tamper())
    copy = tmp_path / "copy.db"
    main(["backup", str(copy)])
    capsys.readouterr()
    assert main(["restore", str(copy), "--drill"]) == 1
    assert "changed after it was written" in capsys.readouterr().err
