"""The newest instant at which something happened that the database keeps: the clock showed it once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.backup_record
import db.purges
from db.schema import audit, broadcasts, deliveries, responses

_LAST_QUEUED = 100
"""Of the messages that were queued last it is read when each was changed: no index knows the newest of all."""


async def newest(tx: AsyncConnection) -> datetime | None:
    """Of answers, of what was sent, of what the team did, of purges and backups; None: nothing happened so far."""
    queued = (
        sa.select(deliveries.c.changed_at).order_by(deliveries.c.id.desc()).limit(_LAST_QUEUED).subquery()
    )
    found = [
        await tx.scalar(sa.select(sa.func.max(responses.c.at))),
        await tx.scalar(sa.select(audit.c.at).order_by(audit.c.id.desc()).limit(1)),
        await tx.scalar(sa.select(broadcasts.c.created_at).order_by(broadcasts.c.id.desc()).limit(1)),
        await tx.scalar(sa.select(sa.func.max(queued.c.changed_at))),
        await db.purges.last(tx),
    ]
    backup = await db.backup_record.last(tx)
    if backup is not None:
        found.append(backup.at)
    return max((instant for instant in found if instant is not None), default=None)
