"""How many posts the whole bot may make, and when: a smooth rate and an exact one-second window.

Times are seconds of the event loop's monotonic clock. A budget says when the next post may leave
(`available_at`) and is told of each one that does (`take`).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

# Posts are spaced 1% wider than the rate asks: the time between our write and its arrival varies by some
# milliseconds, and the window that Telegram sees must not hold one message too many.
MARGIN = 1.01
# After a stall (a pause of the event loop, a slow commit) up to this much lateness is caught up.
CATCH_UP_SECONDS = 0.05


class Budget(Protocol):
    """When the next post may leave."""

    def available_at(self, now: float) -> float: ...

    def take(self, now: float) -> None: ...

    def rest(self, now: float) -> None:
        """Nothing is waiting: unused slots are gone, so that the next demand starts without a burst."""


class NoBudget:
    """No limit of our own: as fast as the server answers."""

    def available_at(self, now: float) -> float:
        return now

    def take(self, now: float) -> None:
        pass

    def rest(self, now: float) -> None:
        pass


class LocalBudget:
    """The budget of one process: `rate` posts a second.

    Posts are evenly spaced; one that comes late is caught up within `CATCH_UP_SECONDS`, but the window of
    the last second never holds more than the rate allows, whatever happened before.
    """

    def __init__(self, rate: float) -> None:
        if not rate > 0:
            raise ValueError("The rate must be more than 0 messages a second.")
        self._spacing = MARGIN / rate
        capacity = max(1, math.floor(rate))
        self._window = MARGIN * capacity / rate
        self._recent: deque[float] = deque(maxlen=capacity)
        self._next = -math.inf

    def available_at(self, now: float) -> float:
        if len(self._recent) == self._recent.maxlen:
            return max(self._next, self._recent[0] + self._window)
        return self._next

    def take(self, now: float) -> None:
        self._next = max(self._next, now - CATCH_UP_SECONDS) + self._spacing
        self._recent.append(now)

    def rest(self, now: float) -> None:
        self._next = max(self._next, now)


def budget_for(rate: float | None) -> Budget:
    return NoBudget() if rate is None else LocalBudget(rate)
