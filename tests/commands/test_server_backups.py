"""`portevoix backup` and `restore` where PORTEVOIX_DATABASE is PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import Settings
from tests.commanding import refusal
from tests.commands.test_killed_copies import copies_in, stopped_halfway


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch, empty_postgresql: str) -> None:
    monkeypatch.setenv("PORTEVOIX_DATABASE", empty_postgresql)


def team(capsys: pytest.CaptureFixture[str]) -> set[str]:
    capsys.readouterr()
    assert main(["staff", "list"]) == 0
    return {line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:1].isdigit()}


def test_backup_change_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    assert str(Settings.from_environment().database_key_file) in capsys.readouterr().out
    assert "exists already" in refusal(capsys, "backup", str(copy))
    main(["staff", "add", "--telegram-id", "2", "--role", "admin"])
    assert main(["restore", str(copy)]) == 0
    said = capsys.readouterr().out
    assert "PostgreSQL is the backup" in said
    assert "postgresql.replaced" in said
    assert "since the backup, carried over: 1" in said
    assert team(capsys) == {"1"}
    assert main(["audit", "verify"]) == 0
    # What was replaced is a backup too.
    assert main(["restore", str(tmp_path / "data" / "postgresql.replaced")]) == 0
    assert team(capsys) == {"1", "2"}


def test_another_key_and_a_damaged_file_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy = tmp_path / "copy.db"
    main(["backup", str(copy)])
    monkeypatch.setenv("PORTEVOIX_DATABASE_KEY", "ab" * 32)
    assert "another key" in refusal(capsys, "restore", str(copy))
    monkeypatch.delenv("PORTEVOIX_DATABASE_KEY")
    copy.write_bytes(copy.read_bytes()[:10_000])
    assert "damaged" in refusal(capsys, "restore", str(copy))
    Settings.from_environment().database_key_file.unlink()
    assert "put the key file back" in refusal(capsys, "restore", str(copy))
    assert team(capsys) == {"1"}


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_killed_one_leaves_no_copy_for_long(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    main(["backup", str(tmp_path / "first.db")])
    with stopped_halfway(command, str(tmp_path / ("first.db" if command == "restore" else "copy.db"))):
        pass
    assert len(copies_in(tmp_path)) == 1
    assert main(["purge"]) == 0
    assert copies_in(tmp_path) == []
    assert team(capsys) == {"1"}


def test_a_backup_of_sqlite_moves_to_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = Settings.from_environment().database
    assert url is not None
    monkeypatch.delenv("PORTEVOIX_DATABASE")
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy, settings = tmp_path / "copy.db", Settings.from_environment()
    main(["backup", str(copy)])
    monkeypatch.setenv("PORTEVOIX_DATABASE", url)
    monkeypatch.setenv("PORTEVOIX_DATABASE_KEY_FILE", str(settings.database_key_file))
    assert main(["restore", str(copy)]) == 0
    assert team(capsys) == {"1"}
