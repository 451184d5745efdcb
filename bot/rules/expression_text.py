"""Reading an audience's expression as people type it: conditions with `and`, `or`, `not` and parentheses.

`not` binds closest, then `and`, then `or`. What is wrong is one sentence that points at the word and says what to
write.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from bot.errors import BadAudience
from bot.frozen import Frozen
from bot.rules.expressions import (
    MOST_NESTED,
    SPLIT,
    All,
    AnyOf,
    Expression,
    Not,
    canonical,
    depth_of,
    from_json,
    require_short,
    require_small,
)
from bot.rules.leaves import LONGEST_NAME, Leaf, read_leaf

_WORD = re.compile(r"[()]|[^\s()]+")
_JOINS = frozenset({"and", "or"})
WORDS = _JOINS | {"not"}
"""The words between conditions."""
NOT_JOINED = "nothing joins this to what stands before it: write “and” or “or” between them."
_GLANCE = 60
EXAMPLE = "(in:69 or near:69123:20) and not vote:1:voted"
Spot: TypeAlias = tuple[int, int]
"""Where something stands in what was typed: its first character, from 0, and the one after its last."""
Spots: TypeAlias = Mapping[Leaf, Spot]
"""Where each leaf stands first."""


class _Word(Frozen):
    text: str
    at: int  # its first character, from 1

    @property
    def folded(self) -> str:
        return self.text.casefold()

    @property
    def spot(self) -> Spot:
        return self.at - 1, self.at - 1 + len(self.text)


def expression_in(text: str) -> Expression:
    """The canonical expression that is typed, as text or as its JSON tree. Raises BadAudience."""
    return spotted(text)[0]


def spotted(text: str) -> tuple[Expression, Spots]:
    """The canonical expression, and where each leaf stands; nothing for JSON."""
    require_short(text)
    text = unicodedata.normalize("NFC", text)
    if text.lstrip().startswith(("{", "[", '"')):
        return _json(text), {}
    words = [_Word(text=found[0], at=found.start() + 1) for found in _WORD.finditer(text)]
    if not words:
        raise BadAudience(
            f"The expression is empty: write in:FR for everybody, or for instance {EXAMPLE}.", why="empty"
        )
    reading = _Reading(text=text, words=words)
    expression = canonical(reading.whole())
    reading.require_small(reading.innermost, leaves=0, nested=depth_of(expression))
    return expression, reading.spots


def _json(text: str) -> Expression:
    try:
        return from_json(json.loads(text))
    except json.JSONDecodeError as fault:
        raise BadAudience(
            f"At character {fault.pos + 1} the JSON cannot be read ({fault.msg}): correct it, or write the expression"
            f" as text, for instance {EXAMPLE}.",
            why="bad_json",
            **_around(text, fault.pos, fault.pos + 1),
        ) from None
    except RecursionError:
        raise BadAudience(
            f"The expression is nested more than {MOST_NESTED} deep: {SPLIT}.", why="too_large"
        ) from None


def pointing(spot: Spot | None, word: str, fault: BadAudience, text: str = "") -> BadAudience:
    """The fault of one word of an expression, where it is known at which spot of the `text` it stands."""
    if spot is not None and text:
        word = text[slice(*spot)]
    where = f"At character {spot[0] + 1}, “{_short(word)}”" if spot is not None else f"“{_short(word)}”"
    around = _around(text, *spot) if spot is not None and text else {"word": _short(word)}
    return BadAudience(f"{where}: {fault.clause}", **{**fault.values, **around})


def pointing_in(text: str, start: int, end: int, why: str, **values: object) -> BadAudience:
    """A fault in a sentence: its words from one character to another."""
    word = text[start:end]
    sentence = f"At character {start + 1}, “{_short(word)}”: this is not understood ({why})."
    return BadAudience(sentence, why=why, **{**values, **_around(text, start, end)})


def _around(text: str, start: int, end: int) -> dict[str, str]:
    """A word with what stands before and after it, as much as is read at a glance."""
    before, after = text[:start], text[end:]
    return {
        "before": f"…{before[-_GLANCE:]}" if len(before) > _GLANCE else before,
        "word": _short(text[start:end]),
        "after": f"{after[:_GLANCE]}…" if len(after) > _GLANCE else after,
    }


def _short(word: str) -> str:
    return word if len(word) <= LONGEST_NAME else f"{word[:LONGEST_NAME]}…"


@dataclass(kw_only=True)
class _Reading:
    """Where reading stands: the next word, and the leaves so far."""

    text: str
    words: list[_Word]
    next: int = 0
    leaves: int = 0
    depth: int = 0  # of the innermost so far
    innermost: _Word = _Word(text="", at=1)
    spots: dict[Leaf, Spot] = field(default_factory=dict)

    def whole(self) -> Expression:
        found = self.either(0)
        if (word := self.seen()) is not None:
            if word.text == ")":
                self.refuse(
                    word,
                    "closes_nothing",
                    "this parenthesis closes nothing: leave it out, or open one before it.",
                )
            self.refuse(word, "not_joined", NOT_JOINED)
        return found

    def either(self, depth: int) -> Expression:
        parts = [self.together(depth)]
        while self.takes("or"):
            parts.append(self.together(depth))
        return AnyOf(tuple(parts)) if len(parts) > 1 else parts[0]

    def together(self, depth: int) -> Expression:
        parts = [self.single(depth)]
        while self.takes("and"):
            parts.append(self.single(depth))
        return All(tuple(parts)) if len(parts) > 1 else parts[0]

    def single(self, depth: int) -> Expression:
        word = self.seen()
        if word is None:
            last = self.words[-1]
            self.refuse(
                last, "missing_after", "something is missing after this: write a condition, such as in:69."
            )
        if depth > self.depth:
            self.depth, self.innermost = depth, word
        self.require_small(word, leaves=self.leaves, nested=depth)
        self.next += 1
        if word.folded == "not":
            return Not(self.single(depth + 1))
        if word.text == "(":
            found = self.either(depth + 1)
            if self.takes(")"):
                return found
            if (following := self.seen()) is not None:
                self.refuse(following, "not_joined", NOT_JOINED)
            self.refuse(word, "not_closed", "this parenthesis is not closed: write ) where it ends.")
        if word.text == ")" or word.folded in _JOINS:
            self.refuse(
                word, "missing_before", "a condition is missing before this: write one, such as in:69."
            )
        return self.leaf(word)

    def leaf(self, word: _Word) -> Leaf:
        self.leaves += 1
        self.require_small(word, leaves=self.leaves, nested=0)
        try:
            leaf = read_leaf(word.text)
        except BadAudience as fault:
            raise pointing(word.spot, word.text, fault, self.text) from None
        self.spots.setdefault(leaf, word.spot)
        return leaf

    def require_small(self, word: _Word, *, leaves: int, nested: int) -> None:
        """Raises BadAudience that points at the word with which it is too large."""
        try:
            require_small(leaves=leaves, nested=nested)
        except BadAudience as fault:
            raise pointing(word.spot, word.text, fault, self.text) from None

    def seen(self) -> _Word | None:
        return self.words[self.next] if self.next < len(self.words) else None

    def takes(self, text: str) -> bool:
        word = self.seen()
        taken = word is not None and word.folded == text
        self.next += taken
        return taken

    def refuse(self, word: _Word, why: str, sentence: str) -> NoReturn:
        raise pointing(word.spot, word.text, BadAudience(sentence, why=why), self.text)
