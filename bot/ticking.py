"""The tick: APScheduler only beats time; what is due is decided from the database, by the Clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.filling
import db.planning
from bot.actions.planning import (
    FIRST_LOOK,
    ForMany,
    TickFindings,
    TickPart,
    is_to_be_looked_at,
    look_at_changed,
    open_steps,
    others,
)
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from db.engine import Database
from db.looks import Look, Work, look_in_turn
from db.processes import Lock, lock

TICK_SECONDS = 0.25
TROUBLE_SECONDS = 1.0
# While people answer all the time what is due for them is looked at so often: whoever taps next waits for each look.
ANSWERED_SECONDS = 1.0
# So long at most one tick fills messages for many, or plans a step for them: whatever else is due has its turn in
# between.
FILLING_SECONDS = 1.0
# Once it has queued so many of each step, which take seconds to leave, it leaves the processor to whoever sends.
ENOUGH = db.planning.PORTION // 2
# Facts change between ticks (someone registers, plans, moves): look again at least this often.
LOOK_AGAIN_SECONDS = 10.0
# A clock that ran further than this since the last look was moved: events have hours of their own.
JUMP = timedelta(seconds=30)

OpenStep = tuple[int, str, str, str | None]


@dataclass(eq=False)
class Left:
    """A step that is being queued for many: everybody up to the number of the `last` was looked at."""

    many: ForMany
    last: int = 0


log = structlog.get_logger(__name__)


class Ticker:
    """Plans at each tick, at once when the clock is moved, and soon after `nudge()`.

    `looks` read the database too, each time it plans, in the transaction in which it looks what is due; `beats` run at
    each tick, and have a measure of their own.
    """

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        clock: Clock,
        queued: Callable[[], None],
        looks: Sequence[Look] = (),
        beats: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._database, self._campaign, self._clock, self._queued = database, campaign, clock, queued
        self._looks, self._beats = looks, beats
        self._turn = asyncio.Lock()
        self._look: TickFindings = FIRST_LOOK
        self._left: list[Left] = []
        self._planned = 0  # messages of what is or was left, and are not told in the log yet
        self._open: frozenset[OpenStep] | None = None
        self._planned_at = float("-inf")
        self._planned_for = datetime.min.replace(tzinfo=UTC)
        self._nudged = False
        self._is_filled = True
        self._is_held = False
        self.ticked_at: datetime | None = None

    def hold(self) -> None:
        """From now on it does not beat by itself: whoever moves the clock ticks, as a rehearsal does."""
        self._is_held = True

    def nudge(self) -> None:
        """Somebody answered something: what is due may have changed."""
        self._nudged = True

    @property
    def is_current(self) -> bool:
        """Whether everything that is due by the clock, after what was answered, is in the queue."""
        is_idle = self._is_filled and not self._left and not self._turn.locked()
        return not self._nudged and is_idle and self.ticked_at is not None

    async def run(self) -> None:
        """Beats until cancelled."""
        # It looks at what every installed package offers: whoever wrote before has their answer first.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        scheduler = AsyncIOScheduler(timezone="UTC")
        # Late ticks are merged and never skipped: the database is the schedule.
        scheduler.add_job(
            self._scheduled,
            "interval",
            seconds=TICK_SECONDS,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        scheduler.start()
        try:
            while True:
                await self._clock.changed()
                await self._beat()
        finally:
            # A tick that was asked for and has not begun would be printed as a failure: it begins, and ends at once.
            scheduler.pause()
            await asyncio.sleep(0)
            scheduler.shutdown(wait=False)

    async def _scheduled(self) -> None:
        """The job that APScheduler calls: it would print the cancellation of a tick, at the end, as a failure."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._beat()

    async def _beat(self) -> None:
        """A tick that fails is said in a line, and the next one tries again: the database is the schedule."""
        if self._is_held:
            return
        try:
            await self.tick(patient=True)
        except ExceptionGroup as failed:
            self._planned_at = float("-inf")
            errors = sorted({type(error).__name__ for error in failed.exceptions})
            log.error("tick_failed", error=", ".join(errors), again_in=TROUBLE_SECONDS)
            await asyncio.sleep(TROUBLE_SECONDS)

    async def tick(self, *, look_again: bool = False, patient: bool = False) -> None:
        """Queues what is due now, unless nothing can have changed since the last time; where it is `patient`, what was
        answered soon after is left to a later one, and so is most of what takes long to be filled. Each part has its
        turn. Raises an ExceptionGroup of what failed.
        """
        async with self._turn:
            now, failed = self._clock.now(), list[Exception]()
            opened = frozenset(
                (due.ballot.number, due.step.name, due.occurrence.territory, due.occurrence.slot)
                for due in open_steps(self._campaign, now)
            )
            if look_again or self._is_stale(opened, now, patient=patient):
                self._nudged = False
                # What is left was meant for the hour before: it comes to its end, as all of it would have at once.
                hurries = bool(self._left) and abs(now - self._planned_for) > JUMP
                self._planned_at, self._planned_for, self._open = monotonic(), now, opened
                failed += await look_in_turn(
                    self._database,
                    (
                        partial(self._plan, patient=patient and not hurries),
                        *self._looks,
                        partial(self._fill, patient=patient),
                    ),
                )
            elif (
                self._left
            ):  # nothing else can have changed: to look at it all would take longer than a portion
                failed += await _trouble_of(partial(self._queue_in_portions, now, patient=patient))
            if not failed:
                self.ticked_at = now
            for beat in self._beats:
                failed += await _trouble_of(beat)
            if failed:
                raise ExceptionGroup("parts of a tick failed", failed)

    async def _plan(self, tx: AsyncConnection, *, patient: bool) -> Work | None:
        """Writes where there is anything to write: whoever taps waits for whoever may."""
        now = self._planned_for
        is_due = await is_to_be_looked_at(tx, self._campaign, now, before=self._before)
        parts = [part for part in others(self._campaign, now) if await part.is_due(tx)]
        if not (is_due or parts or self._left):
            return None
        return partial(self._queue, now, parts, is_due=is_due, patient=patient)

    async def _queue(self, now: datetime, parts: Sequence[TickPart], *, is_due: bool, patient: bool) -> None:
        if is_due:
            self._tell(await self._queue_steps(now), now)
        if self._left:
            await self._queue_in_portions(now, patient=patient)
        for part in parts:
            async with self._database.write() as tx:
                await lock(tx, Lock.PLANNING)
                queued = await part.work(tx)
            self._tell(queued, now)

    async def _queue_steps(self, now: datetime) -> int:
        """For those who changed; for everybody else it is left."""
        queued, are_more = 0, True
        while are_more:
            async with self._database.write() as tx:
                await lock(tx, Lock.PLANNING)
                changed = await db.planning.take_changed(tx)
                found, left = await look_at_changed(tx, self._campaign, now, changed, before=self._before)
            queued += found.queued
            are_more = len(changed) == db.planning.MOST_CHANGED
        if self._left:
            found = replace(found, followed_at=self._look.followed_at)
        self._look = found
        self._left += [Left(each) for each in left]
        return queued

    async def _queue_in_portions(self, now: datetime, *, patient: bool) -> None:
        """Queues what is left for many people, some of each in turn: what was queued leaves meanwhile, and whoever taps
        has their turn. Where that does not come to its end, everybody is looked at anew.
        """
        began, queued = monotonic(), dict.fromkeys(self._left, 0)
        try:
            while going := [each for each in self._left if not patient or queued[each] < ENOUGH]:
                for each in going:
                    queued[each] += await self._queue_portion(each)
                if patient and monotonic() - began >= FILLING_SECONDS:
                    break
        except BaseException:
            self._begin_anew()
            raise
        if not self._left:
            self._tell(self._planned, now)
            self._planned = 0

    async def _queue_portion(self, left: Left) -> int:
        async with self._database.write() as tx:
            await lock(tx, Lock.PLANNING)
            some = await db.planning.next_portion(tx, left.many.those, left.last)
            new = await left.many.queue(tx, some) if some is not None else 0
        if some is None:
            self._left.remove(left)
            return 0
        left.last = some[-1]
        self._planned += new
        if new:
            self._queued()
        return new

    @property
    def _before(self) -> TickFindings:
        """What was looked at. As long as anything is left, what follows by the clock has its turn after it."""
        return replace(self._look, followed_at=self._planned_for) if self._left else self._look

    def _begin_anew(self) -> None:
        """The next look looks at everybody, if anybody was left."""
        if self._left:
            self._look, self._left = FIRST_LOOK, []

    async def _fill(self, tx: AsyncConnection, *, patient: bool) -> Work | None:
        """What was ordered for many, and is not queued for all of them."""
        self._is_filled = await db.filling.next_one(tx) is None
        return None if self._is_filled else partial(self._fill_in_portions, patient=patient)

    async def _fill_in_portions(self, *, patient: bool) -> None:
        began, failed = monotonic(), dict[int, Exception]()
        while not self._is_filled:
            broadcast, new = None, 0
            try:
                async with self._database.write() as tx:
                    await lock(tx, Lock.PLANNING)
                    broadcast = await db.filling.next_one(tx, but=failed)
                    if broadcast is not None:
                        new = await db.filling.fill_some(tx, broadcast, self._planned_for)
            except Exception as error:  # whatever it is must not keep other messages from theirs
                if broadcast is None:
                    raise
                failed[broadcast] = error
            if broadcast is None and failed:
                raise ExceptionGroup("messages that cannot be filled", [*failed.values()])
            self._is_filled = broadcast is None
            if new:
                self._queued()
            if patient and monotonic() - began >= FILLING_SECONDS:
                return

    def _tell(self, queued: int, now: datetime) -> None:
        if queued:
            log.info("planned", messages=queued, at=now.isoformat())
            self._queued()

    def _is_stale(self, opened: frozenset[OpenStep], now: datetime, *, patient: bool) -> bool:
        ago = monotonic() - self._planned_at
        answered = self._nudged and (not patient or ago > ANSWERED_SECONDS)
        late = ago > LOOK_AGAIN_SECONDS
        moved = abs(now - self._planned_for) > JUMP
        return answered or late or moved or not self._is_filled or opened != self._open


async def _trouble_of(part: Callable[[], Awaitable[None]]) -> list[Exception]:
    """Lets a part of a tick have its turn; what kept it from it, if anything did."""
    try:
        await part()
    except Exception as error:  # whatever it is must not keep the other parts from theirs
        return [error]
    return []
