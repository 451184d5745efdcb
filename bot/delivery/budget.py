"""How many posts the whole bot may make, and when: a smooth rate and an exact one-second window.

Times are seconds of the event loop's monotonic clock. A budget says when the next post may leave
(`available_at`) and is told of each one that does (`take`), which then has to be written soon. On PostgreSQL all
processes share one budget through the database (`bot.delivery.shared_budget`).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.clock import RealClock
from bot.delivery.answers import LONGEST_RETRY_AFTER
from bot.delivery.slots import MARGIN, SLACK_SECONDS
from db.engine import Database
from db.facts import forget_fact, get_fact, set_fact

# After a stall (a pause of the event loop, a slow commit) up to this much lateness is caught up.
CATCH_UP_SECONDS = 0.05
# The fact that tells until when Telegram asked for silence. It is there once a process has run on the database.
SILENT_UNTIL = "pacing:silent_until"
# The fact that tells when the last process ended in good order, with nothing on its way. One that was killed left none.
ENDED_AT = "pacing:ended_at"
_CLOCK = RealClock()  # Telegram's seconds, also where the application's clock is moved


class Budget(Protocol):
    """When the next post may leave."""

    def available_at(self, now: float, waiting: int) -> float:
        """When the next may leave, `waiting` of them being there; `math.inf` where `granted` will tell."""

    def take(self, now: float) -> float:
        """One leaves; by when it has to be written."""

    def missed(self, by: float) -> None:
        """It was not written by then, nor will be."""

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

    def take(self, now: float) -> float:
        return math.inf

    def missed(self, by: float) -> None:
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
        self._recent: deque[float] = deque()  # by when each had to be written
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
            return max(self._next, self._recent[0] - SLACK_SECONDS + self._window)
        return self._next

    def take(self, now: float) -> float:
        self._next = max(self._next, now - CATCH_UP_SECONDS) + self._spacing
        self._recent.append(now + SLACK_SECONDS)
        return self._recent[-1]

    def missed(self, by: float) -> None:
        with contextlib.suppress(ValueError):  # of another rate, which is forgotten
            self._recent.remove(by)
            self._next -= self._spacing

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


def budget_for(rate: float | None, database: Database | None = None) -> Budget:
    """The budget of `rate` messages a second (None: no limit), shared where the database serves several."""
    if rate is None:
        return NoBudget()
    if database is not None and database.dialect == "postgresql":
        # Imported here: SQLite needs nothing of it.
        from bot.delivery.shared_budget import SharedBudget

        return SharedBudget(rate, database)
    return LocalBudget(rate, database)
