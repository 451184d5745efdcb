"""Backups by the plan of the campaign file: made at night, verified, rotated, told, and tried by a drill."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

import db.backup_record
from bot import nightly, watching
from bot.nightly import NightlyBackup
from bot.rules.backups import BackupPlan
from bot.settings import Settings
from db.engine import Database
from db.errors import BackupFailed
from tests.backups import names_in
from tests.bots import until
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.frozen import FROZEN
from tests.reading import Reader
from tests.story import Story, telling


def campaign_with(folder: Path, backups: Path, *, keep: int = 2) -> dict[str, str]:
    """The settings of a campaign that plans its backups."""
    file = folder / "campaign.toml"
    planned = f'\n[backup]\nhour = "03:30"\nfolder = "{backups}"\nkeep = {keep}\n'
    file.write_text((FROZEN / "campaign.toml").read_text(encoding="utf-8") + planned, encoding="utf-8")
    return {"PORTEVOIX_CAMPAIGN": str(file)}


def size_of(file: str) -> int:
    return Path(file).stat().st_size


async def made(story: Story, folder: Path, day: str, names: list[str]) -> None:
    await story.simulator.set_clock(paris(day))

    async def are_there() -> bool:
        return [name for name in names_in(folder) if not name.startswith(".")] == names

    await until(are_there, f"on {day} there are {names}")


async def test_every_night_verified_and_rotated(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "somebody’s.db").write_text("x")
    first, second, third = (f"primaire-2016-201611{day}-023000.db" for day in (16, 17, 18))
    async with telling(tmp_path, at="2016-11-16T03:30+01:00", more=campaign_with(tmp_path, folder)) as story:
        await made(story, folder, "2016-11-16T03:30", [first, "somebody’s.db"])
        await made(story, folder, "2016-11-17T03:29", [first, "somebody’s.db"])
        await made(story, folder, "2016-11-17T03:30", [first, second, "somebody’s.db"])
        await made(story, folder, "2016-11-18T03:30", [second, third, "somebody’s.db"])

        async def status() -> bool:
            said = json.loads((await story.command("status", "--json")).out)
            return bool(said["last_backup_file"] == str(folder / third))

        await until(status, "the status tells it")
        drilled = await story.command("restore", "--drill")
        assert drilled.status == 0, drilled.err
        assert f"{folder / third} opens, made on 2016-11-18 at 02:30 UTC" in drilled.out
        assert "the chain is whole" in drilled.out
        assert [name for name in names_in(tmp_path / "data") if "drill" in name] == []


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ('cp "$1" "$(dirname "$0")/elsewhere.db"; env > "$(dirname "$0")/seen"', None),
        ("echo no room there >&2; exit 3", "did not take {file} (status 3: no room there)."),
        (None, "cannot be run (No such file or directory); {file} is here alone."),
    ],
)
async def test_each_is_taken_elsewhere_and_is_made_only_once_it_is_there(
    program: str | None,
    fault: str | None,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:secret")
    script, file = tmp_path / "keep", tmp_path / "backup.db"
    if program is not None:
        script.write_text(f"#!/bin/sh\n{program}\n")
        script.chmod(0o700)
    settings = Settings.from_environment({"PORTEVOIX_DATA": str(tmp_path / "data")})
    making = nightly.make_backup(
        database, file, settings=settings, now=paris("2016-11-16T03:30"), command=[str(script)]
    )
    if fault is None:
        await making
        assert (tmp_path / "elsewhere.db").read_bytes() == file.read_bytes()
        assert "secret" not in (tmp_path / "seen").read_text()
    else:
        with pytest.raises(BackupFailed) as failed:
            await making
        assert failed.value.sentence == f"{script} {fault.format(file=file)}"
    async with database.read() as tx:
        assert (await db.backup_record.last(tx) is None) is (fault is not None)


async def test_one_that_fails_is_told_in_the_chat_and_when_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SURE_SECONDS", 0.0)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(nightly, "AGAIN_SECONDS", 0.1)
    read, folder = Reader("en"), tmp_path / "backups"
    async with telling(tmp_path, at="2016-11-16T08:00+01:00", more=campaign_with(tmp_path, folder)) as story:
        admin = await story.person("Ada", language="en", started=True)
        await story.command("staff", "add", "--telegram-id", str(admin.id), "--role", "admin")
        await admin.send("/start")
        await story.settled()
        await story.simulator.set_clock(paris("2016-11-16T10:30"))
        await admin.expect(read.says("The last planned backup was not made."))
        assert (await story.bot.health())["troubles"] == ["backup"]
        folder.mkdir()
        await admin.expect(read.says("It’s over: the bot is fine again"))
        assert (await story.bot.health())["ok"]


async def test_of_either_engine(database: Database, tmp_path: Path) -> None:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    settings = Settings.from_environment(
        {
            "PORTEVOIX_DATA": str(tmp_path / "data"),
            "PORTEVOIX_DATABASE_KEY_FILE": str(tmp_path / "key"),
        }
    )
    plan = BackupPlan(hour=paris("2016-11-16T03:30").time(), folder=str(tmp_path), keep=1)
    ours = NightlyBackup(
        database=database,
        campaign=replace(CAMPAIGN, backups=plan),
        settings=settings,
        clock=conversation.clock,
    )
    working = asyncio.create_task(ours.run())
    await ours.beat()

    async def is_made() -> bool:
        async with database.read() as tx:
            last = await db.backup_record.last(tx)
        return last is not None and size_of(last.file) == last.size

    await until(is_made, "the backup is made and remembered")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
