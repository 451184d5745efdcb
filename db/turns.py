"""Whose turn it is, one at a time: first those whom somebody waits for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

START_SECONDS = 0.15
"""Whom somebody waits for comes before those who came so much earlier at most: nobody waits for ever."""


class Turns:
    """A lock. Within each of its two lines turns are taken in the order in which they were asked for."""

    def __init__(self) -> None:
        self._is_taken = False
        # Each with the instant by which it comes before or after those of the other line.
        self._ahead: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._others: deque[tuple[float, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def mine(self, *, ahead: bool = False) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block. `ahead`: in the line of those whom somebody waits for."""
        await self._take(ahead=ahead)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, *, ahead: bool) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if ahead:
            self._ahead.append((monotonic() - START_SECONDS, called))
        else:
            self._others.append((monotonic(), called))
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # it was called, and does not come
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._ahead or self._others:
            called = self._next()
            if not called.done():  # else it was cancelled while it waited
                called.set_result(None)
                return
        self._is_taken = False

    def _next(self) -> asyncio.Future[None]:
        if not self._others or (self._ahead and self._ahead[0][0] <= self._others[0][0]):
            line = self._ahead
        else:
            line = self._others
        return line.popleft()[1]
