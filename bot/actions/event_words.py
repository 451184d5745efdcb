"""What whoever runs an event writes to those who come: in their own words, a few times a day at most."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
import db.event_news
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.event_news import News, Told, tell
from bot.actions.events import find_open
from bot.errors import PortevoixError
from bot.rules.leaves import read_leaf
from bot.rules.sending import WORD

MOST_WORDS = 500
"""Characters; an event and a signature stand below."""
MOST_A_DAY = 2
DAY = timedelta(days=1)


class WordsRefused(PortevoixError):
    """Those who come were written to often enough today."""

    default_message: ClassVar[str] = "errors/words_enough"


async def write(tx: AsyncConnection, author: Author, code: str, words: str) -> Told:
    """Writes to those who said yes; where they are many a second person looks first.

    Raises NotAllowed, EventRefused, WordsRefused.
    """
    author = await in_turn(tx, author)
    found = await find_open(tx, author, code)
    before = db.event_news.word_key(found.event.id)
    if await db.broadcasts.made_since(tx, before, author.now - DAY) >= MOST_A_DAY:
        raise WordsRefused("They were written to often enough today.", most=MOST_A_DAY)
    event = found.event
    news = News(template=WORD, starts_at=event.starts_at, expires_at=event.ends_at, words=words)
    key, coming = f"{before}{secrets.token_hex(4)}", read_leaf(f"rsvp:{code}:yes")
    told = await tell(tx, author, event, news, key=key, audience=coming)
    details = {"event": code, "told": told.people.total}  # the log has no texts
    await audit.note(tx, actor=author.name, action="write_to_attendees", details=details, now=author.now)
    return told
