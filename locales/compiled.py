"""What is made of the words, kept beside them as Python keeps compiled modules: in `__pycache__`, where it may write.

Catalogues and templates take a tenth of a start to compile. What is kept serves for as long as what it was made of is
the same, byte for byte; where nothing may be written, each process makes it anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

_DIGEST = 16


def find(name: str, source: bytes) -> bytes | None:
    """What was kept under this name, if it was made of this source."""
    try:
        found = _file(name).read_bytes()
    except OSError:
        return None
    return found[_DIGEST:] if found[:_DIGEST] == _digest(source) else None


def keep(name: str, source: bytes, made: bytes) -> None:
    """Keeps what was made of the source, unless nothing may be written here, as in an installation of root's."""
    if sys.dont_write_bytecode:
        return
    with suppress(OSError):
        _write(_file(name), _digest(source) + made)


def _digest(source: bytes) -> bytes:
    return hashlib.blake2b(source, digest_size=_DIGEST).digest()


def _file(name: str) -> Path:
    return Path(cache_from_source(str(Path(__file__).with_name(f"{name}.py")))).with_suffix(".kept")


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: several processes may start at once."""
    file.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise
