"""A database that is gone is not begun anew by itself, and one that was moved finds its keys."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from bot.cli import main
from bot.settings import Settings
from bot.startup import opened, tell_of_a_key_beside_the_data
from db.engine import FILE_NAME
from tests.commanding import refusal

ADMIN = ("staff", "add", "--telegram-id", "1", "--role", "admin")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a campaign that has begun."""
    assert main(ADMIN) == 0
    assert main(["db", "upgrade"]) == 0
    return tmp_path / "data"


def type_in(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(words))


def admins(capsys: pytest.CaptureFixture[str]) -> bool:
    capsys.readouterr()
    assert main(["staff", "list"]) == 0
    return "admin" in capsys.readouterr().out


def test_the_keys_lie_away_from_the_data_for_their_owner_alone(data: Path) -> None:
    settings = Settings.from_environment()
    assert [file.suffix for file in data.iterdir() if file.suffix == ".key"] == []
    for file in (settings.database_key_file, settings.suppression_key_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("command", [["staff", "list"], ["db", "upgrade"], ["purge"], ["audit", "verify"]])
def test_a_database_that_is_gone_is_not_begun_anew(
    data: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (data / FILE_NAME).unlink()
    said = refusal(capsys, *command)
    assert "is gone, though its key" in said
    assert "portevoix restore FILE" in said
    assert not (data / FILE_NAME).exists()


def test_nor_is_one_whose_whole_folder_is_gone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.rename(data.with_name("unmounted"))
    assert "is a disk not mounted?" in refusal(capsys, "staff", "list")
    data.with_name("unmounted").rename(data)
    assert admins(capsys)


@pytest.mark.parametrize("begun", [True, False], ids=["with its key", "without a key"])
def test_an_empty_file_is_no_new_database(
    tmp_path: Path, begun: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data" / FILE_NAME
    if begun:
        main(ADMIN)
    else:
        file.parent.mkdir()
    file.write_bytes(b"")
    assert "is an empty file" in refusal(capsys, "staff", "list")
    assert file.read_bytes() == b""


def test_a_named_key_may_be_there_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text("5e" * 32)
    key.chmod(0o600)
    monkeypatch.setenv("PORTEVOIX_DATABASE_KEY_FILE", str(key))
    assert main(["db", "upgrade"]) == 0
    (tmp_path / "data" / FILE_NAME).unlink()
    assert "is gone, though its key" in refusal(capsys, "staff", "list")


def test_a_typed_word_begins_anew_and_keeps_the_keys(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "new\n")
    assert "is there, and is not replaced" in refusal(capsys, "db", "new")
    kept = (data / FILE_NAME).rename(data / "found-again.db")
    type_in(monkeypatch, "yes\n")
    assert "Nothing was changed" in refusal(capsys, "db", "new")
    type_in(monkeypatch, "")
    assert "Nothing was changed" in refusal(capsys, "db", "new")
    type_in(monkeypatch, "NEW\n")
    assert main(["db", "new"]) == 0
    assert "Kept: " in capsys.readouterr().out
    assert not admins(capsys)
    # The old one can still be opened by what was kept.
    keys = Settings.from_environment().own_key_file.parent
    old = next(file for file in keys.iterdir() if ".before-" in file.name and ".suppression" not in file.name)
    monkeypatch.setenv("PORTEVOIX_DATABASE", f"sqlite:///{kept}")
    monkeypatch.setenv("PORTEVOIX_DATABASE_KEY_FILE", str(old))
    monkeypatch.setenv("PORTEVOIX_SUPPRESSION_KEY_FILE", str(next(keys.glob("*.suppression.key.before-*"))))
    assert admins(capsys)


def test_a_backup_goes_where_the_database_is_gone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = data.with_name("copy.db")
    assert main(["backup", str(copy)]) == 0
    (data / FILE_NAME).unlink()
    assert main(["restore", str(copy)]) == 0
    assert admins(capsys)


def test_a_drill_in_another_folder_finds_the_keys(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = data.with_name("copy.db")
    assert main(["backup", str(copy)]) == 0
    monkeypatch.setenv("PORTEVOIX_DATA", str(data.with_name("drill")))
    assert main(["restore", str(copy)]) == 0
    assert admins(capsys)


def test_a_database_that_was_moved_finds_its_keys(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = data.rename(data.with_name("moved"))
    monkeypatch.setenv("PORTEVOIX_DATA", str(moved))
    assert admins(capsys)
    assert main(["db", "upgrade"]) == 0  # needs the suppression key too


def test_another_database_is_not_opened_by_its_neighbours_key(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTEVOIX_DATA", str(data.with_name("other")))
    assert main(["db", "upgrade"]) == 0
    assert not admins(capsys)
    Settings.from_environment().database_key_file.unlink()
    assert "put the key file back" in refusal(capsys, "staff", "list")


async def test_an_older_installation_is_told_once_how_to_move_its_key(tmp_path: Path) -> None:
    new = Settings.from_environment()
    async with opened(new):
        pass
    new.database_key_file.rename(tmp_path / "data" / "database.key")  # where 0.1 made it
    settings = Settings.from_environment()
    async with opened(settings) as database:
        structlog.reset_defaults()  # a command of another test may have asked for errors alone
        with capture_logs() as told:
            await tell_of_a_key_beside_the_data(database, settings)
            await tell_of_a_key_beside_the_data(database, settings)
    assert [line["event"] for line in told] == ["key_beside_the_data"]
    assert f"mv {settings.database_key_file} {new.database_key_file}" in told[0]["hint"]
