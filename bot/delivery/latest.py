"""What messages are to show by now: of each the last state alone, the newest first, and one at a time.

A tap changes the message that was tapped. Whoever taps faster than Telegram lets a bot edit sees the last answer, not
each on its way; of many who do, the newest is shown first, since it is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

PARALLEL = 256
"""Edits on their way at the same time."""

Message = tuple[int, int]
"""A message by its chat and its number there."""
State = TypeVar("State")


class Latest(Generic[State]):
    """Shows the last state of each message.

    `slot` waits until one edit may leave, `show` posts it: False where it did not leave and is to be tried again.
    `replace` is given a state that did not leave and a newer one: what is to be shown in their place.
    """

    def __init__(
        self,
        *,
        slot: Callable[[], Awaitable[object]],
        show: Callable[[State], Awaitable[bool]],
        replace: Callable[[State, State], State],
    ) -> None:
        self._slot = slot
        self._show = show
        self._replace = replace
        # Each with its number in the order in which they came.
        self._waiting: dict[Message, tuple[int, State]] = {}
        # The newest first, those among them whose message waits with another number by now, or not at all.
        self._order: list[tuple[int, Message]] = []
        self._came = 0
        # What is to follow a state that is on its way.
        self._next: dict[Message, tuple[int, State] | None] = {}
        self._places = asyncio.Semaphore(PARALLEL)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The edits on their way."""
        return self._tasks

    def __contains__(self, message: Message) -> bool:
        """Whether a state of it waits, or is on its way."""
        return message in self._waiting or message in self._next

    def stop(self) -> None:
        """Let nothing more leave: what waits is shown by the next start."""
        self._stopped = True
        if self._pump is not None:
            self._pump.cancel()

    def put(self, message: Message, state: State) -> None:
        """The message is to show this, whatever it was to show before."""
        self._came += 1
        self._put(message, (self._came, state))

    def _put(self, message: Message, numbered: tuple[int, State]) -> None:
        if message in self._next:
            self._next[message] = self._over(self._next[message], numbered)
            return
        number, _state = self._waiting[message] = self._over(self._waiting.get(message), numbered)
        heappush(self._order, (-number, message))
        if (
            len(self._order) > 2 * len(self._waiting) + PARALLEL
        ):  # of one message thousands may come while it waits
            self._order = [(-number, message) for message, (number, _state) in self._waiting.items()]
            heapify(self._order)
        if not self._stopped and (self._pump is None or self._pump.done()):
            self._pump = asyncio.create_task(self._run())

    def _over(self, older: tuple[int, State] | None, newer: tuple[int, State]) -> tuple[int, State]:
        return newer if older is None else (newer[0], self._replace(older[1], newer[1]))

    def _newest(self) -> tuple[Message, tuple[int, State]]:
        while True:
            number, message = heappop(self._order)
            if message in self._waiting and self._waiting[message][0] == -number:
                return message, self._waiting.pop(message)

    async def _run(self) -> None:
        while self._waiting:
            await self._places.acquire()
            await self._slot()
            message, numbered = self._newest()
            self._next[message] = None
            task = asyncio.create_task(self._leave(message, numbered))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _leave(self, message: Message, numbered: tuple[int, State]) -> None:
        shown = False
        try:
            shown = await self._show(numbered[1])
        finally:
            self._places.release()
            newer = self._next.pop(message)
        if newer is not None:
            self._put(message, newer if shown else self._over(numbered, newer))
        elif not shown:  # with the number that it had: what came since is looked at
            self._put(message, numbered)
