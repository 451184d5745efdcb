"""The seats of an event: who holds or waits for one, counted with every answer under a lock of the event's own.

Only events that had a capacity once are counted (`events.counted`); of the others nobody asks, and nobody waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.seats import MOST_LOST, Rsvp, Seats, Standing, WaitingParty, allot, limit_of
from bot.rules.sending import ON_THE_WAY
from db.batches import DatabaseVisit, Statement, together
from db.events import Event
from db.responses import AskedElsewhere, Response, log, mark_settled
from db.restrictions import of_others
from db.rsvps import NAMES, read, write
from db.schema import broadcasts, deliveries, events, people, rsvps, seats

# Of the list so many are read at once: as a rule fewer seats are free.
PAGE = 200

# An insert that changes nothing where there is a row: it locks the row, on the engine that has many writers.
_LOCK = Statement(
    lambda s: (
        f"""
    INSERT INTO seats (event, taken, waiting, offered, tickets) VALUES (:event, 0, 0, 0, 0)
    ON CONFLICT (event) DO UPDATE SET taken = seats.taken
    RETURNING CAST({s.array}(taken, waiting, offered, tickets) AS text)"""
    )
)
# Read after the lock: whoever changed the capacity meanwhile has committed.
_OWN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(capacity, overbooking,
        {", ".join(f"rsvps.{name}" for name in NAMES)})) AS text)
    FROM events LEFT JOIN rsvps ON rsvps.event = events.id AND rsvps.person = :person WHERE events.id = :event"""
    )
)
_REACHABLE = f"state = 'registered' AND consent_contact AND unreachable_at IS NULL AND lost < {MOST_LOST}"
_LIST = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(person, ticket, party, whole, reachable)) AS text) FROM (
        SELECT person, ticket, 1 + guests AS party, whole, {_REACHABLE} AS reachable
        FROM rsvps JOIN people ON people.id = rsvps.person
        WHERE event = :event AND answer = 'waiting' AND ticket > :ticket ORDER BY ticket LIMIT {PAGE}) AS listed"""
    )
)
# Whoever taps is shown the numbers: these are asked as often as an answer is given.
_TAKEN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(taken, waiting, offered, tickets)) AS text) FROM seats WHERE event = :event"""
    )
)
_BEFORE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.array}(count(*)) AS text) FROM rsvps
    WHERE event = :event AND answer = 'waiting' AND ticket < :ticket"""
    )
)
_COUNT = Statement(
    lambda _s: (
        """
    UPDATE seats SET taken = :taken, waiting = :waiting, offered = :offered, tickets = :tickets WHERE event = :event"""
    )
)

Allotted = Mapping[int, int]
Decide = Callable[[Seats, Rsvp | None, Callable[[Seats], Allotted]], Rsvp]
"""How somebody stands, from the seats, how they stood, and, where it matters, whom free seats are for."""


class SeatSettled(Frozen):
    """How somebody stands now, the seats with it, and the messages that ask the same elsewhere."""

    rsvp: Rsvp
    seats: Seats
    overtaken: list[int]


async def settle(
    tx: AsyncConnection,
    *,
    event: int,
    person: int,
    decide: Decide,
    said: Response,
    asked: AskedElsewhere | None = None,
) -> SeatSettled:
    """Decides how somebody stands while nobody else can take a seat, keeps it, and logs what they said."""

    def work(visit: DatabaseVisit) -> SeatSettled:
        taken, waiting, offered, tickets = visit.rows(_LOCK, event=event)
        ((capacity, overbooking, *row),) = visit.rows(_OWN, event=event, person=person)
        own = None if row[0] is None else read(row)
        limit = limit_of(capacity, overbooking)
        before = Seats(limit=limit, taken=taken, waiting=waiting, offered=offered, tickets=tickets)
        rsvp = decide(before, own, lambda seats: _allotted(visit, event, seats))
        after = before.moved(own, rsvp)
        write(visit, rsvp)
        visit.run(_COUNT, event=event, **_counted(after))
        log(visit, said)
        overtaken = mark_settled(visit, asked) if asked is not None else []
        return SeatSettled(rsvp=rsvp, seats=after, overtaken=overtaken)

    return await together(tx, work)


def _counted(found: Seats) -> dict[str, int]:
    return {name: getattr(found, name) for name in ("taken", "waiting", "offered", "tickets")}


def _allotted(visit: DatabaseVisit, event: int, found: Seats, without: Container[int] = ()) -> Allotted:
    if not found.waiting or found.is_full:
        return {}
    return allot(found.free, (each for each in _listed(visit, event) if each.person not in without))


def _listed(visit: DatabaseVisit, event: int) -> Iterable[WaitingParty]:
    """Who waits, in order, as long as somebody asks for more."""
    ticket = 0
    while True:
        page = sorted(visit.rows(_LIST, event=event, ticket=ticket), key=lambda row: row[1])
        for person, ticket, party, whole, reachable in page:
            yield WaitingParty(
                person=person, ticket=ticket, party=party, whole=bool(whole), reachable=bool(reachable)
            )
        if len(page) < PAGE:
            return


class HasSeats(Protocol):
    """How many seats an event has: an `Event`, or some of its row."""

    @property
    def capacity(self) -> int | None: ...
    @property
    def overbooking(self) -> int: ...


class NextInLine(Frozen):
    """Somebody to whom free seats would go: their row, where and by which clock they live."""

    rsvp: Rsvp
    seats: int
    territory: str | None
    zone: str | None


async def lock(tx: AsyncConnection, event: int) -> tuple[Event, Seats]:
    """An event as it is at this moment, and its seats, which nobody else changes until the transaction ends."""
    numbers = await together(tx, lambda visit: visit.rows(_LOCK, event=event))
    # Read after the lock: whoever changed the event meanwhile has committed.
    row = (await tx.execute(sa.select(events).where(events.c.id == event))).one()
    found = Event(**row._mapping)
    return found, seats_of(found, *numbers)


async def are_counted(tx: AsyncConnection, event: Event) -> bool:
    """Whether the seats of an event are counted by now. If not, nobody begins to count before the transaction ends.

    On the engine that has many writers, what was read of the event before may be over.
    """
    if event.counted or tx.dialect.name != "postgresql":
        return event.counted
    query = sa.select(events.c.counted).where(events.c.id == event.id).with_for_update(read=True)
    return bool((await tx.execute(query)).scalar_one())


def seats_of(event: HasSeats, taken: int, waiting: int, offered: int, tickets: int) -> Seats:
    limit = limit_of(event.capacity, event.overbooking)
    return Seats(limit=limit, taken=taken, waiting=waiting, offered=offered, tickets=tickets)


async def of(tx: AsyncConnection, event: Event) -> Seats:
    """The seats of an event as they are at this moment; of one that is not counted, enough."""
    found = await _TAKEN.rows(tx, event=event.id)
    return seats_of(event, *found[0]) if found else seats_of(event, 0, 0, 0, 0)


async def shown(tx: AsyncConnection, event: Event) -> Seats:
    """The seats of an event without those of people who restricted the processing of their data, for its staff.

    What is free is decided from all of them (`of`): this is only told.
    """
    query = _sums().where(rsvps.c.event == event.id, of_others(rsvps.c.person))
    row = (await tx.execute(query)).one()
    return seats_of(event, row.taken, row.waiting, row.offered, 0)


_WAITING_FOR = sa.select(seats.c.event, seats.c.waiting).where(
    seats.c.event.in_(sa.bindparam("events", expanding=True)), seats.c.waiting > 0
)


async def waiting_for(tx: AsyncConnection, events: Sequence[int]) -> dict[int, int]:
    """How many wait for a seat, of those events that somebody waits for."""
    if not events:
        return {}
    return {row.event: row.waiting for row in await tx.execute(_WAITING_FOR, {"events": events})}


def _sums() -> sa.Select[Any]:
    held = sa.case((rsvps.c.answer == Standing.YES.value, 1 + rsvps.c.guests), else_=rsvps.c.offered)
    return sa.select(
        sa.func.coalesce(sa.func.sum(held), 0).label("taken"),
        *(
            sa.func.count().filter(rsvps.c.answer == standing.value).label(standing.value)
            for standing in (Standing.WAITING, Standing.OFFERED)
        ),
    ).select_from(rsvps)


async def with_allotted(tx: AsyncConnection, event: int, found: Seats) -> Seats:
    """Seats with how many of the free ones are for who waits; where nobody does, or none is free, at no cost."""
    if not found.waiting or found.is_full:
        return found
    allotted = await together(tx, lambda visit: _allotted(visit, event, found))
    return replace(found, allotted=sum(allotted.values()))


async def full_among(tx: AsyncConnection, ids: Iterable[int]) -> set[int]:
    """Those of some events of which every seat is taken or offered."""
    return set(await tx.scalars(_limited().where(events.c.id.in_(list(ids)), seats.c.taken >= _LIMIT)))


async def position(tx: AsyncConnection, rsvp: Rsvp) -> int:
    """The number on the list of somebody who waits: 1 is the next."""
    (before,) = await _BEFORE.rows(tx, event=rsvp.event, ticket=rsvp.ticket or 0)
    return int(before) + 1


_LIMIT = events.c.capacity * (100 + events.c.overbooking) // 100


def _limited() -> sa.Select[tuple[int]]:
    return (
        sa.select(events.c.id).join(seats, seats.c.event == events.c.id).where(events.c.capacity.is_not(None))
    )


_HAS_ROOM = sa.or_(events.c.capacity.is_(None), seats.c.taken < _LIMIT)
_TO_TEND = (
    sa.select(events.c.id)
    .join(seats, seats.c.event == events.c.id)
    .where(events.c.state == "open", events.c.ends_at > sa.bindparam("now"))
    .where(sa.or_(seats.c.offered > 0, sa.and_(seats.c.waiting > 0, _HAS_ROOM)))
    # In the order in which taps lock them: see handlers.events.event_tapped.
    .order_by(events.c.code)
)


async def to_tend(tx: AsyncConnection, now: datetime) -> list[int]:
    """The events of which an offer may be over, or a seat free for somebody who waits."""
    return list(await tx.scalars(_TO_TEND, {"now": now}))


_IS_REACHABLE = sa.and_(
    people.c.state == "registered", people.c.consent_contact.is_(True), people.c.unreachable_at.is_(None)
)
_NEVER_CAME = ("expired", "cancelled", "failed", "unreachable")


def offer_key(event: int, number: int) -> str:
    """The key of the one broadcast of everybody's offer of that number for an event."""
    return f"event:{event}:offer:{number}"


_OFFER_KEY = (
    sa.literal("event:")
    + sa.cast(rsvps.c.event, sa.String(20))
    + ":offer:"
    + sa.cast(rsvps.c.offers, sa.String(20))
)


async def offers_over(tx: AsyncConnection, event: int, now: datetime) -> list[tuple[Rsvp, bool]]:
    """The offers of an event whose time is over, that did not arrive, or that nobody can answer because they blocked
    the bot; and whether somebody let the time pass.
    """
    sent = sa.and_(
        deliveries.c.person == rsvps.c.person,
        broadcasts.c.key == _OFFER_KEY,
    )
    about = sa.outerjoin(
        rsvps, sa.join(deliveries, broadcasts, broadcasts.c.id == deliveries.c.broadcast), sent
    )
    lost = sa.or_(deliveries.c.state.is_(None), deliveries.c.state.in_(_NEVER_CAME))
    untold = sa.or_(lost, deliveries.c.state.in_(ON_THE_WAY))
    query = (
        sa.select(rsvps, untold.label("untold"))
        .select_from(about.join(people, people.c.id == rsvps.c.person))
        .where(rsvps.c.event == event, rsvps.c.answer == Standing.OFFERED.value)
        .where(rsvps.c.ticket > 0, sa.or_(rsvps.c.offer_until <= now, lost, sa.not_(_IS_REACHABLE)))
        .order_by(rsvps.c.ticket)
    )
    found = []
    for row in await tx.execute(query):
        values = {**row._mapping}
        arrived = not values.pop("untold")
        own = Rsvp(**values)
        found.append((own, arrived and not own.has_offer(now)))
    return found


async def next_in_line(
    tx: AsyncConnection, event: int, found: Seats, *, without: Container[int]
) -> AsyncIterator[NextInLine]:
    """Whom the free seats of an event are for, in order, `without` some people."""
    allotted = await together(tx, lambda visit: _allotted(visit, event, found, without))
    persons = list(allotted)
    for start in range(0, len(persons), PAGE):
        page = persons[start : start + PAGE]
        query = (
            sa.select(rsvps, people.c.territory, people.c.zone)
            .join(people, people.c.id == rsvps.c.person)
            .where(rsvps.c.event == event, rsvps.c.ticket > 0, rsvps.c.person.in_(page))
            .order_by(rsvps.c.ticket)
        )
        for row in await tx.execute(query):
            yield _listed_row({**row._mapping}, allotted)


def _listed_row(values: dict[str, object], allotted: Allotted) -> NextInLine:
    territory, zone = values.pop("territory"), values.pop("zone")
    rsvp = Rsvp(**values)  # type: ignore[arg-type]  # a row of the table
    return NextInLine(rsvp=rsvp, seats=allotted[rsvp.person], territory=territory, zone=zone)  # type: ignore[arg-type]


async def keep(tx: AsyncConnection, event: int, found: Seats, changed: Sequence[Rsvp]) -> None:
    """Keeps how some people stand, and the seats with it."""

    def work(visit: DatabaseVisit) -> None:
        for rsvp in changed:
            write(visit, rsvp)
        visit.run(_COUNT, event=event, **_counted(found))

    await together(tx, work)


async def shorten_offers(tx: AsyncConnection, event: int, until: datetime) -> None:
    """No offer of an event is held beyond an instant: it begins earlier now."""
    late = sa.and_(
        rsvps.c.event == event, rsvps.c.answer == Standing.OFFERED.value, rsvps.c.offer_until > until
    )
    await tx.execute(sa.update(rsvps).where(late).values(offer_until=until))


async def hold(tx: AsyncConnection, ids: Iterable[int]) -> None:
    """Keeps everybody else from the seats of some events, always in one order, so that no two wait for each other."""
    chosen = sa.select(events.c.id).where(events.c.id.in_(set(ids))).order_by(events.c.code)
    in_order = list(await tx.scalars(chosen))

    def work(visit: DatabaseVisit) -> None:
        for event in in_order:
            visit.rows(_LOCK, event=event)

    await together(tx, work)


async def hold_events(tx: AsyncConnection, ids: Iterable[int]) -> None:
    """Keeps everybody else from several events that are about to change, then from their seats. A batch of taps keeps
    the events by their codes, which stand in no order of their dates: else each would hold what the other waits for.
    """
    chosen = sa.select(events.c.id).where(events.c.id.in_(set(ids))).order_by(events.c.code)
    await tx.execute(chosen.with_for_update(key_share=True))
    await hold(tx, ids)


async def recount(tx: AsyncConnection, ids: Iterable[int]) -> None:
    """Counts the seats of some events anew from the rows: people were erased, or a capacity was set."""
    await hold(tx, ids)
    for event in set(ids):
        row = (await tx.execute(_sums().where(rsvps.c.event == event))).one()
        await tx.execute(sa.update(seats).where(seats.c.event == event).values(**row._mapping))


async def counted_events_of(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> list[int]:
    """The events whose seats are counted and to which some people (a condition on `people`) answered."""
    query = (
        sa.select(rsvps.c.event)
        .distinct()
        .join(events, events.c.id == rsvps.c.event)
        .join(people, people.c.id == rsvps.c.person)
        .where(events.c.counted, condition)
    )
    return list(await tx.scalars(query))
