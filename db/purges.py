"""What purges have erased so far: kept with each piece, so that of one that is killed it is noted all the same."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.beginnings import begins
from db.facts import forget_fact, get_fact, set_fact
from db.schema import facts, people

_PREFIX = "purging:"
LAST = "purged:at"
HELD = "purge:held"


def new_run(actor: str) -> str:
    """The name of a purge that begins."""
    return f"{_PREFIX}{actor}:{secrets.token_hex(4)}"


def actor_of(run: str) -> str:
    """Who began it."""
    return run.removeprefix(_PREFIX).rpartition(":")[0]


async def add(tx: AsyncConnection, run: str, thing: str, erased: int) -> None:
    """Keeps that a piece was erased, in its own transaction: what is kept and what is gone are always the same."""
    query = sa.select(facts.c.value).where(facts.c.name == run).with_for_update()
    so_far = await tx.scalar(query) or {}
    await set_fact(tx, run, {**so_far, thing: so_far.get(thing, 0) + erased})


async def taken(tx: AsyncConnection, run: str) -> Mapping[str, int]:
    """What it has erased since this was asked last; whoever asks notes it."""
    gone = sa.delete(facts).where(facts.c.name == run).returning(facts.c.value)
    found: Mapping[str, int] | None = await tx.scalar(gone)
    return found or {}


async def unnoted(tx: AsyncConnection) -> list[str]:
    """The purges of whose work something is not noted: they were killed, or another process is at it."""
    return list(await tx.scalars(sa.select(facts.c.name).where(begins(facts.c.name, _PREFIX))))


async def last(tx: AsyncConnection) -> datetime | None:
    """By the clock, when the last purge was at its end; None: none was since the database remembers it."""
    found = await get_fact(tx, LAST)
    return None if found is None else datetime.fromisoformat(found)


async def ended(tx: AsyncConnection, now: datetime) -> None:
    """Remembers that a purge is at its end; none is held any more."""
    await set_fact(tx, LAST, now.isoformat())
    await forget_fact(tx, HELD)


async def hold(tx: AsyncConnection, now: datetime) -> None:
    """Remembers that by this clock, which may be wrong, nothing is erased."""
    await set_fact(tx, HELD, now.isoformat())


async def is_held(tx: AsyncConnection) -> bool:
    """Whether nothing was erased when it was the time for it, as the clock may be wrong."""
    return await get_fact(tx, HELD) is not None


async def has_nobody(tx: AsyncConnection, since: datetime) -> bool:
    """Whether everybody came after this instant: nothing of theirs can be erased too early."""
    return await tx.scalar(sa.select(people.c.id).where(people.c.created_at < since).limit(1)) is None
