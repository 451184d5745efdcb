"""What the bot’s process and the one that makes pages say to each other over their socket, in frames.

    ASK, GONE                the bot: somebody asks for this; whoever asked is gone
    READY                    the other: from now on it can be asked
    WHOLE, BEGUN, PIECE, LAST    a page, or its beginning and what follows
    ELSEWHERE                it is for the bot’s own process to make
    CUT                      it broke in the middle
    COUNT, COUNTED            the bot: find this; the other: it is this (`bot.apart.counts`), or CUT

Nothing of HTTP is read twice: what uvicorn has read goes over as it is, and so does what is answered.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import orjson

MOST_BYTES = 64 * 1024 * 1024
"""Of a frame: beyond, what is read is none."""
_FRONT = struct.Struct("!IBI")
_HEAD = struct.Struct("!I")
_LETTERS = "latin-1"
"""HTTP's: each byte is one, so that none is lost."""
_SAID = ("http_version", "method", "scheme", "path", "client", "server")
_BYTES = ("raw_path", "query_string")


class FrameKind(IntEnum):
    """What a frame says."""

    ASK = 1
    GONE = 2
    READY = 3
    WHOLE = 4
    BEGUN = 5
    PIECE = 6
    LAST = 7
    ELSEWHERE = 8
    CUT = 9
    COUNT = 10
    COUNTED = 11


class Frame(NamedTuple):
    """Of which page or count (`number`), what, and what belongs to it."""

    number: int
    kind: FrameKind
    content: bytes = b""

    def packed(self) -> bytes:
        return _FRONT.pack(self.number, self.kind, len(self.content)) + self.content


async def read_frame(stream: asyncio.StreamReader) -> Frame:
    """The next one. Raises EOFError and OSError where the other process is gone, ValueError for what is no frame."""
    number, kind, size = _FRONT.unpack(await stream.readexactly(_FRONT.size))
    if size > MOST_BYTES:
        raise ValueError("no frame is so large")
    return Frame(number, FrameKind(kind), await stream.readexactly(size))


def asked(scope: Mapping[str, Any]) -> bytes:
    """A request without its body: pages that only read have none."""
    said = {name: scope.get(name) for name in _SAID}
    said |= {name: (scope.get(name) or b"").decode(_LETTERS) for name in _BYTES}
    return orjson.dumps({**said, "headers": _told(scope["headers"])})


def scope_of(content: bytes) -> dict[str, Any]:
    """That request, as ASGI has it."""
    said = orjson.loads(content)
    addresses = {name: tuple(said[name]) if said[name] is not None else None for name in ("client", "server")}
    return {
        **said,
        **addresses,
        **{name: said[name].encode(_LETTERS) for name in _BYTES},
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "root_path": "",
        "headers": _read(said["headers"]),
        "state": {},
    }


def answered(start: Mapping[str, Any], body: bytes) -> bytes:
    """The head of an answer, and its body or how it begins."""
    head = orjson.dumps({"status": start["status"], "headers": _told(start.get("headers", ()))})
    return _HEAD.pack(len(head)) + head + body


def answer_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    """What `answered` packed, as ASGI has it: the message that begins an answer, and its body so far."""
    (length,) = _HEAD.unpack_from(content)
    end = _HEAD.size + length
    head = orjson.loads(content[_HEAD.size : end])
    start = {
        "type": "http.response.start",
        "status": int(head["status"]),
        "headers": _read(head["headers"]),
    }
    return start, content[end:]


def _told(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode(_LETTERS), value.decode(_LETTERS)) for name, value in headers]


def _read(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(_LETTERS), value.encode(_LETTERS)) for name, value in headers]
