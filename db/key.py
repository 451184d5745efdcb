"""The key of the encrypted database: 32 random bytes, written as 64 hexadecimal digits.

SQLCipher takes them as they are, without deriving them from a passphrase: a connection opens in a
millisecond, and there is nothing to guess. The key lives in a folder of its
own, so that a copy of the data holds no key.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from db import sqlite
from db.errors import CannotOpen, MissingKey, UnsafeKey

_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True)
class DatabaseKey:
    """64 hexadecimal digits; never shown by repr()."""

    hex: str = field(repr=False)

    def __post_init__(self) -> None:
        # Besides being a check, this is what makes the key safe to stand inside a PRAGMA.
        if not _HEX.fullmatch(self.hex):
            raise UnsafeKey(
                "The database key must be 64 hexadecimal digits; make one with `openssl rand -hex 32`."
            )

    @classmethod
    def generate(cls) -> DatabaseKey:
        return cls(hex=secrets.token_hex(32))


def find_key(*, value: str | None, file: Path, database: Path | None) -> DatabaseKey:
    """The key from `value` (the environment's), else from `file`, else a new one saved in `file`.

    A new key is made only where `database` (None: another engine) does not exist yet: it could not open an
    existing one. Raises MissingKey and UnsafeKey.
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
    key = DatabaseKey.generate()
    write_key(file, key)
    return key


def read_key(file: Path) -> DatabaseKey:
    """The key saved in `file`, which only its owner may read."""
    try:
        # Windows has no such bits; there the user's own folder protects the file.
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UnsafeKey(f"Other users can read the database key {file}; run `chmod 600 {file}`.")
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise MissingKey(
            f"The database key {file} does not exist; put it back or correct PORTEVOIX_DATABASE_KEY_FILE."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafeKey(
            f"The database key {file} cannot be read ({_reason(error)}); check the file."
        ) from None
    if not _HEX.fullmatch(text):
        raise UnsafeKey(f"The database key {file} must hold 64 hexadecimal digits and nothing else.")
    return DatabaseKey(hex=text)


def write_key(file: Path, key: DatabaseKey) -> None:
    """Save the key durably in a new file that only its owner may read; nothing is ever overwritten."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(key.hex + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(file.parent)
    except FileExistsError:
        raise UnsafeKey(
            f"The key file {file} exists already and is not overwritten; move it away first."
        ) from None
    except OSError as error:
        raise UnsafeKey(
            f"The database key cannot be saved in {file} ({_reason(error)}); make the folder writable or set"
            " PORTEVOIX_DATABASE_KEY_FILE."
        ) from None


def rekey_with_file(database: Path, file: Path) -> None:
    """Encrypt `database` anew and put the new key into `file`, so that an end at any instant loses neither.

    The new key is on the disk before it is used; find_key() finishes what was interrupted. Nobody may have
    the database open. Raises InUse, WrongKey, MissingKey and UnsafeKey.
    """
    _finish_interrupted_rekey(database, file)
    old, new = read_key(file), DatabaseKey.generate()
    claim = _claim_opened(database, old)
    try:
        write_key(_pending(file), new)
        try:
            _rekey(database, old, new)
        finally:
            _finish_interrupted_rekey(database, file)
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


def _rekey(database: Path, old: DatabaseKey, new: DatabaseKey) -> None:
    """Encrypts every page anew, in one transaction."""
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
    pending = _pending(file)
    if not pending.exists() or not database.exists():
        return
    if _opens(database, pending):
        pending.replace(file)
    elif _opens(database, file):
        pending.unlink()
    sync_folder(file.parent)


def _opens(database: Path, key_file: Path) -> bool:
    try:
        sqlite.connect(database, read_key(key_file)).close()
    except (sqlite.Error, MissingKey, UnsafeKey):
        return False
    return True


def _pending(file: Path) -> Path:
    return file.with_name(file.name + ".new")


def sync_folder(folder: Path) -> None:
    """Make a created or renamed file survive a power failure (Windows needs no such call)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
