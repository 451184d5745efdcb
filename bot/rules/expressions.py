"""An audience as an expression: a tree of all, any and not over leaves (`bot.rules.leaves`).

The tree is stored as JSON (`{"all": ["in:69", {"not": "vote:1:voted"}]}`) and written as text
(`bot.rules.expression_text`). Two trees that say the same in another arrangement have one canonical form: nothing is
nested in its like, denied twice, or said twice side by side. The order stays as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.errors import BadAudience
from bot.rules.areas import EVERYWHERE
from bot.rules.leaves import ANY, Leaf, read_leaf

MOST_LEAVES = 100
MOST_NESTED = 30
MOST_LETTERS = 10_000
SPLIT = "save parts of it with `portevoix audiences save` and name them, as in audience:NAME"
"""What to do with an expression that is too large."""


@dataclass(frozen=True)
class All:
    """Who is in every one of the parts."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf:
    """Who is in at least one of the parts."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """Who is not in the part."""

    part: Expression


Expression: TypeAlias = All | AnyOf | Not | Leaf

EVERYBODY = Leaf(name="in", arguments=(EVERYWHERE,))


def canonical(expression: Expression) -> Expression:
    """The one form of all expressions that say the same in another arrangement."""
    match expression:
        case Not(part):
            plain = canonical(part)
            return plain.part if isinstance(plain, Not) else Not(plain)
        case All(parts):
            return _joined(All, parts)
        case AnyOf(parts):
            return _joined(AnyOf, parts)
    return expression


def _joined(kind: type[All | AnyOf], parts: Sequence[Expression]) -> Expression:
    found: dict[Expression, None] = {}
    for part in map(canonical, parts):
        found |= dict.fromkeys(part.parts if isinstance(part, kind) else (part,))
    return kind(tuple(found)) if len(found) > 1 else next(iter(found))


def both(one: Expression, other: Expression) -> Expression:
    """Who is in one and in the other; where one of them is everybody, the other."""
    if EVERYBODY in (one, other):
        return canonical(other if one == EVERYBODY else one)
    return canonical(All((one, other)))


def events_of(expression: Expression) -> frozenset[str]:
    """The codes of the events without whose answers nobody is in it; none where people come in otherwise."""
    match expression:
        case Leaf(name="rsvp", arguments=(code, _)) if code != ANY:
            return frozenset((code,))
        case All(parts):
            return frozenset[str]().union(*map(events_of, parts))
        case AnyOf(parts):
            found = [events_of(part) for part in parts]
            return frozenset[str]().union(*found) if all(found) else frozenset()
    return frozenset()


def written_out(expression: Expression, saved: Mapping[str, Expression]) -> Expression:
    """The expression with what it names by `audience:NAME` in its place, by itself or through others."""
    match expression:
        case Not(part):
            return canonical(Not(written_out(part, saved)))
        case All(parts) | AnyOf(parts):
            return canonical(type(expression)(tuple(written_out(part, saved) for part in parts)))
        case Leaf(name="audience", arguments=(name,)):
            return written_out(saved[name], saved)
    return expression


def leaves_of(expression: Expression) -> Iterator[Leaf]:
    """Every leaf, in the order in which they are written."""
    match expression:
        case Not(part):
            yield from leaves_of(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves_of(part)
        case Leaf():
            yield expression


def depth_of(expression: Expression) -> int:
    """How many all, any and not stand around the innermost leaf."""
    match expression:
        case Not(part):
            return 1 + depth_of(part)
        case All(parts) | AnyOf(parts):
            return 1 + max(map(depth_of, parts))
    return 0


def require_small(*, leaves: int, nested: int, what: str = "The expression", **where: str) -> None:
    """Raises BadAudience for one that nobody could read. `where`: the `word` with which it is too large."""
    if leaves > MOST_LEAVES:
        raise BadAudience(
            f"{what} has more than {MOST_LEAVES} conditions: {SPLIT}.", why="too_large", **where
        )
    if nested > MOST_NESTED:
        raise BadAudience(
            f"{what} is nested more than {MOST_NESTED} deep: {SPLIT}.", why="too_large", **where
        )


def require_short(text: str) -> None:
    """Raises BadAudience for a text that is not even looked at."""
    if len(text) > MOST_LETTERS:
        raise BadAudience(
            f"The expression is {len(text):,} characters long, more than {MOST_LETTERS:,}: {SPLIT}.",
            why="too_large",
        )


def as_json(expression: Expression) -> Any:
    """The tree as JSON holds it; a leaf is its text."""
    match expression:
        case Not(part):
            return {"not": as_json(part)}
        case All(parts):
            return {"all": [as_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [as_json(part) for part in parts]}
    return str(expression)


def from_json(data: Any) -> Expression:
    """The canonical expression of a JSON tree. Raises BadAudience that points at what cannot be read."""
    expression = _read(data, 0)
    require_small(leaves=sum(1 for _ in leaves_of(expression)), nested=depth_of(expression))
    return canonical(expression)


def stored(data: Any) -> Expression:
    """The expression that was kept as JSON; everybody where nothing was (the program queued it for whom it meant).

    It may be larger than what people write: what a saved audience means stands in it.
    """
    return _read(data, None) if data else EVERYBODY


def _read(data: Any, depth: int | None) -> Expression:
    """`depth`: how deep it lies, where it may lie too deep."""
    if depth is not None:
        require_small(leaves=0, nested=depth, what=f"At {_shown(data)}, the expression", word=_shown(data))
    deeper = None if depth is None else depth + 1
    match data:
        case str():
            try:
                return read_leaf(data.strip())
            except BadAudience as fault:
                where = {"word": _shown(data)}
                raise BadAudience(f"In {_shown(data)}: {fault.clause}", **{**fault.values, **where}) from None
        case {"not": part} if len(data) == 1:
            return Not(_read(part, deeper))
        case {"all": [_, *_] as parts} if len(data) == 1:
            return All(tuple(_read(part, deeper) for part in parts))
        case {"any": [_, *_] as parts} if len(data) == 1:
            return AnyOf(tuple(_read(part, deeper) for part in parts))
    raise BadAudience(
        f"{_shown(data)} is no part of an audience: write a condition such as"
        ' "in:69", or one of {"all": [ … ]}, {"any": [ … ]} and {"not": … }, with something in it.',
        why="bad_json",
        word=_shown(data),
    )


def _shown(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def text_of(expression: Expression) -> str:
    """The expression as people read and write it; whatever mixes `and` with `or` stands in parentheses."""
    match expression:
        case Not(part):
            return f"not {_enclosed(part)}"
        case All(parts):
            return " and ".join(map(_enclosed, parts))
        case AnyOf(parts):
            return " or ".join(map(_enclosed, parts))
    return str(expression)


def _enclosed(part: Expression) -> str:
    return f"({text_of(part)})" if isinstance(part, All | AnyOf) else text_of(part)


@dataclass(frozen=True)
class Grown:
    """An expression as far as one of its leaves: `leaf` as it counts there (`not staff`), and `so_far` all up to it."""

    leaf: Expression
    so_far: Expression


def grown(expression: Expression) -> tuple[Grown, ...]:
    """The expression as it grows, leaf by leaf; the last one is all of it."""
    leaves = tuple(signed(expression))
    cut = (_cut(expression, length)[0] for length in range(1, len(leaves) + 1))
    return tuple(
        Grown(leaf, canonical(so_far)) for leaf, so_far in zip(leaves, cut, strict=True) if so_far is not None
    )


def signed(expression: Expression, *, denied: bool = False) -> Iterator[Expression]:
    """Every leaf as it counts, `staff` or `not staff`, in the order in which they are written."""
    match expression:
        case Not(part):
            yield from signed(part, denied=not denied)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from signed(part, denied=denied)
        case Leaf():
            yield Not(expression) if denied else expression


def _cut(expression: Expression, length: int) -> tuple[Expression | None, int]:
    """The expression with its first leaves alone, and how many more could follow; None: with none of them."""
    match expression:
        case Not(part):
            kept, left = _cut(part, length)
            return (None if kept is None else Not(kept)), left
        case All(parts) | AnyOf(parts):
            found: list[Expression] = []
            for part in parts:
                kept, length = _cut(part, length)
                if kept is not None:
                    found.append(kept)
            return (type(expression)(tuple(found)) if found else None), length
    return (expression, length - 1) if length else (None, 0)
