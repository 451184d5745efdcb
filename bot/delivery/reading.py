"""What a server sent, read leniently: one bad letter costs that letter, one bad item costs that item.

Telegram cuts texts by UTF-16 units, and half of a pair may be left: orjson, and PostgreSQL, refuse the whole for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

import orjson

from db.unread import Unread

T = TypeVar("T")

# An escape sequence: a pair of surrogates, half of one, NUL, or any other. Each is matched whole, so that the `u` after
# an escaped backslash is a letter.
_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)|.)",
    re.DOTALL,
)
_UNKNOWN_LETTER = rb"\ufffd"
# Between values a line break is as good as a space; within a text neither it nor any other is allowed to stand bare.
_CONTROLS = bytes.maketrans(bytes(range(32)), b" " * 32)
_NUL = rb"\u0000"
# How an answer of many items begins.
_ITEMS = re.compile(rb'\s*\{(?:\s*"\w+"\s*:\s*\w+\s*,)*\s*"result"\s*:\s*\[')
# A text, also one whose end is missing; or what opens, closes and separates values.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def loads(body: bytes) -> Any:
    """JSON of which single letters may be broken: each is read as U+FFFD. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.loads(_mended(body))


def without_nul(body: bytes) -> bytes:
    """JSON without the letter NUL, which PostgreSQL keeps in no text."""
    return _ESCAPE.sub(_mended_escape, body) if _NUL in body else body


def _mended(body: bytes) -> bytes:
    whole_letters = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").encode()
    return _ESCAPE.sub(_mended_escape, whole_letters.translate(_CONTROLS))


def _mended_escape(escape: re.Match[bytes]) -> bytes:
    return _UNKNOWN_LETTER if escape[2] else escape[0]


def items_of(body: bytes, read: Callable[[Any], T], *, most: int) -> list[T | Unread]:
    """The first `most` items of an answer, each as `read` makes it; an `Unread` where it raises ValueError.

    Raises ValueError where it is no answer of items. Of an answer that was cut off the whole items are read.
    """
    try:
        answer = orjson.loads(body)
        if answer["ok"] is True and isinstance(answer["result"], list):
            return [read(item) for item in answer["result"][:most]]
    except (ValueError, KeyError, TypeError):
        pass
    return [_read(raw, has_end, read) for raw, has_end in islice(_split(body), most)]


def _read(raw: bytes, has_end: bool, read: Callable[[Any], T]) -> T | Unread:
    try:
        return read(loads(raw))
    except ValueError as error:
        return Unread(body=raw, error=type(error).__name__, has_end=has_end)


def _split(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes of each item, and whether its end was found."""
    head = _ITEMS.match(body)
    if head is None:
        raise ValueError("no answer of items")
    depth, start = 0, head.end()
    for token in _TOKEN.finditer(body, start):
        mark = body[token.start()]
        if mark in b"[{":
            depth += 1
        elif depth == 0 and mark in b",]":
            if item := body[start : token.start()].strip():
                yield item, True
            if mark in b"]":
                return
            start = token.end()
        elif mark in b"]}":
            depth = max(0, depth - 1)
    if item := body[start:].strip():
        yield item, False
