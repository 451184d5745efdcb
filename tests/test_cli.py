"""The command line: every sub-command explains itself."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from bot.cli import MODULES, main, parser
from db.folders import make_private
from tests.commanding import refusal


def leaves(root: object = None) -> list[list[str]]:
    """Every sub-command, as its words."""
    found: list[list[str]] = []
    pending = [([], parser())]
    while pending:
        words, each = pending.pop()
        subparsers = [action for action in each._actions if hasattr(action, "add_parser")]
        for action in subparsers:
            pending += [([*words, name], child) for name, child in action.choices.items()]  # type: ignore[union-attr]
        if not subparsers:
            found.append(words)
    return sorted(found)


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert f"usage: portevoix {' '.join(words)}" in capsys.readouterr().out


@pytest.mark.parametrize("command", MODULES)
def test_a_command_is_added_by_the_module_that_is_named(command: str) -> None:
    assert command in listed(parser(command).format_help())


def test_help_lists_every_command_in_order() -> None:
    assert listed(parser().format_help()) == [*MODULES]


def listed(help_: str) -> list[str]:
    """The commands of a help text, in their order."""
    return re.findall(r"^    ([a-z][a-z-]*)", help_, re.MULTILINE)


MEMBERS = (
    *("--yes", "--kind", "members", "--name", "Vote", "--sender", "Équipe", "--statement", "Bonjour."),
    *("--controller", "Association", "--address", "1 rue X", "--privacy-contact", "a@example.org"),
    *("--days", "2027-03-20"),
)


@pytest.mark.parametrize("folder", ["Zoé", "Zo\udce9"], ids=["UTF-8", "Latin-1"])
def test_a_folder_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / folder))
    assert main(["staff", "list"]) == 0
    assert main(["backup", str(tmp_path / "copy.db")]) == 0
    capsys.readouterr()
    assert "holds what is not UTF-8: write it anew" in refusal(
        capsys, "backup", str(tmp_path / "Zo\udce9.db")
    )
    assert main(["init", str(tmp_path / "campaign" / folder), *MEMBERS]) == 0
    assert "campaign.toml is written" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sa.exc.OperationalError("INSERT …", {}, Exception("database or disk is full")),
    ],
    ids=["file", "database"],
)
def test_a_full_disk_is_told_in_a_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill(*_: object) -> int:
        raise RuntimeError("while it was written") from error

    monkeypatch.setattr("bot.commands.database.verify", fill)
    assert main(["audit", "verify"]) == 2
    assert "no room left on the disk" in capsys.readouterr().err


def test_a_lock_that_lasts_is_told_in_a_sentence_and_nothing_of_the_command_stays(
    tmp_path: Path,
    empty_postgresql: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Somebody repairs the database by hand, and its administrator lets nobody wait for long."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTEVOIX_DATABASE", empty_postgresql)
    assert main(["staff", "list"]) == 0

    async def meanwhile() -> str:
        server = await asyncpg.connect(empty_postgresql.replace("+asyncpg", ""))
        try:
            name = await server.fetchval("SELECT current_database()")
            await server.execute(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")
            async with server.transaction():
                await server.execute("LOCK TABLE staff IN ACCESS EXCLUSIVE MODE")
                add = ("staff", "add", "--telegram-id", "1", "--role", "admin")
                return await asyncio.to_thread(refusal, capsys, *add)
        finally:
            await server.close()

    said = asyncio.run(meanwhile())
    assert said.startswith("Somebody else was changing the same in the database")
    capsys.readouterr()
    assert main(["staff", "list"]) == 0
    assert "Nobody has a role yet" in capsys.readouterr().err


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_two_that_wait_for_each_other_are_told_in_a_sentence(
    state: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Deadlock(Exception):
        sqlstate = state

    def collide(*_: object) -> int:
        raise sa.exc.DBAPIError("UPDATE …", {}, Deadlock("deadlock detected"))

    monkeypatch.setattr("bot.commands.database.verify", collide)
    assert "the same in the database" in refusal(capsys, "audit", "verify")


def test_no_folder_of_what_is_private_is_open_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "one" / "two")
    finally:
        os.umask(before)
    for each in ("one", "one/two"):
        assert stat.S_IMODE((tmp_path / each).stat().st_mode) == 0o700
