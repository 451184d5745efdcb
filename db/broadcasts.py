"""Broadcasts: one message to an audience; their states, their queue, their account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.experiments import VERSIONS
from bot.rules.sending import ON_THE_WAY
from db.beginnings import begins
from db.engine import here
from db.experiments import Draw, state_drawn, variant_drawn
from db.schema import Instant, broadcast_texts, broadcasts, deliveries, fillings
from db.upsert import insert_of

# Rows cancelled or expired in one transaction: larger ones would make everybody else wait.
CHUNK = 5_000
TALK = "talk:"
"""What the keys of what leaves in conversations begin with: see db.talks."""


class DueBroadcast(Frozen):
    """An active broadcast with deliveries that wait; `next_due` is the earliest.

    `at_once`: somebody is talking, and goes before everything that is for many.
    """

    id: int
    expires_at: datetime | None
    next_due: datetime
    at_once: bool = False


@cache
def _creating(dialect: str) -> sa.Insert:
    """Made once, as each tick asks whether its steps are there."""
    row = insert_of(dialect, broadcasts).on_conflict_do_nothing(index_elements=[broadcasts.c.key])
    return row.returning(broadcasts.c.id)


async def create(
    tx: AsyncConnection,
    values: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
    others: Sequence[Mapping[str, str]] = (),
) -> int | None:
    """A new broadcast, or None where its key is known already.

    `values` are columns of `broadcasts`; `texts` are given per language, and so are those of each `other` version.
    """
    number: int | None = (await tx.execute(_creating(tx.dialect.name), dict(values))).scalar_one_or_none()
    if number is not None and texts:
        await add_texts(tx, number, texts, others)
    return number


async def add_texts(
    tx: AsyncConnection, broadcast: int, texts: Mapping[str, str], others: Sequence[Mapping[str, str]] = ()
) -> None:
    """The words of a broadcast by language, and those of its other versions."""
    rows = [
        {"broadcast": broadcast, "variant": variant, "language": language, "text": text}
        for variant, version in zip(VERSIONS, (texts, *others), strict=False)
        for language, text in version.items()
    ]
    if rows:
        await tx.execute(broadcast_texts.insert(), rows)


def by_the_program(key: str, now: datetime, **values: Any) -> dict[str, Any]:
    """The columns of a broadcast that nobody wrote: it leaves by itself, and its deliveries say to whom."""
    return {"key": key, "state": "active", "audience": {}, "area": "FR", "created_at": now, **values}


_OF_KEY = sa.select(broadcasts.c.id).where(broadcasts.c.key == sa.bindparam("key"))


async def ensure(tx: AsyncConnection, values: Mapping[str, Any]) -> int:
    """The broadcast of the key in `values`, made of them if it is the first time."""
    made = await create(tx, values)
    if made is not None:
        return made
    return int((await tx.execute(_OF_KEY, {"key": values["key"]})).scalar_one())


async def queue_deliveries(
    tx: AsyncConnection,
    *,
    broadcast: int,
    people: sa.Select[Any],
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    now: datetime,
    draw: Draw | None = None,
) -> int:
    """Queue one delivery to everybody whom `people` selects, in one statement; how many are new.

    `people` gives one column, the person's id; or two, the id and when it is due, or three, with when it
    expires. Whoever has this broadcast already does not get it again. `draw`: each draws a version, or to be left out.
    """
    statement = queueing(tx.dialect.name, people, due_at=due_at, expires_at=expires_at, draw=draw)
    return await queue(tx, statement, broadcast=broadcast, now=now)


BROADCAST: sa.BindParameter[int] = sa.bindparam("of_broadcast", type_=deliveries.c.broadcast.type)
NOW: sa.BindParameter[datetime] = sa.bindparam("at_instant", type_=deliveries.c.changed_at.type)
"""Of a statement that may be made once and executed often."""


def queueing(
    dialect: str,
    people: sa.Select[Any],
    *,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    draw: Draw | None = None,
) -> sa.Insert:
    """The statement of `queue_deliveries`, for `BROADCAST` at the instant `NOW`."""
    given = people.subquery()
    columns = list(given.c)
    due = columns[1] if len(columns) > 1 else sa.literal(due_at, deliveries.c.due_at.type)
    expires = columns[2] if len(columns) > 2 else sa.literal(expires_at, deliveries.c.expires_at.type)
    drawn = [] if draw is None else [variant_drawn(columns[0], draw)]
    state = state_drawn(*drawn) if drawn else sa.literal("queued")
    rows = sa.select(BROADCAST, columns[0], state, due, expires, sa.literal(0), NOW, *drawn).where(
        sa.true()
    )  # SQLite reads "SELECT … ON CONFLICT" as a join without it
    names = ["broadcast", "person", "state", "due_at", "expires_at", "attempts", "changed_at"]
    names += ["variant"] if drawn else []
    statement = insert_of(dialect, deliveries).from_select(names, rows, include_defaults=False)
    return statement.on_conflict_do_nothing(index_elements=[deliveries.c.broadcast, deliveries.c.person])


_UNFINISH = (
    broadcasts.update().where(broadcasts.c.id == sa.bindparam("broadcast")).values(finished_at=sa.null())
)


async def queue(
    tx: AsyncConnection, statement: sa.Insert, *, broadcast: int, now: datetime, **others: Any
) -> int:
    """Execute a statement of `queueing`, with the `others` of its parameters; how many are new."""
    queued = await tx.execute(statement, {BROADCAST.key: broadcast, NOW.key: now, **others})
    if queued.rowcount:  # a tick that queues nothing must not unfinish it
        await tx.execute(_UNFINISH, {"broadcast": broadcast})
    return queued.rowcount


async def pause(tx: AsyncConnection, broadcast: int) -> bool:
    """Stop sending for now; whether it was active."""
    return await _change(tx, broadcast, ("active", "scheduled"), "paused")


async def resume(tx: AsyncConnection, broadcast: int) -> bool:
    """Send on; whether it was paused."""
    return await _change(tx, broadcast, ("paused",), "active")


async def hold(tx: AsyncConnection, broadcast: int) -> bool:
    """Send nothing until a second person lets it go; whether something could have left."""
    return await _change(tx, broadcast, ("scheduled", "active", "paused"), "unapproved")


async def let_go(
    tx: AsyncConnection, broadcast: int, *, now: datetime, late_expire_at: datetime | None
) -> bool:
    """A second person let it go; whether it waited for one. What is due since before leaves now, until it expires."""
    if not await _change(tx, broadcast, ("unapproved",), "active"):
        return False
    late = sa.and_(
        deliveries.c.broadcast == broadcast, deliveries.c.state == "queued", deliveries.c.due_at < now
    )
    values = {"due_at": now, "expires_at": late_expire_at, "changed_at": now}
    await tx.execute(deliveries.update().where(late).values(values))
    await tx.execute(fillings.update().where(fillings.c.broadcast == broadcast).values(not_before=now))
    return True


async def put_off(
    tx: AsyncConnection, broadcast: int, *, at: datetime, expires_at: datetime, now: datetime
) -> None:
    """It leaves later than it was written for: at an instant, the same for everybody."""
    change = broadcasts.update().where(broadcasts.c.id == broadcast)
    await tx.execute(change.values(starts_at=at, local_time=False))
    waiting = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(ON_THE_WAY))
    values = {"state": "queued", "due_at": at, "expires_at": expires_at, "reason": None, "changed_at": now}
    await tx.execute(deliveries.update().where(waiting).values(values))


async def expire_at(tx: AsyncConnection, broadcast: int, instant: datetime) -> None:
    """What has yet to leave of it is of use until another instant."""
    await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(expires_at=instant))
    waiting = deliveries.c.state.in_(ON_THE_WAY)
    mine = deliveries.update().where(deliveries.c.broadcast == broadcast, waiting)
    await tx.execute(mine.values(expires_at=instant))


async def be_about(tx: AsyncConnection, broadcast: int, event: int) -> None:
    """The invitation to a series stands at another date of it."""
    await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(event=event))


async def cancel(tx: AsyncConnection, broadcast: int) -> bool:
    """Send nothing more, for good; whether it could be. The sender then cancels its deliveries in pieces, and it is
    filled no more.
    """
    if not await _change(tx, broadcast, ("scheduled", "active", "paused", "unapproved"), "cancelled"):
        return False
    await tx.execute(fillings.delete().where(fillings.c.broadcast == broadcast))
    return True


async def _change(tx: AsyncConnection, broadcast: int, before: Iterable[str], after: str) -> bool:
    changed = await tx.execute(
        broadcasts.update()
        .where(broadcasts.c.id == broadcast, broadcasts.c.state.in_(tuple(before)))
        .values(state=after)
    )
    return changed.rowcount == 1


def earliest(state: str) -> sa.ScalarSelect[Any]:
    """When the first delivery of a broadcast in this state is due."""
    # ORDER BY … LIMIT 1 makes PostgreSQL seek in the index; it would scan every row for min().
    return (
        sa.select(deliveries.c.due_at)
        .where(deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state == state)
        .order_by(deliveries.c.due_at)
        .limit(1)
        .correlate(broadcasts)
        .scalar_subquery()
    )


_QUEUED = earliest("queued").label("next_due")
_AT_ONCE = begins(broadcasts.c.key, TALK)
_ACTIVE = sa.select(broadcasts.c.id, broadcasts.c.expires_at, _QUEUED, _AT_ONCE.label("at_once")).where(
    broadcasts.c.state == "active", broadcasts.c.finished_at.is_(None)
)


async def active(tx: AsyncConnection) -> list[DueBroadcast]:
    """The active broadcasts with queued deliveries, due or not yet."""
    with here(tx):
        found = await tx.execute(_ACTIVE)
    return [
        DueBroadcast(id=row.id, expires_at=row.expires_at, next_due=row.next_due, at_once=bool(row.at_once))
        for row in found
        if row.next_due is not None
    ]


async def talks_wait(tx: AsyncConnection, now: datetime) -> bool:
    """Whether something of a conversation is due."""
    due = sa.select(_QUEUED.label("next_due")).where(
        _AT_ONCE, broadcasts.c.state == "active", broadcasts.c.finished_at.is_(None)
    )
    return any(next_due is not None and next_due <= now for next_due in await tx.scalars(due))


# Asked each time that something was queued, sent or due: made once.
_IS_UNFINISHED = broadcasts.c.finished_at.is_(None)
_LEFT = sa.or_(
    sa.exists().where(
        deliveries.c.broadcast == broadcasts.c.id,
        deliveries.c.state.in_(("queued", "leased", "sending", "withheld")),
    ),
    sa.exists().where(fillings.c.broadcast == broadcasts.c.id),
)
_IS_COMPLETE = sa.and_(_IS_UNFINISHED, broadcasts.c.state.in_(("active", "cancelled")), ~_LEFT)
# Whoever queues more for a broadcast holds it, and it is not complete: who waited for them would go by what was queued
# before they began.
_HOLD_COMPLETE = (
    sa.select(broadcasts.c.id).where(_IS_COMPLETE).with_for_update(key_share=True, skip_locked=True)
)
_FINISH = (
    broadcasts.update()
    .where(broadcasts.c.id.in_(sa.bindparam("held", expanding=True)), _IS_COMPLETE)
    .values(finished_at=sa.bindparam("now"))
    .returning(broadcasts.c.id)
)
_OVER = {
    "cancelled": sa.select(broadcasts.c.id).where(_IS_UNFINISHED, broadcasts.c.state == "cancelled"),
    "expired": sa.select(broadcasts.c.id).where(
        _IS_UNFINISHED,
        broadcasts.c.state.in_(("active", "paused")),
        broadcasts.c.expires_at <= sa.bindparam("now"),
    ),
}


def _of_it(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(deliveries.c.broadcast == broadcasts.c.id, *conditions).correlate(broadcasts)


_NOW = sa.bindparam("now", type_=Instant())
_IS_DUE = deliveries.c.due_at <= _NOW
_IS_OVER = sa.or_(
    broadcasts.c.state == "cancelled",
    sa.and_(broadcasts.c.state.in_(("active", "paused")), broadcasts.c.expires_at <= _NOW),
)
# Whatever the sender does to a queue is in here: what is missing would wait for somebody to call.
_NEEDS_SENDER = sa.select(
    sa.exists().where(
        _IS_UNFINISHED,
        sa.or_(
            sa.and_(broadcasts.c.state == "active", _of_it(_IS_DUE, deliveries.c.state == "queued")),
            sa.and_(broadcasts.c.state.in_(("active", "cancelled")), ~_LEFT),
            sa.and_(_IS_OVER, _of_it(deliveries.c.state.in_(("queued", "withheld")))),
            _of_it(_IS_DUE, deliveries.c.state == "withheld"),
        ),
    )
)


async def needs_sender(tx: AsyncConnection, now: datetime) -> bool:
    """Whether anything is due, due again, cancelled, expired or complete: one question, which changes nothing."""
    with here(tx):
        return bool(await tx.scalar(_NEEDS_SENDER, {"now": now}))


async def finish_complete(tx: AsyncConnection, now: datetime) -> list[int]:
    """Mark the broadcasts that have nothing left to send as finished, and say which."""
    with here(tx):
        held = (await tx.execute(_HOLD_COMPLETE)).scalars().all()
        return list(await tx.scalars(_FINISH, {"now": now, "held": held})) if held else []


async def close_some(tx: AsyncConnection, now: datetime) -> int:
    """Close waiting deliveries of cancelled and expired broadcasts, `CHUNK` at most; how many."""
    closed = 0
    for state, over in _OVER.items():
        # Why it waited is why it expired; it was cancelled whatever it waited for.
        ended = {"state": state, "changed_at": now} | ({"reason": None} if state == "cancelled" else {})
        with here(tx):
            found = (await tx.execute(over, {"now": now})).scalars().all()
        for broadcast in found:
            some = (
                sa.select(deliveries.c.id)
                .where(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(("queued", "withheld")))
                .limit(CHUNK - closed)
            )
            change = deliveries.update().where(deliveries.c.id.in_(some))
            closed += (await tx.execute(change.values(ended))).rowcount
            if closed >= CHUNK:
                return closed
    return closed


async def counts(tx: AsyncConnection, broadcast: int) -> dict[str, int]:
    """How many deliveries are in each state."""
    found = await tx.execute(
        sa.select(deliveries.c.state, sa.func.count().label("number"))
        .where(deliveries.c.broadcast == broadcast)
        .group_by(deliveries.c.state)
    )
    return {row.state: row.number for row in found}


async def state_of(tx: AsyncConnection, broadcast: int) -> str | None:
    """The state of a broadcast, or None where there is none."""
    query = sa.select(broadcasts.c.state).where(broadcasts.c.id == broadcast)
    return (await tx.execute(query)).scalar_one_or_none()


async def made_since(tx: AsyncConnection, key: str, since: datetime) -> int:
    """How many broadcasts whose key begins so were made since an instant."""
    query = sa.select(sa.func.count()).select_from(broadcasts)
    query = query.where(begins(broadcasts.c.key, key), broadcasts.c.created_at > since)
    return int(await tx.scalar(query) or 0)
