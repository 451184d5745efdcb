"""Sessions of the console and the Mini App, and the one-time links that open them: of either, only a hash is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.console import Entrance
from db.records import records
from db.schema import app_sessions, console_sessions

SESSIONS: Mapping[Entrance, sa.Table] = MappingProxyType(
    {Entrance.CONSOLE: console_sessions, Entrance.APP: app_sessions}
)


async def forget_all(tx: AsyncConnection) -> None:
    """Ends every session behind every door, and lets no link open one."""
    for sessions in SESSIONS.values():
        await tx.execute(sa.delete(sessions))


class ConsoleSession(Frozen):
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
    door: Entrance,
    *,
    opener_hash: str,
    telegram_id: int,
    language: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A link to open. Those that the person asked for before and did not open open nothing any more."""
    sessions = SESSIONS[door]
    unopened = sa.and_(sessions.c.telegram_id == telegram_id, sessions.c.opened_at.is_(None))
    await tx.execute(sa.delete(sessions).where(unopened))
    values = {"opener_hash": opener_hash, "telegram_id": telegram_id, "language": language}
    await tx.execute(
        sa.insert(sessions).values(**values, created_at=now, expires_at=expires_at),
    )


async def find_link(
    tx: AsyncConnection, door: Entrance, opener_hash: str, now: datetime
) -> ConsoleSession | None:
    """The link of this token, that was not opened yet."""
    sessions = SESSIONS[door]
    unopened = sa.and_(
        sessions.c.opener_hash == opener_hash,
        sessions.c.opened_at.is_(None),
        sessions.c.expires_at > now,
    )
    row = (await tx.execute(sa.select(sessions).where(unopened))).one_or_none()
    return None if row is None else ConsoleSession(**row._mapping)


async def open_link(
    tx: AsyncConnection, door: Entrance, link: int, *, cookie_hash: str, now: datetime, expires_at: datetime
) -> bool:
    """Makes a session of a link; False where somebody else did just before."""
    sessions = SESSIONS[door]
    unopened = sa.and_(sessions.c.id == link, sessions.c.opened_at.is_(None))
    opened = sa.update(sessions).where(unopened)
    opened = opened.values(cookie_hash=cookie_hash, opened_at=now, expires_at=expires_at)
    return (await tx.execute(opened)).rowcount == 1


async def was_used(tx: AsyncConnection, opener_hash: str) -> bool:
    """Whether a session was opened with it, at whatever door."""
    for sessions in SESSIONS.values():
        found = sa.select(sessions.c.id).where(sessions.c.opener_hash == opener_hash)
        if (await tx.execute(found)).first() is not None:
            return True
    return False


async def add_session(
    tx: AsyncConnection,
    door: Entrance,
    *,
    opener_hash: str,
    cookie_hash: str,
    telegram_id: int,
    language: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A session that no link opened."""
    sessions = SESSIONS[door]
    keys = {"opener_hash": opener_hash, "cookie_hash": cookie_hash}
    times = {"created_at": now, "opened_at": now, "expires_at": expires_at}
    await tx.execute(sa.insert(sessions).values(**keys, **times, telegram_id=telegram_id, language=language))


def _current(sessions: sa.Table) -> sa.Select[Any]:
    return sa.select(sessions).where(
        sessions.c.cookie_hash == sa.bindparam("cookie_hash"), sessions.c.expires_at > sa.bindparam("now")
    )


_CURRENT = {door: _current(sessions) for door, sessions in SESSIONS.items()}


async def find_session(
    tx: AsyncConnection, door: Entrance, cookie_hash: str, now: datetime
) -> ConsoleSession | None:
    """The session of a cookie, that is not over."""
    given = {"cookie_hash": cookie_hash, "now": now}
    row = (await tx.execute(_CURRENT[door], given)).one_or_none()
    return None if row is None else ConsoleSession(**row._mapping)


async def open_sessions(tx: AsyncConnection, door: Entrance, now: datetime) -> Sequence[ConsoleSession]:
    """The sessions that are not over, the newest first."""
    sessions = SESSIONS[door]
    current = sa.and_(sessions.c.opened_at.is_not(None), sessions.c.expires_at > now)
    found = sa.select(sessions).where(current).order_by(sessions.c.opened_at.desc())
    return records(ConsoleSession, await tx.execute(found))


async def end(tx: AsyncConnection, door: Entrance, session: int, now: datetime) -> bool:
    """Ends a session; False where it was over."""
    sessions = SESSIONS[door]
    current = sa.and_(sessions.c.id == session, sessions.c.expires_at > now)
    return (await tx.execute(sa.update(sessions).where(current).values(expires_at=now))).rowcount == 1


async def end_all(tx: AsyncConnection, door: Entrance, telegram_id: int, now: datetime) -> int:
    """Ends every session and link of somebody; how many."""
    sessions = SESSIONS[door]
    current = sa.and_(sessions.c.telegram_id == telegram_id, sessions.c.expires_at > now)
    return (await tx.execute(sa.update(sessions).where(current).values(expires_at=now))).rowcount
