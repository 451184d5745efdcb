"""Where an export goes: a file that appears only when it is whole, or standard output."""

from __future__ import annotations

import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import PortevoixError

_OWN = Path("/proc/self/fd")
"""Where Linux names the files that this process has open."""


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
        stream, part = _begun(target)
    except OSError as error:
        raise _cannot_write(target, error) from None
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if part is None:
                part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
                # Which folder the name of its descriptor is looked for in is all the same: without one the link is
                # not followed.
                os.link(f"{_OWN}/{stream.fileno()}", part, src_dir_fd=stream.fileno())
        os.replace(part, target)
    except OSError as error:
        raise _cannot_write(target, error) from None
    finally:
        if part is not None:
            with suppress(FileNotFoundError):
                part.unlink()


def _begun(target: Path) -> tuple[BinaryIO, Path | None]:
    """A new file and its name. Linux can do without one, so that nothing is left of it where this process is killed:
    people stand in it.
    """
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is not None and _OWN.is_dir():
        with suppress(OSError):  # not every file system can
            return os.fdopen(os.open(target.parent, unnamed | os.O_RDWR, 0o600), "w+b"), None
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    return os.fdopen(descriptor, "w+b"), Path(name)


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
