"""What walkers' pages say of doors: each note once, and all doors of a walk with everything that was noted there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.canvass.doors import day_at
from bot.rules.canvass.visits import DoorOutcome, LastVisit
from db.batches import DatabaseVisit, Statement, given_ids, members, read_instant
from db.canvass_doors import WalkView
from db.schema import addresses, visits

_KNOWN = Statement(
    lambda s: (
        f"SELECT CAST({s.collect}(key) AS text) FROM walk_notes WHERE walk = :walk AND key IN {given_ids(s)}"
    )
)
_KEEP = Statement(
    lambda s: (
        f"""
    INSERT INTO walk_notes (walk, key)
    SELECT CAST(:walk AS BIGINT), CAST(each.value ->> 0 AS BIGINT) FROM {s.each}"""
    )
)
_SPELL = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.array}(taken_at, left_at) AS text) FROM walkers
    WHERE walk = :walk AND outing = :outing AND person = :person"""
    )
)
_LATER = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.array}(tap) AS text) FROM visits
    WHERE address = :door AND walk = :walk AND outing = :outing AND replaced IS NULL AND at > :now
    ORDER BY at DESC LIMIT 1"""
    )
)
_NOTE_LATE = Statement(
    lambda _s: (
        """
    INSERT INTO visits (address, walk, outing, outcome, at, person, tap, replaced, paper)
    VALUES (:door, :walk, :outing, :outcome, :now, :person, :tap, :later, :paper)"""
    )
)


def known(visit: DatabaseVisit, walk: int, keys: Iterable[int]) -> set[int]:
    """Which of these notes were kept already."""
    return set(visit.rows(_KNOWN, walk=walk, rows=members(keys)))


def keep(visit: DatabaseVisit, walk: int, keys: Iterable[int]) -> None:
    """From now on these notes are known."""
    visit.run(_KEEP, walk=walk, rows=members(keys))


def spell(
    visit: DatabaseVisit, walk: int, outing: int, person: int
) -> tuple[datetime, datetime | None] | None:
    """From when to when somebody was on a walk, as one time it was offered; None: they were not."""
    found = visit.rows(_SPELL, walk=walk, outing=outing, person=person)
    taken_at = read_instant(found[0]) if found else None
    return None if taken_at is None else (taken_at, read_instant(found[1]))


def later(visit: DatabaseVisit, at: WalkView, door: int, moment: datetime) -> int | None:
    """The tap that noted after this moment what stands at a door."""
    found = visit.rows(_LATER, door=door, walk=at.id, outing=at.outing, now=moment)
    return int(found[0]) if found else None


def note_late(
    visit: DatabaseVisit,
    at: WalkView,
    door: int,
    outcome: DoorOutcome,
    *,
    person: int,
    tap: int,
    later: int,
    moment: datetime,
) -> None:
    """What arrives after something that was noted later: it is seen beside that, and does not take its place."""
    visit.run(
        _NOTE_LATE,
        door=door,
        walk=at.id,
        outing=at.outing,
        outcome=outcome.value,
        now=moment,
        person=person,
        tap=tap,
        later=later,
        paper=False,
    )


# -- the page --


class NotedOutcome(Frozen):
    """One outcome at a door, this time. `replaced`: the tap that put another in its place."""

    outcome: DoorOutcome
    tap: int
    replaced: int | None
    mine: bool
    order: int


class WalkDoor(Frozen):
    """A door of a walk, in its order."""

    id: int
    leg: int
    street: str
    number: int
    suffix: str
    dwellings: int
    latitude: float
    longitude: float
    noted: tuple[NotedOutcome, ...]
    last: LastVisit | None


async def doors_of(tx: AsyncConnection, at: WalkView, person: int) -> list[WalkDoor]:
    """Every door of a walk with what was noted there, this time and the time before."""
    names = ("id", "leg", "street", "number", "suffix", "latitude", "longitude", "place")
    columns = (*(addresses.c[name] for name in names), sa.func.coalesce(addresses.c.dwellings, 1))
    noted = (visits.c.id, visits.c.walk, visits.c.outing, visits.c.outcome, visits.c.at, visits.c.tap)
    query = (
        sa.select(*columns, *noted, visits.c.replaced, visits.c.person)
        .select_from(addresses.outerjoin(visits, visits.c.address == addresses.c.id))
        .where(addresses.c.walk == at.id)
        .order_by(addresses.c.place, visits.c.id)
    )
    found: dict[int, tuple[Any, list[NotedOutcome], LastVisit | None]] = {}
    for row in await tx.execute(query):
        first, some, last = found.get(row[0], (row, [], None))
        order, walk, outing, outcome, moment, tap, replaced, walker = row[9:]
        if order is not None and (walk, outing) == (at.id, at.outing):
            some.append(
                NotedOutcome(
                    outcome=DoorOutcome(outcome),
                    tap=tap,
                    replaced=replaced,
                    mine=walker == person,
                    order=order,
                )
            )
        elif order is not None and replaced is None:
            last = LastVisit(day=day_at(at.commune, moment), outcome=DoorOutcome(outcome))
        found[row[0]] = (first, some, last)
    return [
        WalkDoor(
            id=row[0],
            leg=row[1],
            street=row[2],
            number=row[3],
            suffix=row[4],
            latitude=row[5],
            longitude=row[6],
            dwellings=row[8],
            noted=tuple(some),
            last=last,
        )
        for row, some, last in found.values()
    ]
