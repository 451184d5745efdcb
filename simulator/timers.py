"""What happens by itself at an instant of the simulated clock, also when the clock leaps there."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from simulator.clock import Clock

# A far instant is looked at again after this many real seconds.
LONGEST_SLEEP = 3600.0


class Timers:
    """Acts in the order of their instants, each in whole Unix seconds; of two at once the first that was set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._handle: asyncio.TimerHandle | None = None
        clock.when_moved = self.look

    def at(self, instant: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, (instant, next(self._numbers), act))
        self._sleep()

    def look(self) -> None:
        """Does whatever is due."""
        while self._due and self._due[0][0] <= self._clock.now().timestamp():
            heapq.heappop(self._due)[2]()
        self._sleep()

    def clear(self) -> None:
        self._due.clear()
        self._sleep()

    def _sleep(self) -> None:
        """Wakes up when the next one is due, at the speed that the clock has; in a test without a loop nobody waits."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self._due or self._clock.speed <= 0:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        ahead = (self._due[0][0] - self._clock.now().timestamp()) / self._clock.speed
        self._handle = loop.call_later(min(max(ahead, 0.0), LONGEST_SLEEP), self.look)
