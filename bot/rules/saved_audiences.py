"""Saved audiences: an expression under a name, of one area, which others may name in theirs (`audience:NAME`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from bot.errors import BadAudience
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.expressions import Expression, both, depth_of, leaves_of
from bot.rules.leaves import Leaf

MOST_LEAVES_TOGETHER = 500
MOST_NESTED_TOGETHER = 100


class SavedAudience(Frozen):
    """An audience with a name. `area` limits it: nobody outside is in it, whatever the expression says."""

    name: str
    area: str
    expression: Expression
    saved_at: datetime

    @property
    def meaning(self) -> Expression:
        """The expression within its area."""
        if self.area == EVERYWHERE:
            return self.expression
        return both(self.expression, Leaf(name="in", arguments=(self.area,)))


Saved = Mapping[str, SavedAudience]
"""Saved audiences by name."""


def shared_with(area: str, areas: Iterable[str]) -> bool:
    """Whether staff of some areas may use what was made for an area: it lies in one of theirs, or holds it."""
    return any(contains(area, each) or contains(each, area) for each in areas)


def named_in(expression: Expression) -> tuple[str, ...]:
    """The saved audiences that an expression names itself, each once."""
    found = (leaf.arguments[0] for leaf in leaves_of(expression) if leaf.name == "audience")
    return tuple(dict.fromkeys(found))


def reached_from(expression: Expression, saved: Saved) -> tuple[SavedAudience, ...]:
    """The saved audiences that an expression names, by itself or through others; those that are gone left out."""
    found: dict[str, SavedAudience] = {}
    waiting = list(named_in(expression))
    while waiting:
        name = waiting.pop()
        if name in saved and name not in found:
            found[name] = saved[name]
            waiting += named_in(saved[name].expression)
    return tuple(found.values())


def users_of(name: str, saved: Saved) -> tuple[str, ...]:
    """The saved audiences that name this one."""
    return tuple(sorted(each.name for each in saved.values() if name in named_in(each.expression)))


def require_no_circle(name: str, expression: Expression, saved: Saved) -> None:
    """Raises BadAudience where an audience saved under `name` would name itself, by itself or through others."""
    path = next(_paths(name, expression, saved), None)
    if path is not None:
        circle = " → ".join((name, *path))
        raise BadAudience(
            f"“{name}” would name itself ({circle}): take audience:{path[0]} out, or save under another name.",
            why="circle",
            word=f"audience:{path[0]}",
        )


def _paths(name: str, expression: Expression, saved: Saved) -> Iterator[tuple[str, ...]]:
    """The ways that lead from an expression to a name, each audience gone through once."""
    seen: set[str] = set()
    waiting: list[tuple[str, ...]] = [(each,) for each in named_in(expression)]
    while waiting:
        path = waiting.pop()
        if path[-1] == name:
            yield path
        elif path[-1] in saved and path[-1] not in seen:
            seen.add(path[-1])
            waiting += [(*path, each) for each in named_in(saved[path[-1]].expression)]


def require_readable(expression: Expression, saved: Saved) -> None:
    """Raises BadAudience for an expression that is too large once all it names is written out. There is no circle."""
    leaves, nested = _size(expression, saved, {})
    if leaves > MOST_LEAVES_TOGETHER or nested > MOST_NESTED_TOGETHER:
        raise BadAudience(
            f"With the saved audiences it names, the expression has {leaves:,} conditions, nested {nested} deep: use"
            f" at most {MOST_LEAVES_TOGETHER:,}, nested {MOST_NESTED_TOGETHER} deep.",
            why="too_large",
        )


def _size(expression: Expression, saved: Saved, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """How many leaves there are with those of what is named, and how deep they lie; each audience measured once."""
    leaves, nested = 0, 0
    for leaf in leaves_of(expression):
        name = leaf.arguments[0] if leaf.name == "audience" else None
        if name is None or name not in saved:
            leaves += 1
            continue
        if name not in known:
            known[name] = _size(saved[name].meaning, saved, known)
        leaves, nested = leaves + known[name][0], max(nested, known[name][1])
    return leaves, nested + depth_of(expression)
