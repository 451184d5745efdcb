"""The anchor file: the head of the audit log as it was from time to time, one line each, outside of the database.

It is only ever lengthened. Whoever rewrites the log with the key of the database has to rewrite this file too, which
may lie where they cannot.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from bot.frozen import Frozen
from db.errors import CannotOpen
from db.folders import make_private

# No number that a database could not count to: whoever tampers with the file must not stop who reads it.
_LINE = re.compile(r"(\S{1,40}) (\d{1,18}) ([0-9a-f]{64})")
_YEARS = range(2000, 9000)


class Anchor(Frozen):
    """The head of the log as it was at an instant: the number of its last entry, counted from the first ever, and that
    entry's hash.
    """

    at: datetime
    count: int
    hash: str


def read_anchors(file: Path) -> list[Anchor]:
    """The anchors of a file, the oldest first; none where there is no file. Raises CannotOpen.

    A line that a power failure cut says nothing.
    """
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CannotOpen(
            f"The anchors of the audit log in {file} cannot be read ({error.strerror}); make the file readable or"
            " correct PORTEVOIX_AUDIT_ANCHOR."
        ) from None
    found = ((line, _instant(line[1])) for line in map(_LINE.fullmatch, lines) if line is not None)
    return [Anchor(at=at, count=int(line[2]), hash=line[3]) for line, at in found if at is not None]


def append_anchor(file: Path, anchor: Anchor) -> None:
    """Lengthens the file by one line, durably; what stands in it is not touched. Raises CannotOpen."""
    line = f"{anchor.at.isoformat(timespec='seconds')} {anchor.count} {anchor.hash}\n"
    try:
        make_private(file.parent)
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
            rest = ("\n" if torn else "").encode() + line.encode()
            while rest:  # a disk that is nearly full takes a part, and says so only of the next one
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CannotOpen(
            f"The head of the audit log cannot be noted in {file} ({error.strerror}); make the file writable or set"
            " PORTEVOIX_AUDIT_ANCHOR to another one."
        ) from None


def _instant(text: str) -> datetime | None:
    """An instant in UTC; None where it is none, or none that anybody noted."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and found.year in _YEARS else None
