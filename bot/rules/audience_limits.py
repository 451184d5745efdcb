"""Whom staff may reach: an audience is narrowed to the areas of whoever sends it, never refused for being wide."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import reduce

from bot.rules.areas import (
    ABROAD_AREA,
    COLLECTIVITIES,
    DEPARTMENTS,
    EVERYWHERE,
    city_of,
    contains,
    department_of,
)
from bot.rules.expressions import EVERYBODY, All, AnyOf, Expression, Not, both, canonical, signed
from bot.rules.leaves import Leaf

Areas = tuple[str, ...]
"""Areas apart from each other: none lies in another one."""


def areas_of(expression: Expression, *, denied: bool = False) -> Areas:
    """Areas that together hold whoever is in the audience (`denied`: in none of it). It names no saved audience."""
    match expression:
        case Not(part):
            return areas_of(part, denied=not denied)
        case All(parts) | AnyOf(parts):
            found = [areas_of(part, denied=denied) for part in parts]
            return reduce(_shared, found) if isinstance(expression, All) != denied else _joined(*found)
        case Leaf(name="in", arguments=(area,)) if not denied:
            return (area,)
    return (EVERYWHERE,)


def limited_to(expression: Expression, areas: Iterable[str]) -> tuple[Expression | None, Areas]:
    """Whoever is in the audience and in at least one of the areas, and areas that hold them; None: nobody.

    Raises UnknownArea.
    """
    allowed = _joined(tuple(areas))
    within = _shared(areas_of(expression), allowed)
    if not within:
        return None, ()
    if EVERYWHERE in allowed:
        return expression, within
    limits = canonical(AnyOf(tuple(Leaf(name="in", arguments=(area,)) for area in allowed)))
    return both(expression, limits), within


def outside(
    expression: Expression, areas: Iterable[str], around: Mapping[tuple[str, int], Collection[str]]
) -> Iterator[Leaf]:
    """The places that are asked for, none of which lies in one of the areas: nobody is there for whoever looks no
    further. `around`: the communes of each circle. A place that is left out may lie anywhere.
    """
    allowed = tuple(areas)
    for leaf in (each for each in signed(expression) if isinstance(each, Leaf)):
        match leaf:
            case Leaf(name="in", arguments=(area,)):
                there: Collection[str] = (area,)
            case Leaf(name="near", arguments=(commune, radius)):
                there = around[commune, int(radius)]
            case _:
                continue
        if not any(shared_area(each, area) for each in there for area in allowed):
            yield leaf


def widened(expression: Expression, is_whole: Callable[[str], bool]) -> Expression:
    """The audience without areas that hold everybody who votes: choosing by them would choose nobody."""
    match expression:
        case Not(part):
            return canonical(Not(widened(part, is_whole)))
        case All(parts) | AnyOf(parts):
            return canonical(type(expression)(tuple(widened(part, is_whole) for part in parts)))
        case Leaf(name="in", arguments=(area,)) | Leaf(name="near", arguments=(area, _)) if is_whole(area):
            return EVERYBODY
    return expression


def home_of(expression: Expression, areas: Areas) -> str:
    """Of the areas that staff look after, the one that an audience is saved for: that which holds it, or the first."""
    named = areas_of(expression)
    holding = (area for area in areas if all(contains(area, each) for each in named))
    return next(holding, areas[0])


def within(expression: Expression, area: str) -> Expression:
    """The audience with the area that limits it, where it does not say so itself."""
    if all(contains(area, each) for each in areas_of(expression)):
        return expression
    return both(expression, Leaf(name="in", arguments=(area,)))


def _shared(some: Areas, others: Areas) -> Areas:
    """What lies in one of some and in one of the others."""
    return _joined(tuple(common for one in some for other in others if (common := shared_area(one, other))))


def _joined(*several: Areas) -> Areas:
    found: Areas = ()
    for area in (area for areas in several for area in areas):
        if not any(contains(wider, area) for wider in found):
            found = (*(narrower for narrower in found if not contains(area, narrower)), area)
    return found


def shared_area(one: str, other: str) -> str | None:
    """Areas lie inside one another or apart, so that what two share is the narrower of them or nothing."""
    if contains(one, other):
        return other
    return one if contains(other, one) else None


def common_area(areas: Iterable[str]) -> str:
    """The narrowest area that holds them all; everywhere where there is none."""
    areas = tuple(areas)
    for candidate in _ancestors(areas[0]) if areas else ():
        if all(contains(candidate, area) for area in areas):
            return candidate
    return EVERYWHERE


def _ancestors(area: str) -> tuple[str, ...]:
    """The area and what holds it, narrowest first."""
    if area in {EVERYWHERE, ABROAD_AREA} or area.startswith("R"):
        return (area, EVERYWHERE)
    if area in DEPARTMENTS:
        return (
            (area, f"R{DEPARTMENTS[area]}", EVERYWHERE) if area not in COLLECTIVITIES else (area, EVERYWHERE)
        )
    return (area, city_of(area), *_ancestors(department_of(area)))
