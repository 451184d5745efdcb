"""Where an export goes: a file that appears only when it is whole, or standard output."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

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


@contextmanager
def appearing_on(output: BinaryIO, *, sequential: bool) -> Iterator[BinaryIO]:
    """The output itself; through a temporary file where the format cannot be written in one go."""
    if sequential:
        yield output
        output.flush()
        return
    with tempfile.TemporaryFile() as whole:
        yield whole
        whole.seek(0)
        shutil.copyfileobj(whole, output)
        output.flush()


def _cannot_write(target: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        f"{target} cannot be written ({(error.strerror or str(error)).lower()}):"
        " choose another file, or make its folder writable."
    )
