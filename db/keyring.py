"""Which key opens a database: found, made with a new database, or changed for another."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from sqlite3 import Connection

from db import sqlite
from db.errors import CannotOpen, MissingKey, UnsafeKey
from db.key import DatabaseKey, read_key, write_key
from db.secret_files import pending, sync_folder

_UNTIL = ".until-"


def find_key(*, value: str | None, file: Path, database: Path | None) -> DatabaseKey:
    """The key from `value` (the environment's), else from `file`, else a new one saved in `file`.

    A new key is made only where `database` (None: another engine) does not exist yet, and the database with it: it
    could not open an existing one. Raises MissingKey, UnsafeKey and CannotOpen.
    """
    if value:
        return DatabaseKey(hex=value.strip())
    if database is not None:
        _finish_interrupted_rekey(database, file)
    if file.exists():
        return read_key(file)
    if database is not None and database.exists():
        raise MissingKey(
            f"The database {database} exists but its key {file} does not; put the key file back, or set"
            " PORTEVOIX_DATABASE_KEY or PORTEVOIX_DATABASE_KEY_FILE."
        )
    if database is None:
        key = DatabaseKey.generate()
        write_key(file, key)
        return key
    return _begin(database, file)


def _begin(database: Path, file: Path) -> DatabaseKey:
    """A new key and a new database. The key takes its place after the database: alone, it means that one was lost."""
    waiting = pending(file)
    if not waiting.exists():
        write_key(waiting, DatabaseKey.generate())
    key = read_key(waiting)
    sqlite.create_file(database, key)
    _finish_interrupted_rekey(database, file)
    return key


def key_that_opens(database: Path, files: Iterable[Path]) -> Path | None:
    """The first of these key files whose key opens the database, which exists."""
    return next((file for file in files if _opens(database, file)), None)


def opens(database: Path, key: DatabaseKey) -> bool:
    """Whether the key opens the database, which exists."""
    try:
        sqlite.connect(database, key).close()
    except sqlite.Error:
        return False
    return True


def old_key_file(file: Path, until: datetime) -> Path:
    """Where the key that was in `file` until then is kept: the backups made before open with it alone."""
    name = f"{file.stem}{_UNTIL}{until.astimezone(UTC):%Y%m%d-%H%M%S}"
    names = (
        file.with_name(f"{name}{ending}{file.suffix}") for ending in chain([""], map("-{}".format, count(2)))
    )
    return next(name for name in names if not name.exists())


def old_keys(file: Path) -> list[Path]:
    """The keys that were in `file` before and are kept, oldest first."""
    return sorted(file.parent.glob(f"{file.stem}{_UNTIL}*{file.suffix}"))


def kept_until(old: Path) -> datetime:
    """Until when a kept key was the one in use, in UTC."""
    text = "-".join(old.stem.rpartition(_UNTIL)[2].split("-")[:2])
    return datetime.strptime(text, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def rekey_with_file(database: Path, file: Path, *, kept: Path) -> None:
    """Encrypt `database` anew and put the new key into `file`, so that an end at any instant loses neither.

    The old key stays in the new file `kept`: older backups open with it alone. The new key is on the disk before it is
    used; find_key() finishes what was interrupted. Nobody may have the database open. Raises InUse, WrongKey,
    MissingKey and UnsafeKey.
    """
    _finish_interrupted_rekey(database, file)
    old, new = read_key(file), DatabaseKey.generate()
    claim = _claim_opened(database, old)
    try:
        write_key(kept, old)
        try:
            write_key(pending(file), new)
            encrypt_anew(database, old, new)
        finally:
            _finish_interrupted_rekey(database, file)
            if _opens(database, kept):
                kept.unlink()  # nothing was changed: it is not the old one
    finally:
        claim.close()


def _claim_opened(database: Path, key: DatabaseKey) -> Connection:
    """The claim on a database that exists and opens with `key`."""
    if not database.exists():
        raise CannotOpen(f"There is no database {database} to encrypt; check PORTEVOIX_DATA.")
    claim = sqlite.claim(database)
    try:
        sqlite.connect(database, key).close()
    except sqlite.Error as error:
        claim.close()
        raise sqlite.explain(error, database, key) from None
    return claim


def encrypt_anew(database: Path, old: DatabaseKey, new: DatabaseKey) -> None:
    """Encrypts every page anew, in one transaction. Raises WrongKey and CannotOpen."""
    try:
        with closing(sqlite.connect(database, old, sqlite.WRITER_PRAGMAS)) as connection:
            connection.execute(f"PRAGMA rekey = \"x'{new.hex}'\"").fetchall()
            # Until now the file held pages of the old key.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        sqlite.connect(database, new).close()
    except sqlite.Error as error:
        raise sqlite.explain(error, database, old) from None


def _finish_interrupted_rekey(database: Path, file: Path) -> None:
    """Where a new key waits beside the old one, keep the one that opens the database.

    No key is ever removed unless the other was seen to open it.
    """
    waiting = pending(file)
    if not waiting.exists() or not database.exists():
        return
    if _opens(database, waiting):
        waiting.replace(file)
    elif _opens(database, file):
        waiting.unlink()
    sync_folder(file.parent)


def _opens(database: Path, key_file: Path) -> bool:
    try:
        return opens(database, read_key(key_file))
    except (MissingKey, UnsafeKey):
        return False
