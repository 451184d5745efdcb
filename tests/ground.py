"""Doors to knock at, for tests: two streets in Lyon of one station, cut into one walk."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import canvass, canvass_imports
from bot.rules.canvass.ranking import StationResult
from db.engine import Database
from db.schema import addresses, stations, walks
from tests.places import place_of

STATION, OTHER = "69123_0101", "83137_0001"
WALK = f"{STATION}-1"


def houses(
    commune: str, street: str, doors: int, *, east: float = 4.84, north: float = 45.76
) -> list[tuple[object, ...]]:
    """Addresses of one street, as a file has them."""
    return [
        (f"{commune}_{street[-1]}_{number:05}", commune, street, number, "", north, east + number / 10_000)
        for number in range(1, doors + 1)
    ]


async def sow(tx: AsyncConnection, now: datetime) -> tuple[int, int, int]:
    """The same station in a few rows: a walk that is free, one that is offered, one that is taken."""
    told = {"registered": 1050, "voters": 567, "cast": 560, "ours": 213}
    await tx.execute(sa.insert(stations).values(code=STATION, **told, **place_of("69123")))
    made = []
    for number, state in ((1, "cut"), (2, "offered"), (3, "under_way")):
        walk = {
            "code": f"{STATION}-{number}",
            "station": STATION,
            "state": state,
            "doors": 1,
            "metres": 0,
            "cut_at": now,
        }
        made.append((await tx.execute(sa.insert(walks).values(walk).returning(walks.c.id))).scalar_one())
        (house,) = houses("69123", f"Rue {number}", 1)
        names = ("ban", "commune", "street", "number", "suffix", "latitude", "longitude")
        row = {
            **dict(zip(names, house, strict=True)),
            "station": STATION,
            "walk": made[-1],
            "place": 0,
            "leg": 0,
        }
        await tx.execute(sa.insert(addresses).values(row))
    return made[0], made[1], made[2]


async def plant(database: Database, *, now: datetime, doors: int = 10, cut: bool = True) -> None:
    """Addresses, their stations and results; the other station is in Toulon."""
    given = {"file": "ground.csv", "actor": "test", "now": now}
    rows = [
        *houses("69123", "Rue A", doors),
        *houses("69123", "Rue B", 4, north=45.761),
        *houses("83137", "Rue C", 12, east=5.93, north=43.12),
    ]
    await canvass_imports.import_addresses(database, rows, **given)
    stations = [
        {"code": STATION, "commune": "69123", "latitude": 45.76, "longitude": 4.84},
        {"code": OTHER, "commune": "83137", "latitude": 43.12, "longitude": 5.93},
    ]
    await canvass_imports.import_stations(database, stations, [], **given)
    turnouts = [
        StationResult(station=code, commune=code[:5], registered=1050, voters=567, cast=560, ours=213)
        for code in (STATION, OTHER)
    ]
    await canvass_imports.import_results(database, turnouts, **given)
    if cut:
        await canvass.cut_area(database, "FR", doors=50, actor="test", now=now)
