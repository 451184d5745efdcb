"""Versions of a step's message: the campaign file may say otherwise of a step whose message has begun to leave.

What left stays as it was, under the kind and the template that it had; what has yet to leave does so as the file says
now. A former version keeps its row under another key: that of the step, a colon and its number. Where the file is
changed back it is the message of the step again. What the team had paused or cancelled stays so, whatever it says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.reminders import Step
from bot.rules.sending import ON_THE_WAY
from db.beginnings import begins
from db.planning import PlannedBroadcast, ensure_broadcast
from db.schema import broadcasts, deliveries


class StepVersions(Frozen):
    """The message of a step as the file has it, and its former versions, by their numbers; `is_new`: the file says
    otherwise since the last tick.
    """

    broadcast: int
    former: tuple[int, ...] = ()
    is_new: bool = False


# A campaign file has a few steps, and each is asked for by every tick: what asks is put together once.
_once = lru_cache(maxsize=256)


def _of(key: str) -> sa.ColumnElement[bool]:
    return sa.or_(broadcasts.c.key == key, begins(broadcasts.c.key, f"{key}:"))


@_once
def _versions(key: str) -> sa.Select[tuple[int, str, str, str | None, str]]:
    columns = (
        broadcasts.c.id,
        broadcasts.c.key,
        broadcasts.c.kind,
        broadcasts.c.template,
        broadcasts.c.state,
    )
    return sa.select(*columns).where(_of(key)).order_by(broadcasts.c.id)


@_once
def _waiting_otherwise(key: str, kind: str, template: str) -> sa.Select[tuple[int]]:
    otherwise = sa.or_(broadcasts.c.kind != kind, broadcasts.c.template != template)
    waits = sa.exists().where(deliveries.c.broadcast == broadcasts.c.id, deliveries.c.state.in_(ON_THE_WAY))
    return sa.select(broadcasts.c.id).where(_of(key), otherwise, waits).limit(1)


@_once
def _keys(key: str) -> sa.Select[tuple[str]]:
    return sa.select(broadcasts.c.key).where(_of(key)).order_by(broadcasts.c.id)


async def versions(tx: AsyncConnection, planned: PlannedBroadcast, now: datetime) -> StepVersions:
    """The message that is planned, made if it is the first time, or if the file says otherwise of it now."""
    rows = (await tx.execute(_versions(planned.key))).all()
    said = [row for row in rows if (row.kind, row.template) == (planned.kind, planned.template)]
    current = next((row for row in rows if row.key == planned.key), None)
    is_new = current is not None and current not in said
    if current is not None and is_new:
        await _change(tx, current.id, key=f"{planned.key}:{current.id}")
        if said:
            await _change(tx, said[0].id, key=planned.key, finished_at=None)
    broadcast = current.id if current is not None and not is_new else await ensure_broadcast(tx, planned, now)
    if current is not None and is_new:
        await _change(tx, broadcast, state=current.state)
    former = tuple(row.id for row in rows if row.id != broadcast)
    return StepVersions(broadcast=broadcast, former=former, is_new=is_new)


async def _change(tx: AsyncConnection, broadcast: int, **values: Any) -> None:
    await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == broadcast).values(**values))


async def due_by_the_clock(tx: AsyncConnection, steps: Mapping[str, Step]) -> set[str]:
    """The keys of those steps for which everybody is looked at now and then: those that follow others, and those of
    which something has yet to leave otherwise than the file says, as a process with another file has queued it.
    """
    return {
        key
        for key, step in steps.items()
        if step.follows is not None
        or await tx.scalar(_waiting_otherwise(key, step.kind, step.template)) is not None
    }


async def take_over(tx: AsyncConnection, step: StepVersions, among: Collection[int] | None) -> int:
    """What of former versions has yet to leave does so as the file says now, for some people or all; how many."""
    waits = [deliveries.c.broadcast.in_(step.former), deliveries.c.state.in_(ON_THE_WAY)]
    if isinstance(among, range):
        waits.append(deliveries.c.person.between(among[0], among[-1]))
    elif among is not None:
        waits.append(deliveries.c.person.in_(among))
    moved = await tx.execute(sa.update(deliveries).where(*waits).values(broadcast=step.broadcast))
    # Of which nothing left, that was no version.
    left = sa.exists().where(deliveries.c.broadcast == broadcasts.c.id)
    await tx.execute(sa.delete(broadcasts).where(broadcasts.c.id.in_(step.former), sa.not_(left)))
    return moved.rowcount


async def keys(tx: AsyncConnection, key: str) -> tuple[str, ...]:
    """The keys of all versions of a step's message; the one that it has, where it has not begun to leave."""
    return tuple(await tx.scalars(_keys(key))) or (key,)
