"""`portevoix db …`, `backup`, `restore` and `purge`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from tests.commanding import refusal


def test_a_lost_key_is_told_and_nothing_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "upgrade"])
    capsys.readouterr()
    before = (tmp_path / "data" / "portevoix.db").read_bytes()
    (tmp_path / "data" / "database.key").unlink()
    assert "put the key file back" in refusal(capsys, "staff", "list")
    assert (tmp_path / "data" / "portevoix.db").read_bytes() == before
    assert not (tmp_path / "data" / "database.key").exists()


def test_backup_change_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    assert "exists already" in refusal(capsys, "backup", str(copy))
    main(["staff", "add", "--telegram-id", "2", "--role", "admin"])
    assert main(["restore", str(copy)]) == 0
    capsys.readouterr()
    main(["staff", "list"])
    said = capsys.readouterr().out
    assert "\n1 " in said
    assert "\n2 " not in said


def test_a_new_key_opens_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    key = (tmp_path / "data" / "database.key").read_text()
    assert main(["db", "rekey"]) == 0
    assert (tmp_path / "data" / "database.key").read_text() != key
    assert main(["staff", "list"]) == 0
    assert "1            admin" in capsys.readouterr().out


def test_a_dry_purge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["purge", "--dry-run"]) == 0
    assert "would erase 0 profiles" in capsys.readouterr().out
