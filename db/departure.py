"""What must be known of a batch of messages about to leave, loaded in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import broadcasts, deliveries, rsvps


async def recently_sent(
    tx: AsyncConnection,
    people: Iterable[int],
    *,
    kinds: Iterable[str],
    since: datetime,
    promised: Collection[int] = (),
) -> dict[int, list[datetime]]:
    """When messages of these kinds left for each person since then; one that is leaving or in doubt counts.

    So do `promised` deliveries: let go already, and still leased.
    """
    left = sa.func.coalesce(deliveries.c.sent_at, deliveries.c.changed_at)
    query = (
        sa.select(
            deliveries.c.id,
            deliveries.c.person,
            deliveries.c.state,
            sa.type_coerce(left, deliveries.c.sent_at.type).label("left"),
        )
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .where(
            deliveries.c.person.in_(list(people)),
            deliveries.c.state.in_(("sent", "sending", "in_doubt", "leased")),
            broadcasts.c.kind.in_(list(kinds)),
            left > since,
        )
    )
    found: dict[int, list[datetime]] = {}
    for row in await tx.execute(query):
        if row.state != "leased" or row.id in promised:
            found.setdefault(row.person, []).append(row.left)
    return found


async def rsvp_answers(
    tx: AsyncConnection, people: Iterable[int], events: Iterable[int]
) -> dict[tuple[int, int], str]:
    """The answer in force by (event, person)."""
    query = sa.select(rsvps.c.event, rsvps.c.person, rsvps.c.answer).where(
        rsvps.c.person.in_(list(people)), rsvps.c.event.in_(list(events))
    )
    return {(row.event, row.person): row.answer for row in await tx.execute(query)}
