"""Copies of everybody that are being made: each in a folder of its own, found again where a process was killed.

The folder lies beside what the copy will be, so that a rename puts it there at once. Where it is stands in a note, in
the folder `unfinished` of the data, locked by whoever makes the copy for as long as they live: a note that nobody locks
is of somebody who was killed, and what they left is removed at the next start, by a purge, and by the next backup.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from db import sqlite
from db.errors import BackupFailed, CannotOpen, InUse
from db.folders import make_private

NOTES = "unfinished"
"""The folder of the notes, inside the data folder."""
SUFFIX = ".unfinished"
_AS_BYTES: Final = {"encoding": "utf-8", "errors": "surrogateescape"}
"""Neither the names of folders nor what a power failure left of a note need be text."""
TRIES = 5
"""Somebody who tidies up at this very moment may take a new note for an old one."""


@contextmanager
def unfinished(target: Path, notes: Path) -> Iterator[Path]:
    """An empty file for the owner alone, to be renamed to `target` when it is complete; else it is removed.

    Raises BackupFailed.
    """
    with _noted(target, notes) as folder:
        try:
            folder.mkdir(mode=0o700)
            os.close(os.open(folder / "copy.part", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise BackupFailed(
                f"{target.parent} cannot be written ({error.strerror}); choose another folder."
            ) from None
        yield folder / "copy.part"


@contextmanager
def _noted(target: Path, notes: Path) -> Iterator[Path]:
    """The name of a folder beside `target`, noted for as long as it may be there."""
    note, lock = _new_note(notes)
    folder = target.parent.resolve() / f".{target.name}.{note.name}"
    with closing(lock):
        try:
            note.write_text(f"{_disk_of(folder.parent)}\n{folder}", **_AS_BYTES)
            yield folder
        finally:
            _remove(folder)
            _forget(note)


def _new_note(notes: Path) -> tuple[Path, Connection]:
    """A name for a note, and the lock that says that its maker lives. Raises BackupFailed."""
    for _ in range(TRIES):
        note = notes / f"{secrets.token_hex(4)}{SUFFIX}"
        try:
            make_private(notes)
            return note, sqlite.claim(note)
        except OSError as error:
            raise BackupFailed(f"{notes} cannot be made ({error.strerror}); make it writable.") from None
        except (InUse, CannotOpen):  # somebody tidies up at this very moment
            continue
    raise BackupFailed(f"{notes} cannot be written; make it writable, then try again.")


def remove_unfinished(notes: Path) -> int:
    """Removes what was left by whoever was killed; how many copies that were."""
    removed = 0
    for note in sorted(notes.glob(f"*{SUFFIX}")):
        try:
            lock = sqlite.claim(note)
        except (InUse, CannotOpen):  # whoever makes it lives
            continue
        with closing(lock):
            removed += _tidy(note)
    # As 0.1 made them, beside the database.
    for part in notes.parent.glob(".*.part"):
        _remove(part)
        removed += not part.exists()
    return removed


def _tidy(note: Path) -> bool:
    """Removes the folder that a note names; whether it was there."""
    try:
        disk, _, name = note.read_text(**_AS_BYTES).partition("\n")
    except OSError:  # its maker has just ended well
        return False
    folder = Path(name)
    if not folder.name.endswith(f".{note.name}"):
        _forget(note)  # a power failure cut it: what is left may be the path of a folder of somebody's own
        return False
    if not folder.exists():
        if disk == _disk_of(folder.parent):  # else it lies on one that is not mounted now
            _forget(note)
        return False
    _remove(folder)
    if folder.exists():
        return False
    _forget(note)
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _forget(note: Path) -> None:
    """The note first: a lock alone says nothing."""
    for file in (note, note.with_name(f"{note.name}.lock")):
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other copies are being made
        note.parent.rmdir()


def _disk_of(folder: Path) -> str:
    try:
        return str(folder.stat().st_dev)
    except OSError:
        return ""
