"""Waiting for things to happen: long polls by key, and the stream that the page listens to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable

Event = dict[str, object]

# A page that reads slower than this many events behind is told to load everything again.
LARGEST_BACKLOG = 500


class Waiters:
    """Futures of long polls, by key (a chat, the clock, a callback query)."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Hashable, set[asyncio.Future[None]]] = defaultdict(set)
        self.closed = False

    async def wait(self, key: Hashable, seconds: float) -> None:
        """Return when `key` is woken, when `seconds` have passed, or when everything stops."""
        if self.closed or seconds <= 0:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting[key].add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            pass
        finally:
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[key]

    def wake(self, key: Hashable) -> None:
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """End every wait, now and later: the server stops."""
        self.closed = True
        for key in list(self._waiting):
            self.wake(key)


class Stream:
    """What happens, told to every page that listens."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    def tell(self, event: Event) -> None:
        for queue in self._listeners:
            if queue.qsize() < LARGEST_BACKLOG:
                queue.put_nowait(event)
            elif queue.qsize() == LARGEST_BACKLOG:
                queue.put_nowait({"type": "reload"})

    async def listen(self) -> AsyncIterator[Event]:
        """Events from now on, until `close`; a `tick` every 15 s shows that the connection lives."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), 15)
                except TimeoutError:
                    event = {"type": "tick"}
                if event is None:
                    return
                yield event
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        for queue in self._listeners:
            queue.put_nowait(None)
