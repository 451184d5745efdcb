"""Taking a shift, and giving it back: settled while nobody else takes a place in it.

Whoever takes a shift comes to the event: it is said for them, where they had not, and needs a seat as for everybody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.shifts
from bot.actions import rsvps
from bot.actions.responses import Origin, record
from bot.rules.people import RsvpAnswer
from bot.rules.seats import Rsvp, Standing
from bot.rules.shifts import Shift, ShiftRefused, overlapping, stands
from db.engine import savepoint
from db.events import Event, EventInWords
from db.people import Person
from db.shifts import Filled


async def shifts_of(tx: AsyncConnection, person: Person, event: Event) -> list[Filled]:
    """The shifts of an event as somebody sees them: how full each is, and how they stand."""
    return await db.shifts.filled(tx, event.id, person.id)


async def find(tx: AsyncConnection, number: int) -> tuple[Shift, EventInWords]:
    """A shift and its event, as long as both take place. Raises ShiftRefused."""
    shift = await db.shifts.get(tx, number)
    if shift is None or not shift.is_open:
        raise ShiftRefused("This shift is off.")
    event = (await db.events.get_many(tx, [shift.event]))[shift.event]
    texts = await db.events.texts_of(tx, event.id)
    if event.is_cancelled or not event.is_public:
        raise ShiftRefused("This event was cancelled.", message="toasts/event_cancelled")
    return shift, EventInWords(event=event, texts=texts)


async def event_of(tx: AsyncConnection, number: int) -> EventInWords | None:
    """The event of a shift, also of one that is off; None where nobody may see it."""
    shift = await db.shifts.get(tx, number)
    event = (await db.events.get_many(tx, [shift.event])).get(shift.event) if shift is not None else None
    if event is None or not event.is_public:
        return None
    return EventInWords(event=event, texts=await db.events.texts_of(tx, event.id))


async def take(tx: AsyncConnection, person: Person, origin: Origin, number: int) -> Rsvp:
    """A place in a shift, or on its waitlist; how they stand with it.

    Raises NotASupporter, EventClosed; ShiftRefused where it is over, at the hours of another one of theirs, or their
    event has no seat for them.
    """
    shift, found = await find(tx, number)
    rsvps.require_open(person, found.event, origin.at)
    if shift.ends_at <= origin.at:
        raise ShiftRefused("This shift is over.", message="toasts/shift_over")
    async with savepoint(tx):  # who finds no seat is not put on the event's list by it
        await _require_free(tx, person, shift)
        await _come(tx, person, origin, found.event)
        place = await _settle(tx, person, shift, RsvpAnswer.YES, origin.at)
        await record(tx, person, origin, "shift", place.answer, found.event.code)
    return place


async def give_back(tx: AsyncConnection, person: Person, origin: Origin, number: int) -> Rsvp:
    """The place is for the next on the list; that they come to the event stays said. Raises ShiftRefused, also where
    they have none.
    """
    shift, found = await find(tx, number)
    if all(other.id != shift.id for other, _ in await db.shifts.held_by(tx, person.id)):
        raise ShiftRefused("They are not in this shift.")
    place = await _settle(tx, person, shift, RsvpAnswer.NO, origin.at)
    await record(tx, person, origin, "shift", place.answer, found.event.code)
    return place


async def _require_free(tx: AsyncConnection, person: Person, shift: Shift) -> None:
    other = overlapping(shift, await db.shifts.held_by(tx, person.id))
    if other is not None:
        event = (await db.events.get_many(tx, [other.event]))[other.event]
        raise ShiftRefused(
            "It is at the hours of another shift.",
            message="toasts/shift_overlaps",
            shift=other,
            place_zone=event.zone,
        )


async def _come(tx: AsyncConnection, person: Person, origin: Origin, event: Event) -> None:
    own = await rsvps.answer_of(tx, person, event)
    if own is None or own.answer != Standing.YES:
        said = await rsvps.answer_invitation(tx, person, origin, event, RsvpAnswer.YES, before=own)
        own = said.rsvp
    if own.answer != Standing.YES:
        raise ShiftRefused("All seats of the event are taken.", message="toasts/shift_no_seat")


async def _settle(tx: AsyncConnection, person: Person, shift: Shift, said: RsvpAnswer, now: datetime) -> Rsvp:
    locked = await db.shifts.lock(tx, shift.id)
    if locked is None or not locked.is_open:
        raise ShiftRefused("This shift is off.")
    places, waiting = await db.shifts.places_of(tx, shift.id), await db.shifts.waiting(tx, shift.id)
    blank = Rsvp(event=shift.id, person=person.id, answer=said.value, at=now)
    place = stands(said, locked, places, waiting, blank)
    await db.shifts.put(tx, place)
    return place
