"""Where people and events are, part by part of an area, as its staff may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_counts
import db.statistics
from bot.actions.authority import Author, area_name
from bot.actions.statistics import level_within
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.areas import areas_around, contains
from bot.rules.maps import class_of, classes, digits_of, limits, part_of, parts_within
from bot.rules.permissions import Action
from bot.rules.small_counts import LEAST, NOBODY, Headcount

PER = 10_000
"""Inhabitants that a share is told of."""


class Layer(StrEnum):
    """What is counted."""

    SUPPORTERS = "supporters"
    VOLUNTEERS = "volunteers"
    EVENTS = "events"
    PLACES = "places"
    STATIONS = "stations"
    WALKS = "walks"


IMPERSONAL = frozenset({Layer.EVENTS, Layer.PLACES, Layer.STATIONS, Layer.WALKS})
"""What is no count of people: it is told exactly."""


class AreaPart(Frozen):
    """A part of the area: its number as shown, or for every 10,000 inhabitants (`share`, between which numbers it lies
    where it is not told exactly), and its class, 0 for none.
    """

    area: str
    name: str
    shown: str
    share: tuple[float, float] | None
    at_least: int
    level: int


class Map(Frozen):
    """An area and its parts, those with most first. `around`: the areas around it that the reader may see too, with
    their names, the widest first. `classes`: from which number to below which. `digits`: decimals of a share.

    Of a part that is not among them fewer than ten are told, nobody included; nobody, to whoever reads exact numbers.
    """

    area: str
    name: str
    around: Sequence[tuple[str, str]]
    parts: Sequence[AreaPart]
    classes: Sequence[tuple[float, float | None]]
    digits: int
    is_exact: bool


async def map_of(tx: AsyncConnection, author: Author, area: str, layer: Layer, *, by_share: bool) -> Map:
    """The parts of an area, by number or by share of their inhabitants. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    counts = await _counts(tx, author, area, layer) if level_within(area) else {}
    inhabitants = _inhabitants(author.gazetteer, area) if by_share else Counter()
    exact = author.reader.is_exact or layer in IMPERSONAL
    if exact:
        counts = dict.fromkeys(parts_within(area), NOBODY) | counts
    values = {part: people.total if exact else people.at_least for part, people in counts.items()}
    if not exact:  # of whom nothing is told, it is not told either that there is somebody
        counts = {part: people for part, people in counts.items() if values[part]}
    shares = {
        part: (values[part] * PER / inhabitants[part], most * PER / inhabitants[part])
        for part, people in counts.items()
        if inhabitants.get(part)
        for most in [people.total if exact else people.at_most]
    }
    fewest = {part: share[0] for part, share in shares.items()} if by_share else values
    told = [fewest[part] for part in counts if part in fewest]
    found = limits(told)
    parts = [
        AreaPart(
            area=part,
            name=area_name(author.gazetteer, part),
            shown=str(people.total) if exact else author.reader.shown(people),
            share=shares.get(part) if by_share else None,
            at_least=values[part],
            level=class_of(fewest.get(part, 0), found),
        )
        for part, people in counts.items()
    ]
    parts.sort(key=lambda each: (-fewest.get(each.area, 0), each.name))
    return Map(
        area=area,
        name=area_name(author.gazetteer, area),
        around=[
            (wider, area_name(author.gazetteer, wider))
            for wider in reversed(areas_around(area)[1:])
            if author.may(Action.SEE_STATISTICS, wider)
        ],
        parts=parts,
        classes=classes(told, found, step=None if by_share else 1 if exact else LEAST),
        digits=digits_of(list(fewest.values())) if by_share else 0,
        is_exact=exact,
    )


async def _counts(tx: AsyncConnection, author: Author, area: str, layer: Layer) -> dict[str, Headcount]:
    if layer is Layer.EVENTS:
        return _gathered(area, _as_heads(await db.statistics.events_by_commune(tx, area, author.now)))
    if layer is Layer.PLACES:
        known = await db.statistics.places_by_commune(tx)
        return _gathered(area, _as_heads(each for each in known if contains(area, each[0])))
    if layer in (Layer.STATIONS, Layer.WALKS):
        found = await db.canvass_counts.by_place(tx, area, walks_out=layer is Layer.WALKS)
        return _gathered(area, _as_heads(found))
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
