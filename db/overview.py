"""How many of what there is: for whoever looks after the machine, nothing personal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.ballot_kinds import ELSEWHERE
from db.areas import person_in
from db.broadcasts import earliest
from db.engine import Database
from db.mends import IS_MESSAGE
from db.schema import broadcasts, deliveries, people


class OverviewCounts(NamedTuple):
    """Supporters, those of them who are to be asked again, messages that are due, and those in doubt."""

    supporters: int
    to_renew: int
    due: int
    in_doubt: int


class Due(NamedTuple):
    """Since when the oldest message is due, if one is; how many messages, sent ones too, the broadcasts with due ones
    have; when one of these last left.
    """

    oldest: datetime | None
    total: int = 0
    last_sent: datetime | None = None


_ON_ITS_WAY = ("queued", "leased", "sending")
_DUE = sa.select(broadcasts.c.id, *(earliest(state).label(state) for state in _ON_ITS_WAY)).where(
    broadcasts.c.state == "active", broadcasts.c.finished_at.is_(None)
)


async def due(tx: AsyncConnection, now: datetime, *, looks_closer_after: timedelta) -> Due:
    """Since when the oldest message is due that is free to leave; how far all are, which reads each of their broadcasts
    whole, only where it is due for so long.
    """
    found: dict[int, datetime] = {}
    for row in await tx.execute(_DUE):
        first = min((at for at in row[1:] if at is not None), default=None)
        if first is not None and first <= now:
            found[row.id] = first
    oldest = min(found.values(), default=None)
    if oldest is None or now - oldest < looks_closer_after:
        return Due(oldest)
    query = sa.select(sa.func.count(), sa.func.max(deliveries.c.sent_at)).where(
        deliveries.c.broadcast.in_(list(found))
    )
    total, last_sent = (await tx.execute(query)).one()
    return Due(oldest, int(total), last_sent)


async def by_state_and_kind(tx: AsyncConnection) -> dict[tuple[str, str], int]:
    """How many messages are in each state, of each kind."""
    per_broadcast = (
        sa.select(deliveries.c.broadcast, deliveries.c.state, sa.func.count().label("number"))
        .group_by(deliveries.c.broadcast, deliveries.c.state)
        .subquery()
    )
    query = (
        sa.select(
            per_broadcast.c.state, broadcasts.c.kind, sa.func.sum(per_broadcast.c.number).label("number")
        )
        .join(broadcasts, broadcasts.c.id == per_broadcast.c.broadcast)
        .group_by(per_broadcast.c.state, broadcasts.c.kind)
    )
    return {(row.state, row.kind): int(row.number) for row in await tx.execute(query)}


class Day(NamedTuple):
    """What became of messages within a day; `held` are those that wait for a quiet period to end, at its end."""

    sent: int
    failed: int
    unreachable: int
    in_doubt: int
    expired: int
    held: int


async def day(tx: AsyncConnection, start: datetime, end: datetime) -> Day:
    """The messages whose state was last changed from `start` to `end`."""
    query = (
        sa.select(deliveries.c.state, sa.func.count().label("number"))
        .where(
            sa.or_(
                deliveries.c.state == "withheld",
                sa.and_(deliveries.c.changed_at >= start, deliveries.c.changed_at < end),
            ),
            deliveries.c.broadcast.not_in(sa.select(broadcasts.c.id).where(sa.not_(IS_MESSAGE))),
        )
        .group_by(deliveries.c.state)
    )
    numbers = {row.state: int(row.number) for row in await tx.execute(query)}
    states = ("sent", "failed", "unreachable", "in_doubt", "expired", "withheld")
    return Day(*(numbers.get(state, 0) for state in states))


async def size(database: Database, tx: AsyncConnection) -> int:
    """Bytes that the database takes on its disk."""
    if database.file is None:
        return int((await tx.execute(sa.text("SELECT pg_database_size(current_database())"))).scalar_one())
    parts = (database.file, database.file.with_name(f"{database.file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


async def voters(tx: AsyncConnection, *, inside: Iterable[str], outside: Iterable[str]) -> int:
    """How many supporters vote inside some areas and outside of all the others, as far as their commune is known."""
    query = sa.select(sa.func.count()).where(
        people.c.state == "registered",
        people.c.territory != ELSEWHERE,
        sa.or_(*map(person_in, inside)),
        ~sa.or_(*map(person_in, outside)),
    )
    return int((await tx.execute(query)).scalar_one())


async def counts(tx: AsyncConnection, now: datetime) -> OverviewCounts:
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
    return OverviewCounts(*[int((await tx.execute(query)).scalar_one()) for query in queries])
