"""Who is at an event: who was checked in, who came unknown, and the phones that show the code of the minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db import upsert
from db.records import records
from db.restrictions import restricted_people
from db.schema import (
    attendee_numbers,
    check_in_screens,
    check_ins,
    doors,
    events,
    people,
    responses,
    walk_in_marks,
)
from db.upsert import insert


class AtTheDoor(Frozen):
    """How many were checked in, and how many came without being signed up."""

    checked_in: int = 0
    walk_ins: int = 0


async def at_the_door(tx: AsyncConnection, event: int) -> AtTheDoor:
    """The numbers of one event, without people who restricted the use of their data."""
    there = sa.select(sa.func.count()).select_from(check_ins).where(check_ins.c.event == event)
    walked = await tx.scalar(sa.select(doors.c.walk_ins).where(doors.c.event == event))
    checked_in = await tx.scalar(there) or 0
    # Few restrict it: the others are counted in the index alone, as this is asked at each tap.
    unseen = await tx.scalar(there.where(check_ins.c.person.in_(restricted_people())))
    return AtTheDoor(checked_in=checked_in - (unseen or 0), walk_ins=walked or 0)


async def put(tx: AsyncConnection, *, event: int, person: int, at: datetime, how: str) -> bool:
    """Notes that somebody is there; False where it was noted before."""
    row = insert(tx, check_ins).values(event=event, person=person, at=at, how=how)
    return (await tx.execute(row.on_conflict_do_nothing())).rowcount == 1


async def take_back(tx: AsyncConnection, *, event: int, person: int) -> bool:
    """Notes that somebody is not there after all; False where nothing was noted."""
    theirs = sa.and_(check_ins.c.event == event, check_ins.c.person == person)
    return (await tx.execute(sa.delete(check_ins).where(theirs))).rowcount == 1


async def numbered(tx: AsyncConnection, *, event: int, number: int) -> int | None:
    """The person who stands on the lists of an event by a number."""
    theirs = sa.and_(attendee_numbers.c.event == event, attendee_numbers.c.number == number)
    return await tx.scalar(sa.select(attendee_numbers.c.person).where(theirs))


async def open_doors(tx: AsyncConnection, *, begins_before: datetime, ends_after: datetime) -> list[str]:
    """The public codes of the events where people may be let in."""
    query = sa.select(events.c.code).where(
        events.c.state == "open", events.c.starts_at <= begins_before, events.c.ends_at > ends_after
    )
    return list(await tx.scalars(query.order_by(events.c.id)))


async def wrong_codes(tx: AsyncConnection, person: int, *, since: datetime) -> int:
    """How many wrong codes somebody typed since an instant."""
    theirs = sa.and_(responses.c.person == person, responses.c.question == "check_in")
    wrong = sa.and_(theirs, responses.c.answer == "wrong", responses.c.at > since)
    return await tx.scalar(sa.select(sa.func.count()).select_from(responses).where(wrong)) or 0


async def mark_walk_in(tx: AsyncConnection, event: int, mark: str) -> bool:
    """Notes that somebody is there who is not signed up; False where they were noted before."""
    row = insert(tx, walk_in_marks).values(event=event, mark=mark)
    return (await tx.execute(row.on_conflict_do_nothing())).rowcount == 1


async def forget_walk_in(tx: AsyncConnection, event: int, mark: str) -> bool:
    """They joined; False where nothing was noted."""
    theirs = sa.and_(walk_in_marks.c.event == event, walk_in_marks.c.mark == mark)
    return (await tx.execute(sa.delete(walk_in_marks).where(theirs))).rowcount == 1


async def count_walk_in(tx: AsyncConnection, event: int, by: int = 1) -> None:
    """One more who came without being signed up, or, once they did, one less."""
    await _count(tx, event, "walk_ins", by)


async def next_sheet(tx: AsyncConnection, event: int) -> int:
    """The number of the next list that is printed for an event."""
    return await _count(tx, event, "sheets", 1)


async def _count(tx: AsyncConnection, event: int, what: str, by: int) -> int:
    row = insert(tx, doors).values(event=event, **{what: max(0, by)})
    more = doors.c[what] + by
    changed = row.on_conflict_do_update(
        index_elements=[doors.c.event], set_={what: sa.case((more > 0, more), else_=0)}
    )
    return int((await tx.execute(changed.returning(doors.c[what]))).scalar_one())


class Screen(Frozen):
    """A message on a host's phone that shows a code: of which event, to whom, of which minute, and until when."""

    event: int
    code: str
    person: int
    telegram_id: int
    message: int
    shown: int
    until: datetime


async def begin_screen(
    tx: AsyncConnection, *, event: int, person: int, minute: int, until: datetime
) -> int | None:
    """A host is about to be shown the code, in a message to come; the Telegram id of the one before it."""
    theirs = sa.and_(check_in_screens.c.event == event, check_in_screens.c.person == person)
    before = await tx.scalar(sa.select(check_in_screens.c.message).where(theirs))
    values = {"message": None, "shown": minute, "until": until}
    await upsert.put(tx, check_in_screens, {"event": event, "person": person}, values)
    return before


async def screen_is(tx: AsyncConnection, *, event: str, telegram_id: int, message: int) -> None:
    """The message that shows the code was sent."""
    theirs = sa.and_(
        check_in_screens.c.event == sa.select(events.c.id).where(events.c.code == event).scalar_subquery(),
        check_in_screens.c.person
        == sa.select(people.c.id).where(people.c.telegram_id == telegram_id).scalar_subquery(),
    )
    await tx.execute(sa.update(check_in_screens).where(theirs).values(message=message))


async def screens(tx: AsyncConnection, *, minute: int) -> Sequence[Screen]:
    """The phones that show the code of another minute."""
    query = (
        sa.select(check_in_screens, events.c.code, people.c.telegram_id)
        .join(events, events.c.id == check_in_screens.c.event)
        .join(people, people.c.id == check_in_screens.c.person)
        .where(check_in_screens.c.message.is_not(None), check_in_screens.c.shown != minute)
        .order_by(check_in_screens.c.event, check_in_screens.c.person)
    )
    return records(Screen, await tx.execute(query))


async def screen_shows(tx: AsyncConnection, screen: Screen, minute: int) -> None:
    """A phone shows the code of that minute now, unless it was begun anew meanwhile."""
    theirs = _same(screen)
    await tx.execute(sa.update(check_in_screens).where(theirs).values(shown=minute))


async def close_screen(tx: AsyncConnection, *, event: int, person: int) -> int | None:
    """A host's phone shows nothing any more; the Telegram id of the message, where there is one."""
    theirs = sa.and_(check_in_screens.c.event == event, check_in_screens.c.person == person)
    message = await tx.scalar(sa.select(check_in_screens.c.message).where(theirs))
    await tx.execute(sa.delete(check_in_screens).where(theirs))
    return message


def _same(screen: Screen) -> sa.ColumnElement[bool]:
    return sa.and_(
        check_in_screens.c.event == screen.event,
        check_in_screens.c.person == screen.person,
        check_in_screens.c.message == screen.message,
    )
