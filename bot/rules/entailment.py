"""Whether everybody in one audience is in another one, by their words alone: no person is looked at.

What is found is so for all people there may be, also for those who did not agree to the use of their commune: neither
`in:69` nor `not in:69` holds for them (`bot.rules.belonging`). Of expressions with very many different conditions some
of it is missed, and nothing untrue is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache, reduce
from itertools import permutations
from operator import and_, or_

from bot.rules.areas import contains
from bot.rules.expressions import EVERYBODY, All, AnyOf, Expression, Not, leaves_of
from bot.rules.leaves import Leaf

MOST_COLUMNS = 8
"""Conditions of two expressions that are tried in every combination, of which there are 256."""
_AGREED = Leaf(name="agreed_commune")
"""The condition beside those of the expressions: that their commune may be used."""


@lru_cache(maxsize=4096)
def is_within(one: Expression, other: Expression) -> bool:
    """Whether whoever is in the one is in the other, whatever people there are."""
    if one == other or other == EVERYBODY:
        return True
    leaves = {*leaves_of(one), *leaves_of(other)} - {EVERYBODY}
    names = _names_of(leaves)
    if len(names) > MOST_COLUMNS:
        return _is_read_off(one, other)
    columns = dict(zip(names, _columns(len(names)), strict=True))
    possible = _everything(len(names))
    for narrow, wide in permutations(leaves, 2):
        if _is_narrower(narrow, wide):
            possible &= ~columns[narrow] | columns[wide]
    for denied in (name for name in names if isinstance(name, Not)):
        possible &= ~(columns[denied] & columns[denied.part])
    return not possible & _table(one, columns) & ~_table(other, columns)


def subjects_of(expression: Expression) -> frozenset[str]:
    """What it is about, to see fast that two have nothing to do with each other: those that share no subject lie in
    each other only where one of them is always nobody or everybody. Such a one has none.
    """
    if is_within(EVERYBODY, expression) or is_within(expression, Not(EVERYBODY)):
        return frozenset()
    places = ("in", "near")
    return frozenset("place" if leaf.name in places else str(leaf) for leaf in leaves_of(expression))


def _names_of(leaves: set[Leaf]) -> list[Expression]:
    """What is so or not of somebody, as far as it matters. To be in a saved audience and to be in none of it are two
    things: what it says of the commune may leave both open.
    """
    saved = [Not(leaf) for leaf in leaves if leaf.name == "audience"]
    agreed = [_AGREED] if any(leaf.uses_commune for leaf in leaves) else []
    return [*leaves, *saved, *agreed]


def _is_narrower(one: Leaf, other: Leaf) -> bool:
    """Whether whoever has one condition has the other."""
    match one, other:
        case Leaf(name="in", arguments=(inner,)), Leaf(name="in", arguments=(outer,)):
            return contains(outer, inner)
        case Leaf(name="near", arguments=(centre, short)), Leaf(name="near", arguments=(same, long)):
            return centre == same and int(short) <= int(long)
    return other in (one, EVERYBODY)


def _everything(names: int) -> int:
    return (1 << (1 << names)) - 1


@lru_cache(maxsize=MOST_COLUMNS + 1)
def _columns(names: int) -> Sequence[int]:
    """Of each condition in which of all combinations it holds: one bit a combination."""
    rows = range(1 << names)
    return tuple(sum(1 << row for row in rows if row >> name & 1) for name in range(names))


def _table(expression: Expression, columns: Mapping[Expression, int], *, denied: bool = False) -> int:
    """In which combinations somebody is in the audience (`denied`: in none of it)."""
    everything = _everything(len(columns))
    match expression:
        case Not(part):
            return _table(part, columns, denied=not denied)
        case All(parts) | AnyOf(parts):
            tables = (_table(part, columns, denied=denied) for part in parts)
            together = isinstance(expression, All) != denied
            return reduce(and_, tables, everything) if together else reduce(or_, tables, 0)
    if expression == EVERYBODY:
        return 0 if denied else everything
    found = columns[expression]
    if denied:
        found = columns.get(Not(expression), everything & ~found)
    return found & columns[_AGREED] if expression.uses_commune else found


def _is_read_off(one: Expression, other: Expression) -> bool:
    """Whether one lies in the other, as far as it is seen part by part. Each two parts are compared once: they are some
    thousands, and the ways that lead to them beyond counting.
    """

    @cache
    def within(one: Expression, other: Expression) -> bool:
        match one, other:
            case _, All(parts):
                return all(within(one, part) for part in parts)
            case AnyOf(parts), _:
                return all(within(part, other) for part in parts)
            case Not(part), Not(wider):
                return within(wider, part)
            case Leaf(), Leaf():
                return _is_narrower(one, other)
        return (isinstance(one, All) and any(within(part, other) for part in one.parts)) or (
            isinstance(other, AnyOf) and any(within(one, part) for part in other.parts)
        )

    return within(one, other)
