"""Who gets what waits for a second person, if it is let go now."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
from bot.actions.authority import Author
from bot.actions.broadcast_subject import Subject, subject_of
from bot.actions.forecasts import Forecast, forecast_of
from bot.rules.kinds import Kind
from db.rolls import Rolls


def is_foreseen(subject: Subject) -> bool:
    """Whether it is a message of its own, to which what waits before it matters."""
    return subject.mended is None and subject.broadcast.kind != Kind.EVENT_SERVICE


async def foreseen(tx: AsyncConnection, author: Author, subject: Subject) -> Forecast | None:
    """Who gets it if it is let go now, with all that waits already before it; None of what holds to other rules."""
    if not is_foreseen(subject):
        return None
    return await forecast_of(tx, subject.broadcast, author.campaign, author.reader, now=author.now)


async def foreseen_now(rolls: Rolls, author: Author, approval: int) -> Forecast | None:
    """Who gets what an approval is about, as committed last, in a transaction that only reads: many take long."""
    async with rolls.database.read() as tx:
        return await foreseen_by(tx, author, approval)


async def foreseen_by(tx: AsyncConnection, author: Author, approval: int) -> Forecast | None:
    """Who gets what an approval is about if it is let go now, however many people that is."""
    found = await db.approvals.get(tx, approval)
    if found is None or found.broadcast is None or not found.is_open(author.now):
        return None
    return await foreseen(tx, author, await subject_of(tx, found.broadcast))
