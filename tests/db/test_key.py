"""Where the key comes from, and changing it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from db import sqlite
from db.engine import FILE_NAME, Database, open_database
from db.errors import CannotOpen, DatabaseError, InUse, MissingKey, UnsafeKey, WrongKey
from db.facts import get_fact, set_fact
from db.key import DatabaseKey, read_key, write_key
from db.keyring import encrypt_anew, find_key, rekey_with_file

HEX = "0123456789abcdef" * 4


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write_key(tmp_path / "key", DatabaseKey.generate())
    assert find_key(value=f"{HEX}\n", file=tmp_path / "key", database=None).hex == HEX


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_key_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "config" / "key"
    made = find_key(value=None, file=file, database=tmp_path / FILE_NAME)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert find_key(value=None, file=file, database=tmp_path / FILE_NAME) == made
    assert made != DatabaseKey.generate()


def test_no_key_is_made_for_a_database_that_exists(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"encrypted")
    with pytest.raises(MissingKey, match="put the key file back"):
        find_key(value=None, file=tmp_path / "key", database=tmp_path / FILE_NAME)
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("text", ["", "secret", HEX[:-1], HEX + "0", HEX[:-1] + "g", f"{HEX}' --"])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(UnsafeKey, match="64 hexadecimal digits") as caught:
        read_key(tmp_path / "key")
    assert not text or text not in str(caught.value)
    with pytest.raises(UnsafeKey, match="64 hexadecimal digits"):
        DatabaseKey(hex=text)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    write_key(tmp_path / "key", DatabaseKey(hex=HEX))
    (tmp_path / "key").chmod(mode)
    with pytest.raises(UnsafeKey, match="chmod 600"):
        read_key(tmp_path / "key")


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    write_key(tmp_path / "key", DatabaseKey(hex=HEX))
    with pytest.raises(UnsafeKey, match="not overwritten"):
        write_key(tmp_path / "key", DatabaseKey.generate())
    assert read_key(tmp_path / "key").hex == HEX


def test_a_named_key_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingKey, match="PORTEVOIX_DATABASE_KEY_FILE"):
        read_key(tmp_path / "key")


@pytest.fixture
async def closed_database(sqlite_database: Database, tmp_path: Path) -> Path:
    """A database file whose key is in `key` beside it, with one fact in it."""
    async with sqlite_database.write() as transaction:
        await set_fact(transaction, "name", "Marianne")
    await sqlite_database.close()
    assert sqlite_database.key is not None
    write_key(tmp_path / "key", sqlite_database.key)
    return tmp_path / FILE_NAME


async def name_in(file: Path, key: DatabaseKey) -> object:
    database = await open_database(None, folder=file.parent, key=key)
    try:
        async with database.read() as transaction:
            return await get_fact(transaction, "name")
    finally:
        await database.close()


async def test_after_rekey_only_the_new_key_opens(closed_database: Path) -> None:
    key_file = closed_database.parent / "key"
    old = read_key(key_file)
    rekey_with_file(closed_database, key_file, kept=key_file.with_name("old.key"))
    new = read_key(key_file)
    assert new != old
    assert await name_in(closed_database, new) == "Marianne"
    with pytest.raises(WrongKey):
        await name_in(closed_database, old)
    assert {file.name for file in closed_database.parent.iterdir()} >= {FILE_NAME, "key"}
    assert not key_file.with_name("key.new").exists()


async def test_a_rekey_that_was_interrupted_is_finished_at_the_next_start(closed_database: Path) -> None:
    key_file, pending = closed_database.parent / "key", closed_database.parent / "key.new"
    old, new = read_key(key_file), DatabaseKey.generate()
    write_key(pending, new)  # it ended before the database was changed
    assert find_key(value=None, file=key_file, database=closed_database) == old
    assert not pending.exists()
    write_key(pending, new)
    encrypt_anew(closed_database, old, new)  # it ended after
    assert find_key(value=None, file=key_file, database=closed_database) == new
    assert not pending.exists()
    assert await name_in(closed_database, new) == "Marianne"


def test_while_the_database_cannot_be_opened_neither_key_is_thrown_away(
    closed_database: Path,
) -> None:
    key_file, pending = closed_database.parent / "key", closed_database.parent / "key.new"
    old, new = read_key(key_file), DatabaseKey.generate()
    write_key(pending, new)
    encrypt_anew(closed_database, old, new)
    away = closed_database.rename(closed_database.with_suffix(".away"))
    assert find_key(value=None, file=key_file, database=closed_database) == old
    closed_database.write_bytes(b"damaged" * 1000)
    assert find_key(value=None, file=key_file, database=closed_database) == old
    away.replace(closed_database)
    assert find_key(value=None, file=key_file, database=closed_database) == new


@pytest.mark.parametrize("complete", [True, False], ids=["committed", "torn"])
def test_a_power_failure_while_rekeying_leaves_one_key_that_opens(
    closed_database: Path, tmp_path: Path, complete: bool
) -> None:
    old, new = read_key(closed_database.parent / "key"), DatabaseKey.generate()
    connection = sqlite.connect(closed_database, old, sqlite.WRITER_PRAGMAS)
    connection.execute("PRAGMA wal_autocheckpoint = 0").close()
    connection.execute(f"PRAGMA rekey = \"x'{new.hex}'\"").fetchall()
    log = closed_database.with_name(f"{FILE_NAME}-wal").read_bytes()
    after = tmp_path / "after" / FILE_NAME
    after.parent.mkdir()
    shutil.copyfile(closed_database, after)
    after.with_name(f"{FILE_NAME}-wal").write_bytes(log if complete else log[: len(log) // 2])
    connection.close()
    sqlite.connect(after, new if complete else old).close()
    with pytest.raises(sqlite.Error):
        sqlite.connect(after, old if complete else new)


@pytest.mark.parametrize("fault", [WrongKey, InUse, CannotOpen])
async def test_a_rekey_that_cannot_be_done_changes_nothing(
    closed_database: Path, fault: type[DatabaseError]
) -> None:
    key_file = closed_database.parent / "key"
    key = read_key(key_file)
    target, claim = closed_database, None
    if fault is WrongKey:
        key_file.unlink()
        write_key(key_file, DatabaseKey(hex=HEX))
    elif fault is InUse:
        claim = sqlite.claim(closed_database)
    else:
        target = closed_database.with_name("nothing.db")
    saved = key_file.read_text()
    with pytest.raises(fault):
        rekey_with_file(target, key_file, kept=key_file.with_name("old.key"))
    if claim is not None:
        claim.close()
    assert key_file.read_text() == saved
    assert not key_file.with_name("key.new").exists()
    assert await name_in(closed_database, key) == "Marianne"
