"""How many posts the whole bot may make, and when: a smooth rate and an exact one-second window.

Times are seconds of the event loop's monotonic clock. A budget says when the next post may leave
(`available_at`) and is told of each one that does (`take`). On PostgreSQL all processes share one budget
through the database (`SharedBudget`).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.clock import RealClock
from bot.delivery.answers import LONGEST_RETRY_AFTER
from db.engine import Database
from db.facts import forget_fact, get_fact, set_fact
from db.processes import reserve_slots

# Posts are spaced 1.5% wider than the rate asks: the time between our write and its arrival varies by some
# milliseconds, and the window that Telegram sees must not hold one message too many.
MARGIN = 1.015
# After a stall (a pause of the event loop, a slow commit) up to this much lateness is caught up.
CATCH_UP_SECONDS = 0.05
# Slots are reserved for at most so long, so that processes take turns quickly.
BLOCK_SECONDS = 0.1
# The first of them lies so far ahead that the answer of the database arrives before it.
LEAD_SECONDS = 0.02
SLACK_SECONDS = 0.008
# Slots further away than this were moved there by a process that Telegram asked to wait.
FAR_SECONDS = 1.0

# The fact that tells until when Telegram asked for silence. It is there once a process has run on the database.
SILENT_UNTIL = "pacing:silent_until"
# The fact that tells when the last process ended in good order, with nothing on its way. One that was killed left none.
ENDED_AT = "pacing:ended_at"
_CLOCK = RealClock()  # Telegram's seconds, also where the application's clock is moved


class Budget(Protocol):
    """When the next post may leave."""

    def available_at(self, now: float, waiting: int) -> float:
        """When the next may leave, `waiting` of them being there; `math.inf` where `granted` will tell."""

    def take(self, now: float) -> None:
        """One leaves."""

    def rest(self, now: float) -> None:
        """Nothing was waiting: unused slots are gone, so that the next demand starts without a burst."""

    def pause(self, seconds: float) -> None:
        """Telegram asked for silence: let every process keep it."""

    def keep_to(self, rate: float | None) -> None:
        """No more than so many a second from now on; None: its own rate again."""

    async def restore(self, paused: Callable[[float, str], None]) -> None:
        """Before anything leaves: leave the process before this one its last second, and keep the silence that it was
        asked for."""

    async def run(self, granted: Callable[[], None], paused: Callable[[float, str], None]) -> None:
        """Work in the background, until cancelled."""

    async def end(self) -> None:
        """Nothing leaves any more: tell the process after this one."""


class NoBudget:
    """No limit of our own: as fast as the server answers."""

    def available_at(self, now: float, waiting: int) -> float:
        return now

    def take(self, now: float) -> None:
        pass

    def rest(self, now: float) -> None:
        pass

    def pause(self, seconds: float) -> None:
        pass

    def keep_to(self, rate: float | None) -> None:
        pass

    async def restore(self, paused: Callable[[float, str], None]) -> None:
        pass

    async def run(self, granted: Callable[[], None], paused: Callable[[float, str], None]) -> None:
        await asyncio.Event().wait()

    async def end(self) -> None:
        pass


class LocalBudget:
    """The budget of one process: `rate` posts a second.

    Posts are evenly spaced; one that comes late is caught up within `CATCH_UP_SECONDS`, but the window of
    the last second never holds more than the rate allows, whatever happened before. In `database` it leaves to the
    process after it how long Telegram asked it to be silent, and when it ended.
    """

    def __init__(self, rate: float, database: Database | None = None) -> None:
        if not rate > 0:
            raise ValueError("The rate must be more than 0 messages a second.")
        self._rate = rate
        self._database = database
        self._recent: deque[float] = deque()
        self._next = -math.inf
        self._silent_until = datetime.min.replace(tzinfo=UTC)
        self._asked = asyncio.Event()
        self.keep_to(None)

    def keep_to(self, rate: float | None) -> None:
        rate = self._rate if rate is None else min(rate, self._rate)
        self._spacing = MARGIN / rate
        capacity = max(1, math.floor(rate))
        self._window = MARGIN * capacity / rate
        self._recent = deque(self._recent, maxlen=capacity)

    def available_at(self, now: float, waiting: int) -> float:
        if len(self._recent) == self._recent.maxlen:
            return max(self._next, self._recent[0] + self._window)
        return self._next

    def take(self, now: float) -> None:
        self._next = max(self._next, now - CATCH_UP_SECONDS) + self._spacing
        self._recent.append(now)

    def rest(self, now: float) -> None:
        self._next = max(self._next, now)

    def pause(self, seconds: float) -> None:
        until = _CLOCK.now() + timedelta(seconds=seconds)
        if until > self._silent_until + timedelta(seconds=1):  # not each of many that were told the same
            self._silent_until = until
            self._asked.set()

    async def restore(self, paused: Callable[[float, str], None]) -> None:
        if self._database is None:
            return
        async with self._database.write() as tx:
            text = await get_fact(tx, SILENT_UNTIL)
            await set_fact(tx, SILENT_UNTIL, text or self._silent_until.isoformat())
            ended = await get_fact(tx, ENDED_AT)
            await forget_fact(tx, ENDED_AT)
        if text is None:
            return  # the first process on this database
        over = (_CLOCK.now() - datetime.fromisoformat(ended)).total_seconds() if ended else 0.0
        self._next = asyncio.get_running_loop().time() + max(1.0, self._spacing) - max(0.0, over)
        # Noted by a clock that was fast, or read by one that is slow: no silence is longer than Telegram's.
        left = min((datetime.fromisoformat(text) - _CLOCK.now()).total_seconds(), LONGEST_RETRY_AFTER)
        if left > 0:
            paused(left, "Telegram asked the process before this one to wait")

    async def run(self, granted: Callable[[], None], paused: Callable[[float, str], None]) -> None:
        while True:
            await self._asked.wait()
            until = self._silent_until
            if self._database is not None:
                async with self._database.write() as tx:
                    await set_fact(tx, SILENT_UNTIL, until.isoformat())
            if until == self._silent_until:
                self._asked.clear()

    async def end(self) -> None:
        if self._database is not None:
            async with self._database.write() as tx:
                await set_fact(tx, ENDED_AT, _CLOCK.now().isoformat())


class SharedBudget:
    """One budget for every process on one PostgreSQL: each reserves its next slots in the database.

    A slot belongs to one process and to one moment. One that is missed by more than `SLACK_SECONDS` is
    given up: used later it would come on top of another process's.
    """

    def __init__(self, rate: float, database: Database) -> None:
        self._rate = rate
        self._database = database
        self._slots: deque[float] = deque()
        self.keep_to(None)
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._pause = 0.0

    def keep_to(self, rate: float | None) -> None:
        rate = self._rate if rate is None else min(rate, self._rate)
        self._spacing = MARGIN / rate
        self._largest = max(1, math.ceil(rate * BLOCK_SECONDS))
        self._slots.clear()

    def available_at(self, now: float, waiting: int) -> float:
        self._waiting = waiting
        while self._slots and self._slots[0] < now - SLACK_SECONDS:
            self._slots.popleft()
        if len(self._slots) < waiting:
            self._wanted.set()
        return self._slots[0] if self._slots else math.inf

    def take(self, now: float) -> None:
        self._slots.popleft()

    def rest(self, now: float) -> None:
        pass

    def pause(self, seconds: float) -> None:
        self._pause = seconds
        self._slots.clear()
        self._wanted.set()

    async def restore(self, paused: Callable[[float, str], None]) -> None:
        pass  # the next slot stands in the database, whoever took the last one

    async def run(self, granted: Callable[[], None], paused: Callable[[float, str], None]) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            pause, self._pause = self._pause, 0.0
            wanted = min(self._largest, self._waiting - len(self._slots))
            if wanted > 0 or pause:
                try:
                    await self._reserve(max(1, wanted), pause, paused)
                except BaseException:  # the database is away: the others must hear of the pause all the same
                    self._pause = max(pause, self._pause)
                    self._wanted.set()
                    raise
                granted()
                # The next block is asked for when half of this one is over, not at every call.
                await asyncio.sleep(wanted * self._spacing / 2)

    async def end(self) -> None:
        pass  # its slots stand in the database

    async def _reserve(self, count: int, pause: float, paused: Callable[[float, str], None]) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._database.write() as tx:
            ahead = await reserve_slots(
                tx, count=count, spacing=self._spacing, lead=LEAD_SECONDS, pause=pause
            )
        # The database's "now" lies between the question and the answer.
        now = (asked + loop.time()) / 2
        if ahead > FAR_SECONDS:
            paused(ahead, "another process was asked to wait")
            return
        first = now + ahead
        self._slots.extend(first + index * self._spacing for index in range(count))


def budget_for(rate: float | None, database: Database | None = None) -> Budget:
    """The budget of `rate` messages a second (None: no limit), shared where the database serves several."""
    if rate is None:
        return NoBudget()
    if database is not None and database.dialect == "postgresql":
        return SharedBudget(rate, database)
    return LocalBudget(rate, database)
