"""The messages that show the author of a broadcast how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.broadcast_accounts import Broadcast
from db.records import records
from db.schema import broadcasts

MOST_FOLLOWED = 20


async def followed(tx: AsyncConnection) -> list[Broadcast]:
    """The latest broadcasts whose author has a message that shows their progress."""
    query = sa.select(broadcasts).where(broadcasts.c.progress_message.is_not(None))
    rows = await tx.execute(query.order_by(broadcasts.c.id.desc()).limit(MOST_FOLLOWED))
    return records(Broadcast, rows)


async def show_progress_on(tx: AsyncConnection, broadcast: int, *, chat: int, message: int) -> None:
    """Keeps which message shows how far the broadcast has come."""
    change = sa.update(broadcasts).where(broadcasts.c.id == broadcast)
    await tx.execute(change.values(progress_chat=chat, progress_message=message))
