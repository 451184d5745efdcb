"""One budget for every process on one PostgreSQL: each reserves its next slots in the database.

A slot is a moment of the database's clock. That all processes together keep the rate where their posts arrive rests on
two things: each knows to some milliseconds when that moment is by its own clock (`ServerClock`), and nothing is written
later than `SLACK_SECONDS` after it. What misses its slot gives it up: used later it would come on top of another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.delivery.slots import Slots
from db.engine import Database
from db.processes import Reserved, reserve_slots, server_time

# The first of them lies so far ahead that the answer of the database arrives before it.
LEAD_SECONDS = 0.02
# Slots further away than this were moved there by a process that Telegram asked to wait.
FAR_SECONDS = 1.0
# How often the clocks are compared in vain: the database is far away.
COMPARISONS = 8


class SharedBudget:
    """See the head of this module."""

    def __init__(self, rate: float, database: Database) -> None:
        self._slots = Slots(rate)
        self._database = database
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._pause = 0.0

    def keep_to(self, rate: float | None) -> None:
        self._slots.keep_to(rate)

    def available_at(self, now: float, waiting: int) -> float:
        self._waiting = waiting
        at = self._slots.next_at(now)
        if len(self._slots) < waiting:
            self._wanted.set()
        return at

    def take(self, now: float) -> float:
        return self._slots.take()

    def missed(self, by: float) -> None:
        pass  # whoever comes next has a slot of their own

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
            wanted = min(self._slots.largest, self._waiting - len(self._slots))
            if wanted > 0 or pause:
                try:
                    await self._reserve(max(1, wanted), pause, paused)
                except BaseException:  # the database is away: the others must hear of the pause all the same
                    self._pause = max(pause, self._pause)
                    self._wanted.set()
                    raise
                granted()
                # The next block is asked for when half of this one is over, not at every call.
                await asyncio.sleep(wanted * self._slots.spacing / 2)

    async def end(self) -> None:
        pass  # its slots stand in the database

    async def _reserve(self, count: int, pause: float, paused: Callable[[float, str], None]) -> None:
        spacing = self._slots.spacing
        async with self._database.write() as tx:
            asked = self._now()
            reserved: Reserved = await reserve_slots(
                tx, count=count, spacing=spacing, lead=LEAD_SECONDS, pause=pause
            )
            # Before the commit, whose visit of the disk says nothing of the clock.
            self._slots.clock.compare(asked, reserved.received, reserved.told, self._now())
        if reserved.first - reserved.told > FAR_SECONDS:
            paused(reserved.first - reserved.told, "another process was asked to wait")
            return
        await self._be_sure()
        self._slots.add(reserved.first, count, spacing)

    async def _be_sure(self) -> None:
        """Compare the clocks until the slots can be told by ours."""
        for _ in range(COMPARISONS):
            if self._slots.clock.is_sure:
                return
            async with self._database.read() as tx:
                asked = self._now()
                self._slots.clock.compare(asked, *await server_time(tx), self._now())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
