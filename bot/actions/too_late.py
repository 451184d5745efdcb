"""Invitations that their event overtook: it moved to an hour before which those who wait for theirs get nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.events
import db.too_late
from bot.actions.authority import Author
from bot.frozen import Frozen
from db.events import Event, EventTexts
from db.too_late import TooLate


class Overtaken(Frozen):
    """An event, its words, and whom its invitation does not reach any more."""

    event: Event
    texts: EventTexts
    late: TooLate


async def of_event(tx: AsyncConnection, author: Author, event: Event, starts_at: datetime) -> TooLate | None:
    """Whom the invitation to an event of the author does not reach if it begins then; None: nobody, none waits, or it
    has begun.
    """
    if event.is_hidden or event.is_cancelled or starts_at <= author.now:
        return None
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id)
    if (
        invitation is None
        or invitation.finished_at is not None
        or invitation.is_cancelled
        # That to a series is of use until its last date.
        or invitation.series is not None
    ):
        return None
    found = await db.too_late.held_beyond(tx, invitation.id, starts_at, author.reader.known_in)
    return found if found is not None and author.reader.tells(found.people) else None


async def to_decide(tx: AsyncConnection, author: Author) -> list[Overtaken]:
    """The events to come of the author, or of their areas, whose invitation does not reach everybody any more."""
    waiting = [each.event for each in await db.too_late.invitations(tx) if each.event is not None]
    events = await db.events.get_many(tx, waiting)
    texts = await db.events.texts_of_many(tx, waiting)
    found = []
    for event in events.values():
        if author.may_change_event(event.commune, event.created_by):
            late = await of_event(tx, author, event, event.starts_at)
            if late is not None:
                found.append(Overtaken(event=event, texts=texts[event.id], late=late))
    return found
