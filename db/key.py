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
from dataclasses import dataclass, field
from pathlib import Path

from db.errors import MissingKey, UnsafeKey

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

    A new key is made only where `database` does not exist yet: it could not open an existing one.
    Raises MissingKey and UnsafeKey.
    """
    if value:
        return DatabaseKey(hex=value.strip())
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
