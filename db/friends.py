"""Who came by whose link: how many, never who; and the message that tells somebody that a friend is in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.broadcasts import by_the_program, ensure, queue_deliveries
from db.schema import people

JOINED = "friends/joined"
"""The template of that message."""


_BROUGHT_BY = (
    sa.select(people.c.recruiter, sa.func.count())
    .where(people.c.recruiter.in_(sa.bindparam("recruiters", expanding=True)), people.c.state == "registered")
    .group_by(people.c.recruiter)
)


async def brought_by_many(tx: AsyncConnection, ids: Collection[int]) -> dict[int, int]:
    """How many supporters came by the link of each; those of whom none is there are left out."""
    return {row[0]: row[1] for row in await tx.execute(_BROUGHT_BY, {"recruiters": sorted(ids)})}


async def tell_joined(
    tx: AsyncConnection, person: int, *, due_at: datetime, expires_at: datetime, now: datetime
) -> None:
    """Queues it for one person; who has one at that instant already gets no second.

    One broadcast serves all who are told at an instant: nothing in it says whose friend it was.
    """
    key = f"friends:{due_at:%Y-%m-%dT%H:%M}"
    broadcast = await ensure(tx, by_the_program(key, now, kind="service", template=JOINED, starts_at=due_at))
    who = sa.select(people.c.id).where(people.c.id == person)
    await queue_deliveries(tx, broadcast=broadcast, people=who, due_at=due_at, expires_at=expires_at, now=now)
