"""What whoever runs an event writes to those who come: in their own words, a few times a day at most."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
from bot.actions import audit
from bot.actions.authority import Author
from bot.actions.events import find_open, tell
from bot.errors import PortevoixError
from bot.rules.leaves import read_leaf
from bot.rules.sending import WORD
from bot.rules.small_counts import Headcount

MOST_WORDS = 500
"""Characters; an event and a signature stand below."""
MOST_A_DAY = 2
DAY = timedelta(days=1)


class WordsRefused(PortevoixError):
    """Those who come were written to often enough today."""

    default_message: ClassVar[str] = "errors/words_enough"


async def write(tx: AsyncConnection, author: Author, code: str, words: str) -> Headcount:
    """Writes to those who said yes; how many they are. Raises NotAllowed, EventRefused, WordsRefused."""
    await audit.take_turn(tx)
    found = await find_open(tx, author, code)
    before = f"event:{found.event.id}:word:"
    if await db.broadcasts.made_since(tx, before, author.now - DAY) >= MOST_A_DAY:
        raise WordsRefused("They were written to often enough today.", most=MOST_A_DAY)
    people = await tell(
        tx,
        author,
        found.event,
        key=f"{before}{secrets.token_hex(4)}",
        template=WORD,
        expires_at=found.event.ends_at,
        words=words,
        audience=read_leaf(f"rsvp:{code}:yes"),
    )
    details = {"event": code, "told": people.total}  # the log has no texts
    await audit.note(tx, actor=author.name, action="write_to_attendees", details=details, now=author.now)
    return people
