"""Where an export goes: a file that appears only when it is whole, or standard output."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import PortevoixError


class CannotWrite(PortevoixError):
    """The file of an export cannot be written where it was asked for."""


@contextmanager
def appearing_at(target: Path) -> Iterator[BinaryIO]:
    """A file that only its owner may read, put at `target` when the block ends, and gone if it fails.

    Raises CannotWrite.
    """
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise _cannot_write(target, error) from None
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    except OSError as error:
        raise _cannot_write(target, error) from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


class OutgoingBytes(io.RawIOBase):
    """Bytes on their way to somebody: what was written is kept until it is taken, and cannot be gone back to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, content: Any) -> int:
        part = bytes(content)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def take(self) -> bytes:
        """The bytes written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken


def _cannot_write(target: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        f"{target} cannot be written ({(error.strerror or str(error)).lower()}):"
        " choose another file, or make its folder writable."
    )
