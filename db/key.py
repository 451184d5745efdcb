"""The key of the encrypted database: 32 random bytes, written as 64 hexadecimal digits.

SQLCipher takes them as they are, without deriving them from a passphrase: a connection opens in a
millisecond, and there is nothing to guess. The key lives in a folder of its
own, so that a copy of the data holds no key.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import field
from pathlib import Path

from bot.frozen import Frozen
from db.errors import UnsafeKey
from db.secret_files import Secret, read_secret, write_secret

SECRET = Secret(name="database key", variable="PORTEVOIX_DATABASE_KEY_FILE")
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class DatabaseKey(Frozen):
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


def read_key(file: Path) -> DatabaseKey:
    """The key saved in `file`, which only its owner may read. Raises MissingKey and UnsafeKey."""
    text = read_secret(file, SECRET)
    if not _HEX.fullmatch(text):
        raise UnsafeKey(f"The database key {file} must hold 64 hexadecimal digits and nothing else.")
    return DatabaseKey(hex=text)


def write_key(file: Path, key: DatabaseKey) -> None:
    """Save the key durably in a new file that only its owner may read; nothing is ever overwritten."""
    write_secret(file, key.hex, SECRET)
