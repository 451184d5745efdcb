"""What Telegram does to every text before it looks at it (misc.cpp and MessageEntity.cpp of tdlib).

Control characters become spaces, returns and marks that turn the direction of writing go, and so do lines drawn over
letters. White space at both ends goes too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from simulator.entities import Entity

_GONE = "\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u030a\u0333\u033f"
_SPACES = "".join(map(chr, {*range(32)} - {*map(ord, "\n\r")}))
_TABLE = {ord(character): None for character in _GONE} | {ord(character): " " for character in _SPACES}
_WRONG = re.compile(f"[{re.escape(_SPACES + _GONE)}\u200e\u200f]")
# Of marks of direction in a row only the last one stays; the others join nothing to nothing.
_MARKS = re.compile("[\u200e\u200f](?=[\u200e\u200f])")
# What nobody sees (strip_empty_characters): a text of these is empty.
_UNSEEN = re.compile(
    "[ \n\u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000\U000e0001]*"
)
WHITE = " \n"


def clean(text: str) -> str:
    """A text as it is kept, white space at its ends included."""
    if not _WRONG.search(text):
        return text
    return _MARKS.sub("\u200c", text.translate(_TABLE))


def trimmed(text: str) -> str:
    """A name, title or other short text as it is kept."""
    return clean(text).strip(WHITE)


def is_empty(text: str) -> bool:
    """Whether nobody sees anything of a text."""
    return _UNSEEN.fullmatch(text) is not None


def clean_with(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """A text as it is kept and its entities, which are moved by what goes."""
    if not _WRONG.search(text):
        return text, entities
    gone = list(_places(text))
    moved = []
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        start, end = start - bisect_left(gone, start), end - bisect_left(gone, end)
        if end > start:
            moved.append(entity | {"offset": start, "length": end - start})
    return clean(text), moved


def _places(text: str) -> Iterable[int]:
    """The UTF-16 offset of each character that goes."""
    at = 0
    for character in text:
        if character in _GONE:
            yield at
        at += 2 if ord(character) > 0xFFFF else 1


def trimmed_with(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without the white space at the end, and at the beginning as far as no entity holds it; entities moved and cut."""
    kept = text.rstrip(WHITE)
    if kept == text and text[:1] not in WHITE:
        return text, entities
    if not entities:
        return kept.lstrip(WHITE), entities
    lead = min(len(kept) - len(kept.lstrip(WHITE)), min(entity["offset"] for entity in entities))
    end = utf16_length(kept)
    moved = []
    for entity in entities:
        length = min(entity["offset"] + entity["length"], end) - entity["offset"]
        if length > 0:
            moved.append(entity | {"offset": entity["offset"] - lead, "length": length})
    return kept[lead:], moved


def utf16_length(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)
