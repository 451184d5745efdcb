"""What only a demonstration does: a past that did not happen."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import deliveries


async def as_if_sent(tx: AsyncConnection, at: datetime) -> None:
    """Counts what is queued as sent then, so that the demonstration begins with what comes next."""
    change = sa.update(deliveries).where(deliveries.c.state == "queued")
    await tx.execute(change.values(state="sent", sent_at=at, due_at=at, changed_at=at))
