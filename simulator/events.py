"""Waiting for things to happen: long polls by key, and the stream that the page listens to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable

Event = dict[str, object]

# Seconds in which events are gathered before a page is told of them.
GATHERING = 0.05


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
            # Not wait_for, which in Python 3.11 may swallow a cancellation that meets its result.
            async with asyncio.timeout(seconds):
                await future
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
    """The stream of what happens, told to every page that listens.

    Events about the same thing (type, person and bot) replace each other until they are read, so a page that is
    slower than a broadcast misses no chat and holds no more than one event for each.
    """

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    def tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener.pending[event["type"], event.get("person"), event.get("bot")] = event
            listener.woken.set()

    async def listen(self) -> AsyncIterator[Event]:
        """Events from now on, until `close`; a `tick` every 15 s shows that the connection lives."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while not self._closed:
                try:
                    async with asyncio.timeout(15):
                        await listener.woken.wait()
                except TimeoutError:
                    yield {"type": "tick"}
                events, listener.pending = listener.pending, {}
                listener.woken.clear()
                for event in events.values():
                    yield event
                if events:
                    await asyncio.sleep(GATHERING)
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        self._closed = True
        for listener in self._listeners:
            listener.woken.set()


class _Listener:
    def __init__(self) -> None:
        self.pending: dict[tuple[object, ...], Event] = {}
        self.woken = asyncio.Event()
