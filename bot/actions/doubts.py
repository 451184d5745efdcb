"""Messages in doubt: shown to who answers for the broadcast, and sent again only when they say so."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.doubts
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.broadcast_control import controlled
from bot.frozen import Frozen
from bot.rules.permissions import Action
from db.broadcast_accounts import Broadcast
from db.doubts import Doubt, Doubtful, Doubts, Open

PAGE = 10
RECENT = timedelta(days=7)
"""What is older nobody waits for any more: it is found in the list of messages."""


class DoubtsPage(Frozen):
    """How many got a broadcast or did not, nobody knows; some of those who are named. `number` counts from 0."""

    broadcast: Broadcast
    doubts: Doubts
    people: list[Doubt]
    number: int
    pages: int


async def doubts_of(tx: AsyncConnection, author: Author, broadcast: int, number: int = 0) -> DoubtsPage:
    """The people in doubt; beyond the last page, the last one. Raises NotAllowed, BroadcastRefused."""
    found = await controlled(tx, author, broadcast)
    areas = author.areas(Action.SEND_AGAIN)
    doubts = await db.doubts.summary(tx, broadcast, areas, author.now, known_in=author.reader.known_in)
    pages = max(1, -(-doubts.named // PAGE))
    number = min(number, pages - 1)
    return DoubtsPage(
        broadcast=found,
        doubts=doubts,
        people=await db.doubts.page(tx, broadcast, areas, first=number * PAGE, room=PAGE),
        number=number,
        pages=pages,
    )


async def send_again(tx: AsyncConnection, author: Author, broadcast: int, *, until: datetime) -> int:
    """Queues what was in doubt at `until` once more, within the author's areas; how many.

    They leave as any message does: after the quiet period, and not to who stopped them. Raises NotAllowed,
    BroadcastRefused.
    """
    author = await in_turn(tx, author)
    author.require(Action.SEND_AGAIN)
    await controlled(tx, author, broadcast)
    areas = author.areas(Action.SEND_AGAIN)
    people = await db.doubts.send_again(tx, broadcast, areas, until=until, now=author.now)
    if people:
        details = {"broadcast": broadcast, "people": people}
        await audit.note(tx, actor=author.name, action=Action.SEND_AGAIN, details=details, now=author.now)
    return people


async def to_decide(tx: AsyncConnection, author: Author) -> list[Open]:
    """What is in doubt of the last week, may be sent again, and is the author's to decide. Raises NotAllowed."""
    author.require(Action.SEND_AGAIN)
    areas = author.areas(Action.SEND_AGAIN)
    found = await db.doubts.open_since(
        tx, author.now - RECENT, areas=areas, now=author.now, known_in=author.reader.known_in
    )
    return [each for each in found if author.may_control(each.area, each.author)]


async def unattended(tx: AsyncConnection, author: Author) -> list[Doubtful]:
    """Reminders in doubt, for who supervises where they go: nobody of the staff wrote them."""
    if not author.supervised():
        return []
    return [
        each
        for each in await db.doubts.unattended(tx, author.reader.known_in)
        if author.supervises(each.area)
    ]
