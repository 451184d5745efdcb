"""Upgrading a database that people are in: by nobody while the bot runs on it, and never without a copy from before."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

import db.processes
from db.backup import backup
from db.engine import Database
from db.errors import InUse, OlderTables
from db.upgrade import refuse_newer, revision, revisions, upgrade


async def require_current(database: Database) -> None:
    """Makes the tables where there are none. Raises OlderTables and UnknownRevision where they are of another version.

    For what only reads or changes a little: a bot of the older version may be running.
    """
    found = await revision(database)
    if found is None:
        await upgrade(database)
        return
    refuse_newer(found)
    if found != revisions()[-1]:
        raise OlderTables(
            f"The database is older than this program (revision {found}, which makes {revisions()[-1]}): stop the bot,"
            " then run `portevoix db upgrade`, which keeps a copy."
        )


async def upgrade_alone(database: Database, *, notes: Path) -> Path | None:
    """Brings the tables to this version; where the copy from before lies, if there was something to bring.

    `notes`: see `db.unfinished`. PostgreSQL is not copied. Raises InUse, BackupFailed and UnknownRevision;
    then nothing was changed.
    """
    found = await revision(database)
    if found is None or found == revisions()[-1]:
        await upgrade(database)
        return None
    refuse_newer(found)
    database.claim()
    if await _others_run(database):
        if await revision(database) == revisions()[-1]:
            return None  # another one of this version has just done it, and runs
        raise InUse(
            "The bot is running on this older database: stop every `portevoix run`, then try again. One that was killed"
            f" counts for {db.processes.DEAD_AFTER_SECONDS} seconds more."
        )
    kept = await _copy(database, found, notes)
    await upgrade(database)
    return kept


async def _others_run(database: Database) -> bool:
    async with database.read() as tx:
        return await db.processes.living(tx, "upgrade") != ["upgrade"]


async def _copy(database: Database, found: str, notes: Path) -> Path | None:
    file = database.file
    if file is None:
        return None
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (file.with_name(f"{file.name}.revision-{found}{ending}") for ending in endings)
    kept = next(name for name in names if not name.exists())
    await backup(database, kept, notes=notes)
    return kept
