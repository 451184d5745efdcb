"""What happens at doors: who goes on a walk, what they note, what is counted of it. A tap is one stay with the
database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.canvass.visits import DoorState, LastVisit, Outcome, Tally, tally
from bot.rules.small_counts import LEAST
from db.batches import Statement, Visit, read_instant, together
from db.canvass import station_in
from db.restrictions import of_others
from db.retention import DueRows, deleting
from db.schema import addresses, people, polling_places, stations, street_counts, visits, walkers, walks
from db.upsert import insert


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


def leg(visit: Visit, walk: int, door: int, outing: int) -> Leg | None:
    """The side of the street that a door stands in, with what was noted; None: the door is not in that walk."""
    rows = visit.rows(_LEG, walk=walk, door=door)
    if not rows:
        return None
    # In the order of the walk, and of each door what was noted first.
    rows.sort(key=lambda row: (row[1], row[6] or 0))
    found: dict[int, tuple[list[Any], list[Outcome], LastVisit | None]] = {}
    for row in rows:
        door_, outcomes, last = found.get(row[0], (row, [], None))
        if row[6] is not None and (row[10], row[7]) == (walk, outing):
            outcomes.append(Outcome(row[8]))
        elif row[6] is not None:
            at = read_instant(row[9])
            assert at is not None  # never empty
            last = LastVisit(day=at.date(), outcome=Outcome(row[8]))
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
    SELECT CAST({s.collect}({s.array}(tap, address)) AS text) FROM visits
    WHERE walk = :walk AND outing = :outing AND person = :person AND tap = (
        SELECT tap FROM visits WHERE walk = :walk AND outing = :outing AND person = :person
        ORDER BY id DESC LIMIT 1)"""
    )
)
_TAKE_BACK = Statement(lambda _s: "DELETE FROM visits WHERE walk = :walk AND tap = :tap AND person = :person")
_PUT_BACK = Statement(lambda _s: "UPDATE visits SET replaced = NULL WHERE walk = :walk AND replaced = :tap")
_COUNT_DWELLINGS = Statement(
    lambda _s: "UPDATE addresses SET dwellings = :number WHERE id = :door AND walk = :walk"
)


def undo(visit: Visit, at: Ground, person: int) -> int | None:
    """Takes back what the person’s last tap noted on this walk; a door that it was about, None where there was none."""
    found = visit.rows(_LAST_TAP, walk=at.id, outing=at.outing, person=person)
    if not found:
        return None
    tap, door = found[0]
    visit.run(_TAKE_BACK, walk=at.id, tap=tap, person=person)
    visit.run(_PUT_BACK, walk=at.id, tap=tap)
    return int(door)


def count_dwellings(visit: Visit, walk: int, door: int, number: int) -> None:
    """How many dwellings there are behind a door, for this time and the next."""
    visit.run(_COUNT_DWELLINGS, walk=walk, door=door, number=number)


# -- walks, as they are offered and taken --


@dataclass(frozen=True, kw_only=True)
class LegSummary:
    """One leg in a line: the street, its first and last numbers, how many doors, how many of them are done; `door`: the
    first one.
    """

    street: str
    first: int
    last: int
    doors: int
    done: int
    door: int


async def walk_seen(tx: AsyncConnection, walk: int, person: int) -> Ground | None:
    return await together(tx, lambda visit: ground(visit, walk, person))


async def walk_by_code(tx: AsyncConnection, code: str) -> int | None:
    """The number of a walk."""
    found: int | None = await tx.scalar(sa.select(walks.c.id).where(walks.c.code == code))
    return found


async def legs_of(tx: AsyncConnection, walk: int, outing: int) -> list[LegSummary]:
    """The legs of a walk, in order."""
    noted = (
        sa.select(sa.func.count())
        .where(visits.c.address == addresses.c.id, visits.c.outing == outing, visits.c.replaced.is_(None))
        .where(visits.c.walk == walk)
        .scalar_subquery()
    )
    columns = (addresses.c.id, addresses.c.leg, addresses.c.street, addresses.c.number, addresses.c.dwellings)
    query = (
        sa.select(*columns, noted.label("noted")).where(addresses.c.walk == walk).order_by(addresses.c.place)
    )
    found: dict[int, list[Any]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.leg, []).append(row)
    return [
        LegSummary(
            street=rows[0].street,
            first=rows[0].number,
            last=rows[-1].number,
            doors=len(rows),
            done=sum(row.noted >= (row.dwellings or 1) for row in rows),
            door=rows[0].id,
        )
        for rows in found.values()
    ]


async def place_of(tx: AsyncConnection, station: str) -> str | None:
    """The campaign’s polling place where the people of a station vote this time, if it is known."""
    query = sa.select(polling_places.c.name, polling_places.c.address)
    query = query.join(stations, stations.c.place == polling_places.c.id).where(stations.c.code == station)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else f"{row.name}, {row.address}"


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Somebody who goes on the same walk; the name of who agreed to be known to the team."""

    name: str | None
    has_walked: bool


async def companions(tx: AsyncConnection, at: Ground, person: int | None) -> list[Companion]:
    """The others on a walk."""
    before = walkers.alias("before")
    walked = sa.exists().where(before.c.person == people.c.id, before.c.left_at.is_not(None))
    query = (
        sa.select(people.c.first_name, people.c.consent_team, walked.label("walked"))
        .join(walkers, walkers.c.person == people.c.id)
        .where(walkers.c.walk == at.id, walkers.c.outing == at.outing, walkers.c.left_at.is_(None))
        .order_by(walkers.c.taken_at)
    )
    if person is not None:
        query = query.where(people.c.id != person)
    return [
        Companion(name=row.first_name if row.consent_team else None, has_walked=row.walked)
        for row in await tx.execute(query)
    ]


async def offered_near(tx: AsyncConnection, area: str, most: int) -> list[sa.Row[Any]]:
    """Walks of an area that somebody may still take, those with one walker first: walk, commune, walkers, streets."""
    there = sa.func.count(walkers.c.person).label("walkers")
    query = (
        sa.select(walks.c.id, walks.c.code, walks.c.doors, walks.c.metres, stations.c.commune, there)
        .select_from(
            walks.join(stations, stations.c.code == walks.c.station).outerjoin(
                walkers,
                sa.and_(
                    walkers.c.walk == walks.c.id,
                    walkers.c.outing == walks.c.outing,
                    walkers.c.left_at.is_(None),
                ),
            )
        )
        .where(walks.c.state.in_(("offered", "under_way")), station_in(area))
        .group_by(walks.c.id, walks.c.code, walks.c.doors, walks.c.metres, stations.c.commune)
        .having(sa.func.count(walkers.c.person) < 2)
        .order_by(there.desc(), walks.c.id)
        .limit(most)
    )
    return list(await tx.execute(query))


async def first_street(tx: AsyncConnection, walk: int) -> str:
    """The street where a walk begins."""
    query = sa.select(addresses.c.street).where(addresses.c.walk == walk).order_by(addresses.c.place).limit(1)
    return str(await tx.scalar(query) or "")


async def walk_of(tx: AsyncConnection, person: int) -> int | None:
    """The walk that somebody is on; the last that they took."""
    query = (
        sa.select(walkers.c.walk)
        .join(walks, sa.and_(walks.c.id == walkers.c.walk, walks.c.outing == walkers.c.outing))
        .where(walkers.c.person == person, walkers.c.left_at.is_(None), walks.c.state != "done")
        .order_by(walkers.c.taken_at.desc())
        .limit(1)
    )
    found: int | None = await tx.scalar(query)
    return found


async def offer(
    tx: AsyncConnection, station: str, by: int | None, now: datetime, walk: int | None = None
) -> int:
    """Offers the walks of a station that are not out already, or one of them; how many. Each begins anew."""
    free = sa.and_(walks.c.station == station, walks.c.state.in_(("cut", "done")))
    if walk is not None:
        free = sa.and_(free, walks.c.id == walk)
    change = {
        "state": "offered",
        "outing": walks.c.outing + 1,
        "offered_by": by,
        "offered_at": now,
        "done_at": None,
    }
    return int((await tx.execute(sa.update(walks).where(free).values(change))).rowcount)


async def withdraw(tx: AsyncConnection, walk: int) -> bool:
    """Takes back the offer of a walk that nobody has begun; whether it was one."""
    still = sa.and_(walks.c.id == walk, walks.c.state == "offered")
    return bool((await tx.execute(sa.update(walks).where(still).values(state="cut"))).rowcount)


async def take(tx: AsyncConnection, at: Ground, person: int, now: datetime) -> int:
    """Puts somebody on a walk, whose row is locked meanwhile; how many are on it then."""
    await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="under_way"))
    row = {"walk": at.id, "outing": at.outing, "person": person, "taken_at": now}
    key = [walkers.c.walk, walkers.c.outing, walkers.c.person]
    statement = insert(tx, walkers).values(row)
    await tx.execute(
        statement.on_conflict_do_update(index_elements=key, set_={"left_at": None, "taken_at": now})
    )
    return await walkers_on(tx, at)


async def walkers_on(tx: AsyncConnection, at: Ground) -> int:
    there = sa.and_(walkers.c.walk == at.id, walkers.c.outing == at.outing, walkers.c.left_at.is_(None))
    return int(await tx.scalar(sa.select(sa.func.count()).select_from(walkers).where(there)) or 0)


async def leave(tx: AsyncConnection, at: Ground, person: int) -> None:
    """Takes somebody off a walk; one that nobody is on any more is offered again."""
    gone = sa.and_(walkers.c.walk == at.id, walkers.c.outing == at.outing, walkers.c.person == person)
    await tx.execute(sa.delete(walkers).where(gone))
    if not await walkers_on(tx, at):
        await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="offered"))


async def end(tx: AsyncConnection, at: Ground, now: datetime) -> None:
    """The walk is over for everybody on it."""
    there = sa.and_(walkers.c.walk == at.id, walkers.c.outing == at.outing, walkers.c.left_at.is_(None))
    await tx.execute(sa.update(walkers).where(there).values(left_at=now))
    await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="done", done_at=now))


async def telegram_id_of(tx: AsyncConnection, person: int | None) -> tuple[int, str | None] | None:
    """Telegram number and first name of who offered a walk."""
    if person is None:
        return None
    query = sa.select(people.c.telegram_id, people.c.first_name).where(people.c.id == person)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else (row.telegram_id, row.first_name)


# -- what is learnt --


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
        DueRows(key=walkers.c.walk, condition=of_others(walkers.c.person), erase=deleting(walkers)),
    ]


async def _count_and_delete(tx: AsyncConnection, doors: sa.ColumnElement[bool]) -> int:
    """Counts the visits at some stations by street and day, and erases them, both in one transaction.

    A street of which fewer than ten doors were visited would tell of a dwelling: it is counted with the others.
    """
    theirs = visits.c.address.in_(sa.select(addresses.c.id).where(doors))
    columns = (addresses.c.station, addresses.c.street, visits.c.at, visits.c.outcome)
    query = sa.select(*columns).join(addresses, addresses.c.id == visits.c.address)
    rows = [
        (row.station, row.street, row.at.date().isoformat(), row.outcome)
        for row in await tx.execute(query.where(theirs, visits.c.replaced.is_(None)))
    ]
    of_street = Counter((station, street) for station, street, _day, _outcome in rows)
    counts = Counter(
        (station, street if of_street[station, street] >= LEAST else "", day, outcome)
        for station, street, day, outcome in rows
    )
    for (station, street, day, outcome), doors_ in counts.items():
        row = {"station": station, "street": street, "day": day, "outcome": outcome, "doors": doors_}
        statement = insert(tx, street_counts).values(row)
        more = {"doors": street_counts.c.doors + statement.excluded.doors}
        key = list(street_counts.primary_key.columns)
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=more))
    return int((await tx.execute(sa.delete(visits).where(theirs))).rowcount)


async def of_person(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """The walks that somebody took, for `/mydata`, and how many doors they noted on each."""
    noted = (
        sa.select(sa.func.count())
        .where(visits.c.walk == walks.c.id, visits.c.outing == walkers.c.outing)
        .where(visits.c.person == person, visits.c.replaced.is_(None))
        .scalar_subquery()
    )
    columns = (walks.c.code, walkers.c.taken_at, walkers.c.left_at, noted.label("doors"))
    query = sa.select(*columns).join(walks, walks.c.id == walkers.c.walk).where(walkers.c.person == person)
    return [dict(row._mapping) for row in await tx.execute(query.order_by(walkers.c.taken_at))]


@dataclass(frozen=True, kw_only=True)
class WalkLine:
    """A walk in the list of a station."""

    id: int
    code: str
    state: str
    doors: int
    outing: int
    walkers: int


async def lines_of(tx: AsyncConnection, station: str) -> list[WalkLine]:
    """The walks of a station, in order."""
    there = (
        sa.select(sa.func.count())
        .where(walkers.c.walk == walks.c.id, walkers.c.outing == walks.c.outing, walkers.c.left_at.is_(None))
        .scalar_subquery()
    )
    columns = (walks.c.id, walks.c.code, walks.c.state, walks.c.doors, walks.c.outing, there.label("walkers"))
    query = sa.select(*columns).where(walks.c.station == station).order_by(walks.c.id)
    return [WalkLine(**row._mapping) for row in await tx.execute(query)]


async def doors_in_order(tx: AsyncConnection, walk: int) -> list[sa.Row[Any]]:
    """The doors of a walk, for paper: street, number, suffix, dwellings, leg."""
    columns = (
        addresses.c.street,
        addresses.c.number,
        addresses.c.suffix,
        addresses.c.dwellings,
        addresses.c.leg,
    )
    query = sa.select(*columns).where(addresses.c.walk == walk).order_by(addresses.c.place)
    return list(await tx.execute(query))
