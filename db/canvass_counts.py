"""What is learnt at doors: counted by walk, station, street and day, and kept so once what was noted is erased."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.canvass.doors import day_at
from bot.rules.canvass.visits import Outcome, Tally, tally
from bot.rules.small_counts import LEAST
from db.restrictions import of_others
from db.retention import DueRows, deleting
from db.schema import addresses, street_counts, visits, walk_notes, walkers
from db.upsert import insert


async def tally_of(tx: AsyncConnection, walk: int, outing: int) -> Tally:
    """What was noted on a walk."""
    query = sa.select(visits.c.outcome, visits.c.at, visits.c.paper).where(
        visits.c.walk == walk, visits.c.outing == outing, visits.c.replaced.is_(None)
    )
    return tally((Outcome(row.outcome), row.at, row.paper) for row in await tx.execute(query))


async def counts_of(tx: AsyncConnection, station: str) -> Counter[Outcome]:
    """What was noted at the doors of a station, also of what was erased since."""
    number = sa.func.count().label("doors")
    query = (
        sa.select(visits.c.outcome, number)
        .join(addresses, addresses.c.id == visits.c.address)
        .where(addresses.c.station == station, visits.c.replaced.is_(None))
        .group_by(visits.c.outcome)
    )
    found = Counter({Outcome(row.outcome): row.doors for row in await tx.execute(query)})
    kept = sa.select(street_counts.c.outcome, sa.func.sum(street_counts.c.doors).label("doors"))
    kept = kept.where(street_counts.c.station == station).group_by(street_counts.c.outcome)
    for row in await tx.execute(kept):
        found[Outcome(row.outcome)] += int(row.doors)
    return found


def due() -> list[DueRows]:
    """What was noted at doors, and who went: of the notes counts stay, station by station."""
    noted = sa.exists().where(visits.c.address == addresses.c.id)
    nowhere = visits.c.address.in_(sa.select(addresses.c.id).where(addresses.c.station.is_(None)))
    return [
        DueRows(key=addresses.c.station, condition=noted, erase=_count_and_delete),
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
        (row.station, row.street, day_at(row.station[:5], row.at).isoformat(), row.outcome, row.address)
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
    for (station, street, day, outcome), doors_ in counts.items():
        row = {"station": station, "street": street, "day": day, "outcome": outcome, "doors": doors_}
        statement = insert(tx, street_counts).values(row)
        more = {"doors": street_counts.c.doors + statement.excluded.doors}
        key = list(street_counts.primary_key.columns)
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=more))
    return int((await tx.execute(sa.delete(visits).where(theirs))).rowcount)
