"""Walks as they are offered, taken and ended, and who goes on them."""

from __future__ import annotations

from datetime import datetime
from math import cos, radians
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.canvass.meetings import MeetingPoint
from bot.rules.canvass.visits import MOST_WALKERS
from db.batches import together
from db.canvass import station_in
from db.canvass_doors import WalkView, ground
from db.records import records
from db.schema import addresses, broadcasts, people, polling_places, stations, visits, walkers, walks
from db.upsert import put

REGISTERED = "registered"
SOON = "walk_soon:"
"""What the key of a notice begins with that tells walkers when they meet, once."""


class LegSummary(Frozen):
    """One leg in a line: the street, its first and last numbers, how many doors, how many of them are done; `door`: the
    first one.
    """

    street: str
    first: int
    last: int
    doors: int
    done: int
    door: int


async def walk_seen(tx: AsyncConnection, walk: int, person: int) -> WalkView | None:
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


def went(spell: Any) -> sa.ColumnElement[bool]:
    """Whether anything was noted on a walk while somebody was on it who is no more: a row of `walkers`."""
    return sa.exists().where(
        visits.c.walk == spell.c.walk,
        visits.c.outing == spell.c.outing,
        visits.c.at >= spell.c.taken_at,
        visits.c.at <= spell.c.left_at,
    )


def _has_walked(person: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether somebody has been on a walk, which is over for them."""
    before = walkers.alias("before")
    return sa.exists().where(before.c.person == person, went(before))


async def has_walked(tx: AsyncConnection, person: int) -> bool:
    """Whether somebody has been on a walk, which is over for them."""
    return bool(await tx.scalar(sa.select(_has_walked(sa.literal(person)))))


_THERE = sa.and_(
    walkers.c.walk == walks.c.id, walkers.c.outing == walks.c.outing, walkers.c.left_at.is_(None)
)
"""Whoever is on the walk of the row beside theirs."""


def _on(at: WalkView) -> sa.ColumnElement[bool]:
    """Whoever is on a walk."""
    return sa.and_(walkers.c.walk == at.id, walkers.c.outing == at.outing, walkers.c.left_at.is_(None))


class Companion(Frozen):
    """Somebody who goes on the same walk; the name of who agreed to be known to the team."""

    name: str | None
    has_walked: bool


async def companions(tx: AsyncConnection, at: WalkView, person: int | None) -> list[Companion]:
    """The others on a walk."""
    query = (
        sa.select(people.c.first_name, people.c.consent_team, _has_walked(people.c.id).label("walked"))
        .join(walkers, walkers.c.person == people.c.id)
        .where(_on(at))
        .where(people.c.state == REGISTERED)
        .order_by(walkers.c.taken_at)
    )
    if person is not None:
        query = query.where(people.c.id != person)
    return [
        Companion(name=row.first_name if row.consent_team else None, has_walked=row.walked)
        for row in await tx.execute(query)
    ]


async def meeting_of(tx: AsyncConnection, walk: int) -> MeetingPoint | None:
    """When and where the people of a walk meet."""
    row = (await tx.execute(sa.select(walks.c.meets_at, walks.c.meets_where).where(walks.c.id == walk))).one()
    return None if row.meets_at is None else MeetingPoint(at=row.meets_at, where=row.meets_where or "")


_UNDER_WAY = sa.select(sa.literal(1)).where(walks.c.state == "under_way").limit(1)


async def are_under_way(tx: AsyncConnection) -> bool:
    """Whether anybody is on a walk: most ticks have nothing to do."""
    return (await tx.execute(_UNDER_WAY)).first() is not None


async def free(tx: AsyncConnection, at: WalkView, now: datetime) -> None:
    """Takes everybody off a walk, which is offered again. What they noted before, without network, still counts."""
    await tx.execute(sa.update(walkers).where(_on(at)).values(left_at=now))
    await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="offered"))


async def release(tx: AsyncConnection) -> None:
    """Takes those off their walks who left the campaign, are not written to, or are written to in vain; a walk that
    nobody is on any more is offered again.
    """
    staying = sa.select(people.c.id).where(people.c.state == REGISTERED, people.c.unreachable_at.is_(None))
    under_way = sa.select(walks.c.id).where(walks.c.state == "under_way").scalar_subquery()
    gone = sa.and_(
        walkers.c.walk.in_(under_way), walkers.c.left_at.is_(None), walkers.c.person.not_in(staying)
    )
    await tx.execute(sa.delete(walkers).where(gone))
    await tx.execute(sa.update(walks).where(*_abandoned()).values(state="offered"))


def _abandoned() -> tuple[sa.ColumnElement[bool], ...]:
    """Walks that are under way, and nobody is on them."""
    return (walks.c.state == "under_way", sa.not_(sa.exists().where(_THERE)))


async def idle(tx: AsyncConnection, since: datetime) -> list[int]:
    """Walks that were taken before, whose people were to meet before, and of which nothing was noted since."""
    lately = sa.or_(
        sa.exists().where(
            walkers.c.walk == walks.c.id,
            walkers.c.outing == walks.c.outing,
            walkers.c.left_at.is_(None),
            walkers.c.taken_at > since,
        ),
        sa.exists().where(
            visits.c.walk == walks.c.id, visits.c.outing == walks.c.outing, visits.c.at > since
        ),
        sa.func.coalesce(walks.c.meets_at > since, sa.false()),
    )
    return list(await tx.scalars(sa.select(walks.c.id).where(walks.c.state == "under_way", sa.not_(lately))))


async def others_on(tx: AsyncConnection, at: WalkView, person: int) -> list[int]:
    """The Telegram numbers of the others on a walk."""
    query = sa.select(people.c.telegram_id).join(walkers, walkers.c.person == people.c.id)
    return list(await tx.scalars(query.where(_on(at), people.c.id != person)))


async def meeting_soon(tx: AsyncConnection, now: datetime, until: datetime) -> list[sa.Row[Any]]:
    """Walkers of walks that begin meanwhile and were not told so: walk, code, outing, hour, place, commune, number."""
    key = sa.literal(SOON) + sa.cast(walks.c.id, sa.String) + ":" + sa.cast(walks.c.outing, sa.String)
    told = sa.exists().where(broadcasts.c.key == key)
    query = (
        sa.select(
            *(walks.c.id, walks.c.code, walks.c.outing, walks.c.meets_at, walks.c.meets_where),
            *(stations.c.commune, people.c.telegram_id),
        )
        .join(stations, stations.c.code == walks.c.station)
        .join(walkers, _THERE)
        .join(people, people.c.id == walkers.c.person)
        .where(walks.c.meets_at > now, walks.c.meets_at <= until, walks.c.state == "under_way", sa.not_(told))
        .where(people.c.state == REGISTERED)
        .order_by(walks.c.id)
    )
    return list(await tx.execute(query))


async def offered_near(
    tx: AsyncConnection,
    department: str | None,
    *,
    commune: str | None,
    near: tuple[float, float] | None,
    since: datetime,
    first: int,
    most: int,
) -> list[sa.Row[Any]]:
    """Walks of a département that somebody may still take, whose people meet after `since` if they do: those of the
    commune first, then those with one walker, then those whose station is nearest. Of each the commune, the meeting,
    how many walkers, and how many of them have walked.
    """
    if department is None:
        return []
    there = sa.func.count(walkers.c.person).label("walkers")
    walked = sa.func.sum(sa.case((_has_walked(walkers.c.person), 1), else_=0)).label("walked")
    names = ("id", "code", "doors", "metres", "meets_at", "meets_where")
    told = (*(walks.c[name] for name in names), stations.c.commune, stations.c.latitude, stations.c.longitude)
    order = [sa.case((stations.c.commune == commune, 0), else_=1), there.desc()]
    if near is not None:
        order += [stations.c.latitude.is_(None), _off(near)]
    query = (
        sa.select(*told, there, walked)
        .select_from(walks.join(stations, stations.c.code == walks.c.station).outerjoin(walkers, _THERE))
        .where(walks.c.state.in_(("offered", "under_way")), station_in(department))
        .where(sa.or_(walks.c.meets_at.is_(None), walks.c.meets_at >= since))
        .group_by(*told)
        .having(sa.func.count(walkers.c.person) < MOST_WALKERS)
        .order_by(*order, walks.c.id)
        .offset(first)
        .limit(most)
    )
    return list(await tx.execute(query))


def _off(near: tuple[float, float]) -> sa.ColumnElement[float]:
    """How far a station is from a point, in an order of its own: a département is small enough to be a plane."""
    north = stations.c.latitude - near[0]
    east = (stations.c.longitude - near[1]) * cos(radians(near[0]))
    return north * north + east * east


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
    tx: AsyncConnection,
    station: str,
    by: int | None,
    now: datetime,
    walk: int | None = None,
    meeting: MeetingPoint | None = None,
) -> int:
    """Offers the walks of a station that were never out, or one of them, which may be over; how many.

    One that nobody has taken, and whose people were to meet before now, is not out any more.
    """
    missed = sa.and_(walks.c.state == "offered", walks.c.meets_at < now)
    free = sa.and_(walks.c.station == station, sa.or_(walks.c.state == "cut", missed))
    if walk is not None:
        again = sa.or_(walks.c.state.in_(("cut", "done")), missed)
        free = sa.and_(walks.c.station == station, walks.c.id == walk, again)
    change = {
        "state": "offered",
        "outing": walks.c.outing + 1,
        "offered_by": by,
        "offered_at": now,
        "meets_at": None if meeting is None else meeting.at,
        "meets_where": None if meeting is None else meeting.where,
        "done_at": None,
    }
    return int((await tx.execute(sa.update(walks).where(free).values(change))).rowcount)


async def withdraw(tx: AsyncConnection, walk: int) -> bool:
    """Takes back the offer of a walk that nobody has begun; whether it was one."""
    still = sa.and_(walks.c.id == walk, walks.c.state == "offered")
    return bool((await tx.execute(sa.update(walks).where(still).values(state="cut"))).rowcount)


async def take(tx: AsyncConnection, at: WalkView, person: int, now: datetime) -> int:
    """Puts somebody on a walk, whose row is locked meanwhile; how many are on it then."""
    await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="under_way"))
    who = {"walk": at.id, "outing": at.outing, "person": person}
    await put(tx, walkers, who, {"left_at": None, "taken_at": now})
    return await walkers_on(tx, at)


async def walkers_on(tx: AsyncConnection, at: WalkView) -> int:
    return int(await tx.scalar(sa.select(sa.func.count()).select_from(walkers).where(_on(at))) or 0)


async def leave(tx: AsyncConnection, at: WalkView, person: int, now: datetime) -> None:
    """Takes somebody off a walk, as `free` does; one that nobody is on any more is offered again."""
    await tx.execute(sa.update(walkers).where(_on(at), walkers.c.person == person).values(left_at=now))
    if not await walkers_on(tx, at):
        await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="offered"))


async def end(tx: AsyncConnection, at: WalkView, now: datetime) -> None:
    """The walk is over for everybody on it."""
    await tx.execute(sa.update(walkers).where(_on(at)).values(left_at=now))
    await tx.execute(sa.update(walks).where(walks.c.id == at.id).values(state="done", done_at=now))


async def telegram_id_of(tx: AsyncConnection, person: int | None) -> tuple[int, str | None] | None:
    """Telegram number and first name of who offered a walk."""
    if person is None:
        return None
    query = sa.select(people.c.telegram_id, people.c.first_name).where(people.c.id == person)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else (row.telegram_id, row.first_name)


_ON_IT = sa.and_(visits.c.walk == walks.c.id, visits.c.outing == walkers.c.outing)
_NOTED = sa.select(sa.func.count()).where(
    _ON_IT, visits.c.person == walkers.c.person, visits.c.replaced.is_(None)
)
_OF_PERSON = (
    sa.select(walks.c.code, walkers.c.taken_at, walkers.c.left_at, _NOTED.scalar_subquery().label("doors"))
    .join(walks, walks.c.id == walkers.c.walk)
    .where(walkers.c.person == sa.bindparam("somebody"))
    .order_by(walkers.c.taken_at)
)


async def of_person(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """The walks that somebody took, for `/mydata`, and how many doors they noted on each."""
    return [dict(row._mapping) for row in await tx.execute(_OF_PERSON, {"somebody": person})]


class WalkLine(Frozen):
    """A walk in the list of a station."""

    id: int
    code: str
    state: str
    doors: int
    outing: int
    walkers: int


async def lines_of(tx: AsyncConnection, station: str) -> list[WalkLine]:
    """The walks of a station, in order."""
    there = sa.select(sa.func.count()).where(_THERE).scalar_subquery()
    columns = (walks.c.id, walks.c.code, walks.c.state, walks.c.doors, walks.c.outing, there.label("walkers"))
    query = sa.select(*columns).where(walks.c.station == station).order_by(walks.c.id)
    return records(WalkLine, await tx.execute(query))


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
