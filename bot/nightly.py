"""Backups: one at once, for whoever asks, and one each night, where the campaign file plans them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

import db.backup_record
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.rules.backups import file_name, is_due, is_missed, superseded
from bot.settings import Settings, environment_of_others
from bot.startup import backup_key
from db.backup import backup
from db.backup_record import Record
from db.engine import TROUBLES, Database
from db.errors import BackupFailed, DatabaseError
from db.server_backup import backup_server
from db.unfinished import NOTES

log = structlog.get_logger(__name__)

COMMAND_SECONDS = 3_600.0
"""What takes a backup elsewhere is given so long."""
AGAIN_SECONDS = 600.0
"""After a backup that failed the next one is tried so much later."""


async def make_backup(
    database: Database,
    target: Path,
    *,
    settings: Settings,
    now: datetime,
    command: Sequence[str] = (),
) -> Record:
    """Writes a verified backup into the new file `target`, of either engine, and has the database remember it, once
    the `command` has taken it elsewhere.

    Raises BackupFailed and what finds no key.
    """
    notes = settings.data / NOTES
    if database.file is None:
        await backup_server(database, target, key=backup_key(settings), notes=notes, now=now)
    else:
        await backup(database, target, notes=notes, now=now)
    if command:
        await _take_elsewhere(command, target)
    made = await asyncio.to_thread(_record, target, now)
    async with database.write() as tx:
        await db.backup_record.note(tx, made)
    return made


async def _take_elsewhere(command: Sequence[str], file: Path) -> None:
    """Runs the command with the file as its last word, and waits for it. Raises BackupFailed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(file),
            env=environment_of_others(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise BackupFailed(f"{command[0]} cannot be run ({error.strerror}); {file} is here alone.") from None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        raise BackupFailed(
            f"{command[0]} took longer than {COMMAND_SECONDS:g} s; {file} is here alone."
        ) from None
    if process.returncode:
        last = (said.decode(errors="replace").strip().splitlines() or ["it says nothing"])[-1][:200]
        raise BackupFailed(f"{command[0]} did not take {file} (status {process.returncode}: {last}).")


def _record(target: Path, now: datetime) -> Record:
    return Record(at=now, file=str(target.resolve()), size=target.stat().st_size)


def _rotate(folder: Path, slug: str, keep: int) -> int:
    """Removes the backups that newer ones stand for; how many."""
    gone = superseded([file.name for file in folder.iterdir()], slug, keep)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    return len(gone)


class NightlyBackup:
    """Makes the backups that the campaign file plans, and removes those that newer ones stand for.

    It runs beside the ticks, which do not wait for it. One that was missed while the bot stood still is made at its
    start.
    """

    def __init__(self, *, database: Database, campaign: Campaign, settings: Settings, clock: Clock) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._plan, self._slug = campaign.backups, campaign.slug
        self._began = clock.now()
        self._looked_for: datetime | None = None
        self._due = asyncio.Event()
        self._not_taken: Path | None = None  # made, or begun, by a try that failed

    def is_missed(self, last: datetime | None, now: datetime) -> bool:
        """Whether a backup that was planned was not made, the last one being of `last`."""
        return self._plan is not None and is_missed(self._plan, last, now, since=self._began)

    async def beat(self) -> None:
        """Looks, at each new minute, whether one is due."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        if self._plan is None or minute == self._looked_for:
            return
        self._looked_for = minute
        async with self._database.read() as tx:
            last = await db.backup_record.last(tx)
        if is_due(self._plan, None if last is None else last.at, self._clock.now()):
            self._due.set()

    async def run(self) -> None:
        """Makes each when it is due, until cancelled."""
        while True:
            await self._due.wait()
            try:
                await self._make()
            except DatabaseError as error:
                await self._failed(error.sentence)
            except (*TROUBLES, OSError) as error:
                await self._failed(type(error).__name__)
            self._due.clear()
            self._looked_for = None  # another one may have become due meanwhile

    async def _failed(self, why: str) -> None:
        log.error("backup_failed", why=why, again_in=AGAIN_SECONDS)
        await asyncio.sleep(AGAIN_SECONDS)

    async def _make(self) -> None:
        assert self._plan is not None  # `beat` calls for one where there is a plan
        folder, began = Path(self._plan.folder), time.monotonic()
        if not await asyncio.to_thread(
            folder.is_dir
        ):  # it is never made: it may lie on a disk that is not mounted
            raise BackupFailed(f"There is no folder {folder}: make it, or mount its disk.")
        now = self._clock.now()
        target = folder / file_name(self._slug, now)
        before, self._not_taken = self._not_taken, target
        try:
            made = await make_backup(
                self._database, target, settings=self._settings, now=now, command=self._plan.command
            )
            self._not_taken = None
        finally:
            # Of those that the command did not take the newest stays: more would fill the disk in a night.
            if before is not None and before != target:
                before.unlink(missing_ok=True)
        removed = await asyncio.to_thread(_rotate, folder, self._slug, self._plan.keep)
        log.info(
            "backup_made",
            file=made.file,
            bytes=made.size,
            seconds=round(time.monotonic() - began, 1),
            removed=removed,
        )
