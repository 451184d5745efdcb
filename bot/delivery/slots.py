"""The slots of a budget that processes share, told by a clock that is not ours: pure reckoning with moments."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

# Posts are spaced 1.5% wider than the rate asks: the time between our write and its arrival varies by some
# milliseconds, and the window that Telegram sees must not hold one message too many.
MARGIN = 1.015
# A post is written so long after its slot at the latest. `MARGIN` leaves 15 ms: its way may take 5 more than another's.
SLACK_SECONDS = 0.01
# Slots are reserved for at most so long, so that processes take turns quickly.
BLOCK_SECONDS = 0.1
# How far two clocks may part in a second: as fast as a clock that is being set right may run.
DRIFT = 0.0005
# The other clock is known well enough when it is known to so much. Further away it never is: what is not known widens
# both the margin and the slack.
SURE_SECONDS = 0.004
# More processes than anybody runs.
MOST_PROCESSES = 32


class SharedSlot(NamedTuple):
    """When one post may leave, and by when it has to be written."""

    at: float
    by: float


class ServerClock:
    """What our clock shows when the database's shows something, between two bounds that every answer narrows.

    Each question to the database was received after it was asked, and answered before the answer came.
    """

    def __init__(self) -> None:
        self._least, self._most = -math.inf, math.inf
        self._compared_at = 0.0

    def unsure(self, now: float) -> float:
        """How far the bounds are from each other at this moment of our clock, beyond what is near enough."""
        return max(0.0, self._most - self._least + 2 * DRIFT * (now - self._compared_at) - SURE_SECONDS)

    def compare(self, asked: float, received: float, told: float, answered: float) -> None:
        """A question and its answer: `asked` and `answered` by our clock, `received` and `told` by the database's."""
        apart = DRIFT * (answered - self._compared_at)
        least = max(self._least - apart, asked - received)
        most = min(self._most + apart, answered - told)
        if least > most:  # one of the two was set meanwhile: what was known is of no use
            least, most = asked - received, answered - told
        self._least, self._most, self._compared_at = least, most, answered

    def slot(self, moment: float, unsure: float) -> SharedSlot:
        """The slot at this moment of the database's clock, surely not before it; nor, where the bounds are not further
        from each other than `unsure` told when it was reserved, more than that and `SLACK_SECONDS` after it.
        """
        return SharedSlot(moment + self._most, moment + self._least + SLACK_SECONDS + unsure)


class Slots:
    """Those that this process has reserved and not used."""

    def __init__(self, rate: float) -> None:
        self._own_rate = rate
        self.clock = ServerClock()
        self._slots: deque[SharedSlot] = deque()
        self.keep_to(None)

    def __len__(self) -> int:
        return len(self._slots)

    def keep_to(self, rate: float | None) -> None:
        self.rate = self._own_rate if rate is None else min(rate, self._own_rate)
        self.largest = max(1, math.ceil(self.rate * BLOCK_SECONDS))
        """How many may be reserved at once."""
        self._slots.clear()

    def clear(self) -> None:
        self._slots.clear()

    def spacing(self, unsure: float = 0.0) -> float:
        """How far apart slots lie of which nobody knows the moment to `unsure` seconds."""
        return (MARGIN + unsure) / self.rate

    @property
    def farthest(self) -> float:
        """How far away a slot may lie because others are reserved before it: each holds a block, and asks for one."""
        return 1.0 + MOST_PROCESSES * 3 * self.largest * self.spacing()

    def left(self, now: float) -> float:
        """For how long the last of them will do."""
        return self._slots[-1].at + self.spacing() - now if self._slots else 0.0

    def next_at(self, now: float) -> float:
        while self._slots and self._slots[0].by < now:
            self._slots.popleft()
        return self._slots[0].at if self._slots else math.inf

    def take(self) -> float:
        return self._slots.popleft().by

    def add(self, first: float, count: int, *, rate: float, unsure: float) -> None:
        """So many from this moment of the database's clock on, unless the rate has changed since they were reserved."""
        if rate == self.rate:
            spacing = self.spacing(unsure)
            self._slots.extend(self.clock.slot(first + index * spacing, unsure) for index in range(count))
