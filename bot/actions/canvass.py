"""Stations ranked by what a visit is worth, and cut into walks: by the operator, and by coordinators in their areas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from itertools import groupby, islice
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.canvass_imports import require_whole
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.canvass.cutting import DOORS, Route, cut, join
from bot.rules.canvass.doors import Door, place_of
from bot.rules.canvass.ranking import Ranked, Weights, rank
from bot.rules.permissions import Action
from db.engine import Database

STATIONS_AT_ONCE = 10
MOST_NAMED = 8
"""Stations, or communes, that are told to whoever looked for one that there is not."""
BEGUN = ("offered", "under_way", "done")


class NothingToCut(PortevoixError):
    """A station or an area without doors."""

    default_message = "errors/canvass_nothing"


class NoSuchStation(NothingToCut):
    """A station that was never imported."""


class Cut(Frozen):
    """What cutting made: of how many stations, how many walks of how many doors; `kept`: stations whose walks somebody
    has begun, which keep them.
    """

    stations: int
    walks: int
    doors: int
    kept: int


class Walk(Frozen):
    """A walk with the keys of its doors, in order."""

    code: str
    station: str
    state: str
    doors: tuple[str, ...]
    metres: int


class Ranking(Frozen):
    """Stations, the best first, and how many there are of which no results are known."""

    stations: tuple[Ranked, ...]
    unknown: int


async def ranking(tx: AsyncConnection, weights: Weights, areas: Iterable[str] = (EVERYWHERE,)) -> Ranking:
    """The stations of some areas by what a visit is worth. Raises ImportUnfinished."""
    await require_whole(tx)
    known, unknown = await db.canvass.turnouts(tx, areas)
    return Ranking(stations=tuple(rank(known, weights)), unknown=unknown)


async def walks_in(tx: AsyncConnection, area: str = EVERYWHERE) -> list[Walk]:
    """Every walk of an area, or of a station, with its doors. Raises NoSuchStation."""
    await _require_station(tx, area)
    rows = await db.canvass.itineraries(tx, area)
    found = []
    for _walk, some in groupby(rows, key=lambda row: row.id):
        doors = list(some)
        first = doors[0]
        found.append(
            Walk(
                code=first.code,
                station=first.station,
                state=first.state,
                doors=tuple(each.ban for each in doors),
                metres=first.metres,
            )
        )
    return found


async def _require_station(tx: AsyncConnection, area: str) -> None:
    """Raises NoSuchStation, where it is one and not an area."""
    if "_" in area and await db.canvass.station(tx, area) is None:
        raise NoSuchStation(f"There is no station {area}: {await _stations_instead(tx, area)}", area=area)


async def _stations_instead(tx: AsyncConnection, code: str) -> str:
    """Those that exist of the commune that was named, the nearest numbers first, or the communes that have some."""
    known, commune = await db.canvass.station_codes(tx), code.partition("_")[0]
    if not known:
        return "none was imported so far, which `portevoix canvass import-stations FILE` does."
    here = [each for each in known if each.startswith(f"{commune}_")]
    if here:
        return f"those of {commune} are {_first_of(get_close_matches(code, here, n=MOST_NAMED, cutoff=0), here)}."
    communes = sorted({each.partition("_")[0] for each in known})
    return f"{commune} has none; there are some in {_first_of(communes[:MOST_NAMED], communes)}."


def _first_of(some: Sequence[str], of: Sequence[str]) -> str:
    """Some of these, in order, and how many more there are."""
    more = len(of) - len(some)
    return f"{', '.join(sorted(some))}{f' and {more:,} more' if more else ''}"


async def cut_area(database: Database, area: str, *, doors: int = DOORS, actor: str, now: datetime) -> Cut:
    """Cuts every station of an area, or one station, into walks; some stations in each transaction.

    Raises NoSuchStation, NothingToCut, ImportUnfinished, UnknownArea.
    """
    async with database.read() as tx:
        await require_whole(tx)
        codes = [area] if "_" in area else await db.canvass.codes_in(tx, area)
        await _require_station(tx, area)
    made = Cut(stations=0, walks=0, doors=0, kept=0)
    every = iter(codes)
    while some := list(islice(every, STATIONS_AT_ONCE)):
        async with database.write() as tx:
            made = _sum(made, await _cut_some(tx, some, doors, now))
    if not made.doors:
        raise NothingToCut(
            f"No address belongs to a station of {area}: import addresses and stations first.", area=area
        )
    async with database.write() as tx:
        await _note(tx, area, made, actor=actor, now=now)
    return made


async def cut_station(tx: AsyncConnection, author: Author, code: str) -> Cut:
    """Cuts one station of the author’s areas. Raises NotAllowed, NothingToCut, ImportUnfinished."""
    author = await in_turn(tx, author)
    await require_whole(tx)
    station = await db.canvass.station(tx, code)
    author.require(Action.OFFER_WALK, place_of(code) if station is not None else None)
    made = await _cut_some(tx, [code], DOORS, author.now)
    if station is None or not made.doors:
        raise NothingToCut(f"No address belongs to {code}.", area=code)
    await _note(tx, code, made, actor=author.name, now=author.now)
    return made


async def _note(tx: AsyncConnection, area: str, made: Cut, *, actor: str, now: datetime) -> None:
    details = {"area": area, "stations": made.stations, "walks": made.walks, "doors": made.doors}
    await audit.note(tx, actor=actor, action=Action.CUT_WALKS, details=details, now=now)


def _sum(one: Cut, other: Cut) -> Cut:
    return Cut(**{name: value + getattr(other, name) for name, value in vars(one).items()})


async def _cut_some(tx: AsyncConnection, codes: Sequence[str], most: int, now: datetime) -> Cut:
    """Some stations: anew, or where a walk has been offered only what is new joins those that there are."""
    doors = await db.canvass.doors_of(tx, codes)
    before: dict[str, list[Any]] = {}
    for walk in await db.canvass.walks_of(tx, codes):
        before.setdefault(walk.station, []).append(walk)
    walks: list[tuple[str, str, int, int]] = []
    placed: list[tuple[str, str, int, int]] = []
    kept = 0
    for station, found in sorted(doors.items()):
        known = before.get(station, [])
        # Where all doors of walks that were begun went to other stations, nothing is left to join.
        begun = any(walk.state in BEGUN for walk in known) and any(walk is not None for _door, walk in found)
        kept += begun
        routes = (
            _joined(found, known) if begun else _named(station, cut([door for door, _walk in found], most))
        )
        for code, route in routes.items():
            walks.append((code, station, sum(stop.door.dwellings for stop in route.stops), route.metres))
            placed += [(stop.door.key, code, place, stop.leg) for place, stop in enumerate(route.stops)]
    await db.canvass.set_walks(tx, codes, walks, placed, now=now)
    return Cut(stations=len(doors), walks=len(walks), doors=len(placed), kept=kept)


def _named(station: str, routes: Iterable[Route]) -> dict[str, Route]:
    return {f"{station}-{number}": route for number, route in enumerate(routes, start=1)}


def _joined(found: Iterable[tuple[Door, int | None]], known: Sequence[Any]) -> Mapping[str, Route]:
    codes = {walk.id: walk.code for walk in known}
    theirs: dict[str, list[Door]] = {code: [] for code in codes.values()}
    new = []
    for door, walk in found:
        if walk in codes:
            theirs[codes[walk]].append(door)
        else:
            new.append(door)
    return join(theirs, new)


def lines(walks: Iterable[Walk]) -> Iterator[dict[str, Any]]:
    """Walks as JSON holds them."""
    for each in walks:
        yield {
            "walk": each.code,
            "station": each.station,
            "doors": list(each.doors),
            "metres": each.metres,
        }
