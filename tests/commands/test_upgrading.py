"""An older database: commands leave it alone, `db upgrade` and `run` bring it on, with a copy kept and nobody at it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import db.processes
from bot.cli import main
from bot.settings import Settings
from bot.startup import database_key
from db.engine import Database, open_database
from db.upgrade import downgrade, revision, revisions
from tests.commanding import refusal
from tests.story import environment_of, telling

OLDER, OURS = revisions()[-2:]


async def the_database() -> Database:
    """As it lies there, whatever its version."""
    settings = Settings.from_environment()
    return await open_database(settings.database, folder=settings.data, key=database_key(settings))


async def make_older() -> None:
    database = await the_database()
    await downgrade(database, to=OLDER)
    await database.close()


async def revision_now() -> str | None:
    database = await the_database()
    try:
        return await revision(database)
    finally:
        await database.close()


@pytest.fixture
def older(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The file of a database of the version before, with one admin."""
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    asyncio.run(make_older())
    capsys.readouterr()
    return tmp_path / "data" / "portevoix.db"


@pytest.mark.parametrize(
    "command",
    [
        "staff list",
        "staff add --telegram-id 2 --role admin",
        "export supporters --format csv --out -",
        "audit head",
        "purge",
        "db rekey",
    ],
)
def test_a_command_does_not_upgrade(older: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    said = refusal(capsys, *command.split())
    assert said.startswith(f"The database is older than this program (revision {OLDER}, which makes {OURS})")
    assert "`portevoix db upgrade`" in said
    assert asyncio.run(revision_now()) == OLDER
    assert sorted(file.name for file in older.parent.glob("*.revision-*")) == []


def test_db_upgrade_keeps_a_copy(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for copy in ("portevoix.db.revision-{}", "portevoix.db.revision-{}-2"):
        asyncio.run(make_older())
        assert main(["db", "upgrade"]) == 0
        kept = older.with_name(copy.format(OLDER))
        said = capsys.readouterr().out
        assert f"The database as it was is kept as {kept}." in said
        assert f"at revision {OURS}" in said
        assert asyncio.run(revision_of(kept)) == OLDER
    assert main(["staff", "list"]) == 0
    assert "\n1 " in capsys.readouterr().out
    assert main(["db", "upgrade"]) == 0
    assert "is kept as" not in capsys.readouterr().out, "There was nothing to upgrade."


async def revision_of(copy: Path) -> str | None:
    settings = Settings.from_environment()
    database = await open_database(f"sqlite:///{copy}", folder=copy.parent, key=database_key(settings))
    try:
        return await revision(database)
    finally:
        await database.close()


def test_it_is_not_upgraded_under_a_bot_that_runs(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def while_it_runs() -> None:
        bot = await the_database()
        bot.claim()
        try:
            assert await asyncio.to_thread(main, ["db", "upgrade"]) == 2
        finally:
            await bot.close()

    asyncio.run(while_it_runs())
    assert "Another Portevoix is running on" in capsys.readouterr().err
    assert asyncio.run(revision_now()) == OLDER
    assert not list(older.parent.glob("*.revision-*"))


def test_nor_on_postgresql(
    empty_postgresql: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTEVOIX_DATABASE", empty_postgresql)
    assert main(["db", "upgrade"]) == 0

    async def beat_or_leave(*, lives: bool) -> None:
        database = await the_database()
        async with database.write() as tx:
            await (db.processes.beat if lives else db.processes.leave)(tx, "an older one")
        await database.close()

    asyncio.run(beat_or_leave(lives=True))
    asyncio.run(make_older())
    assert "stop every `portevoix run`" in refusal(capsys, "db", "upgrade")
    assert asyncio.run(revision_now()) == OLDER
    asyncio.run(beat_or_leave(lives=False))
    assert main(["db", "upgrade"]) == 0
    assert asyncio.run(revision_now()) == OURS


async def test_a_bot_that_starts_upgrades_and_keeps_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of("http://127.0.0.1:9", tmp_path).items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main, ["db", "upgrade"]) == 0
    await make_older()
    async with telling(tmp_path, at="2016-11-16T10:00+01:00"):
        assert (tmp_path / "data" / f"portevoix.db.revision-{OLDER}").exists()
    assert await revision_now() == OURS
