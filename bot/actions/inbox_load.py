"""How much waits for an answer of the team, and how long people usually wait: counted area by area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
from bot.actions.authority import Author
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.conversations import may_answer, median_seconds
from db.inbox_loads import AreaLoad
from db.long_counts import CountMaker

LOOKED_AT = timedelta(days=30)
"""The answers of so long say how long people wait."""


class Load(Frozen):
    """How much waits in somebody's areas, and for how long: seconds to an answer of the last month, half of them."""

    waiting: int
    longest_since: datetime | None
    median: int | None


async def loads_for(tx: AsyncConnection, author: Author) -> list[AreaLoad]:
    """What waits where somebody answers, but for what they wrote themselves."""
    loads = await db.inbox_loads.loads(tx, but=author.person.id)
    return [each for each in loads if may_answer(author.roles, each.area)]


def load_of(loads: Sequence[AreaLoad], median: int | None) -> Load:
    """How much waits in these areas, and how long people waited there."""
    since = [each.since for each in loads if each.since is not None]
    return Load(
        waiting=sum(each.waiting for each in loads), longest_since=min(since, default=None), median=median
    )


async def load_in(tx: AsyncConnection, area: str, now: datetime) -> Load:
    """How much waits in an area, for how long, and how long people waited there."""
    loads = [each for each in await db.inbox_loads.loads(tx) if contains(area, each.area)]
    waited = await db.conversations.middle_waits(tx, now - LOOKED_AT, area)
    return load_of(loads, median_seconds(waited))


async def usual_wait(counts: CountMaker, now: datetime) -> int | None:
    """How many seconds half of those waited at most whom the team answered lately; None where it answered nobody. It is
    counted over all that was written in a month, in a transaction of its own.
    """
    count = partial(db.conversations.middle_waits, since=now - LOOKED_AT, area=EVERYWHERE)
    return median_seconds(await counts.made(count, list))
