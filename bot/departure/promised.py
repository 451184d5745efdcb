"""Messages that were let go and have yet to leave: the caps count them already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.clock import Clock

# How long a message that was let go may wait for its turn, in real time; after that it is looked at again.
REMEMBERED = timedelta(minutes=1)


class Promised:
    """Two broadcasts may reach one person through batches so close that the first has not left."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._let_go: OrderedDict[int, datetime] = OrderedDict()

    @property
    def deliveries(self) -> Collection[int]:
        """Their numbers."""
        return self._let_go.keys()

    def remember(self, delivery: int, now: datetime) -> None:
        """It was let go."""
        self._let_go[delivery] = now

    def look_again_at(self, deliveries: Iterable[int], now: datetime) -> None:
        """These are not in their own way; nor is what was let go so long ago that it is looked at again too."""
        for delivery in deliveries:
            self._let_go.pop(delivery, None)
        remembered = REMEMBERED * max(1.0, self._clock.speed)
        while self._let_go:  # the oldest come first: at full speed there are more than can be gone through
            oldest = next(iter(self._let_go))
            if abs(now - self._let_go[oldest]) < remembered:
                return
            self._let_go.popitem(last=False)
