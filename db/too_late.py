"""Invitations that are held back until their event has begun: whoever they were for is not invited any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.small_counts import Headcount
from db.broadcast_accounts import Broadcast
from db.headcounts import Condition, counted, headcount, known_to
from db.records import records
from db.restrictions import of_others
from db.schema import broadcasts, deliveries, people


class TooLate(Frozen):
    """So many are written to again from `since` on, and what they were to be told is over by then."""

    people: Headcount
    since: datetime


def _held_beyond(instant: datetime | sa.ColumnElement[datetime]) -> Condition:
    # By the index on (broadcast, state, due_at): those who get it in time are not read.
    return sa.and_(deliveries.c.state == "withheld", deliveries.c.due_at >= instant)


async def held_beyond(
    tx: AsyncConnection, broadcast: int, instant: datetime, known_in: Sequence[str] | None
) -> TooLate | None:
    """For whom a message is held until an instant or longer; None: for nobody."""
    rows = deliveries if known_in is None else deliveries.join(people, people.c.id == deliveries.c.person)
    query = (
        sa.select(*counted("people", known_to(known_in)), sa.func.min(deliveries.c.due_at).label("since"))
        .select_from(rows)
        .where(deliveries.c.broadcast == broadcast, _held_beyond(instant), of_others(deliveries.c.person))
    )
    found = (await tx.execute(query)).one()
    return TooLate(people=headcount(found, "people"), since=found.since) if found.people else None


async def invitations(tx: AsyncConnection) -> list[Broadcast]:
    """Those to one event that are held for somebody until it has begun, the newest first."""
    invites = sa.and_(
        broadcasts.c.kind == Kind.EVENT_INVITE,
        broadcasts.c.event.is_not(None),
        broadcasts.c.state.in_(("active", "paused")),
        broadcasts.c.finished_at.is_(None),
    )
    late = sa.select(deliveries.c.id).where(
        deliveries.c.broadcast == broadcasts.c.id, _held_beyond(broadcasts.c.expires_at)
    )
    query = sa.select(broadcasts).where(invites, late.exists()).order_by(broadcasts.c.id.desc())
    return records(Broadcast, await tx.execute(query))
