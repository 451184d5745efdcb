"""What the tests of backups and restores read and write: people with a name that is searched for, a database opened
again.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.backup import Restored, backup, restore
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.portable import CURRENT
from db.schema import broadcasts, people
from db.unfinished import NOTES

NOW = datetime(2016, 11, 20, 8, tzinfo=UTC)
PLANTED = ("Zénobie", "Quatremère-sur-Loue", "7482913650")


def person(number: int, **values: Any) -> dict[str, Any]:
    return {
        "telegram_id": 7_482_913_650 + number,
        "pseudonym": f"p{number}",
        "first_name": PLANTED[0],
        "created_at": NOW,
        "seen_at": NOW,
        **values,
    }


def broadcast(key: str, **values: Any) -> dict[str, Any]:
    start = {"starts_at": NOW, "created_at": NOW}
    return {"key": key, "kind": "gotv", "audience": {"commune": PLANTED[1]}, "area": "FR", **start, **values}


async def fill(database: Database, number: int = 1) -> None:
    async with database.write() as transaction:
        await transaction.execute(people.insert(), [person(index) for index in range(number)])
        await transaction.execute(broadcasts.insert(), broadcast("step:1:eve"))


async def contents(database: Database) -> dict[str, list[Any]]:
    async with database.read() as transaction:
        return {
            table.name: list(map(tuple, (await transaction.execute(sa.select(table))).all()))
            for table in CURRENT
        }


async def reopened(file: Path, key: DatabaseKey | None) -> Database:
    return await open_database(f"sqlite+aiosqlite:///{file}", folder=file.parent, key=key)


def names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def file_of(database: Database) -> Path:
    assert database.file is not None
    return database.file


async def backed_up(database: Database, folder: Path) -> Path:
    await backup(database, folder / "copy.db", notes=folder / NOTES, now=NOW)
    return folder / "copy.db"


async def settle(tx: AsyncConnection, replaced: AsyncConnection | None, made_at: datetime | None) -> int:
    """These tests are about everything but the log: tests/actions/test_restores.py."""
    return 0


async def put_back(
    copy: Path, database: Database, now: datetime = NOW, *, suppression_key_lost: bool = False
) -> Restored:
    file = file_of(database)
    keys = file.with_name("suppression.key")
    return await restore(
        copy,
        file=file,
        key=database.key,
        suppression_key_file=keys,
        suppression_key_lost=suppression_key_lost,
        notes=file.parent / NOTES,
        settle=settle,
        now=now,
    )
