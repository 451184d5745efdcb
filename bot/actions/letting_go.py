"""A broadcast that somebody else let go: it leaves, and what it tells of is seen elsewhere too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcasts
import db.delivery_accounts
import db.events
import db.mends
from bot.actions import rewording
from bot.actions.approvals import ApprovalGone
from bot.actions.authority import Author
from bot.actions.broadcast_subject import Subject, subject_of
from bot.actions.forecasts import Forecast
from bot.rules.sending import USEFUL_FOR
from bot.rules.small_counts import LEAST
from db.broadcast_accounts import Broadcast


async def let_go(
    tx: AsyncConnection, author: Author, subject: Subject, found: Forecast | None, at: datetime | None
) -> dict[str, Any]:
    """Lets it go, now or `at` a later hour, and what to remember of when it leaves: see `db.approvals.Approval`.

    `found`: who gets it now. Raises ApprovalGone.
    """
    broadcast, now = subject.broadcast, author.now
    if broadcast.mends is not None:
        await db.mends.stop_leasing(tx)
    if at is not None:
        await db.broadcasts.put_off(
            tx, broadcast.id, at=at, expires_at=broadcast.expires_at or at + USEFUL_FOR, now=now
        )
    until = broadcast.expires_at or now + USEFUL_FOR
    if not await db.broadcasts.let_go(
        tx, broadcast.id, now=now, late_expire_at=None if broadcast.is_recall else until
    ):
        raise ApprovalGone("It was cancelled meanwhile.")
    await _take_effect(tx, subject, now)
    if found is None:
        return {}
    if at is None and found.is_for_nobody(author.reader):
        return {"for_nobody": True}
    leaves_at = at or await _most_leave(tx, broadcast, found, now)
    by_and_by = leaves_at is None and found.at_once.total < LEAST
    last = None if at is not None or leaves_at is None else _last_of(found, leaves_at)
    return {
        "leaves_at": leaves_at and leaves_at.isoformat(),
        "last_leaves_at": last and last.isoformat(),
        "by_and_by": by_and_by,
    }


async def _most_leave(
    tx: AsyncConnection, broadcast: Broadcast, found: Forecast, now: datetime
) -> datetime | None:
    """From when on people get it, as anybody may be told: nothing is told of fewer than ten. None: now, or so."""
    waits = [each.since or each.until for each in found.later if each.people.total >= LEAST or each.is_home]
    if waits and found.at_once.total < LEAST:
        return min(waits)
    due = (await db.delivery_accounts.account(tx, broadcast.id, None)).next_due
    return due if due is not None and due > now else None


def _last_of(found: Forecast, first: datetime) -> datetime | None:
    """When the last of them get it, as whoever let it go has just read; None: when the `first` do."""
    waits = [each.until for each in found.later if each.people.total >= LEAST or each.is_home]
    last = max(waits, default=first)
    return last if last > first else None


async def _take_effect(tx: AsyncConnection, subject: Subject, now: datetime) -> None:
    """What is seen elsewhere as soon as it is let go."""
    broadcast = subject.broadcast
    if broadcast.mends is not None:
        await db.mends.take_effect(tx, broadcast, subject.texts, now, subject.others)
    if broadcast.event is not None:
        await db.events.publish(tx, broadcast.event)
    if broadcast.event is not None and broadcast.reworded is not None:
        await rewording.apply(tx, broadcast, now)
        await _restate(tx, broadcast.event)


async def _restate(tx: AsyncConnection, event: int) -> None:
    """Words of an event that a second person agreed to are nothing new to what else waits about it."""
    for number in await db.events.broadcasts_about(tx, event):
        found = await db.approvals.of_broadcast(tx, number)
        if found is not None and found.decided_at is None:
            await db.approvals.note(tx, found, digest=(await subject_of(tx, number)).digest)
