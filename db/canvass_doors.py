"""What happens at doors: who goes on a walk, what they note, what is counted of it. A tap is one stay with the
database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from bot.frozen import Frozen
from bot.rules.canvass.doors import day_at
from bot.rules.canvass.visits import DoorOutcome, DoorState, LastVisit
from db.batches import DatabaseVisit, Statement, given_ids, instant_text, members, read_instant
from db.postponed import Row


class WalkView(Frozen):
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


class Leg(Frozen):
    """One side of a street, as it stands in the database."""

    street: str
    doors: tuple[DoorState, ...]


class Tapped(Frozen):
    """Who taps at which door of which walk."""

    person: int
    walk: int
    door: int


class SideView(Frozen):
    """A walk and the side of one of its streets, as somebody finds them who taps there."""

    tapped: Tapped
    walk: WalkView
    leg: Leg


# `rows`: walk, person.
_GROUNDS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(walks.id, walks.code, walks.station, stations.commune, walks.state,
        walks.outing, walks.offered_by, walks.doors, walks.metres,
        (SELECT COUNT(*) FROM walkers WHERE walkers.walk = walks.id AND walkers.outing = walks.outing
            AND walkers.person = CAST(each.value ->> 1 AS BIGINT) AND walkers.left_at IS NULL))) AS text)
    FROM {s.each} JOIN walks ON walks.id = CAST(each.value ->> 0 AS BIGINT)
    JOIN stations ON stations.code = walks.station"""
    )
)
# `rows`: walk, door.
_LEGS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(addresses.walk, addresses.id, addresses.place, addresses.street,
        addresses.number, addresses.suffix, COALESCE(addresses.dwellings, 1), visits.id, visits.outing, visits.outcome,
        visits.at, visits.walk)) AS text)
    FROM {s.each} JOIN addresses AS tapped
        ON tapped.id = CAST(each.value ->> 1 AS BIGINT) AND tapped.walk = CAST(each.value ->> 0 AS BIGINT)
    JOIN addresses ON addresses.walk = tapped.walk AND addresses.leg = tapped.leg
    LEFT JOIN visits ON visits.address = addresses.id AND visits.replaced IS NULL"""
    )
)
# `rows`: door, walk, outing, outcome, at, person, tap, from paper.
_NOTE = Statement(
    lambda s: (
        f"""
    INSERT INTO visits (address, walk, outing, outcome, at, person, tap, paper)
    SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), CAST(each.value ->> 2 AS INTEGER),
        each.value ->> 3, {s.at("each.value ->> 4")}, CAST(each.value ->> 5 AS BIGINT),
        CAST(each.value ->> 6 AS BIGINT), CAST(each.value ->> 7 AS INTEGER) = 1
    FROM {s.each}"""
    )
)
_REPLACE = Statement(
    lambda s: (
        f"""
    UPDATE visits SET replaced = (
        SELECT MAX(CAST(each.value ->> 6 AS BIGINT)) FROM {s.each}
        WHERE CAST(each.value ->> 0 AS BIGINT) = visits.address)
    WHERE id IN (
        SELECT (SELECT MAX(id) FROM visits AS last WHERE last.address = CAST(each.value ->> 0 AS BIGINT)
            AND last.walk = CAST(each.value ->> 1 AS BIGINT) AND last.outing = CAST(each.value ->> 2 AS INTEGER)
            AND last.replaced IS NULL)
        FROM {s.each})"""
    )
)


# Where several processes take taps, two at one door follow one another; SQLite has one writer.
_LOCK = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}(id) AS text) FROM (
        SELECT id FROM walks WHERE id IN {given_ids(s)} ORDER BY id {"FOR UPDATE" if s.lock else ""}) AS locked"""
    )
)


def lock(visit: DatabaseVisit, walks: Iterable[int]) -> None:
    """Whoever else notes something on these walks waits for the end of the transaction."""
    visit.run(_LOCK, rows=members(walks))


def ground(visit: DatabaseVisit, walk: int, person: int) -> WalkView | None:
    """The walk, and whether the person is on it."""
    return _grounds(visit, [(walk, person)]).get(walk)


def _grounds(visit: DatabaseVisit, asked: Iterable[tuple[int, int]]) -> dict[int, WalkView]:
    names = ("id", "code", "station", "commune", "state", "outing", "offered_by", "doors", "metres")
    found = visit.rows(_GROUNDS, rows=asked)
    return {row[0]: WalkView(**dict(zip(names, row[:-1], strict=True)), mine=bool(row[-1])) for row in found}


def leg(visit: DatabaseVisit, walk: WalkView, door: int) -> Leg | None:
    """The side of the street that a door stands in, with what was noted; None: the door is not in that walk."""
    rows = visit.rows(_LEGS, rows=[(walk.id, door)])
    return _read_leg(walk, rows) if rows else None


def standing(visit: DatabaseVisit, tapped: Sequence[Tapped]) -> dict[Tapped, SideView]:
    """What each finds, on a walk of their own, at the door that they tap; those that are doors of walks. Whoever else
    notes something there waits for the end of the transaction.
    """
    lock(visit, [each.walk for each in tapped])
    grounds = _grounds(visit, [(each.walk, each.person) for each in tapped])
    legs: dict[int, list[list[Any]]] = {}
    for row in visit.rows(_LEGS, rows=[(each.walk, each.door) for each in tapped]):
        legs.setdefault(row[0], []).append(row)
    return {
        each: SideView(tapped=each, walk=walk, leg=_read_leg(walk, legs[each.walk]))
        for each in tapped
        if (walk := grounds.get(each.walk)) is not None and each.walk in legs
    }


def _read_leg(walk: WalkView, rows: list[list[Any]]) -> Leg:
    # In the order of the walk, and of each door what was noted first.
    rows.sort(key=lambda row: (row[2], row[1], row[7] or 0))
    doors = []
    for _door, some in groupby(rows, key=itemgetter(1)):
        outcomes, last = [], None
        for row in some:
            if row[7] is None:
                continue
            if (row[11], row[8]) == (walk.id, walk.outing):
                outcomes.append(DoorOutcome(row[9]))
            else:
                at = read_instant(row[10])
                assert at is not None  # never empty
                last = LastVisit(day=day_at(walk.commune, at), outcome=DoorOutcome(row[9]))
        _walk, number, _place, _street, house, suffix, dwellings, *_noted = row
        doors.append(
            DoorState(
                id=number,
                number=house,
                suffix=suffix,
                dwellings=dwellings,
                outcomes=tuple(outcomes),
                last=last,
            )
        )
    return Leg(street=rows[0][3], doors=tuple(doors))


def note(visit: DatabaseVisit, noted: Sequence[Row]) -> None:
    """Notes outcomes at doors, as `noting` gives them: no door of a walk by two taps."""
    replacing = [row for row in noted if row[-1]]
    if replacing:
        visit.run(_REPLACE, rows=replacing)
    visit.run(_NOTE, rows=noted)


def noting(
    at: WalkView,
    noted: Iterable[tuple[DoorState, DoorOutcome]],
    *,
    person: int,
    tap: int,
    paper: bool,
    now: datetime,
) -> list[Row]:
    """What notes outcomes at doors; where all dwellings were visited the last one is put in the place of another."""
    moment = instant_text(now)
    return [
        (door.id, at.id, at.outing, outcome.value, moment, person, tap, int(paper), door.is_done)
        for door, outcome in noted
    ]


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


def undo(visit: DatabaseVisit, at: WalkView, person: int) -> int | None:
    """Takes back what the person’s last tap noted on this walk; a door that it was about, None where there was none."""
    found = visit.rows(_LAST_TAP, walk=at.id, outing=at.outing, person=person)
    if not found:
        return None
    return take_back(visit, at, person, found[0])


def take_back(visit: DatabaseVisit, at: WalkView, person: int, tap: int) -> int | None:
    """Takes back what one tap of the person noted; a door that it was about, None where it noted nothing."""
    doors = visit.rows(_DOOR_OF, walk=at.id, outing=at.outing, person=person, tap=tap)
    if not doors:
        return None
    visit.run(_HAND_ON, walk=at.id, tap=tap)
    visit.run(_TAKE_BACK, walk=at.id, tap=tap, person=person)
    return int(doors[0])


def count_dwellings(visit: DatabaseVisit, walk: int, door: int, number: int) -> None:
    """How many dwellings there are behind a door, for this time and the next."""
    visit.run(_COUNT_DWELLINGS, walk=walk, door=door, number=number)
