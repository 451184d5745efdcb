"""The log of answers: one row for each tap or text that answered something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import deliveries, people, responses


@dataclass(frozen=True, kw_only=True)
class Response:
    """Who answered what, to which question about which subject, on which message, from where they vote."""

    at: datetime
    person: int
    question: str
    subject: str | None
    answer: str
    broadcast: int | None
    message_id: int | None
    update_id: int | None
    commune: str | None
    department: str | None
    region: str | None


async def add(tx: AsyncConnection, response: Response) -> None:
    await tx.execute(sa.insert(responses).values(**vars(response)))


async def answered_delivery(tx: AsyncConnection, *, person: int, message_id: int, at: datetime) -> int | None:
    """The broadcast whose message the person answered, noting the answer; None if it was no broadcast."""
    condition = sa.and_(deliveries.c.person == person, deliveries.c.message_id == message_id)
    row = (await tx.execute(sa.select(deliveries.c.id, deliveries.c.broadcast).where(condition))).first()
    if row is None:
        return None
    await tx.execute(sa.update(deliveries).where(deliveries.c.id == row.id).values(answered_at=at))
    await tx.execute(sa.update(people).where(people.c.id == person).values(unanswered=0, replan=True))
    return int(row.broadcast)
