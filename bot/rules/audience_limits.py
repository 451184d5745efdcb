"""Whom staff may reach: an audience is narrowed to the areas of whoever sends it, never refused for being wide."""

from collections.abc import Iterable
from dataclasses import replace

from bot.rules.areas import (
    ABROAD_AREA,
    COLLECTIVITIES,
    DEPARTMENTS,
    EVERYWHERE,
    city_of,
    contains,
    department_of,
)
from bot.rules.audiences import Audience


def limited_to(audience: Audience, areas: Iterable[str]) -> tuple[Audience, ...]:
    """The audiences that together hold whoever is in this one and in at least one of the areas.

    Areas lie inside one another or apart, so that each intersection is the narrower of the two or empty.
    Raises UnknownArea.
    """
    found: list[str] = []
    for area in areas:
        common = _intersection(audience.area, area)
        if common is not None and not any(contains(wider, common) for wider in found):
            found = [narrower for narrower in found if not contains(common, narrower)]
            found.append(common)
    return tuple(replace(audience, area=area) for area in found)


def _intersection(one: str, other: str) -> str | None:
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
