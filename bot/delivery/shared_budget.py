"""One budget for every process on one PostgreSQL: each reserves its next slots in the database.

A slot is a moment of the database's clock. That all processes together keep the rate where their posts arrive rests on
two things: each knows between two bounds when that moment is by its own clock (`ServerClock`), and nothing is written
later after it than its slack. What misses its slot gives it up: used later it would come on top of another's.

The database may be far away: a reservation is one question, it lies as far ahead as the last one took, the next one is
asked for before this one is over, and bounds that are wide apart space the slots wider.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.answers import LONGEST_RETRY_AFTER
from bot.delivery.slots import BLOCK_SECONDS, Slots
from db.engine import Database
from db.processes import Reserved, pause_all, reserve_slots, server_time

# The first of them lies so far ahead, or as far as the answer of the database needs, that it arrives before it.
LEAD_SECONDS = 0.02
LONGEST_LEAD_SECONDS = 1.0
# Where the next slot is noted further away than slots can be, one is given that others' have had their second before.
ANEW_SECONDS = 2.0
# How often the clocks are compared at most, and how soon again where that was in vain: the database is far away.
COMPARISONS = 8
COMPARE_AGAIN_SECONDS = 30.0
# After so long without a wish the connection is given back.
IDLE_SECONDS = 5.0


class SharedBudget:
    """See the head of this module."""

    def __init__(self, rate: float, database: Database) -> None:
        self._slots = Slots(rate)
        self._database = database
        self._waiting = 0
        self._wanted = asyncio.Event()
        # Until when Telegram asked for silence, and what of it the others know.
        self._silent_until = self._told_until = -math.inf
        self._lead = LEAD_SECONDS
        self._compared_at = -math.inf

    def keep_to(self, rate: float | None) -> None:
        self._slots.keep_to(rate)

    def available_at(self, now: float, waiting: int) -> float:
        self._waiting = waiting
        at = self._slots.next_at(now)
        if (held := len(self._slots)) < waiting:
            # The next block is asked for when half of this one is over, not at every call; nor more than can be used.
            soon = self._lead + BLOCK_SECONDS / 2 + self._slots.spacing()
            if 2 * held <= self._slots.largest or self._slots.left(now) < soon:
                self._wanted.set()
        return at

    @property
    def _block(self) -> int:
        """How many are reserved at once: what leaves while a database that is far away is asked for the next."""
        return max(self._slots.largest, math.ceil(2 * self._lead / self._slots.spacing()))

    def take(self, now: float) -> float:
        return self._slots.take()

    def missed(self, by: float) -> None:
        pass  # whoever comes next has a slot of their own

    def rest(self, now: float) -> None:
        pass

    def pause(self, seconds: float) -> None:
        self._silent_until = max(self._silent_until, self._now() + seconds)
        self._slots.clear()
        self._wanted.set()

    async def restore(self, paused: Callable[[float, str], None]) -> None:
        pass  # the next slot stands in the database, whoever took the last one

    async def run(self, granted: Callable[[], None], paused: Callable[[float, str], None]) -> None:
        while True:
            await self._wanted.wait()
            # Kept while it is of use: to make sure of a connection takes longer than what is asked through it.
            async with self._database.at_once() as connection:
                await self._serve(connection, granted, paused)

    async def _serve(
        self,
        connection: AsyncConnection,
        granted: Callable[[], None],
        paused: Callable[[float, str], None],
    ) -> None:
        """Until nothing was wanted for a while."""
        while await self._is_wanted_soon():
            self._wanted.clear()
            try:
                if self._told_until < self._silent_until:
                    await self._tell_others(connection)
                wanted = min(self._block, self._waiting - len(self._slots))
                if wanted > 0 and self._silent_until <= self._now():
                    await self._reserve(connection, wanted, paused)
                    granted()
            except BaseException:  # the database is away: what is wanted is wanted all the same
                self._wanted.set()
                raise

    async def _is_wanted_soon(self) -> bool:
        # Not `wait_for`: on Python 3.11 it misses a cancellation that comes together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wanted.wait()
                return True
        return False

    async def end(self) -> None:
        pass  # its slots stand in the database

    async def _tell_others(self, connection: AsyncConnection) -> None:
        until = self._silent_until
        if (seconds := until - self._now()) > 0:
            await pause_all(connection, seconds=seconds, longest=LONGEST_RETRY_AFTER)
        self._told_until = until

    async def _reserve(
        self, connection: AsyncConnection, count: int, paused: Callable[[float, str], None]
    ) -> None:
        await self._be_sure(connection)  # before: what is reserved does not wait for it
        slots, asked = self._slots, self._now()
        rate, unsure = slots.rate, slots.clock.unsure(asked)
        reserved: Reserved = await reserve_slots(
            connection,
            count=count,
            spacing=slots.spacing(unsure),
            lead=self._lead,
            farthest=slots.farthest,
            anew=ANEW_SECONDS,
        )
        answered = self._now()
        slots.clock.compare(asked, reserved.received, reserved.told, answered)
        # After a slow one the next lies further ahead for a while.
        took = 1.2 * (answered - asked)
        self._lead = min(LONGEST_LEAD_SECONDS, max(LEAD_SECONDS, 0.9 * self._lead, took))
        if reserved.paused_for is not None and 0.0 < reserved.paused_for <= LONGEST_RETRY_AFTER:
            paused(reserved.paused_for, "another process was asked to wait")
        elif self._silent_until <= answered:  # this one may have been asked meanwhile
            slots.add(reserved.first, count, rate=rate, unsure=unsure)

    async def _be_sure(self, connection: AsyncConnection) -> None:
        """Compare the clocks where they are not known well; of a database that is far away they never are."""
        now, clock = self._now(), self._slots.clock
        if not clock.unsure(now) or now < self._compared_at + COMPARE_AGAIN_SECONDS:
            return
        for _ in range(COMPARISONS):
            asked = self._now()
            clock.compare(asked, *await server_time(connection), self._now())
            self._compared_at = self._now()
            if not clock.unsure(self._compared_at):
                return

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
