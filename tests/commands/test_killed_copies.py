"""Backups and restores that are really killed leave a copy of everybody: it is removed, a living one is not."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.cli import main
from tests.commanding import refusal
from tests.forking import MOST, started


@contextmanager
def stopped_halfway(*arguments: str) -> Iterator[int]:
    """The number of a process that runs the command, has written its copy and goes no further."""
    ours, its = socket.socketpair()
    with ours, ours.makefile() as said, open(2, "wb", closefd=False) as err:
        with its:
            pid, ending = started(
                "tests.commands.halfway", *arguments, environment=os.environ, out=its, err=err, read=its
            )
        with ending:
            assert said.readline() == "halfway\n"
            yield pid
            os.kill(pid, signal.SIGKILL)
            assert int(ending.recv(MOST)) == -signal.SIGKILL


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a campaign that has begun, and a backup of it beside."""
    assert main(["staff", "add", "--telegram-id", "1", "--role", "admin"]) == 0
    assert main(["backup", str(tmp_path / "first.db")]) == 0
    return tmp_path / "data"


def copies_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.part") if file.stat().st_size)


def kill(command: str, folder: Path) -> None:
    """A copy in a folder of its own is left of a `backup` or a `restore` that was killed."""
    target = {"backup": folder / "elsewhere" / "copy.db", "restore": folder / "first.db"}[command]
    target.parent.mkdir(exist_ok=True)
    with stopped_halfway(command, str(target)):
        pass
    (left,) = copies_in(folder)
    assert left.parent.parent == (target.parent if command == "backup" else folder / "data")
    assert left.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_was_left_goes_with_a_purge(
    data: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(command, data.parent)
    assert main(["purge"]) == 0
    assert "erased 1 copies that were not finished" in capsys.readouterr().out
    assert copies_in(data.parent) == []
    assert not (data / "unfinished").exists()


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_was_left_goes_with_the_next_start(
    data: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(command, data.parent)
    assert "PORTEVOIX_TOKEN" in refusal(capsys, "run")  # it is tidied up before anything else
    assert copies_in(data.parent) == []


def test_what_was_left_goes_with_the_next_backup(data: Path) -> None:
    kill("backup", data.parent)
    assert main(["backup", str(data.parent / "second.db")]) == 0
    assert copies_in(data.parent) == []


def test_a_copy_that_is_being_made_stays(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stopped_halfway("backup", str(data.parent / "copy.db")):
        assert main(["purge"]) == 0
        assert "erased 0 copies that were not finished" in capsys.readouterr().out
        assert len(copies_in(data.parent)) == 1


def test_what_lies_on_a_disk_that_is_away_is_remembered(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill("backup", data.parent)
    elsewhere = data.parent / "elsewhere"
    elsewhere.rename(data.parent / "unmounted")
    assert main(["purge"]) == 0
    (data.parent / "unmounted").rename(elsewhere)
    assert main(["purge"]) == 0
    assert copies_in(data.parent) == []


def test_a_part_of_an_older_version_goes_too(data: Path) -> None:
    (data / ".portevoix.db.k3j2.part").write_bytes(b"everybody")
    assert main(["purge"]) == 0
    assert copies_in(data) == []


def test_a_note_that_a_power_failure_cut_names_no_folder_to_remove(data: Path) -> None:
    """What is left of it may be the path of the folder in which somebody keeps everything."""
    precious = data.parent / "elsewhere" / "precious"
    precious.parent.mkdir()
    precious.write_text("of years")
    kill("backup", data.parent)
    (note,) = (data / "unfinished").glob("*.unfinished")
    whole = note.read_bytes()
    disk, folder = whole.split(b"\n")
    cut = {
        "cut": whole[:-3],
        "cut to a folder": disk + b"\n" + bytes(precious.parent),
        "zeros": disk + b"\n" + bytes(len(folder)),
        "no text": disk + b"\n\xff\xfe" + folder,
        "nothing": b"",
    }
    for left, written in cut.items():
        note.parent.mkdir(exist_ok=True)
        note.write_bytes(written)
        assert main(["purge"]) == 0
        assert precious.read_text() == "of years", left
        assert (left == "no text") or not note.exists(), left


def test_a_link_in_the_place_of_what_was_left_leads_nowhere(data: Path) -> None:
    """Whoever may write beside the copy must not have other folders removed."""
    precious = data.parent / "precious"
    precious.mkdir()
    (precious / "file").write_text("of years")
    kill("backup", data.parent)
    (left,) = copies_in(data.parent)
    left.parent.rename(data.parent / "away")
    left.parent.symlink_to(precious, target_is_directory=True)
    assert main(["purge"]) == 0
    assert (precious / "file").read_text() == "of years"
    assert not left.parent.is_symlink()
