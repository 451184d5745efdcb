"""Stations and addresses: imported in pieces, and read station by station.

Rows go in as one JSON parameter (db.batches): a département has 300,000 addresses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import REGIONS, city_of, normal_area, number_in_city
from bot.rules.canvass.doors import Door
from bot.rules.canvass.ranking import StationResult
from bot.rules.canvass.stations import Belonging, Point
from db.areas import lies_in
from db.batches import Spelling, Statement
from db.engine import Database
from db.schema import addresses, polling_places, station_addresses, stations, visits, walks
from db.sqlite import small_cache
from db.upsert import insert

PIECE = 2_000
"""Addresses in one transaction: others who write wait for a tenth of a second."""


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction for one piece of a large import, which takes little memory."""
    async with database.write() as tx, small_cache(tx):
        yield tx


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction to read what a large import needs, which takes little memory."""
    async with database.read() as tx, small_cache(tx):
        yield tx


def _cell(place: int, kind: str = "") -> str:
    member = f"each.value ->> {place}"
    return f"CAST({member} AS {kind})" if kind else member


def _only(s: Spelling) -> str:
    """SQLite would take ON for the beginning of a join otherwise."""
    return f"FROM {s.each} WHERE 1 = 1"


_PUT_ADDRESSES = Statement(
    lambda s: (
        f"""
    INSERT INTO addresses (ban, commune, street, number, suffix, latitude, longitude)
    SELECT {_cell(0)}, {_cell(1)}, {_cell(2)}, {_cell(3, "INTEGER")}, {_cell(4)},
        {_cell(5, "DOUBLE PRECISION")}, {_cell(6, "DOUBLE PRECISION")} {_only(s)}
    ON CONFLICT (ban) DO UPDATE SET commune = excluded.commune, street = excluded.street, number = excluded.number,
        suffix = excluded.suffix, latitude = excluded.latitude, longitude = excluded.longitude
    WHERE (addresses.commune, addresses.street, addresses.number, addresses.suffix, addresses.latitude,
           addresses.longitude) <> (excluded.commune, excluded.street, excluded.number, excluded.suffix,
           excluded.latitude, excluded.longitude)"""
    )
)
_KNOWN = Statement(
    lambda s: (
        f"""
    SELECT {s.array}(COUNT(*)) FROM addresses WHERE ban IN (SELECT {_cell(0)} FROM {s.each})"""
    )
)
_PUT_LINKS = Statement(
    lambda s: (
        f"""
    INSERT INTO station_addresses (ban, commune, station, weight, edition)
    SELECT {_cell(0)}, {_cell(1)}, {_cell(2)}, {_cell(3, "INTEGER")}, :edition {_only(s)}
    ON CONFLICT (ban) DO UPDATE SET commune = excluded.commune, station = excluded.station, weight = excluded.weight,
        edition = excluded.edition
    WHERE excluded.edition > station_addresses.edition OR excluded.weight > station_addresses.weight
        OR (excluded.weight = station_addresses.weight AND excluded.station < station_addresses.station)"""
    )
)
_BELONG = Statement(
    lambda s: (
        f"""
    UPDATE addresses SET station = told.station, given = (told.given = 1)
    FROM (SELECT {_cell(0)} AS ban, {_cell(1)} AS station, {_cell(2, "INTEGER")} AS given FROM {s.each}) AS told
    WHERE addresses.ban = told.ban"""
    )
)


async def put_addresses(tx: AsyncConnection, rows: Sequence[Sequence[Any]]) -> int:
    """Addresses as `NewAddress`: added, or changed where they are known; how many are not as they were."""
    # Of two rows of one key the last one counts: an address may have several entrances.
    return await _PUT_ADDRESSES.run(tx, rows=list({row[0]: tuple(row) for row in rows}.values()))


async def known(tx: AsyncConnection, keys: Iterable[str]) -> int:
    """How many of these addresses there are."""
    (number,) = await _KNOWN.rows(tx, rows=[(key,) for key in keys])
    return int(number)


async def keys_in(tx: AsyncConnection, commune: str) -> list[sa.Row[Any]]:
    """The addresses of a commune: number, key, whether something is noted at it."""
    noted = sa.exists().where(visits.c.address == addresses.c.id).label("noted")
    query = sa.select(addresses.c.id, addresses.c.ban, noted).where(addresses.c.commune == commune)
    return list(await tx.execute(query))


async def forget_addresses(tx: AsyncConnection, numbers: Sequence[int]) -> int:
    """Erases addresses at which nothing is noted; how many."""
    noted = sa.exists().where(visits.c.address == addresses.c.id)
    gone = sa.delete(addresses).where(addresses.c.id.in_(numbers), sa.not_(noted))
    return int((await tx.execute(gone)).rowcount)


async def put_links(tx: AsyncConnection, rows: Sequence[Sequence[Any]], edition: int) -> None:
    """What a file says of addresses. Of two stations of one address the one with more voters counts."""
    best: dict[str, Sequence[Any]] = {}
    for row in rows:
        before = best.get(row[0])
        if before is None or (-row[3], row[2]) < (-before[3], before[2]):
            best[row[0]] = row
    await _PUT_LINKS.run(tx, rows=[tuple(row) for row in best.values()], edition=edition)


async def put_stations(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stations by their code; a column that is not given, or given as None, stays as it is."""
    for row in rows:
        told = {name: value for name, value in row.items() if value is not None}
        change = {name: value for name, value in told.items() if name != "code"}
        statement = insert(tx, stations).values(told)
        await tx.execute(statement.on_conflict_do_update(index_elements=[stations.c.code], set_=change))


async def stations_known(tx: AsyncConnection, codes: Sequence[str]) -> list[str]:
    """Which of these stations there are."""
    return list(await tx.scalars(sa.select(stations.c.code).where(stations.c.code.in_(codes))))


async def places_of(tx: AsyncConnection, communes: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """The campaign’s polling places of these communes, number and name; those of arrondissements by their city."""
    found: dict[str, list[tuple[int, str]]] = {}
    columns = (polling_places.c.id, polling_places.c.commune, polling_places.c.name)
    query = sa.select(*columns).where(
        sa.or_(sa.false(), *(_in_city(polling_places.c.commune, commune) for commune in communes))
    )
    for row in await tx.execute(query):
        found.setdefault(city_of(row.commune), []).append((row.id, row.name))
    return found


async def number_of_addresses(tx: AsyncConnection) -> int:
    return int(await tx.scalar(sa.select(sa.func.count()).select_from(addresses)) or 0)


# -- which address belongs to which station --


def _in_city(column: sa.ColumnElement[Any], commune: str) -> sa.ColumnElement[bool]:
    return lies_in(commune, commune=column, department=column, region=column, territory=column)


async def ground_of(tx: AsyncConnection, commune: str) -> tuple[list[Point], dict[str, str], list[Point]]:
    """The addresses of a commune, what a file says of them, and the stations."""
    where = _in_city(addresses.c.commune, commune)
    columns = (addresses.c.ban, addresses.c.street, addresses.c.latitude, addresses.c.longitude)
    found = [Point(*row) for row in await tx.execute(sa.select(*columns).where(where))]
    told = sa.select(station_addresses.c.ban, station_addresses.c.station)
    told = told.where(station_addresses.c.commune == commune)
    given = {row.ban: row.station for row in await tx.execute(told)}
    of = (stations.c.code, sa.literal(""), stations.c.latitude, stations.c.longitude)
    query = sa.select(*of).where(stations.c.commune == commune)
    here = [Point(row[0], row[1], row[2] or 0.0, row[3] or 0.0) for row in await tx.execute(query)]
    return found, given, here


async def settle(tx: AsyncConnection, found: Mapping[str, Belonging]) -> None:
    """Sets the station of these addresses."""
    await _BELONG.run(tx, rows=[(key, each.station, int(each.given)) for key, each in found.items()])


async def standing(tx: AsyncConnection, commune: str) -> dict[str, Belonging]:
    """The stations to which the addresses of a commune belong now."""
    query = sa.select(addresses.c.ban, addresses.c.station, addresses.c.given)
    query = query.where(_in_city(addresses.c.commune, commune), addresses.c.station.is_not(None))
    return {row.ban: Belonging(row.station, row.given) for row in await tx.execute(query)}


# -- stations of an area --


NUMBERED = len("75056_1904")
"""The length of a station’s code in a city with arrondissements."""


def station_in(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `stations` lies in the area. Raises UnknownArea."""
    number = number_in_city(area)
    if number is not None:  # an arrondissement, by whose number those of its stations begin
        numbered = stations.c.code.startswith(f"{city_of(area)}_{number:02}", autoescape=True)
        return sa.and_(numbered, sa.func.length(stations.c.code) == NUMBERED)
    return lies_in(
        area,
        commune=stations.c.commune,
        department=stations.c.department,
        region=stations.c.region,
        territory=stations.c.department,
    )


def region_of(department: str) -> str:
    """INSEE’s code of the région; an overseas collectivity is its own."""
    return next((region for region, some in REGIONS.items() if department in some), department)


async def turnouts(tx: AsyncConnection, areas: Iterable[str]) -> tuple[list[StationResult], int]:
    """What happened at the stations of some areas, and how many there are of which nothing is known."""
    here = sa.or_(sa.false(), *(station_in(area) for area in areas))
    names = ("code", "commune", "registered", "voters", "cast", "ours")
    rows = list(await tx.execute(sa.select(*(stations.c[name] for name in names)).where(here)))
    known_ = [
        StationResult(
            station=row.code,
            commune=row.commune,
            registered=row.registered,
            voters=row.voters,
            cast=row.cast,
            ours=row.ours,
        )
        for row in rows
        if row.registered is not None
    ]
    return known_, len(rows) - len(known_)


async def codes_in(tx: AsyncConnection, area: str) -> list[str]:
    """The stations of an area that have addresses."""
    has = sa.exists().where(addresses.c.station == stations.c.code)
    query = sa.select(stations.c.code).where(station_in(normal_area(area)), has).order_by(stations.c.code)
    return list(await tx.scalars(query))


async def station_codes(tx: AsyncConnection) -> list[str]:
    """Every station that was imported."""
    return list(await tx.scalars(sa.select(stations.c.code).order_by(stations.c.code)))


async def station(tx: AsyncConnection, code: str) -> sa.Row[Any] | None:
    """A station with all that is told of it."""
    return (await tx.execute(sa.select(stations).where(stations.c.code == code))).one_or_none()


async def points_in(tx: AsyncConnection, areas: Iterable[str]) -> list[sa.Row[Any]]:
    """The stations of some areas: code, commune, name, where they are, whether there are results."""
    here = sa.or_(sa.false(), *(station_in(area) for area in areas))
    names = ("code", "commune", "name", "latitude", "longitude", "registered")
    query = sa.select(*(stations.c[name] for name in names)).where(here).order_by(stations.c.code)
    return list(await tx.execute(query))


async def ways_of(tx: AsyncConnection, station_: str) -> list[sa.Row[Any]]:
    """Each door of the walks of a station, in order: walk, where it is."""
    columns = (addresses.c.walk, addresses.c.latitude, addresses.c.longitude)
    query = sa.select(*columns).join(walks, walks.c.id == addresses.c.walk)
    query = query.where(walks.c.station == station_).order_by(addresses.c.walk, addresses.c.place)
    return list(await tx.execute(query))


# -- walks --

_DOORS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(station, ban, street, number, suffix, latitude, longitude,
        COALESCE(dwellings, 1), walk)) AS text)
    FROM addresses WHERE station IN (SELECT {_cell(0)} FROM {s.each})"""
    )
)
_SET_WALKS = Statement(
    lambda s: (
        f"""
    UPDATE addresses SET walk = told.walk, place = told.place, leg = told.leg
    FROM (SELECT {_cell(0)} AS ban, {_cell(1, "INTEGER")} AS walk, {_cell(2, "INTEGER")} AS place,
          {_cell(3, "INTEGER")} AS leg FROM {s.each}) AS told
    WHERE addresses.ban = told.ban"""
    )
)
_ADD_WALKS = Statement(
    lambda s: (
        f"""
    INSERT INTO walks (code, station, doors, metres, cut_at)
    SELECT {_cell(0)}, {_cell(1)}, {_cell(2, "INTEGER")}, {_cell(3, "INTEGER")}, :now {_only(s)}
    ON CONFLICT (code) DO UPDATE SET doors = excluded.doors, metres = excluded.metres, cut_at = excluded.cut_at"""
    )
)


async def doors_of(tx: AsyncConnection, codes: Iterable[str]) -> dict[str, list[tuple[Door, int | None]]]:
    """The doors of these stations, each with the number of the walk that it is in."""
    found: dict[str, list[tuple[Door, int | None]]] = {}
    for station_, *cells, walk in await _DOORS.rows(tx, rows=[(code,) for code in codes]):
        found.setdefault(station_, []).append((Door(*cells), walk))
    return found


async def walks_of(tx: AsyncConnection, codes: Iterable[str]) -> list[sa.Row[Any]]:
    """The walks of these stations."""
    query = sa.select(walks).where(walks.c.station.in_(list(codes))).order_by(walks.c.station, walks.c.id)
    return list(await tx.execute(query))


async def set_walks(
    tx: AsyncConnection,
    codes: Iterable[str],
    made: Sequence[tuple[str, str, int, int]],
    doors: Sequence[tuple[str, str, int, int]],
    **now: Any,
) -> None:
    """Puts these walks (code, station, doors, metres) in the place of those that the stations had; `doors` are their
    addresses with the code of the walk, their place and their leg.
    """
    codes = list(codes)
    gone = sa.and_(walks.c.station.in_(codes), walks.c.code.not_in([code for code, *_ in made]))
    await tx.execute(sa.delete(walks).where(gone))
    await _ADD_WALKS.run(tx, rows=made, **now)
    numbers = {row.code: row.id for row in await walks_of(tx, codes)}
    # What belongs to another station by now stands in these walks no more.
    elsewhere = sa.and_(addresses.c.walk.in_(numbers.values()), addresses.c.station.not_in(codes))
    await tx.execute(sa.update(addresses).where(elsewhere).values(walk=None, place=None, leg=None))
    await _SET_WALKS.run(tx, rows=[(ban, numbers[walk], place, leg) for ban, walk, place, leg in doors])


async def itineraries(tx: AsyncConnection, area: str) -> list[sa.Row[Any]]:
    """Each walk of an area, or of a station: code, station, metres, and the keys of its doors in order."""
    is_station = "_" in area
    where = walks.c.station == area if is_station else station_in(area)
    columns = (walks.c.id, walks.c.code, walks.c.station, walks.c.state, walks.c.metres, addresses.c.ban)
    query = (
        sa.select(*columns)
        .select_from(
            walks.join(stations, stations.c.code == walks.c.station).join(
                addresses, addresses.c.walk == walks.c.id
            )
        )
        .where(where)
        .order_by(walks.c.station, walks.c.id, addresses.c.place)
    )
    return list(await tx.execute(query))
