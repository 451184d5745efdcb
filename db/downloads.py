"""One-time links to exports: only the hash of a link's token is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.schema import downloads


class Download(Frozen):
    """A link: whose it is, the export that it gives (as in the audit log), in which language its page is."""

    id: int
    token_hash: str
    telegram_id: int
    export: dict[str, Any]
    language: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


async def add(
    tx: AsyncConnection,
    *,
    token_hash: str,
    telegram_id: int,
    export: dict[str, Any],
    language: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        sa.insert(downloads).values(
            token_hash=token_hash,
            telegram_id=telegram_id,
            export=export,
            language=language,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def find(tx: AsyncConnection, token_hash: str) -> Download | None:
    row = (await tx.execute(sa.select(downloads).where(downloads.c.token_hash == token_hash))).one_or_none()
    return None if row is None else Download(**row._mapping)


async def take(tx: AsyncConnection, download: int, now: datetime) -> bool:
    """Uses the link up; False if another took it first, or it expired."""
    usable = sa.and_(downloads.c.id == download, downloads.c.used_at.is_(None), downloads.c.expires_at > now)
    return (await tx.execute(sa.update(downloads).where(usable).values(used_at=now))).rowcount == 1


async def forget_expired(tx: AsyncConnection, before: datetime) -> int:
    """Forgets links that expired before an instant; how many."""
    return (await tx.execute(sa.delete(downloads).where(downloads.c.expires_at < before))).rowcount
