"""Files that hold a key: for their owner alone, written durably, never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from bot.frozen import Frozen
from bot.rules.secrecy import is_open_to_others
from db.errors import MissingKey, UnsafeKey
from db.folders import make_private


class Secret(Frozen):
    """A secret in a file, as its sentences name it, and the variable that says where it lies."""

    name: str
    variable: str


def read_secret(file: Path, secret: Secret) -> str:
    """The content of a file that only its owner may read. Raises MissingKey and UnsafeKey."""
    try:
        # Windows has no such bits; there the user's own folder protects the file.
        user = os.geteuid() if os.name == "posix" else None
        if is_open_to_others(file.stat(), user=user):
            raise UnsafeKey(f"Other users can read the {secret.name} {file}; run `chmod 600 {file}`.")
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise MissingKey(
            f"The {secret.name} {file} does not exist; put it back or correct {secret.variable}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafeKey(
            f"The {secret.name} {file} cannot be read ({_reason(error)}); check the file."
        ) from None


def write_secret(file: Path, text: str, secret: Secret) -> None:
    """Saves a text durably in a new file that only its owner may read. Raises UnsafeKey."""
    try:
        make_private(file.parent)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(file.parent)
    except FileExistsError:
        raise UnsafeKey(
            f"The key file {file} exists already and is not overwritten; move it away first."
        ) from None
    except OSError as error:
        raise UnsafeKey(
            f"The {secret.name} cannot be saved in {file} ({_reason(error)}); make the folder writable or set"
            f" {secret.variable}."
        ) from None


def pending(file: Path) -> Path:
    """Where a new key waits until it is in use."""
    return file.with_name(file.name + ".new")


def sync_folder(folder: Path) -> None:
    """Makes a created or renamed file survive a power failure (Windows needs no such call)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
