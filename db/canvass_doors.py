"""What happens at doors: who goes on a walk, what they note, what is counted of it. A tap is one stay with the
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.rules.canvass.doors import day_at
from bot.rules.canvass.visits import DoorState, LastVisit, Outcome
from db.batches import Statement, Visit, read_instant


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A walk as whoever goes on it sees it. `mine`: they took it, and have not left."""

    id: int
    code: str
    station: str
    commune: str
    state: str
    outing: int
    offered_by: int | None
    doors: int
    metres: int
    mine: bool


_GROUND = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(walks.id, walks.code, walks.station, stations.commune, walks.state,
        walks.outing, walks.offered_by, walks.doors, walks.metres,
        (SELECT COUNT(*) FROM walkers WHERE walkers.walk = walks.id AND walkers.outing = walks.outing
            AND walkers.person = :person AND walkers.left_at IS NULL))) AS text)
    FROM walks JOIN stations ON stations.code = walks.station WHERE walks.id = :walk"""
    )
)
_LEG = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(addresses.id, addresses.place, addresses.street, addresses.number,
        addresses.suffix, COALESCE(addresses.dwellings, 1), visits.id, visits.outing, visits.outcome, visits.at,
        visits.walk)) AS text)
    FROM addresses LEFT JOIN visits ON visits.address = addresses.id AND visits.replaced IS NULL
    WHERE addresses.walk = :walk AND addresses.leg = (SELECT leg FROM addresses WHERE id = :door AND walk = :walk)"""
    )
)
_NOTE = Statement(
    lambda _s: (
        """
    INSERT INTO visits (address, walk, outing, outcome, at, person, tap, paper)
    VALUES (:door, :walk, :outing, :outcome, :now, :person, :tap, :paper)"""
    )
)
_REPLACE = Statement(
    lambda _s: (
        """
    UPDATE visits SET replaced = :tap WHERE id = (
        SELECT MAX(id) FROM visits WHERE address = :door AND walk = :walk AND outing = :outing AND replaced IS NULL)"""
    )
)


# Where several processes take taps, two at one door follow one another; SQLite has one writer.
_LOCK = Statement(
    lambda s: (
        f"SELECT CAST({s.array}(id) AS text) FROM walks WHERE id = :walk {'FOR UPDATE' if s.lock else ''}"
    )
)


def lock(visit: Visit, walk: int) -> None:
    """Whoever else notes something on this walk waits for the end of the transaction."""
    visit.run(_LOCK, walk=walk)


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One side of a street, as it stands in the database."""

    street: str
    doors: tuple[DoorState, ...]


def ground(visit: Visit, walk: int, person: int) -> Ground | None:
    """The walk, and whether the person is on it."""
    found = visit.rows(_GROUND, walk=walk, person=person)
    if not found:
        return None
    names = ("id", "code", "station", "commune", "state", "outing", "offered_by", "doors", "metres")
    *values, mine = found[0]
    return Ground(**dict(zip(names, values, strict=True)), mine=bool(mine))


def leg(visit: Visit, walk: Ground, door: int) -> Leg | None:
    """The side of the street that a door stands in, with what was noted; None: the door is not in that walk."""
    rows = visit.rows(_LEG, walk=walk.id, door=door)
    if not rows:
        return None
    # In the order of the walk, and of each door what was noted first.
    rows.sort(key=lambda row: (row[1], row[6] or 0))
    found: dict[int, tuple[list[Any], list[Outcome], LastVisit | None]] = {}
    for row in rows:
        door_, outcomes, last = found.get(row[0], (row, [], None))
        if row[6] is not None and (row[10], row[7]) == (walk.id, walk.outing):
            outcomes.append(Outcome(row[8]))
        elif row[6] is not None:
            at = read_instant(row[9])
            assert at is not None  # never empty
            last = LastVisit(day=day_at(walk.commune, at), outcome=Outcome(row[8]))
        found[row[0]] = (door_, outcomes, last)
    return Leg(
        street=rows[0][2],
        doors=tuple(
            DoorState(
                id=row[0], number=row[3], suffix=row[4], dwellings=row[5], outcomes=tuple(outcomes), last=last
            )
            for row, outcomes, last in found.values()
        ),
    )


def note(
    visit: Visit,
    at: Ground,
    noted: Sequence[tuple[DoorState, Outcome]],
    *,
    person: int,
    tap: int,
    paper: bool,
    now: datetime,
) -> None:
    """Notes outcomes at doors; where all dwellings were visited the last one is put in the place of another."""
    for door, outcome in noted:
        where = {"door": door.id, "walk": at.id, "outing": at.outing, "tap": tap}
        if door.is_done:
            visit.run(_REPLACE, **where)
        visit.run(_NOTE, outcome=outcome.value, person=person, paper=paper, now=now, **where)


_LAST_TAP = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.array}(tap) AS text) FROM visits
    WHERE walk = :walk AND outing = :outing AND person = :person ORDER BY id DESC LIMIT 1"""
    )
)
# What it had put in the place of another, and was itself replaced, leaves that place to what stands there.
_HAND_ON = Statement(
    lambda _s: (
        """
    UPDATE visits SET replaced = (
        SELECT MAX(taken.replaced) FROM visits AS taken
        WHERE taken.walk = visits.walk AND taken.address = visits.address AND taken.tap = :tap)
    WHERE walk = :walk AND replaced = :tap"""
    )
)
_TAKE_BACK = Statement(lambda _s: "DELETE FROM visits WHERE walk = :walk AND tap = :tap AND person = :person")
_DOOR_OF = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}(address) AS text) FROM visits
    WHERE walk = :walk AND outing = :outing AND person = :person AND tap = :tap"""
    )
)
_COUNT_DWELLINGS = Statement(
    lambda _s: "UPDATE addresses SET dwellings = :number WHERE id = :door AND walk = :walk"
)


def undo(visit: Visit, at: Ground, person: int) -> int | None:
    """Takes back what the person’s last tap noted on this walk; a door that it was about, None where there was none."""
    found = visit.rows(_LAST_TAP, walk=at.id, outing=at.outing, person=person)
    if not found:
        return None
    return take_back(visit, at, person, found[0])


def take_back(visit: Visit, at: Ground, person: int, tap: int) -> int | None:
    """Takes back what one tap of the person noted; a door that it was about, None where it noted nothing."""
    doors = visit.rows(_DOOR_OF, walk=at.id, outing=at.outing, person=person, tap=tap)
    if not doors:
        return None
    visit.run(_HAND_ON, walk=at.id, tap=tap)
    visit.run(_TAKE_BACK, walk=at.id, tap=tap, person=person)
    return int(doors[0])


def count_dwellings(visit: Visit, walk: int, door: int, number: int) -> None:
    """How many dwellings there are behind a door, for this time and the next."""
    visit.run(_COUNT_DWELLINGS, walk=walk, door=door, number=number)
