"""Who said they come to an event, who may, and who waits for a seat: by first name where they agreed to be known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.attendees import Attendee
from bot.rules.seats import Standing
from db.engine import require_writer
from db.headcounts import known_to
from db.restrictions import of_others
from db.schema import RowId, attendee_numbers, check_ins, doors, people, rsvps, shift_places
from db.supporters import NAMED, named_to
from db.upsert import insert

AT_ONCE = 500
"""Rows of a list that are read before others have their turn."""


async def of_event(
    tx: AsyncConnection, event: int, known_in: Sequence[str], *, numbers: Sequence[int] | None = None
) -> list[Attendee]:
    """Everybody who answered, but for who said no or let an offer pass; named where they agreed to it in `known_in`.

    Each has a number of the event's own, in an order that tells nothing of them: it stays theirs, and is given to
    nobody else. Whoever has none yet (`give_numbers`) is not among them. `numbers`: these alone.
    """
    columns = (rsvps.c.answer, rsvps.c.guests, rsvps.c.confirmed, rsvps.c.attended, rsvps.c.ticket)
    there = sa.and_(check_ins.c.event == rsvps.c.event, check_ins.c.person == rsvps.c.person)
    # Of twenty thousand a page shows twenty: their rows are read, and of all of them an index.
    rows = NAMED if numbers is None else people
    is_named = named_to(known_in) if numbers is None else known_to(known_in)
    query = (
        sa.select(attendee_numbers.c.number, rows.c.first_name.label("name"), *columns)
        .add_columns(check_ins.c.at.is_not(None).label("checked_in"))
        .select_from(rsvps.join(attendee_numbers, _is_theirs()))
        .outerjoin(rows, sa.and_(rows.c.id == rsvps.c.person, is_named))
        .outerjoin(check_ins, there)
        .where(rsvps.c.event == event, _LISTED, of_others(rsvps.c.person))
    )
    if numbers is not None:
        # First of all: SQLite would go through all who answered, and then see which number each has.
        numbered = sa.and_(attendee_numbers.c.event == event, attendee_numbers.c.number.in_(numbers))
        query = query.where(rsvps.c.person.in_(sa.select(attendee_numbers.c.person).where(numbered)))
    found = list[Attendee]()
    for some in (await tx.execute(query)).partitions(AT_ONCE):
        found += [Attendee(*row) for row in some]
        await asyncio.sleep(
            0
        )  # twenty thousand at one go would be a tenth of a second in which nothing else is done
    if not any(each.answer == Standing.WAITING for each in found):
        return found
    waiting = sa.select(rsvps.c.ticket).where(rsvps.c.event == event, rsvps.c.answer == Standing.WAITING)
    # As they were told it: whoever is not shown here stands in the line too.
    places = {ticket: place for place, ticket in enumerate(sorted(await tx.scalars(waiting)), start=1)}
    return [
        each._replace(place=places[each.ticket]) if each.answer == Standing.WAITING else each
        for each in found
    ]


async def names(tx: AsyncConnection, event: int, known_in: Sequence[str]) -> list[tuple[int, str]]:
    """The numbers and first names of those on the list of an event who agreed to be known there."""
    query = (
        sa.select(attendee_numbers.c.number, NAMED.c.first_name)
        .select_from(rsvps.join(attendee_numbers, _is_theirs()))
        .join(NAMED, NAMED.c.id == rsvps.c.person)
        .where(rsvps.c.event == event, _LISTED, named_to(known_in), NAMED.c.first_name.is_not(None))
    )
    return [(number, name) for number, name in await tx.execute(query)]


async def last_number(tx: AsyncConnection, event: int) -> int:
    """The highest number on the list of an event; 0: nobody has one."""
    highest = sa.select(sa.func.max(attendee_numbers.c.number)).where(attendee_numbers.c.event == event)
    return int(await tx.scalar(highest) or 0)


_LISTED = rsvps.c.answer.not_in(("no", "lapsed"))


def _is_theirs() -> sa.ColumnElement[bool]:
    return sa.and_(attendee_numbers.c.event == rsvps.c.event, attendee_numbers.c.person == rsvps.c.person)


_NUMBER_BEYOND = (
    sa.select(attendee_numbers.c.number)
    .where(attendee_numbers.c.event == sa.bindparam("event"))
    .order_by(attendee_numbers.c.number)
    .offset(sa.bindparam("many", type_=sa.Integer))
    .limit(1)
)


async def are_many(tx: AsyncConnection, event: int, many: int) -> bool:
    """Whether more than so many have a number at an event."""
    return await tx.scalar(_NUMBER_BEYOND, {"event": event, "many": many}) is not None


async def give_numbers(
    tx: AsyncConnection, event: int, *, answered_by: datetime | None = None, shift: int | None = None
) -> None:
    """Whoever has none yet gets the next number. Nobody is kept waiting for it where there is none to give. Raises
    MadeElsewhere where there is, and the transaction only reads. `answered_by`: who answered later may wait for it;
    `shift`: and so may whoever has no place in it.
    """
    listed = sa.select(rsvps.c.person).where(rsvps.c.event == event, _LISTED)
    if answered_by is not None:
        listed = listed.where(rsvps.c.at <= answered_by)
    if shift is not None:
        helps = sa.and_(shift_places.c.shift == shift, shift_places.c.person == rsvps.c.person)
        listed = listed.where(sa.exists().where(helps))
    # Both are read in their order, once: to look twenty thousand up one by one takes four times as long.
    numbered = sa.select(attendee_numbers.c.person).where(attendee_numbers.c.event == event)
    if await tx.scalar(listed.except_(numbered).limit(1)) is None:
        return
    require_writer(tx)
    row = insert(tx, doors).values(event=event)
    locked = row.on_conflict_do_update(
        index_elements=[doors.c.event], set_={"numbered": doors.c.numbered}
    ).returning(doors.c.numbered)
    last = int((await tx.execute(locked)).scalar_one())
    order = sa.func.row_number().over(order_by=people.c.friend_code)
    found = (
        sa.select(sa.literal(event, RowId), rsvps.c.person, last + order)
        .select_from(rsvps.join(people, people.c.id == rsvps.c.person))
        .where(rsvps.c.event == event, _LISTED, sa.not_(sa.exists().where(_is_theirs())))
    )
    given = sa.insert(attendee_numbers).from_select(["event", "person", "number"], found)
    count = (await tx.execute(given)).rowcount
    await tx.execute(sa.update(doors).where(doors.c.event == event).values(numbered=last + count))
