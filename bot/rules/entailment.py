"""Whether everybody in one audience is in another one, by their words alone: no person is looked at.

What is found is so for all people there may be. Of expressions with very many different conditions some of it is
missed, and nothing untrue is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations

from bot.rules.areas import contains
from bot.rules.expressions import EVERYBODY, All, AnyOf, Expression, Not, leaves_of
from bot.rules.leaves import Leaf

MOST_LEAVES = 8
"""Different conditions of two expressions that are tried in every combination, of which there are 256."""


@lru_cache(maxsize=4096)
def is_within(one: Expression, other: Expression) -> bool:
    """Whether whoever is in the one is in the other, whatever people there are."""
    if one == other or other == EVERYBODY:
        return True
    leaves = tuple({*leaves_of(one), *leaves_of(other)} - {EVERYBODY})
    if len(leaves) > MOST_LEAVES:
        return _is_read_off(one, other)
    columns: dict[Expression, int] = dict(zip(leaves, _columns(len(leaves)), strict=True))
    possible = _everything(len(leaves))
    for narrow, wide in permutations(leaves, 2):
        if _is_narrower(narrow, wide):
            possible &= ~columns[narrow] | columns[wide]
    return not possible & _table(one, columns) & ~_table(other, columns)


def subjects_of(expression: Expression) -> frozenset[str]:
    """What it is about, to see fast that two have nothing to do with each other: those that share no subject lie in
    each other only where one of them is always nobody or everybody. Such a one has none.
    """
    if is_within(EVERYBODY, expression) or is_within(expression, Not(EVERYBODY)):
        return frozenset()
    places = ("in", "near")
    return frozenset(leaf.name if leaf.name in places else str(leaf) for leaf in leaves_of(expression))


def _is_narrower(one: Leaf, other: Leaf) -> bool:
    """Whether whoever has one condition has the other."""
    match one, other:
        case Leaf(name="in", arguments=(inner,)), Leaf(name="in", arguments=(outer,)):
            return contains(outer, inner)
        case Leaf(name="near", arguments=(centre, short)), Leaf(name="near", arguments=(same, long)):
            return centre == same and int(short) <= int(long)
    return other in (one, EVERYBODY)


def _everything(leaves: int) -> int:
    return (1 << (1 << leaves)) - 1


@lru_cache(maxsize=MOST_LEAVES + 1)
def _columns(leaves: int) -> Sequence[int]:
    """Of each condition in which of all combinations it holds: one bit a combination."""
    rows = range(1 << leaves)
    return tuple(sum(1 << row for row in rows if row >> leaf & 1) for leaf in range(leaves))


def _table(expression: Expression, columns: Mapping[Expression, int]) -> int:
    """In which combinations somebody is in the audience."""
    everything = _everything(len(columns))
    match expression:
        case Not(part):
            return everything & ~_table(part, columns)
        case All(parts):
            found = everything
            for part in parts:
                found &= _table(part, columns)
            return found
        case AnyOf(parts):
            found = 0
            for part in parts:
                found |= _table(part, columns)
            return found
    return everything if expression == EVERYBODY else columns[expression]


def _is_read_off(one: Expression, other: Expression) -> bool:
    """The same as far as it is seen part by part."""
    match one, other:
        case _, All(parts):
            return all(_is_read_off(one, part) for part in parts)
        case AnyOf(parts), _:
            return all(_is_read_off(part, other) for part in parts)
        case Not(part), Not(wider):
            return _is_read_off(wider, part)
        case Leaf(), Leaf():
            return _is_narrower(one, other)
    return (isinstance(one, All) and any(_is_read_off(part, other) for part in one.parts)) or (
        isinstance(other, AnyOf) and any(_is_read_off(one, part) for part in other.parts)
    )
