"""Where people and events are, part by part of an area, as its staff may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

import db.statistics
from bot.actions.authority import Author, area_name
from bot.actions.statistics import level_within
from bot.communes import Gazetteer
from bot.rules.areas import areas_around, contains
from bot.rules.maps import class_of, limits, part_of
from bot.rules.permissions import Action
from bot.rules.small_counts import NOBODY, Headcount

PER = 10_000
"""Inhabitants that a share is told of."""


class Layer(StrEnum):
    """What is counted."""

    SUPPORTERS = "supporters"
    VOLUNTEERS = "volunteers"
    EVENTS = "events"
    PLACES = "places"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the area: its number as shown, or for every 10,000 inhabitants (`share`), and its class, 0 for none.

    `hidden`: there may be up to nine, which is not told.
    """

    area: str
    name: str
    shown: str
    share: float | None
    at_least: int
    level: int
    hidden: bool


@dataclass(frozen=True, kw_only=True)
class Map:
    """An area and its parts, those with most first. `around`: the areas around it that the reader may see too, with
    their names, the widest first. `limits`: from which number each class above the first begins.
    """

    area: str
    name: str
    around: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    limits: tuple[float, ...]


async def map_of(tx: AsyncConnection, author: Author, area: str, layer: Layer, *, by_share: bool) -> Map:
    """The parts of an area, by number or by share of their inhabitants. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    counts = await _counts(tx, author, area, layer) if level_within(area) else {}
    inhabitants = _inhabitants(author.gazetteer, area) if by_share else Counter()
    exact = author.reader.is_exact or layer in (Layer.EVENTS, Layer.PLACES)
    values = {part: people.total if exact else people.at_least for part, people in counts.items()}
    shares = {
        part: value * PER / inhabitants[part] for part, value in values.items() if inhabitants.get(part)
    }
    found = limits(list(shares.values() if by_share else values.values()))
    parts = [
        Part(
            area=part,
            name=area_name(author.gazetteer, part),
            shown=str(people.total) if exact else author.reader.shown(people),
            share=shares.get(part) if by_share else None,
            at_least=values[part],
            level=class_of(shares.get(part, 0) if by_share else values[part], found),
            hidden=not exact and not values[part],
        )
        for part, people in counts.items()
    ]
    parts.sort(key=lambda each: (-(each.share or 0) if by_share else -each.at_least, each.name))
    return Map(
        area=area,
        name=area_name(author.gazetteer, area),
        around=[
            (wider, area_name(author.gazetteer, wider))
            for wider in reversed(areas_around(area)[1:])
            if author.may(Action.SEE_STATISTICS, wider)
        ],
        parts=parts,
        limits=found,
    )


async def _counts(tx: AsyncConnection, author: Author, area: str, layer: Layer) -> dict[str, Headcount]:
    if layer is Layer.EVENTS:
        return _gathered(area, _as_heads(await db.statistics.events_by_commune(tx, area, author.now)))
    if layer is Layer.PLACES:
        known = await db.statistics.places_by_commune(tx)
        return _gathered(area, _as_heads(each for each in known if contains(area, each[0])))
    return _gathered(
        area,
        await db.statistics.by_commune(
            tx, area, author.reader.known_in, volunteers=layer is Layer.VOLUNTEERS
        ),
    )


def _as_heads(counts: Iterable[tuple[str, int]]) -> list[tuple[str, Headcount]]:
    return [(commune, Headcount(others=number)) for commune, number in counts]


def _gathered(area: str, counts: Iterable[tuple[str, Headcount]]) -> dict[str, Headcount]:
    found: dict[str, Headcount] = {}
    for commune, people in counts:
        part = part_of(area, commune)
        found[part] = found.get(part, NOBODY) + people
    return found


@lru_cache(maxsize=256)
def _inhabitants(gazetteer: Gazetteer, area: str) -> Counter[str]:
    """Inhabitants of each part; arrondissements are counted with their city, which the list of communes has too."""
    found: Counter[str] = Counter()
    for code in gazetteer.codes():
        if contains(area, code):
            commune = gazetteer.by_code(code)
            part = part_of(area, code)
            if commune is not None and (commune.parent is None or part == code):
                found[part] += commune.population or 0
    return found
