"""Sessions of the console, and the one-time links that open them: of either, only a hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import console_sessions


@dataclass(frozen=True, kw_only=True)
class ConsoleSession:
    """A link (`opened_at` None), or the session that it opened."""

    id: int
    opener_hash: str
    cookie_hash: str | None
    telegram_id: int
    language: str
    created_at: datetime
    opened_at: datetime | None
    expires_at: datetime


async def add_link(
    tx: AsyncConnection,
    *,
    opener_hash: str,
    telegram_id: int,
    language: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A link to open. Those that the person asked for before and did not open open nothing any more."""
    unopened = sa.and_(console_sessions.c.telegram_id == telegram_id, console_sessions.c.opened_at.is_(None))
    await tx.execute(sa.delete(console_sessions).where(unopened))
    values = {"opener_hash": opener_hash, "telegram_id": telegram_id, "language": language}
    await tx.execute(
        sa.insert(console_sessions).values(**values, created_at=now, expires_at=expires_at),
    )


async def find_link(tx: AsyncConnection, opener_hash: str, now: datetime) -> ConsoleSession | None:
    """The link of this token, that was not opened yet."""
    unopened = sa.and_(
        console_sessions.c.opener_hash == opener_hash,
        console_sessions.c.opened_at.is_(None),
        console_sessions.c.expires_at > now,
    )
    row = (await tx.execute(sa.select(console_sessions).where(unopened))).one_or_none()
    return None if row is None else ConsoleSession(**row._mapping)


async def open_link(
    tx: AsyncConnection, link: int, *, cookie_hash: str, now: datetime, expires_at: datetime
) -> bool:
    """Makes a session of a link; False where somebody else did just before."""
    unopened = sa.and_(console_sessions.c.id == link, console_sessions.c.opened_at.is_(None))
    opened = sa.update(console_sessions).where(unopened)
    opened = opened.values(cookie_hash=cookie_hash, opened_at=now, expires_at=expires_at)
    return (await tx.execute(opened)).rowcount == 1


async def was_used(tx: AsyncConnection, opener_hash: str) -> bool:
    """Whether a session was opened with it."""
    found = sa.select(console_sessions.c.id).where(console_sessions.c.opener_hash == opener_hash)
    return (await tx.execute(found)).first() is not None


async def add_session(
    tx: AsyncConnection,
    *,
    opener_hash: str,
    cookie_hash: str,
    telegram_id: int,
    language: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A session that no link opened."""
    keys = {"opener_hash": opener_hash, "cookie_hash": cookie_hash}
    times = {"created_at": now, "opened_at": now, "expires_at": expires_at}
    await tx.execute(
        sa.insert(console_sessions).values(**keys, **times, telegram_id=telegram_id, language=language)
    )


async def find_session(tx: AsyncConnection, cookie_hash: str, now: datetime) -> ConsoleSession | None:
    """The session of a cookie, that is not over."""
    current = sa.and_(console_sessions.c.cookie_hash == cookie_hash, console_sessions.c.expires_at > now)
    row = (await tx.execute(sa.select(console_sessions).where(current))).one_or_none()
    return None if row is None else ConsoleSession(**row._mapping)


async def open_sessions(tx: AsyncConnection, now: datetime) -> Sequence[ConsoleSession]:
    """The sessions that are not over, the newest first."""
    current = sa.and_(console_sessions.c.opened_at.is_not(None), console_sessions.c.expires_at > now)
    found = sa.select(console_sessions).where(current).order_by(console_sessions.c.opened_at.desc())
    return [ConsoleSession(**row._mapping) for row in await tx.execute(found)]


async def end(tx: AsyncConnection, session: int, now: datetime) -> bool:
    """Ends a session; False where it was over."""
    current = sa.and_(console_sessions.c.id == session, console_sessions.c.expires_at > now)
    return (await tx.execute(sa.update(console_sessions).where(current).values(expires_at=now))).rowcount == 1


async def end_all(tx: AsyncConnection, telegram_id: int, now: datetime) -> int:
    """Ends every session and link of somebody; how many."""
    current = sa.and_(console_sessions.c.telegram_id == telegram_id, console_sessions.c.expires_at > now)
    return (await tx.execute(sa.update(console_sessions).where(current).values(expires_at=now))).rowcount
