"""Answering an invitation, confirming on the eve, telling afterwards whether one came."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

import db.rsvps
from bot.actions.responses import Origin, response
from bot.rules.people import RsvpAnswer
from db.events import Event
from db.people import Person
from db.rsvps import Rsvp


async def answer_of(tx: AsyncConnection, person: Person, event: Event) -> Rsvp | None:
    """What the person answered to an event; None while they said nothing."""
    return await db.rsvps.get(tx, event=event.id, person=person.id)


async def answer_invitation(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, answer: RsvpAnswer
) -> Rsvp:
    """Yes, maybe or no, in place of what was said before; a new answer has to be confirmed anew."""
    rsvp = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at)
    await db.rsvps.put(tx, rsvp, response(person, origin, "rsvp", answer, event.code))
    return rsvp


async def confirm_coming(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, coming: bool
) -> Rsvp:
    """The eve's question: who confirms comes, who cancels leaves the place to another."""
    answer = RsvpAnswer.YES if coming else RsvpAnswer.NO
    rsvp = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at, confirmed=coming)
    said = "confirm" if coming else "cancel"
    await db.rsvps.put(tx, rsvp, response(person, origin, "attendance", said, event.code))
    return rsvp


async def tell_whether_came(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, came: bool
) -> None:
    """Asked after the end; what had been answered before stays."""
    before = await db.rsvps.get(tx, event=event.id, person=person.id)
    answer = RsvpAnswer.YES if came else RsvpAnswer.NO
    unasked = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at)
    rsvp = replace(before or unasked, attended=came, at=origin.at)
    await db.rsvps.put(tx, rsvp, response(person, origin, "came", "yes" if came else "no", event.code))
