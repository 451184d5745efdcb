"""What messages are to show by now: of each the last state alone, the newest first, and one at a time.

A tap changes the message that was tapped. Whoever taps faster than Telegram lets a bot edit sees the last answer, not
each on its way; of many who do, the newest is shown first, since it is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
        # In the order in which they came: the newest is the last.
        self._waiting: dict[Message, State] = {}
        # What is to follow a state that is on its way.
        self._next: dict[Message, State | None] = {}
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
        if message in self._next:
            self._next[message] = self._over(self._next[message], state)
            return
        self._waiting[message] = self._over(self._waiting.pop(message, None), state)
        if not self._stopped and (self._pump is None or self._pump.done()):
            self._pump = asyncio.create_task(self._run())

    def _over(self, older: State | None, newer: State) -> State:
        return newer if older is None else self._replace(older, newer)

    async def _run(self) -> None:
        while self._waiting:
            await self._places.acquire()
            await self._slot()
            message, state = self._waiting.popitem()
            self._next[message] = None
            task = asyncio.create_task(self._leave(message, state))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _leave(self, message: Message, state: State) -> None:
        shown = False
        try:
            shown = await self._show(state)
        finally:
            self._places.release()
            newer = self._next.pop(message)
        if newer is not None or not shown:
            self.put(message, state if newer is None else self._over(None if shown else state, newer))
