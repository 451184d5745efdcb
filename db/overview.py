"""How many of what there is: for whoever looks after the machine, nothing personal."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import deliveries, people


class Counts(NamedTuple):
    """Supporters, those of them who are to be asked again, messages that are due, and those in doubt."""

    supporters: int
    to_renew: int
    due: int
    in_doubt: int


async def counts(tx: AsyncConnection, now: datetime) -> Counts:
    registered = sa.select(sa.func.count()).select_from(people).where(people.c.state == "registered")
    renews = sa.or_(*(people.c[f"renew_{name}"] for name in ("contact", "commune", "team", "keep")))
    messages = sa.select(sa.func.count()).select_from(deliveries)
    due = sa.and_(deliveries.c.state.in_(["queued", "leased"]), deliveries.c.due_at <= now)
    queries = (
        registered,
        registered.where(renews),
        messages.where(due),
        messages.where(deliveries.c.state == "in_doubt"),
    )
    return Counts(*[int((await tx.execute(query)).scalar_one()) for query in queries])
