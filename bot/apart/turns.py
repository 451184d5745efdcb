"""Pages are made one after the other: where several are made at a time, each is there only when all are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.web.turn import Turn
from db.snapshots import Asked

MOST_SECONDS = 0.25
"""For how long a page has the process to itself, where it waits for something that nobody knows of."""


class Turns:
    """Whose turn it is: in the order in which they asked."""

    def __init__(self, most_seconds: float = MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Begins when it is. It is over at its end, when it says so, or when it has lasted too long."""
        asked = Asked(at=time.monotonic(), others_wait=lambda: self._waiting > 0)
        await self._acquire()
        is_over = False

        def over() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._one.release()

        late = asyncio.get_running_loop().call_later(self._most_seconds, over)
        try:
            yield Turn(asked=asked, over=over)
        finally:
            late.cancel()
            over()

    async def _acquire(self) -> None:
        self._waiting += 1
        try:
            await self._one.acquire()
        finally:
            self._waiting -= 1
