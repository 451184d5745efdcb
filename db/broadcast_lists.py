"""The list of what staff sent, and why some did not get it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.causes import cause_of
from bot.rules.kinds import Kind
from bot.rules.mends import REACHED
from bot.rules.sending import BEHIND_UTC
from bot.rules.small_counts import NOBODY, Headcount
from db.broadcast_accounts import Broadcast
from db.headcounts import counted, headcount, known_to
from db.records import records
from db.restrictions import of_others
from db.schema import broadcasts, deliveries, people

MOST_READ = 500
_NOW: sa.BindParameter[Any] = sa.bindparam("now")
_MOST: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)
_IS_GOING = sa.and_(broadcasts.c.state.in_(("active", "paused")), broadcasts.c.finished_at.is_(None))


class NotReached(Frozen):
    """So many people did not get a broadcast for one cause (`bot.rules.causes.cause_of`).

    `state`: `cancelled`, `expired`, `unreachable` or `failed`.
    """

    state: str
    cause: str | None
    people: Headcount


@cache
def _listed(part: BroadcastPart, of_all: bool) -> sa.Select[Any]:
    order = broadcasts.c.starts_at if part is BroadcastPart.SCHEDULED else broadcasts.c.id.desc()
    query = sa.select(broadcasts).where(_of_staff(of_all), _is_in(part))
    return query.order_by(order, broadcasts.c.id.desc()).limit(_MOST)


async def listed(
    tx: AsyncConnection, part: BroadcastPart, *, reader: int, author: int | None, now: datetime
) -> list[Broadcast]:
    """The last broadcasts that staff made, newest first: one author's, or everybody's; no news of an event that nobody
    was to be told. `reader`: whose `mine` are.
    """
    given = {"author": author, "reader": reader, "now": now, "most": MOST_READ}
    return records(Broadcast, await tx.execute(_listed(part, author is None), given))


_EXPIRED_SINCE = sa.select(broadcasts).where(
    broadcasts.c.created_by.is_not(None),
    broadcasts.c.mends.is_(None),
    sa.or_(broadcasts.c.finished_at.is_(None), broadcasts.c.finished_at >= sa.bindparam("since")),
    broadcasts.c.state != "cancelled",
    sa.exists().where(deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state == "expired"),
)


async def expired_since(tx: AsyncConnection, since: datetime) -> list[Broadcast]:
    """The broadcasts of staff that expired for somebody and are not over, or were not then, the newest first."""
    # In order of the rows SQLite would read all of them, and not the few that are not over or were not then.
    found = records(Broadcast, await tx.execute(_EXPIRED_SINCE, {"since": since}))
    return sorted(found, key=lambda each: -each.id)


async def reminders(tx: AsyncConnection, most: int) -> list[Broadcast]:
    """The last reminders of the campaign file, which nobody of the team wrote; the newest first."""
    planned = sa.and_(broadcasts.c.created_by.is_(None), broadcasts.c.step.is_not(None))
    rows = await tx.execute(sa.select(broadcasts).where(planned).order_by(broadcasts.c.id.desc()).limit(most))
    return records(Broadcast, rows)


@cache
def _under_way(of_all: bool) -> sa.Select[Any]:
    planned = sa.and_(broadcasts.c.created_by.is_(None), broadcasts.c.step.is_not(None))
    begun = broadcasts.c.starts_at <= sa.bindparam("latest")
    query = sa.select(broadcasts).where(_IS_GOING, begun, sa.or_(_of_staff(of_all), planned))
    # Those of the campaign file are few, and none of them is left out where staff write more than are read.
    return query.order_by(broadcasts.c.created_by.is_not(None), broadcasts.c.id.desc()).limit(_MOST)


async def under_way(tx: AsyncConnection, *, author: int | None, now: datetime) -> list[Broadcast]:
    """What has begun and still leaves, or waits, for somebody: of staff, one author's or everybody's, and then the
    reminders of the campaign file; the newest first.
    """
    given = {"author": author, "latest": now + BEHIND_UTC, "most": MOST_READ}
    found = records(Broadcast, await tx.execute(_under_way(author is None), given))
    return sorted(found, key=lambda each: each.created_by is None)


@cache
def _begun_by_local_time(of_all: bool) -> sa.Select[Any]:
    waits = sa.exists().where(
        deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state == "queued", deliveries.c.due_at > _NOW
    )
    still = sa.not_(_is_in(BroadcastPart.SCHEDULED))
    query = sa.select(broadcasts).where(_of_staff(of_all), broadcasts.c.local_time, _IS_GOING, still, waits)
    return query.order_by(broadcasts.c.starts_at).limit(_MOST)


async def begun_by_local_time(tx: AsyncConnection, *, author: int | None, now: datetime) -> list[Broadcast]:
    """What staff made to leave at everybody's own time, has left for some or is due, and is due later for others."""
    given = {"author": author, "now": now, "most": MOST_READ}
    return records(Broadcast, await tx.execute(_begun_by_local_time(author is None), given))


def _of_staff(of_all: bool) -> sa.ColumnElement[bool]:
    """What one `author` made, or any of the staff; no second thought, and no news that nobody was to be told."""
    made = (
        broadcasts.c.created_by.is_not(None) if of_all else broadcasts.c.created_by == sa.bindparam("author")
    )
    for_somebody = sa.or_(
        broadcasts.c.kind != Kind.EVENT_SERVICE,
        sa.exists().where(deliveries.c.broadcast == broadcasts.c.id),
    )
    return sa.and_(made, for_somebody, broadcasts.c.mends.is_(None))


def _is_in(part: BroadcastPart) -> sa.ColumnElement[bool]:
    if part is BroadcastPart.MINE:
        return broadcasts.c.created_by == sa.bindparam("reader")
    if part is BroadcastPart.WAITING:  # itself, or a second thought about it
        mend = broadcasts.alias("mend")
        asked = sa.exists().where(mend.c.mends == broadcasts.c.id, mend.c.state == "unapproved")
        return sa.or_(broadcasts.c.state == "unapproved", asked)
    is_over = sa.or_(broadcasts.c.finished_at.is_not(None), broadcasts.c.state == "cancelled")
    if part is BroadcastPart.PAST:
        return is_over
    if part is BroadcastPart.SCHEDULED:
        # Nothing of it has left, and the first is due later.
        left = sa.exists().where(deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state.in_(REACHED))
        due = sa.exists().where(
            deliveries.c.broadcast == broadcasts.c.id,
            deliveries.c.state == "queued",
            deliveries.c.due_at <= _NOW,
        )
        return sa.and_(sa.not_(is_over), sa.not_(left), sa.not_(due))
    return sa.true()


async def not_reached(
    tx: AsyncConnection, broadcast: int, known_in: Sequence[str] | None
) -> list[NotReached]:
    """Why some did not get it, the most frequent cause first."""
    query = (
        sa.select(deliveries.c.state, deliveries.c.reason, *counted("people", known_to(known_in)))
        .where(
            deliveries.c.broadcast == broadcast,
            deliveries.c.state.in_(("cancelled", "expired", "unreachable", "failed")),
            of_others(deliveries.c.person),
        )
        .group_by(deliveries.c.state, deliveries.c.reason)
        .order_by(deliveries.c.state)
    )
    if known_in is not None:  # people are read only where some may be known
        query = query.outerjoin(people, people.c.id == deliveries.c.person)
    found: dict[tuple[str, str | None], Headcount] = {}
    for row in await tx.execute(query):
        cause = (row.state, cause_of(row.state, row.reason))
        found[cause] = found.get(cause, NOBODY) + headcount(row, "people")
    every = [NotReached(state=state, cause=cause, people=some) for (state, cause), some in found.items()]
    return sorted(every, key=lambda each: -each.people.total)
