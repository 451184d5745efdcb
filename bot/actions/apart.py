"""What the clock settles one by one: what cannot be settled is left as it was, and stops nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import blames_the_data, savepoint


async def settled_apart(
    tx: AsyncConnection, settle: Callable[[], Awaitable[int]], *, report: Callable[[str], None]
) -> int:
    """What `settle` says, or 0 once nothing of it is left: then `report` is told the kind of error."""
    try:
        async with savepoint(tx):
            return await settle()
    except Exception as problem:  # whatever it is must not stop the reminders of everything else
        if not blames_the_data(problem):
            raise
        report(type(problem).__name__)
        return 0
