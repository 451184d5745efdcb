"""Pages are made one after the other: where several are made at a time, each is there only when all are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

MOST_SECONDS = 0.25
"""For how long a page has the process to itself, where it waits for something that nobody knows of."""


class Turns:
    """Whose turn it is: in the order in which they asked."""

    def __init__(self, most_seconds: float = MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._one = asyncio.Semaphore(1)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Callable[[], None]]:
        """Begins when it is. It is over at its end, when what it gives is called, or when it has lasted too long."""
        await self._one.acquire()
        is_over = False

        def over() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._one.release()

        late = asyncio.get_running_loop().call_later(self._most_seconds, over)
        try:
            yield over
        finally:
            late.cancel()
            over()
