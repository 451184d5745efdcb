"""How many seats an event has, how many guests somebody may bring, and how far it is over-booked."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.seats
from bot.actions import audit, event_news
from bot.actions.authority import Author, in_turn
from bot.actions.events import ManagedEvent, find_managed, find_open
from bot.actions.last_change import require_unchanged
from bot.rules.permissions import Action
from bot.rules.seats import SeatsWanted
from db.events import Event


def wanted(event: Event) -> SeatsWanted:
    """The seats of an event as they were wanted last."""
    return SeatsWanted(capacity=event.capacity, overbooking=event.overbooking, guests=event.guests)


async def change_seats(
    tx: AsyncConnection, author: Author, code: str, *, sequence: int | None = None, **changed: int | None
) -> ManagedEvent:
    """Gives an event other seats; the event as it is then. Nobody loses theirs, and nobody is written to for it.

    `changed`: of the fields of SeatsWanted; the others stay as somebody else may have changed them a moment ago.
    `sequence`: the one last seen, where all of them were seen together.
    Where what tells of the event says how many seats there are, a second person who let that go is asked anew.
    More seats are offered to who waits; where they are fewer than were promised, the rest is `Seats.beyond`.
    Raises NotAllowed, EventRefused, BadSeats, ValueError.
    """
    author = await in_turn(tx, author)  # nobody lets its invitation go meanwhile
    found = await find_open(tx, author, code)
    if sequence is not None:
        await require_unchanged(tx, author, found.event, sequence)
    new = replace(wanted(found.event), **changed)  # type: ignore[arg-type]  # only a capacity may be None
    new.require_sound()
    if new == wanted(found.event):
        return found
    await db.events.change(tx, found.event.id, sequence=found.event.sequence, **new.columns())
    await db.seats.recount(tx, [found.event.id])
    if await _is_told(tx, author, found.event, new):
        await event_news.follow_change(tx, author, found.event)
    details = {"event": code, "told": 0, "changed": ["seats"], **asdict(new)} | {
        "sequence": found.event.sequence + 1
    }
    await audit.note(tx, actor=author.name, action=Action.CHANGE_EVENT, details=details, now=author.now)
    return await find_managed(tx, author, code)


async def _is_told(tx: AsyncConnection, author: Author, event: Event, new: SeatsWanted) -> bool:
    """Whether what was written of an event reads otherwise with these seats: guests and over-booking stand nowhere."""
    if new.capacity == event.capacity:
        return False
    invited = await event_news.invited(tx, author, event)
    return invited is None or invited.says_seats
