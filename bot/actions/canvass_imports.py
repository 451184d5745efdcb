"""What door to door is made from: addresses, stations and results, imported in pieces so that nobody else waits.

A file is found to be sound before anything of it is kept. Every piece may come twice, so that an import that was
interrupted is simply run again; until then nothing is cut nor ranked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass
from bot.actions import audit
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import city_of, department_of
from bot.rules.canvass.ranking import StationResult
from bot.rules.canvass.stations import belong
from bot.rules.communes.text import fold
from bot.rules.permissions import Action
from db.engine import Database
from db.facts import get_fact, set_fact

UNFINISHED, EDITION = "canvass_import", "canvass_edition"
"""Facts: the files whose imports have begun, by what they are, and how many files of stations were imported."""
FEW_STATIONS = 500


class ImportUnfinished(PortevoixError):
    """A file was imported in part."""

    default_message = "errors/canvass_unfinished"


class UnknownPlaces(PortevoixError):
    """Stations of a file lead to polling places that there are not."""


class Imported(Frozen):
    """What an import did, or would do: rows that were new, changed or as they were; addresses by their station."""

    rows: int
    new: int
    changed: int = 0
    given: int = 0
    nearest: int = 0
    homeless: int = 0
    """Addresses of communes without a station."""


async def require_whole(tx: AsyncConnection) -> None:
    """Raises ImportUnfinished where an import was interrupted."""
    begun = await get_fact(tx, UNFINISHED, {})
    for file in begun.values():
        raise ImportUnfinished(f"The import of {file} was interrupted: run it again first.", file=file)


async def preview_addresses(database: Database, rows: Iterable[Sequence[Any]]) -> Imported:
    """How many of these addresses are new."""
    total = known = 0
    for piece in _pieces(rows, db.canvass.PIECE):
        async with db.canvass.reading(database) as tx:
            known += await db.canvass.known(tx, [row[0] for row in piece])
        total += len(piece)
    return Imported(rows=total, new=total - known)


class Vanished(Frozen):
    """Addresses that a newer file has no more: those that go, and how many stay until what is noted there is erased."""

    numbers: Sequence[int]
    noted: int


async def vanished(database: Database, told: Mapping[str, Collection[int]]) -> Vanished:
    """Which addresses of these communes a file does not have; `told`: the hashes of the keys of each commune in it."""
    numbers: list[int] = []
    noted = 0
    for commune, hashes in told.items():
        known = set(hashes)
        async with db.canvass.reading(database) as tx:
            gone = [row for row in await db.canvass.keys_in(tx, commune) if hash(row.ban) not in known]
        numbers += [row.id for row in gone if not row.noted]
        noted += sum(bool(row.noted) for row in gone)
    return Vanished(numbers=numbers, noted=noted)


async def forget_addresses(
    database: Database, numbers: Sequence[int], *, file: str, actor: str, now: datetime
) -> int:
    """Erases addresses that a newer file has no more, but where something was noted meanwhile; how many."""
    erased = 0
    for piece in _pieces(numbers, db.canvass.PIECE):
        async with db.canvass.writing(database) as tx:
            erased += await db.canvass.forget_addresses(tx, piece)
    async with database.write() as tx:
        details = {"file": file, "erased": erased}
        await audit.note(tx, actor=actor, action=Action.IMPORT_ADDRESSES, details=details, now=now)
    return erased


async def import_addresses(
    database: Database, rows: Iterable[Sequence[Any]], *, file: str, actor: str, now: datetime
) -> Imported:
    """Addresses (key, commune, street, number, suffix, latitude, longitude), and the stations to which they belong."""
    await _begin(database, Action.IMPORT_ADDRESSES, file)
    async with database.read() as tx:
        before = await db.canvass.number_of_addresses(tx)
    touched = total = 0
    communes: set[str] = set()
    for piece in _pieces(rows, db.canvass.PIECE):
        async with db.canvass.writing(database) as tx:
            touched += await db.canvass.put_addresses(tx, piece)
        communes.update(row[1] for row in piece)
        total += len(piece)
    async with database.read() as tx:
        new = await db.canvass.number_of_addresses(tx) - before
    told = await _settle_all(database, {city_of(code) for code in communes})
    done = Imported(rows=total, new=new, changed=max(0, touched - new), **told)
    await _end(database, Action.IMPORT_ADDRESSES, done, file=file, actor=actor, now=now)
    return done


async def find_places(database: Database, named: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """The polling place of each station, of its commune and the name that the file gives. Raises UnknownPlaces."""
    async with database.read() as tx:
        places = await db.canvass.places_of(tx, {city_of(commune) for commune, _name in named.values()})
    found, missing = {}, []
    for station, (commune, name) in named.items():
        here = [number for number, known in places.get(city_of(commune), ()) if fold(known) == fold(name)]
        if here:
            found[station] = here[0]
        else:
            missing.append(f"{name} ({station})")
    if missing:
        few = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise UnknownPlaces(
            f"There is no polling place of that name in the commune: {few}. Import the polling places first (`portevoix"
            " polling-places import`), or correct the names."
        )
    return found


async def import_stations(
    database: Database,
    stations: Sequence[Mapping[str, Any]],
    links: Iterable[Sequence[Any]],
    *,
    file: str,
    actor: str,
    now: datetime,
) -> Imported:
    """Stations (the columns of the table), and the addresses that a file says are theirs (key, commune, station,
    weight).
    """
    await _begin(database, Action.IMPORT_STATIONS, file)
    new = 0
    for piece in _pieces(stations, FEW_STATIONS):
        async with database.write() as tx:
            new += await _put_stations(tx, piece)
    async with database.write() as tx:
        edition = int(await get_fact(tx, EDITION, 0)) + 1
        await set_fact(tx, EDITION, edition)
    for links_ in _pieces(links, db.canvass.PIECE):
        async with db.canvass.writing(database) as tx:
            await db.canvass.put_links(tx, links_, edition)
    told = await _settle_all(database, {each["commune"] for each in stations})
    done = Imported(rows=len(stations), new=new, changed=len(stations) - new, **told)
    await _end(database, Action.IMPORT_STATIONS, done, file=file, actor=actor, now=now)
    return done


async def _put_stations(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many of them are new."""
    known = len(await db.canvass.stations_known(tx, [row["code"] for row in rows]))
    placed = [
        {
            **row,
            "department": department_of(row["commune"]),
            "region": db.canvass.region_of(department_of(row["commune"])),
        }
        for row in rows
    ]
    await db.canvass.put_stations(tx, placed)
    return len(rows) - known


async def import_results(
    database: Database, turnouts: Sequence[StationResult], *, file: str, actor: str, now: datetime
) -> Imported:
    """What happened at stations; one that is not known yet is known from now on, without a place."""
    await _begin(database, Action.IMPORT_RESULTS, file)
    rows = [
        {
            "code": each.station,
            "commune": each.commune,
            "registered": each.registered,
            "voters": each.voters,
            "cast": each.cast,
            "ours": each.ours,
        }
        for each in turnouts
    ]
    new = 0
    for piece in _pieces(rows, FEW_STATIONS):
        async with database.write() as tx:
            new += await _put_stations(tx, piece)
    told = await _settle_all(database, {each.commune for each in turnouts})
    done = Imported(rows=len(rows), new=new, changed=len(rows) - new, **told)
    await _end(database, Action.IMPORT_RESULTS, done, file=file, actor=actor, now=now)
    return done


async def stations_missing(database: Database, codes: Sequence[str]) -> list[str]:
    """Which of these stations are not known."""
    async with database.read() as tx:
        known = {
            code
            for piece in _pieces(codes, FEW_STATIONS)
            for code in await db.canvass.stations_known(tx, piece)
        }
    return [code for code in codes if code not in known]


def _pieces(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    every = iter(rows)
    while piece := list(islice(every, size)):
        yield piece


async def _begin(database: Database, action: Action, file: str) -> None:
    async with database.write() as tx:
        begun = dict(await get_fact(tx, UNFINISHED, {}))
        await set_fact(tx, UNFINISHED, {**begun, f"{action}:{file}": file})


async def _end(
    database: Database, action: Action, done: Imported, *, file: str, actor: str, now: datetime
) -> None:
    async with database.write() as tx:
        begun = dict(await get_fact(tx, UNFINISHED, {}))
        begun.pop(f"{action}:{file}", None)  # another one that was interrupted stays
        await set_fact(tx, UNFINISHED, begun)
        details = {"file": file, "rows": done.rows, "new": done.new, "changed": done.changed}
        await audit.note(tx, actor=actor, action=action, details=details, now=now)


async def _settle_all(database: Database, communes: Iterable[str]) -> dict[str, int]:
    """Looks anew which station the addresses of these communes belong to, commune by commune."""
    counts = {"given": 0, "nearest": 0, "homeless": 0}
    for commune in sorted(communes):
        async with db.canvass.reading(database) as tx:
            ground, given, stations = await db.canvass.ground_of(tx, commune)
            before = await db.canvass.standing(tx, commune)
        found = belong(ground, given=given, stations=stations)
        fresh = {key: each for key, each in found.items() if before.get(key) != each}
        for piece in _pieces(fresh.items(), db.canvass.PIECE):
            async with db.canvass.writing(database) as tx:
                await db.canvass.settle(tx, dict(piece))
        counts["given"] += sum(each.given for each in found.values())
        counts["nearest"] += sum(not each.given for each in found.values())
        counts["homeless"] += len(ground) - len(found)
    return counts
