"""Counts that take long over many people, kept for whoever asks for the same.

A count is told with its time. For `KEPT_FOR` it serves as it is. One that took long is still shown for `SHOWN_FOR`, one
whose reader would notice that they wait `BRIEFLY`, and is counted anew meanwhile: of those who look at a large campaign
the first alone waits, and sees meanwhile that it is counted (`Desk.reading`). What is counted anew takes what pages and
whoever sends leave of the processors (`db.waiting`), and has rests (`RESTS`): over a million people a dozen such
counts, each anew every minute, would take the memory's speed from both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog

from bot.frozen import Frozen
from db.engine import TROUBLES
from db.waiting import nobody_waits

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(minutes=1)
SHOWN_FOR = timedelta(minutes=10)
LONG, NOTICED = 0.1, 0.01
"""Seconds that nobody should wait for, and by which a page is noticed to come later."""
BRIEFLY = 2 * KEPT_FOR
"""What was between the two is still shown for."""
RESTS = 9
"""After one that nobody waited for none of those begins for so many times as long: they take a tenth of the time."""
LONGEST_REST = 120.0
"""Seconds; what is shown meanwhile is not to become too old."""
MOST_KEPT = 512


def _told_of(counting: asyncio.Task[None]) -> None:
    if not counting.cancelled() and (error := counting.exception()) is not None:
        log.warning("count_not_made", error=type(error).__name__)


Key: TypeAlias = tuple[Hashable, ...]
"""Of what kind it is, and all that it depends on."""
Count: TypeAlias = Callable[[], Awaitable[Any]]


class Older(Frozen):
    """What still serves while it is counted anew: until it is how old, and whether that is so however quick it was to
    count. Over very many people also what is quick has to wait for its turn behind the pages. `rests`: whether it may
    be older by the rests of others; else it is made anew as soon as it is due, as what somebody waits for. So is a
    list: whose thread reads row by row holds Python's lock half of the time, and all pages would wait until it, that
    takes what others leave, has its processor again.
    """

    shown_for: timedelta = SHOWN_FOR
    though_quick: bool = False
    rests: bool = True


IF_SLOW = Older()
WITHOUT_RESTS = Older(rests=False)


class _Kept(Frozen):
    """`at`: as of when it tells, which is before it was counted; `counted_at`: after."""

    at: datetime
    counted_at: datetime
    value: Any
    took: float

    @property
    def took_long(self) -> bool:
        return self.took > LONG

    def shown_for(self, older: Older) -> timedelta:
        if self.took_long or older.though_quick:
            return older.shown_for
        return min(BRIEFLY, older.shown_for) if self.took > NOTICED else timedelta()


@dataclass(kw_only=True)
class Remembered:
    """What was counted, by what it depends on: the area, and how its reader reads counts, among it."""

    start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]] = asyncio.create_task
    """Begins what is counted beside everything else: see `Database.beside`."""
    _kept: dict[Key, _Kept] = field(default_factory=dict)
    _counting: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _renewals: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _slow: set[object] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _resting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _rests_until: float = 0.0

    def fresh(
        self, key: Key, now: datetime, *, kept_for: timedelta = KEPT_FOR
    ) -> tuple[Any, datetime] | None:
        """The value and when it was counted; None where it has to be counted (again)."""
        kept = self._kept.get(key)
        # From its end: what takes longer than it is kept would else never be there.
        is_fresh = kept is not None and kept.at <= now and now - kept_for < kept.counted_at
        return (kept.value, kept.at) if kept is not None and is_fresh else None

    def __contains__(self, key: Key) -> bool:
        """Whether it was counted, however long ago."""
        return key in self._kept

    def shown(
        self,
        key: Key,
        count: Count,
        now: datetime,
        *,
        kept_for: timedelta = KEPT_FOR,
        older: Older = IF_SLOW,
    ) -> tuple[Any, datetime] | None:
        """The same; what took its time to count may be older, and is then counted anew beside everything else."""
        fresh = self.fresh(key, now, kept_for=kept_for)
        if fresh is not None or (kept := self._kept.get(key)) is None:
            return fresh
        still = self.fresh(key, now, kept_for=kept.shown_for(older))
        if still is not None and key not in self._counting and key not in self._renewals:
            if not older.rests:
                self._begin(key, self._in_turn(key, count, now))
                return still
            renewed = self._renewed_after_rest if kept.took_long else self._renewed_soon
            task = self._renewals[key] = self.start(renewed(key, count, now))
            task.add_done_callback(lambda _: self._renewals.pop(key, None))
        return still

    async def get(
        self, key: Key, count: Count, now: datetime, *, kept_for: timedelta = KEPT_FOR
    ) -> tuple[Any, datetime]:
        """The value and when it was counted. Of many who ask at once one counts."""
        if self.fresh(key, now, kept_for=kept_for) is None:
            counting = self._counting.get(key) or self._begin(key, self._count(key, count, now))
            await asyncio.shield(counting)  # others may wait for it too
        kept = self._kept.get(key)  # none where it was to be renewed, and could not be
        return (kept.value, kept.at) if kept is not None else await self.get(key, count, now)

    async def within(
        self,
        seconds: float,
        key: Key,
        count: Count,
        now: datetime,
        *,
        kept_for: timedelta = KEPT_FOR,
    ) -> bool:
        """Whether it is counted by then; it is counted on where it is not."""
        if self.fresh(key, now, kept_for=kept_for) is not None:
            return True
        counting = self._counting.get(key) or self._begin(key, self._count(key, count, now))
        done, _ = await asyncio.wait({counting}, timeout=seconds)
        if done:
            await counting
            return True
        counting.add_done_callback(_told_of)  # nobody else may wait for it
        return False

    def takes_long(self, key: Key) -> bool:
        """Whether the last count of that kind did."""
        return key[0] in self._slow

    def begin(self, key: Key, count: Count, now: datetime) -> None:
        """Counts it beside everything else, for whoever asks for it soon."""
        if key not in self._counting:
            self._begin(key, self._in_turn(key, count, now))

    def _begin(self, key: Key, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._counting[key] = self.start(work)
        task.add_done_callback(lambda _: self._counting.pop(key, None))
        return task

    def keep(self, key: Key, value: Any, now: datetime, *, took: float = 0.0) -> None:
        """Keeps what was counted, in so many seconds."""
        self._kept.pop(key, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]  # what was counted longest ago
        counted = _Kept(at=now, counted_at=now + timedelta(seconds=int(took)), value=value, took=took)
        (self._slow.add if counted.took_long else self._slow.discard)(key[0])
        self._kept[key] = counted

    async def _count(self, key: Key, count: Count, now: datetime) -> None:
        began = time.monotonic()
        value = await count()
        self.keep(key, value, now, took=time.monotonic() - began)

    async def _in_turn(self, key: Key, count: Count, now: datetime) -> None:
        """One at a time, before somebody asks for it: what people wait for comes first."""
        async with self._turn:
            try:
                await self._count(key, count, now)
            except TROUBLES as error:  # an older one is shown on; who waits for it later is told
                log.warning("count_not_made", error=type(error).__name__)

    async def _renewed(self, key: Key, count: Count, now: datetime) -> None:
        """Counts anew what nobody waits for; whoever waits for it meanwhile counts it themselves."""
        kept = self._kept.get(key)
        if key in self._counting or (kept is not None and kept.at >= now):
            return
        began = time.monotonic()
        try:
            with nobody_waits():
                value = await count()
        except TROUBLES as error:  # an older one is shown on; who waits for it later is told
            log.warning("count_not_made", error=type(error).__name__)
            return
        if self._kept.get(key) is kept:
            self.keep(key, value, now, took=time.monotonic() - began)

    async def _renewed_soon(self, key: Key, count: Count, now: datetime) -> None:
        async with self._renewing:
            await self._renewed(key, count, now)

    async def _renewed_after_rest(self, key: Key, count: Count, now: datetime) -> None:
        async with self._resting:
            clock = asyncio.get_running_loop().time
            await asyncio.sleep(self._rests_until - clock())
            began = clock()
            await self._renewed(key, count, now)
            ended = clock()
            self._rests_until = ended + min(RESTS * (ended - began), LONGEST_REST)
