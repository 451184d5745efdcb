"""What is learnt at doors: counted by walk, station, street and day, and kept so once what was noted is erased."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.canvass.doors import commune_in, day_at, place_of
from bot.rules.canvass.visits import DoorOutcome, Tally, tally
from bot.rules.small_counts import LEAST
from db.canvass import station_in
from db.due_rows import DueRows, deleting
from db.restrictions import of_others
from db.schema import addresses, stations, street_counts, visits, walk_notes, walkers, walks
from db.upsert import insert


async def tally_of(tx: AsyncConnection, walk: int, outing: int) -> Tally:
    """What was noted on a walk."""
    query = sa.select(visits.c.outcome, visits.c.at, visits.c.paper).where(
        visits.c.walk == walk, visits.c.outing == outing, visits.c.replaced.is_(None)
    )
    return tally((DoorOutcome(row.outcome), row.at, row.paper) for row in await tx.execute(query))


async def counts_of(tx: AsyncConnection, station: str) -> Counter[DoorOutcome]:
    """What was noted at the doors of a station, also of what was erased since."""
    return (await _counted(tx, [station])).get(station, Counter())


async def by_station(tx: AsyncConnection, area: str) -> dict[str, Counter[DoorOutcome]]:
    """What was noted at the doors of every station of an area at which anything was."""
    return await _counted(tx, sa.select(stations.c.code).where(station_in(area)))


async def by_place(tx: AsyncConnection, area: str, *, walks_out: bool) -> list[tuple[str, int]]:
    """How many stations there are in each commune of an area, or arrondissement; or walks that are out."""
    # All stations of an arrondissement begin alike: none is read one by one.
    alike = sa.func.substr(stations.c.code, 1, len("75056_19")).label("alike")
    query = sa.select(alike, sa.func.min(stations.c.code), sa.func.count()).where(station_in(area))
    if walks_out:
        query = query.join(walks, walks.c.station == stations.c.code).where(
            walks.c.state.in_(("offered", "under_way"))
        )
    return [(place_of(row[1]), row[2]) for row in await tx.execute(query.group_by("alike"))]


async def _counted(
    tx: AsyncConnection, here: Sequence[str] | sa.Select[Any]
) -> dict[str, Counter[DoorOutcome]]:
    live = (
        sa.select(addresses.c.station, visits.c.outcome, sa.func.count().label("doors"))
        .join(visits, visits.c.address == addresses.c.id)
        .where(addresses.c.station.in_(here), visits.c.replaced.is_(None))
        .group_by(addresses.c.station, visits.c.outcome)
    )
    kept = (
        sa.select(street_counts.c.station, street_counts.c.outcome, sa.func.sum(street_counts.c.doors))
        .where(street_counts.c.station.in_(here))
        .group_by(street_counts.c.station, street_counts.c.outcome)
    )
    found: dict[str, Counter[DoorOutcome]] = {}
    for query in (live, kept):
        for station, outcome, doors in await tx.execute(query):
            found.setdefault(station, Counter())[DoorOutcome(outcome)] += int(doors)
    return found


class NotedVisits(Frozen):
    """What happened at one dwelling, or at several of a street on a day that are counted together (`walk` None)."""

    street: str
    day: date
    outcome: DoorOutcome
    number: int = 1
    walk: tuple[int, int] | None = None
    at: datetime | None = None
    paper: bool = False


async def of_station(tx: AsyncConnection, station: str) -> list[NotedVisits]:
    """Everything that was noted at the doors of a station; of what was erased since, counts. Of a street that has too
    few doors the name is empty.
    """
    columns = (
        addresses.c.street,
        visits.c.outcome,
        visits.c.at,
        visits.c.walk,
        visits.c.outing,
        visits.c.paper,
    )
    query = sa.select(*columns).join(visits, visits.c.address == addresses.c.id)
    query = query.where(addresses.c.station == station, visits.c.replaced.is_(None))
    found = [
        NotedVisits(
            street=row.street,
            day=day_at(commune_in(station), row.at),
            outcome=DoorOutcome(row.outcome),
            walk=None if row.walk is None else (row.walk, row.outing),
            at=row.at,
            paper=row.paper,
        )
        for row in await tx.execute(query)
    ]
    kept = sa.select(street_counts).where(street_counts.c.station == station)
    found += [
        NotedVisits(
            street=row.street,
            day=date.fromisoformat(row.day),
            outcome=DoorOutcome(row.outcome),
            number=row.doors,
        )
        for row in await tx.execute(kept)
    ]
    return found


async def walks_by_station(tx: AsyncConnection, area: str) -> dict[str, Counter[str]]:
    """How many walks of each station of an area are cut, offered, under way and over."""
    here = sa.select(stations.c.code).where(station_in(area))
    query = sa.select(walks.c.station, walks.c.state, sa.func.count()).where(walks.c.station.in_(here))
    found: dict[str, Counter[str]] = {}
    for station, state, number in await tx.execute(query.group_by(walks.c.station, walks.c.state)):
        found.setdefault(station, Counter())[state] = number
    return found


def due() -> list[DueRows]:
    """What was noted at doors, and who went: of the notes counts stay, station by station."""
    noted = sa.and_(addresses.c.station.is_not(None), sa.exists().where(visits.c.address == addresses.c.id))
    nowhere = visits.c.address.in_(sa.select(addresses.c.id).where(addresses.c.station.is_(None)))
    return [
        DueRows(key=addresses.c.station, condition=noted, erase=_count_and_delete, fewest=1),
        DueRows(key=visits.c.id, condition=nowhere, erase=deleting(visits)),
        DueRows(key=walk_notes.c.walk, condition=sa.true(), erase=deleting(walk_notes)),
        DueRows(key=walkers.c.walk, condition=of_others(walkers.c.person), erase=deleting(walkers)),
    ]


async def _count_and_delete(tx: AsyncConnection, doors: sa.ColumnElement[bool]) -> int:
    """Counts the visits at some stations by street and day, and erases them, both in one transaction.

    A street of which fewer than ten doors were visited on a day would tell of a dwelling: it is counted with the
    others.
    """
    theirs = visits.c.address.in_(sa.select(addresses.c.id).where(doors))
    columns = (addresses.c.station, addresses.c.street, visits.c.address, visits.c.at, visits.c.outcome)
    query = sa.select(*columns).join(addresses, addresses.c.id == visits.c.address)
    rows = [
        (
            row.station,
            row.street,
            day_at(commune_in(row.station), row.at).isoformat(),
            row.outcome,
            row.address,
        )
        for row in await tx.execute(query.where(theirs, visits.c.replaced.is_(None)))
    ]
    of_street = Counter(
        (station, street, day)
        for station, street, day, _address in {
            (station, street, day, address) for station, street, day, _outcome, address in rows
        }
    )
    counts = Counter(
        (station, street if of_street[station, street, day] >= LEAST else "", day, outcome)
        for station, street, day, outcome, _address in rows
    )
    names = ("station", "street", "day", "outcome")
    kept = [{**dict(zip(names, key, strict=True)), "doors": number} for key, number in counts.items()]
    if kept:
        statement = insert(tx, street_counts)
        more = {"doors": street_counts.c.doors + statement.excluded.doors}
        key = list(street_counts.primary_key.columns)
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=more), kept)
    return int((await tx.execute(sa.delete(visits).where(theirs))).rowcount)
