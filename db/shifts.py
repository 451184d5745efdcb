"""Shifts of events: who has a place in one, who waits for one, kept under a lock of the shift's own.

How somebody stands is an `Rsvp` whose `event` is the shift. So few people are in one that all of them are read at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.seats import MOST_LOST, Rsvp, Seats, Standing, WaitingParty, door_opens
from bot.rules.shifts import Shift, seats_of
from db import upsert
from db.headcounts import known_to
from db.records import records
from db.restrictions import IS_USABLE
from db.schema import attendee_numbers, broadcasts, deliveries, events, people, shift_places, shifts
from db.seats import hold

HOLDING = (Standing.YES.value, Standing.WAITING.value, Standing.OFFERED.value)
"""Who is told what becomes of a shift: who has a place, waits for one, or was offered one."""
_NAMES = tuple(name for name in shift_places.c.keys() if name != "shift")  # noqa: SIM118  # a collection of columns
_SHIFT = [column for column in shifts.c if column.name != "changes"]


def _place(row: sa.RowMapping) -> Rsvp:
    return Rsvp(event=row["shift"], **{name: row[name] for name in _NAMES})


def _shift(row: sa.RowMapping) -> Shift:
    return Shift(**{column.name: row[column.name] for column in _SHIFT})


# -- shifts --


async def create(tx: AsyncConnection, **values: Any) -> int:
    """A new shift: its number. `values` are columns."""
    made = await tx.execute(sa.insert(shifts).values(values).returning(shifts.c.id))
    return int(made.scalar_one())


async def get(tx: AsyncConnection, shift: int) -> Shift | None:
    row = (await tx.execute(sa.select(*_SHIFT).where(shifts.c.id == shift))).first()
    return None if row is None else _shift(row._mapping)


async def get_many(tx: AsyncConnection, ids: Collection[int]) -> dict[int, Shift]:
    rows = await tx.execute(sa.select(*_SHIFT).where(shifts.c.id.in_(list(ids))))
    return {row.id: _shift(row._mapping) for row in rows}


async def of_event(tx: AsyncConnection, event: int) -> list[Shift]:
    """The shifts of an event that are not off, in the order of their hours."""
    query = sa.select(*_SHIFT).where(shifts.c.event == event, shifts.c.state == "open")
    rows = await tx.execute(query.order_by(shifts.c.starts_at, shifts.c.ends_at, shifts.c.id))
    return [_shift(row._mapping) for row in rows]


async def change(tx: AsyncConnection, shift: int, **values: Any) -> int:
    """Sets columns of a shift; how often it was changed by now."""
    counted = sa.update(shifts).where(shifts.c.id == shift)
    changed = counted.values(changes=shifts.c.changes + 1, **values).returning(shifts.c.changes)
    return int((await tx.execute(changed)).scalar_one())


async def move(tx: AsyncConnection, event: int, by: timedelta) -> None:
    """The shifts of an event go along with it; what is offered is held no longer than it may be."""
    for each in await of_event(tx, event):
        moved = {"starts_at": each.starts_at + by, "ends_at": each.ends_at + by}
        await tx.execute(sa.update(shifts).where(shifts.c.id == each.id).values(moved))
        await shorten_offers(tx, each.id, door_opens(moved["starts_at"]))


async def shorten_offers(tx: AsyncConnection, shift: int, until: datetime) -> None:
    """No offer of a shift is held beyond an instant: it begins earlier now."""
    late = sa.and_(
        shift_places.c.shift == shift,
        shift_places.c.answer == Standing.OFFERED.value,
        shift_places.c.offer_until > until,
    )
    await tx.execute(sa.update(shift_places).where(late).values(offer_until=until))


async def lock(tx: AsyncConnection, shift: int) -> Shift | None:
    """A shift as it is at this moment; nobody else takes a place in it until the transaction ends."""
    held = sa.update(shifts).where(shifts.c.id == shift).values(state=shifts.c.state)
    row = (await tx.execute(held.returning(*_SHIFT))).first()
    return None if row is None else _shift(row._mapping)


# -- places --


async def places_of(tx: AsyncConnection, shift: int) -> list[Rsvp]:
    """How everybody stands with a shift."""
    rows = await tx.execute(sa.select(shift_places).where(shift_places.c.shift == shift))
    return [_place(row._mapping) for row in rows]


async def put(tx: AsyncConnection, place: Rsvp) -> None:
    """How somebody stands with a shift from now on."""
    values = {name: getattr(place, name) for name in _NAMES if name != "person"}
    await upsert.put(tx, shift_places, {"shift": place.event, "person": place.person}, values)


async def leave_all(tx: AsyncConnection, *, event: int, person: int, at: datetime) -> None:
    """Somebody who does not come to an event gives back every shift of it."""
    theirs = sa.select(shift_places.c.shift).join(shifts, shifts.c.id == shift_places.c.shift)
    theirs = theirs.where(shifts.c.event == event, shift_places.c.person == person)
    held = theirs.where(shift_places.c.answer.in_(HOLDING)).order_by(shift_places.c.shift)
    given_back = list(await tx.scalars(held))
    if given_back:
        # As whoever settles a waitlist: before a shift the event's seats, where its cards are noted.
        await hold(tx, [event])
    for shift in given_back:
        await lock(tx, shift)
        place = sa.and_(shift_places.c.shift == shift, shift_places.c.person == person)
        nothing = {"answer": "no", "ticket": None, "offered": 0, "offer_until": None, "at": at}
        await tx.execute(sa.update(shift_places).where(place).values(nothing))


async def waiting(tx: AsyncConnection, shift: int) -> list[WaitingParty]:
    """Who waits for a place, in order, and whether a message can reach them."""
    reachable = sa.and_(_IS_REACHABLE, shift_places.c.lost < MOST_LOST)
    query = (
        sa.select(shift_places.c.person, shift_places.c.ticket, reachable.label("reachable"))
        .join(people, people.c.id == shift_places.c.person)
        .where(shift_places.c.shift == shift, shift_places.c.answer == Standing.WAITING.value)
        .order_by(shift_places.c.ticket)
    )
    return [
        WaitingParty(
            person=row.person, ticket=row.ticket or 0, party=1, whole=False, reachable=bool(row.reachable)
        )
        for row in await tx.execute(query)
    ]


_IS_REACHABLE = sa.and_(
    people.c.state == "registered", people.c.consent_contact.is_(True), people.c.unreachable_at.is_(None)
)


async def held_by(tx: AsyncConnection, person: int) -> list[tuple[Shift, Rsvp]]:
    """The shifts that somebody has or may get, of events that take place."""
    query = (
        sa.select(*_SHIFT, *(shift_places.c[name] for name in ("shift", *_NAMES)))
        .join(shift_places, shift_places.c.shift == shifts.c.id)
        .join(events, events.c.id == shifts.c.event)
        .where(shift_places.c.person == person, shift_places.c.answer.in_(HOLDING))
        .where(shifts.c.state == "open", events.c.state == "open")
        .order_by(shifts.c.starts_at, shifts.c.id)
    )
    return [(_shift(row._mapping), _place(row._mapping)) for row in await tx.execute(query)]


class Filled(Frozen):
    """A shift and its places in numbers, with how one person stands; `position`: on its list."""

    shift: Shift
    seats: Seats
    own: Rsvp | None = None
    position: int | None = None


async def filled(tx: AsyncConnection, event: int, person: int | None = None) -> list[Filled]:
    """The shifts of an event and how full they are, as one person sees them."""
    found = []
    for shift in await of_event(tx, event):
        places = await places_of(tx, shift.id)
        own = next((each for each in places if each.person == person), None)
        position = None
        if own is not None and own.waits:
            position = 1 + sum(each.waits and (each.ticket or 0) < (own.ticket or 0) for each in places)
        found.append(Filled(shift=shift, seats=seats_of(shift, places), own=own, position=position))
    return found


class ShiftHelper(Frozen):
    """Somebody in a shift, to whoever organizes it: by name where they agreed to it, else by their number."""

    name: str | None
    number: int | None
    answer: str


async def helpers(tx: AsyncConnection, shift: int, known_in: Sequence[str]) -> list[ShiftHelper]:
    """Who has a place in a shift, then who waits for one."""
    name = sa.case((known_to(known_in), people.c.first_name), else_=None).label("name")
    theirs = sa.and_(
        attendee_numbers.c.event == shifts.c.event, attendee_numbers.c.person == shift_places.c.person
    )
    query = (
        sa.select(name, attendee_numbers.c.number, shift_places.c.answer)
        .select_from(
            shift_places.join(shifts, shifts.c.id == shift_places.c.shift)
            .join(people, people.c.id == shift_places.c.person)
            .outerjoin(attendee_numbers, theirs)
        )
        .where(shift_places.c.shift == shift, shift_places.c.answer.in_(HOLDING), IS_USABLE)
        .order_by(shift_places.c.answer != Standing.YES.value, shift_places.c.ticket, people.c.friend_code)
    )
    return records(ShiftHelper, await tx.execute(query))


# -- offers --


_IS_LISTED = sa.exists().where(
    shift_places.c.shift == shifts.c.id,
    shift_places.c.answer.in_((Standing.WAITING.value, Standing.OFFERED.value)),
)
_TO_TEND = (
    sa.select(shifts.c.id)
    .join(events, events.c.id == shifts.c.event)
    .where(shifts.c.state == "open", events.c.state == "open")
    .where(shifts.c.ends_at > sa.bindparam("now"), _IS_LISTED)
    .order_by(events.c.code, shifts.c.id)
)


async def to_tend(tx: AsyncConnection, now: datetime) -> list[int]:
    """The shifts to come of which somebody waits for a place, or was offered one."""
    return list(await tx.scalars(_TO_TEND, {"now": now}))


def offer_key(shift: int, number: int) -> str:
    """The key of the one broadcast of everybody's offer of that number for a shift."""
    return f"shift:{shift}:offer:{number}"


def shift_of_key(key: str | None) -> int | None:
    """The shift that a broadcast is about, by its key; None: of none."""
    kind, _, rest = (key or "").partition(":")
    number = rest.partition(":")[0]
    return int(number) if kind == "shift" and number.isdigit() else None


async def states_of_offers(tx: AsyncConnection, places: Iterable[Rsvp]) -> dict[int, str | None]:
    """Of people who were offered a place, by person: what became of the message; None: there is none."""
    found = {}
    for place in places:
        query = (
            sa.select(deliveries.c.state)
            .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
            .where(deliveries.c.person == place.person)
            .where(broadcasts.c.key == offer_key(place.event, place.offers))
        )
        found[place.person] = await tx.scalar(query)
    return found


class HelperLife(NamedTuple):
    """By which law and clock somebody lives, and whether a message can reach them."""

    territory: str | None
    zone: str | None
    reachable: bool


async def lives_of(tx: AsyncConnection, persons: Iterable[int]) -> dict[int, HelperLife]:
    query = sa.select(people.c.id, people.c.territory, people.c.zone, _IS_REACHABLE.label("reachable"))
    rows = await tx.execute(query.where(people.c.id.in_(list(persons))))
    return {row.id: HelperLife(row.territory, row.zone, bool(row.reachable)) for row in rows}


# -- messages --


async def of_people(
    tx: AsyncConnection, ids: Collection[int], about: Collection[int]
) -> dict[tuple[int, int], list[Shift]]:
    """The shifts that people have a place in, by event and person, in the order of their hours."""
    query = (
        sa.select(*_SHIFT, shift_places.c.person)
        .join(shift_places, shift_places.c.shift == shifts.c.id)
        .where(shift_places.c.person.in_(list(ids)), shifts.c.event.in_(list(about)))
        .where(shift_places.c.answer == Standing.YES.value, shifts.c.state == "open")
        .order_by(shifts.c.starts_at, shifts.c.id)
    )
    found: dict[tuple[int, int], list[Shift]] = {}
    for row in await tx.execute(query):
        found.setdefault((row.event, row.person), []).append(_shift(row._mapping))
    return found


async def places_of_people(
    tx: AsyncConnection, ids: Collection[int], about: Collection[int]
) -> dict[tuple[int, int], Rsvp]:
    """How people stand with some shifts, by shift and person."""
    query = sa.select(shift_places).where(
        shift_places.c.person.in_(list(ids)), shift_places.c.shift.in_(list(about))
    )
    return {(row.shift, row.person): _place(row._mapping) for row in await tx.execute(query)}


_OF_PERSON = (
    sa.select(
        *(events.c.code.label("event"), shifts.c.role, shifts.c.starts_at, shifts.c.ends_at),
        *(column for column in shift_places.c if column.name not in ("shift", "person")),
    )
    .select_from(
        shift_places.join(shifts, shifts.c.id == shift_places.c.shift).join(
            events, events.c.id == shifts.c.event
        )
    )
    .where(shift_places.c.person == sa.bindparam("somebody"))
    .order_by(shifts.c.starts_at, shifts.c.id)
)


async def of_person(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """Everything somebody said of shifts, for `/mydata`."""
    return [dict(row._mapping) for row in await tx.execute(_OF_PERSON, {"somebody": person})]
