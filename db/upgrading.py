"""Upgrading a database that people are in: by nobody while the bot runs on it, and never without a copy from before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count
from pathlib import Path

import db.processes
from db.backup import backup
from db.engine import Database
from db.errors import InUse, OlderTables
from db.key import DatabaseKey
from db.server_backup import NAME, copy_older_server
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


async def upgrade_alone(
    database: Database, *, notes: Path, folder: Path, key: Callable[[], DatabaseKey]
) -> Path | None:
    """Brings the tables to this version; where the copy from before lies, if there was something to bring.

    `notes`: see `db.unfinished`. A copy of PostgreSQL lies in `folder`, encrypted with the `key`, which is asked for
    then. Raises InUse, BackupFailed and UnknownRevision; then nothing was changed.
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
    beside = folder / NAME if database.file is None else database.file
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (beside.with_name(f"{beside.name}.revision-{found}{ending}") for ending in endings)
    kept = next(name for name in names if not name.exists())
    if database.file is None:
        await copy_older_server(database, kept, key=key(), revision=found, notes=notes)
    else:
        await backup(database, kept, notes=notes)
    await upgrade(database)
    return kept


async def _others_run(database: Database) -> bool:
    async with database.read() as tx:
        return await db.processes.living(tx, "upgrade") != ["upgrade"]
