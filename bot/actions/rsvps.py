"""Answering an invitation, confirming on the eve, telling afterwards whether one came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.deliveries
import db.events
import db.people
import db.rsvps
import db.upcoming
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, response
from bot.errors import PortevoixError
from bot.rules.events import is_over, may_tell_whether_came
from bot.rules.people import RsvpAnswer
from db.events import Event, EventInWords
from db.people import Person
from db.rsvps import Rsvp


class EventClosed(PortevoixError):
    """An event of which nothing can be said any more: it was cancelled, or is over."""

    default_message: ClassVar[str] = "toasts/event_over"


class EventNotBegun(PortevoixError):
    """Nobody came to an event yet that has not begun."""

    default_message: ClassVar[str] = "toasts/event_not_begun"


async def answer_of(tx: AsyncConnection, person: Person, event: Event) -> Rsvp | None:
    """The person's answer to an event; None while they said nothing."""
    return await db.rsvps.get(tx, event=event.id, person=person.id)


async def coming_to(tx: AsyncConnection, person: Person, *, now: datetime) -> list[tuple[EventInWords, Rsvp]]:
    """The events still to come that the person said yes to, and what they said."""
    answers = await db.rsvps.of_person(tx, person.id)
    ids = [each.id for each in await db.upcoming.upcoming(tx, now) if _says_yes(answers.get(each.id))]
    events, texts = await db.events.get_many(tx, ids), await db.events.texts_of_many(tx, ids)
    return [(EventInWords(event=events[each], texts=texts[each]), answers[each]) for each in ids]


def _says_yes(rsvp: Rsvp | None) -> bool:
    return rsvp is not None and rsvp.answer == RsvpAnswer.YES


async def answer_invitation(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, answer: RsvpAnswer
) -> Rsvp:
    """Yes, maybe or no, in place of what was said before; a new answer has to be confirmed anew.

    Raises NotASupporter, EventClosed.
    """
    _require_open(person, event, origin.at)
    rsvp = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at)
    await db.rsvps.put(tx, rsvp, response(person, origin, "rsvp", answer, event.code))
    if person.undisturbed_until is not None:
        await db.people.change(tx, person.id, undisturbed_until=None)
        await db.deliveries.look_again(tx, person.id, origin.at)
    return rsvp


async def confirm_coming(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, coming: bool
) -> Rsvp:
    """The eve's question: who confirms comes, who cancels leaves the place to another.

    Raises NotASupporter, EventClosed.
    """
    _require_open(person, event, origin.at)
    answer = RsvpAnswer.YES if coming else RsvpAnswer.NO
    rsvp = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at, confirmed=coming)
    said = "confirm" if coming else "cancel"
    await db.rsvps.put(tx, rsvp, response(person, origin, "attendance", said, event.code))
    return rsvp


async def tell_whether_came(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, came: bool
) -> None:
    """Asked after the end; what had been answered before stays. Raises NotASupporter, EventClosed."""
    require_supporter(person)
    _require_not_cancelled(event)
    if not may_tell_whether_came(event.starts_at, origin.at):
        raise EventNotBegun("This event has not begun.")
    before = await db.rsvps.get(tx, event=event.id, person=person.id)
    answer = RsvpAnswer.YES if came else RsvpAnswer.NO
    unasked = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at)
    rsvp = replace(before or unasked, attended=came, at=origin.at)
    await db.rsvps.put(tx, rsvp, response(person, origin, "came", "yes" if came else "no", event.code))


def _require_open(person: Person, event: Event, now: datetime) -> None:
    require_supporter(person)
    _require_not_cancelled(event)
    if is_over(event.ends_at, now):
        raise EventClosed("This event is over.")


def _require_not_cancelled(event: Event) -> None:
    if event.is_cancelled:
        raise EventClosed("This event was cancelled.", message="toasts/event_cancelled")
