"""What an event that does not take place leaves behind: nothing, or to the later dates of its series what is theirs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.broadcasts
import db.event_news
import db.events
import db.series
from bot.actions import audit, broadcast_approvals
from bot.actions.authority import Author
from bot.actions.event_news import follow_cancellation, hand_on
from db.broadcast_accounts import Broadcast
from db.events import Event


async def drop(tx: AsyncConnection, author: Author, dates: Sequence[Event]) -> None:
    """Gives up an event that only its author sees, or these dates of such a series: there is nobody to tell. Its
    invitation is then to the dates that are left, and is given up with the last of them.

    The caller took its turn.
    """
    first, off = dates[0], {date.id for date in dates}
    invitation = await db.broadcast_accounts.invitation_to(tx, first.id)
    assert invitation is not None  # it was made with the event
    standing = await db.series.taking_place(tx, first.id)
    left = [date for date in standing if date.id not in off and date.starts_at > author.now]
    if left:
        for date in dates:
            await db.events.drop_alone(tx, date.id)
        if invitation.event in off:
            await db.broadcasts.be_about(tx, invitation.id, left[0].id)
        await follow_cancellation(tx, author, left[0])
    else:
        await broadcast_approvals.give_up(tx, invitation, why="cancelled", now=author.now)
    details: dict[str, object] = {"event": first.code, "told": 0}
    if len(dates) > 1:
        details["dates"] = len(dates)
    await audit.note(tx, actor=author.name, action="cancel_event", details=details, now=author.now)


async def stop_news(tx: AsyncConnection, author: Author, event: Event) -> None:
    """Stops what was still to leave about an event that was cancelled; what is of later dates too goes on for those."""
    for number in await db.events.broadcasts_about(tx, event.id):
        found = await db.broadcast_accounts.get(tx, number)
        assert found is not None  # just found
        left = await _left_of(tx, author, event, found) if found.follows else []
        if left:
            await hand_on(tx, author, found, event, left)
        else:
            await broadcast_approvals.end(tx, number, why="cancelled", now=author.now)
            await db.broadcasts.cancel(tx, number)


async def _left_of(tx: AsyncConnection, author: Author, event: Event, news: Broadcast) -> list[Event]:
    """The dates that news of an event and its later dates are of, without it and those that are over."""
    named = news.reworded and set(news.reworded["events"])
    dates = await (db.series.taking_place(tx, event.id) if named else db.series.following(tx, event))
    return [
        date
        for date in dates
        if date.id != event.id and date.ends_at > author.now and (not named or date.id in named)
    ]
