"""Which processes are alive: on PostgreSQL each says so every few seconds, by the database's own clock.

Rows that a process took belong to it until it is dead; nothing but its death gives them to another. SQLite
serves one process: whoever else took rows is dead.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.errors import DatabaseError

# A process that was silent for so long is dead. With a beat and a look every 5 s, what it held is taken
# over in 30 s.
DEAD_AFTER_SECONDS = 20
BEAT_SECONDS = 5

_BEAT = sa.text(
    "INSERT INTO facts (name, value) VALUES (:name, to_jsonb(extract(epoch FROM clock_timestamp())))"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_LIVING = sa.text(
    "SELECT substr(name, 9) FROM facts WHERE name LIKE 'process:%'"
    " AND CAST(CAST(value AS text) AS double precision) > extract(epoch FROM clock_timestamp()) - :silence"
)
_BURY = sa.text(
    "DELETE FROM facts WHERE name LIKE 'process:%'"
    " AND CAST(CAST(value AS text) AS double precision) < extract(epoch FROM clock_timestamp()) - 86400"
)
_LEAVE = sa.text(
    "DELETE FROM facts WHERE name = :name OR (name = 'leader' AND value ->> 'owner' = CAST(:owner AS text))"
)
_MINE = "jsonb_build_object('owner', CAST(:owner AS text), 'at', extract(epoch FROM clock_timestamp()))"
_LEAD_ALONE = sa.text(
    f"INSERT INTO facts (name, value) VALUES ('leader', {_MINE})"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1"
)
_LEAD = sa.text(
    f"UPDATE facts SET value = {_MINE} WHERE name = 'leader' AND (value ->> 'owner' = CAST(:owner AS text)"
    " OR CAST(value ->> 'at' AS double precision) < extract(epoch FROM clock_timestamp()) - :silence) RETURNING 1"
)


async def beat(tx: AsyncConnection, owner: str) -> None:
    """Say that `owner` is alive, and forget those dead for a day."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_BEAT, {"name": f"process:{owner}"})
        await tx.execute(_BURY)


async def living(tx: AsyncConnection, owner: str) -> list[str]:
    """The processes that are alive, `owner` (who asks) among them."""
    if tx.dialect.name != "postgresql":
        return [owner]
    found = await tx.execute(_LIVING, {"silence": DEAD_AFTER_SECONDS})
    return sorted({owner, *found.scalars()})


async def lead(tx: AsyncConnection, owner: str, *, alone: bool) -> bool:
    """Be the one process that polls, or go on being it; whether `owner` is.

    `alone`: it holds the lock `Lock.LEADING`, so that whoever led before is gone. Without it another's place is free
    once that one was silent for as long as the dead are.
    """
    if tx.dialect.name != "postgresql":
        return True
    if alone:
        taken = await tx.execute(_LEAD_ALONE, {"owner": owner})
    else:
        taken = await tx.execute(_LEAD, {"owner": owner, "silence": DEAD_AFTER_SECONDS})
    return taken.scalar_one_or_none() is not None


async def leave(tx: AsyncConnection, owner: str) -> None:
    """`owner` ends in good order: what it still holds may be taken at once."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_LEAVE, {"name": f"process:{owner}", "owner": owner})


class Lock(IntEnum):
    """A task that only one process at a time may do, each with a lock of its own number."""

    LEADING = 7_241_001
    LEASING = 7_241_002
    PLANNING = 7_241_003
    SUPPRESSION_KEY = 7_241_004


async def lock(tx: AsyncConnection, which: Lock) -> None:
    """Wait until no other process is at it; the lock ends with the transaction. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_LOCK, {"number": int(which)})


_LOCK = sa.text("SELECT pg_advisory_xact_lock(:number)")


async def still_held(holder: AsyncConnection) -> bool:
    """Whether a connection that holds a lock (`Database.hold`) is there, and with it the lock."""
    try:
        await holder.execute(sa.text("SELECT 1"))
    except (sa.exc.SQLAlchemyError, DatabaseError, OSError):
        return False
    return True


# The next free slot of the shared budget, as seconds of the database's clock.
_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
_RECEIVED = "CAST(extract(epoch FROM statement_timestamp()) AS double precision)"
_LENGTH = "CAST(:length AS double precision)"
_EARLIEST = f"{_NOW} + CAST(:lead AS double precision)"
_VALUE = "CAST(CAST(facts.value AS text) AS double precision)"
# Further away than everybody's slots can reach, it was noted by a clock that has been set back since: what is reserved
# by then is left its last second.
_FREE = (
    f"CASE WHEN {_VALUE} > {_NOW} + CAST(:farthest AS double precision)"
    f" THEN {_NOW} + CAST(:anew AS double precision) ELSE greatest({_VALUE}, {_EARLIEST}) END"
)
_PAUSED_FOR = f"(SELECT {_VALUE} - {_NOW} FROM facts WHERE name = 'pacing:paused_until')"
# A commit that waits for the disk would say nothing of the clock, and hold up who reserves next; what a server that
# fails forgets of the last half second is over when it is back.
_RESERVE = sa.text(
    f"INSERT INTO facts (name, value) VALUES ('pacing:next', to_jsonb({_EARLIEST} + {_LENGTH}))"
    f" ON CONFLICT (name) DO UPDATE SET value = to_jsonb({_FREE} + {_LENGTH})"
    f" RETURNING {_VALUE} - {_LENGTH}, {_PAUSED_FOR}, {_RECEIVED}, {_NOW},"
    " set_config('synchronous_commit', 'off', true)"
)
_SERVER_TIME = sa.text(f"SELECT {_RECEIVED}, {_NOW}")
_UNTIL = f"{_NOW} + CAST(:seconds AS double precision)"
_PAUSE = sa.text(
    f"INSERT INTO facts (name, value) VALUES ('pacing:paused_until', to_jsonb({_UNTIL}))"
    " ON CONFLICT (name) DO UPDATE SET value = to_jsonb("
    f"CASE WHEN {_VALUE} > {_NOW} + CAST(:longest AS double precision) THEN {_UNTIL}"
    f" ELSE greatest({_VALUE}, {_UNTIL}) END)"
)


class Reserved(NamedTuple):
    """Slots, in seconds of the database's clock: the first of them, and when the question was received and answered.

    `paused_for`: for how long all are to be silent from then on; not more than 0, or None, where they are not.
    """

    first: float
    paused_for: float | None
    received: float
    told: float


async def reserve_slots(
    tx: AsyncConnection, *, count: int, spacing: float, lead: float, farthest: float, anew: float
) -> Reserved:
    """Reserve `count` slots `spacing` seconds apart, at least `lead` from now. PostgreSQL only.

    No reserved slot can be further away than `farthest`: what says so is pulled back to `anew` seconds from now.
    """
    parameters = {"length": count * spacing, "lead": lead, "farthest": farthest, "anew": anew}
    return Reserved(*(await tx.execute(_RESERVE, parameters)).one()[:4])


async def pause_all(tx: AsyncConnection, *, seconds: float, longest: float) -> None:
    """Let every process be silent for so long; what was noted and is longer than `longest`, no clock of now has noted.

    PostgreSQL only.
    """
    await tx.execute(_PAUSE, {"seconds": seconds, "longest": longest})


async def server_time(tx: AsyncConnection) -> tuple[float, float]:
    """When this question was received and answered, in seconds of the database's clock. PostgreSQL only."""
    received, told = (await tx.execute(_SERVER_TIME)).one()
    return received, told
