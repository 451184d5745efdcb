"""An organizer changes an event while a batch of taps on it is answered: neither holds what the other waits for."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
from bot.actions import event_cards, events, rsvps
from bot.actions.responses import Origin
from bot.rules.people import RsvpAnswer
from db.engine import Database
from db.schema import shown_cards
from db.tapped_events import Tap, TappedEvent
from tests.actions.test_staff_races import Act, waits
from tests.actions.test_waitlist_races import NOW, move, organizer
from tests.bots import until
from tests.conversation import Conversation, paris
from tests.hall import Hall


@pytest.mark.parametrize("capacity", [None, 5])
@pytest.mark.parametrize("act", ["cancels", "moves"])
async def test_an_event_is_changed_while_many_answer_it(
    postgresql_database: Database, capacity: int | None, act: str
) -> None:
    """Where each held what the other waited for, PostgreSQL gave up one of them after a second, with all its taps."""
    hall = await Hall.open(Conversation(postgresql_database, NOW), capacity=capacity)
    await hall.come(1)
    async with hall.database.write() as tx:  # another message shows how they stand
        card = {"person": 1, "message": 77, "event": hall.event, "face": 0}
        await tx.execute(sa.insert(shown_cards).values(card))
    author = await organizer(hall)
    changes: dict[str, Act] = {
        "cancels": lambda tx: events.cancel_event(tx, author, "hall"),
        "moves": lambda tx: move(tx, author, paris("2016-11-24T21:00")),
    }

    async def change() -> None:
        async with hall.database.write() as tx:
            await changes[act](tx)

    async with hall.database.write() as tx:
        found = await event_cards.find_tapped(tx, {1: Tap(code="hall", message=5)})
        task = asyncio.create_task(change())
        await until(lambda: waits(tx, task), "the change waits, or is made")
        await _say_no(tx, found[1])
    await task
    assert (await hall.rsvps())[1].answer == "no"


async def _say_no(tx: AsyncConnection, tapped: TappedEvent) -> None:
    person = await db.people.get(tx, 1)
    assert person is not None
    origin = Origin(update_id=900, message_id=5, at=NOW)
    await rsvps.answer_invitation(
        *(tx, person, origin, tapped.told.event, RsvpAnswer.NO), before=tapped.before, tapped=tapped
    )
