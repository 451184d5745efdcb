"""How much of what people wrote waits for the team, and how long they wait: numbers, and no word of any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
from bot.frozen import Frozen
from bot.rules import conversations as rules
from bot.rules.areas import EVERYWHERE, contains
from db.conversations import WaitingConversation

LOOKED_AT = timedelta(days=30)
"""The answers of so long say how long people wait."""


class Load(Frozen):
    """How much waits in somebody's areas, and for how long: seconds to an answer of the last month, half of them."""

    waiting: int
    longest_since: datetime | None
    median: int | None


def load_of(shown: Sequence[WaitingConversation], waited: Sequence[int]) -> Load:
    """How much waits among these, and how long people waited (`waited`: as long as those in the middle)."""
    since = [each.conversation.standing.waiting_since for each in shown]
    return Load(
        waiting=sum(each is not None for each in since),
        longest_since=min((each for each in since if each is not None), default=None),
        median=rules.median_seconds(waited),
    )


async def load_in(tx: AsyncConnection, area: str, now: datetime) -> Load:
    """How much waits in an area, for how long, and how long people waited there."""
    shown = [each for each in await db.conversations.open_ones(tx) if contains(area, each.conversation.area)]
    return load_of(shown, await db.conversations.middle_waits(tx, now - LOOKED_AT, area))


async def usual_wait(tx: AsyncConnection, now: datetime) -> int | None:
    """How many seconds half of those waited at most whom the team answered lately; None where it answered nobody."""
    return rules.median_seconds(await db.conversations.middle_waits(tx, now - LOOKED_AT, EVERYWHERE))
