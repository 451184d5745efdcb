"""The map: into which part of an area a commune falls, and into which of five classes a number."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bot.rules.areas import COLLECTIVITIES, DEPARTMENTS, EVERYWHERE, REGIONS, city_of, department_of

CLASSES = 5
FAR = 10
"""So many times as much is another colour."""
UNINHABITED = frozenset({"984", "989"})
_ROUND = (1, 2, 3, 5, 7)


def part_of(area: str, commune: str) -> str:
    """The part of an area that a commune lies in: of everywhere a région, of a région a département, of a département
    the commune itself, arrondissements as part of their city except in Paris, where they are all there is to see.
    """
    department = department_of(commune)
    if area == EVERYWHERE:
        region = DEPARTMENTS[department]
        return department if department in COLLECTIVITIES else f"R{region}"
    if area.startswith("R"):
        return department
    return commune if department == "75" else city_of(commune)


def parts_within(area: str) -> tuple[str, ...]:
    """All parts of everywhere and of a région; of a département there are too many communes to tell of none."""
    if area == EVERYWHERE:
        return (*(f"R{region}" for region in REGIONS), *sorted(COLLECTIVITIES - UNINHABITED))
    return REGIONS[area[1:]] if area.startswith("R") else ()


def limits(values: list[int] | list[float]) -> tuple[float, ...]:
    """From which number each class above the first begins, in round numbers; fewer classes where the numbers are few.

    Each class holds about as many of the numbers as another: one large city does not make all others look alike. Where
    one colour would then stand for a number and for one `FAR` times as large, each class begins at as many times the
    one before.
    """
    told = sorted(value for value in values if value > 0)
    if not told:
        return ()
    found = _rising(told[0], (told[len(told) * place // CLASSES] for place in range(1, CLASSES)))
    by_class = [[value for value in told if class_of(value, found) == each] for each in range(1, CLASSES + 1)]
    if any(some and some[-1] >= FAR * some[0] for some in by_class):
        step = (told[-1] / told[0]) ** (1 / CLASSES)
        return _rising(told[0], (told[0] * step**place for place in range(1, CLASSES)))
    return found


def _rising(least: float, limits: Iterable[float]) -> tuple[float, ...]:
    found: list[float] = []
    for limit in map(round_number, limits):
        if limit > least and (not found or limit > found[-1]):
            found.append(limit)
    return tuple(found)


def classes(
    values: list[int] | list[float], found: tuple[float, ...], *, step: int | None = None
) -> list[tuple[float, float | None]]:
    """Where each class begins, and below which number it ends: the last one has no end, and no two share a number.

    `step`: what tells one number from the next, where they are whole: of one number alone that one is told.
    """
    told = [value for value in values if value > 0]
    if not told:
        return []
    if step is not None and len(set(told)) == 1:
        return [(told[0], told[0] + step)]
    begins = [min(told), *found]
    return list(zip(begins, [*found, None], strict=True))


def digits_of(values: list[float]) -> int:
    """How many decimals it takes that the smallest of these numbers is not told as nothing."""
    told = [value for value in values if value > 0]
    return max([1, *(math.ceil(-math.log10(value)) for value in told)])


def round_number(value: float) -> float:
    """The largest number up to this one that is easily read: 1, 2, 3, 5 or 7 with noughts."""
    scale = 1.0
    while value >= 10 * scale:
        scale *= 10
    while value < scale:
        scale /= 10
    return max(digit * scale for digit in _ROUND if digit * scale <= value)


def class_of(value: float, found: tuple[float, ...]) -> int:
    """The class of a number, from 1; 0 for none."""
    return 0 if value <= 0 else 1 + sum(value >= limit for limit in found)
