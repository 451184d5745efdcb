"""Backups of PostgreSQL: the same encrypted file that a backup of SQLite is, and its way back.

A backup is one snapshot of every row, made while the bots run, by our own connection: nothing of a server's tools has
to be installed, no pipe can end early, and it can be put back on either engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.processes
from db import portable
from db.backup import (
    BACKED_UP_AT,
    Restored,
    Settle,
    make_folder,
    open_backup,
    prepare,
    refuse_existing,
    replaced_names,
    sync,
    verify,
)
from db.engine import Database, open_database
from db.errors import BackupFailed, InUse
from db.facts import set_fact
from db.key import DatabaseKey
from db.schema import metadata
from db.secret_files import sync_folder
from db.unfinished import remove_unfinished, unfinished
from db.upgrade import upgrade

NAME = "postgresql"
"""What the file begins with that keeps what a restore replaced."""


async def backup_server(
    database: Database, target: Path, *, key: DatabaseKey, notes: Path, now: datetime
) -> None:
    """Write every row as it is now into the new file `target`, encrypted with `key`; nobody waits.

    `target` appears only once it is complete and verified. Raises BackupFailed.
    """
    refuse_existing(target)
    await _write(database, target, key, notes, made_at=now)


async def copy_older_server(
    database: Database, target: Path, *, key: DatabaseKey, revision: str, notes: Path
) -> None:
    """Write every row of tables that are at an older revision into the new file `target`, which stays at that one.

    Raises BackupFailed.
    """
    make_folder(target.parent)
    await _write(database, target, key, notes, revision=revision)


async def _write(
    database: Database,
    target: Path,
    key: DatabaseKey,
    notes: Path,
    *,
    made_at: datetime | None = None,
    revision: str = "head",
) -> None:
    """`target` appears only once it is complete and verified."""
    remove_unfinished(notes)
    with unfinished(target, notes) as copy:
        async with database.read() as tx:
            await _dump(tx, copy, key, made_at=made_at, revision=revision)
        await asyncio.to_thread(verify, copy, key, target)
        await asyncio.to_thread(sync, copy)
        copy.rename(target)
    sync_folder(target.parent)


async def restore_server(
    source: Path,
    *,
    database: Database,
    folder: Path,
    key: DatabaseKey,
    kept_keys: Sequence[Path] = (),
    suppression_key_file: Path,
    suppression_key_lost: bool = False,
    notes: Path,
    settle: Settle,
    now: datetime,
) -> Restored:
    """Put the rows of the backup `source` in the place of all rows of the server, which are kept in a file in `folder`.

    See `db.backup.restore`: what is held, erased again and carried over is the same. One transaction: whatever goes
    wrong changes nothing. Raises InUse where a bot runs, and what that raises.
    """
    make_folder(folder)
    remove_unfinished(notes)
    kept = next(name for name in replaced_names(folder / NAME) if not name.exists())
    with ExitStack() as stack:
        copy = stack.enter_context(unfinished(folder / NAME, notes))
        older = await asyncio.to_thread(open_backup, source, copy, key, kept_keys)
        async with database.write() as tx:
            await _claim(tx)
            before = None
            if not await portable.holds_nothing(tx):
                before = stack.enter_context(unfinished(kept, notes))
                await _dump(tx, before, key)
            restored = await prepare(
                copy,
                before or kept,
                key,
                suppression_key_file,
                lost=suppression_key_lost,
                settle=settle,
                now=now,
            )
            await _load(copy, key, tx)
            if before is not None:
                await asyncio.to_thread(sync, before)
                before.rename(kept)
                sync_folder(folder)
    return replace(restored, kept=None if before is None else kept, older_key=older)


async def _claim(tx: AsyncConnection) -> None:
    """Nobody reads or writes until this transaction ends. Raises InUse."""
    if await db.processes.living(tx, "restore") != ["restore"]:
        raise InUse("The bot is running on this database: stop every `portevoix run`, then try again.")
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    await tx.execute(sa.text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))


async def _dump(
    tx: AsyncConnection,
    file: Path,
    key: DatabaseKey,
    *,
    made_at: datetime | None = None,
    revision: str = "head",
) -> None:
    copy = await open_database(f"sqlite+aiosqlite:///{file}", folder=file.parent, key=key)
    try:
        tables = portable.CURRENT if revision == "head" else await portable.tables_of_older(tx)
        await upgrade(copy, to=revision)
        async with copy.write() as written:
            await portable.empty(written, tables)  # what the migrations put there
            await portable.copy_rows(tx, written, tables)
            if made_at is not None:
                await set_fact(written, BACKED_UP_AT, made_at.isoformat(timespec="seconds"))
    except sa.exc.DBAPIError as error:
        raise BackupFailed(
            f"The backup could not be written ({error.orig}); make room on the disk and try again."
        ) from None
    finally:
        await copy.close()


async def _load(file: Path, key: DatabaseKey, tx: AsyncConnection) -> None:
    copy = await open_database(f"sqlite+aiosqlite:///{file}", folder=file.parent, key=key)
    try:
        async with copy.read() as read:
            await portable.empty(tx)
            await portable.copy_rows(read, tx)
    except sa.exc.DBAPIError as error:
        raise BackupFailed(
            f"PostgreSQL does not take what the backup holds ({type(error.orig).__name__}); nothing was changed."
        ) from None
    finally:
        await copy.close()
