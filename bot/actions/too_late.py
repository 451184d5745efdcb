"""Invitations that their event overtook: it moved to an hour before which those who wait for theirs get nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.events
import db.series
import db.too_late
from bot.actions.authority import Author
from bot.frozen import Frozen
from bot.rules.small_counts import Headcount
from db.events import Event, EventTexts
from db.too_late import TooLate


class Late(Frozen):
    """So many are written to again from `since` on, and the event has begun by then.

    `has_later`: it is a date of a series, which has later ones that the invitation is for too; `by_then_all`: for so
    many of them those have begun as well.
    """

    people: Headcount
    since: datetime
    has_later: bool = False
    by_then_all: TooLate | None = None


class Overtaken(Frozen):
    """An event, its words, and whom its invitation does not reach any more."""

    event: Event
    texts: EventTexts
    late: Late


async def of_event(
    tx: AsyncConnection,
    author: Author,
    event: Event,
    starts_at: datetime,
    moved: Mapping[int, datetime] = MappingProxyType({}),
) -> Late | None:
    """Whom the invitation to an event of the author does not reach if it begins then; None: nobody, none waits, or it
    has begun. `moved`: when other dates of its series would begin that move with it.
    """
    if event.is_hidden or event.is_cancelled or starts_at <= author.now:
        return None
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id)
    if invitation is None or invitation.finished_at is not None or invitation.is_cancelled:
        return None
    found = await _held_beyond(tx, author, invitation.id, starts_at)
    if found is None:
        return None
    if invitation.series is None:
        return Late(people=found.people, since=found.since)
    dates = (await db.series.to_come(tx, [event.id], author.now)).get(event.id, [])
    later = [moved.get(date.id, date.starts_at) for date in dates if date.id != event.id]
    last = max((start for start in later if start > starts_at), default=None)
    return Late(
        people=found.people,
        since=found.since,
        has_later=last is not None,
        by_then_all=None if last is None else await _held_beyond(tx, author, invitation.id, last),
    )


async def _held_beyond(
    tx: AsyncConnection, author: Author, invitation: int, instant: datetime
) -> TooLate | None:
    """For whom it is held so long, as far as the author may know of them."""
    found = await db.too_late.held_beyond(tx, invitation, instant, author.reader.known_in)
    return found if found is not None and author.reader.tells(found.people) else None


async def to_decide(tx: AsyncConnection, author: Author) -> list[Overtaken]:
    """The events to come of the author, or of their areas, whose invitation does not reach everybody any more; of a
    series its last date.
    """
    waiting = []
    for each in await db.too_late.invitations(tx):
        assert each.event is not None  # as was asked for
        # The soonest first; of an event that is in none, nothing.
        dates = (await db.series.to_come(tx, [each.event], author.now)).get(each.event, [])
        waiting.append(dates[-1].id if each.series is not None and dates else each.event)
    events = await db.events.get_many(tx, waiting)
    texts = await db.events.texts_of_many(tx, waiting)
    found = []
    for event in events.values():
        if author.may_change_event(event.commune, event.created_by):
            late = await of_event(tx, author, event, event.starts_at)
            if late is not None:
                found.append(Overtaken(event=event, texts=texts[event.id], late=late))
    return found
