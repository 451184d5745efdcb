"""What is learnt from door to door: by station, street and day, as the team of the area may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass
import db.canvass_counts
import db.canvass_walks
from bot.actions.authority import Author
from bot.actions.canvass import ranking
from bot.actions.canvass_offers import commune_of
from bot.frozen import Frozen
from bot.rules.canvass.doors import Plane, Spot, place_of
from bot.rules.canvass.ranking import Ranked, Weights
from bot.rules.canvass.visits import DoorOutcome, Tally, WalkDoubt, doubt, pace, tally
from bot.rules.permissions import Action
from db.canvass_counts import NotedVisits


class StationLine(Frozen):
    """A station in the list of an area: its place in the order (None: no results are known), its walks, what was noted.
    `point`: latitude and longitude, as far as known.
    """

    code: str
    commune: str
    name: str | None
    point: tuple[float, float] | None
    ranked: Ranked | None
    walks: Counter[str]
    tally: Tally


class Learnt(Frozen):
    """What was noted at the doors of a station: by street, those with most doors first, and by day. `pace`: minutes a
    door. `doubtful`: walks that want talking over. `unnamed`: doors of streets that have too few.
    """

    code: str
    commune: str
    whole: Tally
    streets: Sequence[tuple[str, Tally]]
    days: Sequence[tuple[date, Tally]]
    pace: float | None
    doubtful: Sequence[tuple[int, str, WalkDoubt]]


async def lines(tx: AsyncConnection, author: Author, area: str) -> list[StationLine]:
    """The stations of an area: the best first, then those without results. Raises NotAllowed, ImportUnfinished."""
    author.require(Action.OFFER_WALK, area)
    ranked = {each.turnout.station: each for each in (await ranking(tx, Weights(), [area])).stations}
    walks = await db.canvass_counts.walks_by_station(tx, area)
    counts = await db.canvass_counts.by_station(tx, area)
    found = [
        StationLine(
            code=row.code,
            commune=row.commune,
            name=row.name,
            point=None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude),
            ranked=ranked.get(row.code),
            walks=walks.get(row.code, Counter()),
            tally=Tally(counts=counts.get(row.code, Counter())),
        )
        for row in await db.canvass.points_in(tx, [area])
    ]
    last = len(found) + 1
    return sorted(found, key=lambda each: (each.ranked.rank if each.ranked else last, each.code))


async def learnt(tx: AsyncConnection, author: Author, code: str) -> Learnt:
    """What was noted at the doors of a station of the author’s areas. Raises NotAllowed, WalkGone."""
    commune = await commune_of(tx, author, code)
    noted = await db.canvass_counts.of_station(tx, code)
    tallies = {
        walk: tally((each.outcome, each.at, each.paper) for each in some if each.at is not None)
        for walk, some in _parted(noted, lambda each: each.walk)
        if walk is not None
    }
    names = {line.id: line.code for line in await db.canvass_walks.lines_of(tx, code)}
    doubts = ((walk, doubt(found)) for (walk, _outing), found in tallies.items())
    streets = [(street, _tally(some)) for street, some in _parted(noted, lambda each: each.street)]
    return Learnt(
        code=code,
        commune=commune,
        whole=_tally(noted),
        streets=sorted(streets, key=lambda each: (not each[0], -each[1].doors, each[0])),
        days=[(day, _tally(some)) for day, some in _parted(noted, lambda each: each.day)],
        pace=pace(tallies.values()),
        doubtful=[(walk, names.get(walk, ""), why) for walk, why in doubts if why is not None],
    )


def _parted(
    noted: Iterable[NotedVisits], key: Callable[[NotedVisits], Any]
) -> list[tuple[Any, list[NotedVisits]]]:
    """What was noted, by something."""
    ordered = sorted(noted, key=lambda each: str(key(each)))
    return [(part, list(some)) for part, some in groupby(ordered, key=key)]


def _tally(noted: Iterable[NotedVisits]) -> Tally:
    counts: Counter[DoorOutcome] = Counter()
    for each in noted:
        counts[each.outcome] += each.number
    return Tally(counts=counts)


async def ways(tx: AsyncConnection, author: Author, code: str) -> dict[int, list[Spot]]:
    """The way of each walk of a station, in metres to the east and to the north. Raises NotAllowed."""
    author.require(Action.OFFER_WALK, place_of(code))
    rows = await db.canvass.ways_of(tx, code)
    if not rows:
        return {}
    plane = Plane(min(row.latitude for row in rows), min(row.longitude for row in rows))
    return {
        walk: [plane.spot(row.latitude, row.longitude) for row in some]
        for walk, some in groupby(rows, key=lambda row: row.walk)
    }


class DoorTotals(Frozen):
    """Door to door in one line: doors that were noted, and how many walks are offered, under way and over."""

    tally: Tally
    walks: Counter[str]


async def doors_in(tx: AsyncConnection, area: str) -> DoorTotals | None:
    """What is told of an area with its other numbers; None where nobody went. The caller asked whether it may be."""
    counts: Counter[DoorOutcome] = Counter()
    for each in (await db.canvass_counts.by_station(tx, area)).values():
        counts += each
    walks: Counter[str] = Counter()
    for number in (await db.canvass_counts.walks_by_station(tx, area)).values():
        walks += number
    going = walks["offered"] + walks["under_way"] + walks["done"]
    return DoorTotals(tally=Tally(counts=counts), walks=walks) if going or counts else None
