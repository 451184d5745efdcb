"""The log after a restore: what was noted since the backup is carried over, and the restore itself is noted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions import witness
from bot.cli import main
from bot.settings import Settings
from bot.startup import opened
from db.audit import Entry, entries
from db.schema import audit as log
from tests.acting import NOW


def add(number: int) -> None:
    assert main(["staff", "add", "--telegram-id", str(number), "--role", "admin"]) == 0


async def noted() -> list[Entry]:
    async with opened(Settings.from_environment()) as database, database.read() as tx:
        return [entry async for entry in entries(tx)]


def log_of() -> list[Entry]:
    return asyncio.run(noted())


def head(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["audit", "head"]) == 0
    return capsys.readouterr().out.split()[1]


async def anchor() -> None:
    settings = Settings.from_environment()
    async with opened(settings) as database:
        await witness.anchor(database, settings.audit_anchor, NOW)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A backup of a log with one entry, to which two were added since; all of it is anchored."""
    add(1)
    assert main(["backup", str(tmp_path / "monday.db")]) == 0
    add(2)
    assert main(["staff", "revoke", "--telegram-id", "1"]) == 0
    asyncio.run(anchor())
    return tmp_path / "monday.db"


def test_what_was_noted_since_keeps_its_place_and_the_restore_is_noted(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, expected = log_of(), head(capsys)
    assert main(["restore", str(copy)]) == 0
    assert "since the backup, carried over: 2" in capsys.readouterr().out
    *earlier, note = log_of()
    assert earlier == before
    assert (note.actor, note.action) == ("command line", "restore")
    assert note.details.pop("user")
    assert note.details == {
        **{"file": "monday.db", "made_at": "2016-11-16T07:00:00+00:00"},
        **{"entries_of_the_backup": 1, "entries_carried_over": 2},
        **{"replaced_was_read": True, "log_went_on": True},
    }
    # Chain, anchors and what was noted by hand still fit.
    assert main(["audit", "verify", "--expect", expected]) == 0
    assert "Heads in the anchor file: 1, " in capsys.readouterr().out


def test_without_the_replaced_database_the_anchors_tell_what_is_lost(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "portevoix.db").unlink()
    assert main(["restore", str(copy)]) == 0
    assert [entry.action for entry in log_of()] == ["add_staff", "restore"]
    assert log_of()[-1].details["replaced_was_read"] is False
    capsys.readouterr()
    assert main(["audit", "verify"]) == 1
    assert "does not hold entry number 3" in capsys.readouterr().out


async def tamper() -> None:
    async with opened(Settings.from_environment()) as database, database.write() as tx:
        await tx.execute(sa.update(log).where(log.c.id == 2).values(actor="staff:9"))


def test_a_log_that_was_changed_does_not_take_the_place_of_the_backups(copy: Path) -> None:
    asyncio.run(tamper())
    assert main(["restore", str(copy)]) == 0
    actions = [entry.action for entry in log_of()]
    assert actions == ["add_staff", "carried_entry", "carried_entry", "restore"]
    assert [entry.details["action"] for entry in log_of()[1:3]] == ["add_staff", "revoke_staff"]
    assert log_of()[-1].details["log_went_on"] is False


def test_a_second_restore_goes_on_from_the_first_ones_note(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "portevoix.db").unlink()
    assert main(["restore", str(copy)]) == 0
    first = log_of()
    assert main(["restore", str(copy)]) == 0
    assert [entry.action for entry in log_of()] == ["add_staff", "restore", "restore"]
    assert log_of()[:2] == first


def test_a_log_that_went_another_way_is_carried_entry_by_entry(copy: Path, tmp_path: Path) -> None:
    """The database was lost, an old backup was put back, and then a newer one is found."""
    newer = tmp_path / "wednesday.db"
    assert main(["backup", str(newer)]) == 0
    (tmp_path / "data" / "portevoix.db").unlink()
    assert main(["restore", str(copy)]) == 0
    assert main(["restore", str(newer)]) == 0
    actions = [entry.action for entry in log_of()]
    assert actions == ["add_staff", "add_staff", "revoke_staff", "carried_entry", "restore"]
    assert log_of()[3].details["action"] == "restore"
    assert main(["audit", "verify"]) == 0


def test_the_anchors_may_lie_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "another machine" / "anchors"
    monkeypatch.setenv("PORTEVOIX_AUDIT_ANCHOR", str(file))
    add(1)
    asyncio.run(anchor())
    line = file.read_text().split()
    assert line[1:] == ["1", head(capsys)]
    file.write_text(f"{line[0]} 1 {'0' * 64}\n")
    assert main(["audit", "verify"]) == 1
    assert "which the anchor file noted on" in capsys.readouterr().out
