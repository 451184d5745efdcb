"""A restore of what is no good backup, or under a running bot, changes nothing; one over a damaged database works."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from db import sqlite
from db.engine import FILE_NAME, Database
from db.errors import BackupFailed, DatabaseError, InUse, UnknownRevision
from db.key import DatabaseKey
from tests.backups import backed_up, contents, file_of, fill, names_in, put_back, reopened


async def test_a_damaged_database_does_not_stop_its_restore(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)
    copy = await backed_up(sqlite_database, tmp_path)
    await sqlite_database.close()
    await asyncio.to_thread(file_of(sqlite_database).write_bytes, b"damaged" * 5_000)
    done = await put_back(copy, sqlite_database)
    assert not done.carried
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert len((await contents(restored))["people"]) == 1
    await restored.close()


def flip_a_byte(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)


def cut(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])


def empty(copy: Path) -> None:
    copy.write_bytes(b"")


def make_newer(copy: Path) -> None:
    connection = sqlite.connect(copy, DatabaseKey(hex="5e" * 32))
    connection.execute("UPDATE alembic_version SET version_num = '9999'").close()
    connection.close()


def change_key(copy: Path) -> None:
    connection = sqlite.connect(copy, DatabaseKey(hex="5e" * 32))
    connection.execute(f"PRAGMA rekey = \"x'{'ab' * 32}'\"").close()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        (flip_a_byte, BackupFailed, "damaged"),
        (cut, BackupFailed, "damaged"),
        (empty, BackupFailed, "damaged or empty"),
        (Path.unlink, BackupFailed, "There is no backup"),
        (change_key, BackupFailed, "another key"),
        (make_newer, UnknownRevision, "newer Portevoix"),
    ],
)
async def test_a_bad_backup_changes_nothing(
    sqlite_database: Database, tmp_path: Path, spoil: Any, error: type[DatabaseError], sentence: str
) -> None:
    await fill(sqlite_database)
    copy = await backed_up(sqlite_database, tmp_path)
    await sqlite_database.close()
    await asyncio.to_thread(spoil, copy)
    before = await asyncio.to_thread(file_of(sqlite_database).read_bytes)
    names = {*names_in(tmp_path), f"{FILE_NAME}.lock"}
    with pytest.raises(error, match=sentence):
        await put_back(copy, sqlite_database)
    assert await asyncio.to_thread(file_of(sqlite_database).read_bytes) == before
    assert set(names_in(tmp_path)) == names


async def test_a_restore_under_a_running_bot_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    copy = await backed_up(sqlite_database, tmp_path)
    sqlite_database.claim()
    with pytest.raises(InUse, match="Another Portevoix is running"):
        await put_back(copy, sqlite_database)
