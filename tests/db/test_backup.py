"""Backups while the bot writes, and no readable name in any file."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from db import sqlite
from db.backup import BACKED_UP_AT, backup
from db.engine import FILE_NAME, Database
from db.errors import BackupFailed
from db.facts import get_fact, set_fact
from db.schema import metadata, people
from db.unfinished import NOTES
from tests.backups import NOW, PLANTED, contents, file_of, fill, names_in, person, reopened


async def test_a_backup_holds_every_row_and_opens_with_the_same_key(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database, 50)
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    copy = await reopened(tmp_path / "copy.db", sqlite_database.key)
    held, before = await contents(copy), await contents(sqlite_database)
    assert dict(held.pop("facts")) == {**dict(before.pop("facts")), BACKED_UP_AT: NOW.isoformat()}
    assert held == before
    await copy.close()


async def test_a_backup_made_while_others_write_is_one_moment_and_stops_nobody(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """Each write changes two facts together: a copy of two moments would hold unequal ones."""
    await fill(sqlite_database, 5_000)
    done = asyncio.Event()
    written_meanwhile = 0

    async def keep_writing() -> None:
        nonlocal written_meanwhile
        while not done.is_set():
            written_meanwhile += 1
            async with sqlite_database.write() as transaction:
                await set_fact(transaction, "left", written_meanwhile)
                await set_fact(transaction, "right", written_meanwhile)

    writer = asyncio.create_task(keep_writing())
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    done.set()
    await writer
    copy = await reopened(tmp_path / "copy.db", sqlite_database.key)
    async with copy.read() as transaction:
        assert await get_fact(transaction, "left") == await get_fact(transaction, "right")
    await copy.close()
    assert written_meanwhile > 1


async def test_no_planted_name_can_be_read_in_any_file(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database, 3_000)
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    await fill_log(sqlite_database)
    files = await asyncio.to_thread(lambda: {file.name: file.read_bytes() for file in tmp_path.iterdir()})
    assert {FILE_NAME, f"{FILE_NAME}-wal", "copy.db"} <= files.keys()
    assert len(files[f"{FILE_NAME}-wal"]) > 0
    for name, data in files.items():
        for planted in (*PLANTED, "pseudonym", "CREATE TABLE", "SQLite format"):
            assert planted.encode() not in data, f"{planted} stands in {name}"


async def fill_log(database: Database) -> None:
    async with database.write() as transaction:
        await transaction.execute(people.insert(), person(90_000))


async def test_the_search_finds_names_where_nothing_is_encrypted(tmp_path: Path) -> None:
    """The proof of the test above: the same rows without a key are readable."""
    plain = await reopened(tmp_path / "plain.db", None)
    async with plain.migrate() as transaction:
        await transaction.run_sync(metadata.create_all)
    await fill(plain)
    await plain.close()
    data = await asyncio.to_thread((tmp_path / "plain.db").read_bytes)
    assert all(name.encode() in data for name in PLANTED[:2])


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
async def test_a_backup_is_its_owners_alone(sqlite_database: Database, tmp_path: Path) -> None:
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    assert stat.S_IMODE(os.stat(tmp_path / "copy.db").st_mode) == 0o600


async def test_a_backup_never_overwrites(sqlite_database: Database, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "copy.db").write_bytes, b"precious")
    with pytest.raises(BackupFailed, match="exists already"):
        await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    assert await asyncio.to_thread((tmp_path / "copy.db").read_bytes) == b"precious"


async def test_a_backup_into_no_folder_is_told(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="choose another folder"):
        await backup(sqlite_database, tmp_path / "nowhere" / "copy.db", notes=tmp_path / NOTES, now=NOW)


@pytest.mark.skipif(os.name != "posix", reason="limits of the file size are POSIX")
async def test_a_backup_that_does_not_fit_leaves_no_file(sqlite_database: Database, tmp_path: Path) -> None:
    import resource

    await fill(sqlite_database, 3_000)
    before = names_in(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(BackupFailed, match="make room"):
            await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names_in(tmp_path) == before


# A page of a table: free pages and indexes are not read, as the copy is made without them.
@pytest.mark.parametrize("table", ["people", "facts", "audit"])
async def test_room_is_not_asked_for_where_the_database_is_damaged(
    sqlite_database: Database, tmp_path: Path, table: str
) -> None:
    await fill(sqlite_database, 3_000)
    await sqlite_database.close()
    file = file_of(sqlite_database)
    with closing(sqlite.connect(file, sqlite_database.key)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        [(pages,)] = connection.execute("SELECT page_count FROM pragma_page_count")
    data = bytearray(await asyncio.to_thread(file.read_bytes))
    size = len(data) // pages
    data[(page - 1) * size + size // 2] ^= 1
    await asyncio.to_thread(file.write_bytes, data)
    with pytest.raises(BackupFailed, match="is damaged") as told:
        await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    assert "make room" not in str(told.value)
    assert "portevoix restore FILE" in str(told.value)
