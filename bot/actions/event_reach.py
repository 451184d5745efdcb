"""Who hears of a change of an event or of its cancellation, were it told now, and when they do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions.audiences import EventNews, Reach, reach, target_of
from bot.actions.authority import Author
from bot.actions.event_news import coming_to, leaves_at
from bot.actions.events import EventChange, changed, news_of, require_managed
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.kinds import Kind
from bot.rules.sending import all_at
from db.audiences import Target
from db.events import Event


class ToTell(Frozen):
    """Who is told, those who said yes or maybe and whatever they switched off, from when on, and as which news."""

    target: Target
    at: datetime
    news: EventNews


async def to_be_told(tx: AsyncConnection, author: Author, event: Event, change: EventChange | None) -> ToTell:
    """Whom a change would be told to, and when; None: that it is cancelled. Raises NotAllowed."""
    await require_managed(tx, author, event)
    target = await target_of(tx, author, coming_to(event), [EVERYWHERE])
    if change is None:
        return ToTell(target=target, at=author.now, news=EventNews(starts_at=None))
    due, starts_at = await leaves_at(tx, author, event, news_of(event, changed(event, change), ""))
    return ToTell(target=target, at=due, news=EventNews(starts_at=starts_at))


async def to_tell(tx: AsyncConnection, author: Author, event: Event) -> Reach:
    """The reach of a cancellation, in a transaction. Raises NotAllowed."""
    told = await to_be_told(tx, author, event, None)
    return await reach(
        tx,
        told.target,
        kind=Kind.EVENT_SERVICE,
        when=all_at(told.at),
        campaign=author.campaign,
        reader=author.reader,
        news=told.news,
    )
