"""All dates of a series are changed or cancelled while a batch of taps on two of them is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.series
from bot.actions import event_cards, rsvps, series
from bot.actions.authority import Author
from bot.actions.events import EventChange
from bot.actions.responses import Origin
from bot.actions.rsvps import EventClosed
from bot.rules.people import RsvpAnswer
from bot.rules.series import Every
from db.engine import Database
from db.schema import events, seats
from db.tapped_events import Tap
from tests.actions.test_waitlist_races import NOW, organizer
from tests.bots import until
from tests.conversation import Conversation, paris
from tests.hall import Hall
from tests.locks import how_many_wait

FIRST, SECOND = "zzzz", "aaaa"
"""The codes of two dates, in another order than they take place: nobody chooses them."""

Act = Callable[[AsyncConnection, Author], Awaitable[object]]
ACTS: dict[str, Act] = {
    "moves": lambda tx, author: series.change_following(
        tx, author, FIRST, EventChange(starts_at=paris("2016-11-24T20:00")), sequence=0
    ),
    "cancels": lambda tx, author: series.cancel_following(tx, author, FIRST),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("capacity", [None, 5])
@pytest.mark.parametrize("codes", [(FIRST, SECOND), (SECOND, FIRST)])
@pytest.mark.parametrize("taps_first", [False, True])
async def test_a_series_is_changed_while_two_of_its_dates_are_answered(
    postgresql_database: Database, act: str, capacity: int | None, codes: tuple[str, str], taps_first: bool
) -> None:
    """Where each held what the other waited for, PostgreSQL gave up one of them after a second."""
    conversation = Conversation(postgresql_database, NOW)
    halls = [
        await Hall.open(conversation, code=code, starts=starts, capacity=capacity)
        for code, starts in ((FIRST, "2016-11-24T19:00"), (SECOND, "2016-12-01T19:00"))
    ]
    for number in (1, 2):
        await halls[0].add(number)
    author = await organizer(halls[0])
    async with postgresql_database.write() as tx:
        await db.series.create(tx, rule=Every.WEEK.value, of=[hall.event for hall in halls], now=NOW)

    async def change() -> None:
        async with postgresql_database.write() as tx:
            await ACTS[act](tx, author)

    async def taps() -> None:
        async with postgresql_database.write() as tx:
            asked = {who: Tap(code=code, message=5) for who, code in enumerate(codes, start=1)}
            found = await event_cards.find_tapped(tx, asked)
            for who, tapped in found.items():
                person = await db.people.get(tx, who)
                assert person is not None
                origin = Origin(update_id=900 + who, message_id=5, at=NOW + timedelta(seconds=1))
                await rsvps.answer_invitation(
                    *(tx, person, origin, tapped.told.event, RsvpAnswer.NO),
                    before=tapped.before,
                    tapped=tapped,
                )

    # Somebody else is just changing the first date, or gives away its seats: whoever comes behind them stands in line.
    ahead = sa.select(events.c.id).where(events.c.code == FIRST)
    if capacity:
        ahead = sa.select(seats.c.event).where(seats.c.event == halls[0].event)
    async with postgresql_database.write() as first:
        await first.execute(ahead.with_for_update())
        tasks = []
        for number, come in enumerate((taps, change) if taps_first else (change, taps), start=1):
            tasks.append(asyncio.create_task(come()))
            await until(lambda: all_wait(postgresql_database, number), "they stand in line")  # noqa: B023
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    # Who tapped what was cancelled before them is told so.
    assert [each for each in ended if each and not isinstance(each, EventClosed)] == []
    if act == "moves":
        answers = [(await hall.rsvps()).values() for hall in halls]
        assert [[row.answer for row in each] for each in answers] == [["no"], ["no"]]


async def all_wait(database: Database, number: int) -> bool:
    async with database.read() as tx:
        return await how_many_wait(tx) == number
