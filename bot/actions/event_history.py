"""What became of an event: its invitation, the dates of its series, its last news; and what was cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.areas
import db.broadcast_accounts
import db.delivery_accounts
import db.event_news
import db.managed_events
from bot.actions import event_news, series, too_late
from bot.actions.authority import Author
from bot.actions.event_news import Invited
from bot.actions.events import PAST_AT_ONCE, ManagedEvent
from bot.actions.too_late import Late
from bot.frozen import Frozen
from bot.rules.permissions import Action
from bot.rules.small_counts import Headcount
from db.broadcast_accounts import Broadcast
from db.events import Event, EventPage


class LastNews(Frozen):
    """Whom the news of a change, or that it is off, went to or wait for, and when they were made."""

    people: Headcount
    at: datetime


class History(Frozen):
    """`invitation`: None where the author may not read messages; `dates`: all of its series, its own among them."""

    invitation: Broadcast | None
    # How it stands, where a second person has to let it go and it has more to send.
    invited: Invited | None
    # Whom the invitation does not reach before it begins.
    late: Late | None
    news: LastNews | None
    every: str | None
    dates: Sequence[Event]


async def history(tx: AsyncConnection, author: Author, found: ManagedEvent) -> History:
    """Of an event that was found for its author."""
    event = found.event
    reads = author.may(Action.CONTROL_BROADCAST, event.commune)
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id) if reads else None
    whole = await series.of_event(tx, event.id)
    told = await db.event_news.last_told(tx, event.id)
    news = None
    if told is not None:
        account = await db.delivery_accounts.account(tx, told.id, author.reader.known_in)
        news = LastNews(people=account.people, at=told.created_at)
    every, dates = whole if whole is not None else (None, ())
    return History(
        invitation=invitation,
        invited=await event_news.invited(tx, author, event),
        late=await too_late.of_event(tx, author, event, event.starts_at),
        news=news,
        every=every.value if every is not None else None,
        dates=dates,
    )


async def refused(tx: AsyncConnection, found: Sequence[Event]) -> set[int]:
    """Of events that were found for their author, those that nobody else sees because their invitation was refused."""
    hidden = [event.id for event in found if event.is_hidden]
    invitations = {event: await db.broadcast_accounts.invitation_to(tx, event) for event in hidden}
    numbers = {event: invitation.id for event, invitation in invitations.items() if invitation is not None}
    last = await db.approvals.of_unapproved(tx, numbers.values())
    return {event for event, number in numbers.items() if number in last and last[number].is_refused}


async def past(tx: AsyncConnection, author: Author, number: int) -> tuple[EventPage, bool]:
    """A page of what is over, one's own and, for coordinators, what was in their areas; and whether there is more."""
    if not author.hosted:
        author.require(Action.CHANGE_EVENT)
    areas = [db.areas.event_in(area) for area in author.supervised()]
    return await db.managed_events.past(
        tx,
        author=author.id,
        areas=areas,
        now=author.now,
        number=number,
        size=PAST_AT_ONCE,
        hosted=author.hosted,
    )


async def cancelled(tx: AsyncConnection, author: Author, number: int) -> tuple[EventPage, bool]:
    """A page of what was cancelled, one's own and, for coordinators, what was in their areas; and whether there is
    more. Raises NotAllowed.
    """
    if not author.hosted:
        author.require(Action.CHANGE_EVENT)
    areas = [db.areas.event_in(area) for area in author.supervised()]
    return await db.managed_events.cancelled(
        tx, author=author.id, areas=areas, number=number, size=PAST_AT_ONCE, hosted=author.hosted
    )
