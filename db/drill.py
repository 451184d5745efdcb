"""The restore drill: a copy of a backup is opened, brought to this version, looked at, and thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.backup import BACKED_UP_AT, make_folder, open_backup
from db.engine import open_database
from db.errors import BackupFailed
from db.facts import get_fact
from db.key import DatabaseKey
from db.schema import metadata
from db.unfinished import remove_unfinished, unfinished
from db.upgrade import upgrade

T = TypeVar("T")


class Drilled(Frozen, Generic[T]):
    """What a backup holds: when it was made (None: by an older version), its rows by table, what `look` found.

    `older_key`: the kept key that it opened with, where it was not today's.
    """

    made_at: datetime | None
    rows: dict[str, int]
    found: T
    older_key: Path | None


async def drill(
    source: Path,
    *,
    folder: Path,
    key: DatabaseKey | None,
    kept_keys: Sequence[Path] = (),
    notes: Path,
    look: Callable[[AsyncConnection], Awaitable[T]],
) -> Drilled[T]:
    """Opens a copy of the backup `source`, made in `folder` and removed afterwards, and has `look` see it.

    Raises BackupFailed and UnknownRevision.
    """
    make_folder(folder)
    remove_unfinished(notes)
    with unfinished(folder / "drill", notes) as copy:
        older = await asyncio.to_thread(open_backup, source, copy, key, kept_keys)
        database = await open_database(f"sqlite+aiosqlite:///{copy}", folder=copy.parent, key=key)
        try:
            await upgrade(database)
            async with database.read() as tx:
                made_at = await get_fact(tx, BACKED_UP_AT)
                rows = {
                    table.name: int(
                        (await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
                    )
                    for table in metadata.sorted_tables
                }
                return Drilled(
                    made_at=None if made_at is None else datetime.fromisoformat(made_at),
                    rows=rows,
                    found=await look(tx),
                    older_key=older,
                )
        except sa.exc.DBAPIError as error:
            raise BackupFailed(f"The backup cannot be brought to this version ({error.orig}).") from None
        finally:
            await database.close()
