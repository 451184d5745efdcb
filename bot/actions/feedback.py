"""Afterwards: how it was, by taps of those who came, and the sums of it for whoever organized the event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.feedback
import db.rsvps
from bot.actions.events import ManagedEvent
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record
from bot.actions.rsvps import EventClosed
from bot.rules.feedback import CHANGE, MOST_STARS, STARS, Change, Feedback, Figures, may_be_rated, toggled
from db.events import Event
from db.people import Person


async def said_of(tx: AsyncConnection, person: Person, event: Event) -> Feedback:
    """What somebody said of an event so far."""
    said = await db.feedback.said(tx, event=event.id, person=person.id)
    stars = [int(option) for question, option in said if question == STARS]
    changes = frozenset(Change(option) for question, option in said if question == CHANGE)
    return Feedback(stars=stars[0] if stars else None, changes=changes)


async def rate(tx: AsyncConnection, person: Person, origin: Origin, event: Event, stars: int) -> Feedback:
    """From 1 to 5, in place of what was said before.

    Raises NotASupporter, EventClosed; ValueError for what no button offers.
    """
    await _require_came(tx, person, event, origin.at)
    if not 1 <= stars <= MOST_STARS:
        raise ValueError("So many stars were not offered.")
    await db.feedback.take_back(tx, event=event.id, person=person.id, question=STARS)
    await _note(tx, person, event, STARS, str(stars), origin.at)
    await record(tx, person, origin, "event.stars", str(stars), event.code)
    return await said_of(tx, person, event)


async def change(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, wanted: Change
) -> Feedback:
    """What they would change next time: tapped once it is noted, again it is taken back.

    Raises NotASupporter, EventClosed.
    """
    await _require_came(tx, person, event, origin.at)
    before = await said_of(tx, person, event)
    after = toggled(before, wanted)
    for gone in before.changes - after:
        await db.feedback.take_back(tx, event=event.id, person=person.id, question=CHANGE, option=gone.value)
    for new in after - before.changes:
        await _note(tx, person, event, CHANGE, new.value, origin.at)
    await record(tx, person, origin, "event.change", wanted.value, event.code)
    return Feedback(stars=before.stars, changes=after)


async def _note(
    tx: AsyncConnection, person: Person, event: Event, question: str, option: str, at: datetime
) -> None:
    await db.feedback.put(tx, event=event.id, person=person.id, question=question, option=option, at=at)


async def _require_came(tx: AsyncConnection, person: Person, event: Event, now: datetime) -> None:
    """Raises NotASupporter; EventClosed where it was cancelled, is too long ago, or they were not there."""
    require_supporter(person)
    if event.is_cancelled:
        raise EventClosed("This event was cancelled.", message="toasts/event_cancelled")
    if not may_be_rated(event.starts_at, event.ends_at, now):
        raise EventClosed("Nothing is said of this event now.", message="toasts/feedback_over")
    own = await db.rsvps.get(tx, event=event.id, person=person.id)
    if own is None or not own.attended:
        raise EventClosed("Who was not there says nothing of it.", message="toasts/only_who_came")


async def figures_of(tx: AsyncConnection, found: ManagedEvent) -> Figures:
    """The sums of an event that was found for its author; what was kept of them once the answers were erased."""
    return await db.feedback.figures(tx, found.event.id)
