"""Whoever looks whether there is anything to do shares one reading transaction with the others who look."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database

Work = Callable[[], Awaitable[None]]
Look = Callable[[AsyncConnection], Awaitable[Work | None]]
"""Reads, and tells what is to be done; None: nothing. What it writes or posts it leaves to the work."""


async def look_in_turn(database: Database, looks: Iterable[Look]) -> list[Exception]:
    """Lets each look, and do what it found before the next one looks; what kept any from its turn.

    They read one snapshot as long as nobody finds anything. Whoever comes after work, or after a look that failed,
    reads anew: nobody misses what was just written, and nothing is posted while a transaction is open.
    """
    failed: list[Exception] = []
    waiting = deque(looks)
    while waiting:
        look = waiting.popleft()
        try:
            async with database.read() as tx:
                work = await look(tx)
                while work is None and waiting:
                    look = waiting.popleft()
                    work = await look(tx)
            if work is not None:
                await work()
        except Exception as error:  # whatever it is must not keep the others from theirs
            failed.append(error)
    return failed
