"""The tick: APScheduler only beats time; what is due is decided from the database, by the Clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

import structlog

import db.overview
from bot.actions import witness
from bot.actions.broadcast_approvals import WHAT, end_overdue
from bot.actions.claims import LOST_FOR, tend
from bot.actions.effects import measure
from bot.actions.planning import FIRST_LOOK, TickFindings, is_to_be_looked_at, look, open_steps, others
from bot.actions.retention import DAILY, purge
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.rules.suppression import SuppressionKey
from bot.rules.territories import METROPOLE, at_local, zone_of
from db.approvals import overdue
from db.conversations import due
from db.engine import TROUBLES, Database
from db.errors import DatabaseError
from db.facts import get_fact, set_fact
from db.processes import Lock, lock
from db.talks import lost

TICK_SECONDS = 0.25
TROUBLE_SECONDS = 1.0
# While people answer all the time what is due for them is looked at so often: whoever taps next waits for each look.
ANSWERED_SECONDS = 1.0
# Facts change between ticks (someone registers, plans, moves): look again at least this often.
LOOK_AGAIN_SECONDS = 10.0
PURGE_AGAIN_SECONDS = 60.0
MEASURE_AGAIN = timedelta(minutes=10)
# A clock that ran further than this since the last look was moved: events have hours of their own.
JUMP = timedelta(seconds=30)

PARIS = zone_of(METROPOLE)
DAY_TOLD = "day:told"

OpenStep = tuple[int, str, str, str | None]

log = structlog.get_logger(__name__)


class Ticker:
    """Plans at each tick, at once when the clock is moved, and soon after `nudge()`.

    `looks` read the database too, each time it plans; `beats` run at each tick, and have a measure of their own.
    """

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        clock: Clock,
        queued: Callable[[], None],
        looks: Sequence[Callable[[], Awaitable[None]]] = (),
        beats: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._database, self._campaign, self._clock, self._queued = database, campaign, clock, queued
        self._looks, self._beats = looks, beats
        self._turn = asyncio.Lock()
        self._look: TickFindings = FIRST_LOOK
        self._open: frozenset[OpenStep] | None = None
        self._planned_at = float("-inf")
        self._planned_for = datetime.min.replace(tzinfo=UTC)
        self._nudged = False
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
        return not self._nudged and not self._turn.locked() and self.ticked_at is not None

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
        answered soon after is left to a later one. Each part has its turn. Raises an ExceptionGroup of what failed.
        """
        async with self._turn:
            now, failed = self._clock.now(), list[Exception]()
            opened = frozenset(
                (due.ballot.number, due.step.name, due.occurrence.territory, due.occurrence.slot)
                for due in open_steps(self._campaign, now)
            )
            if look_again or self._is_stale(opened, now, patient=patient):
                self._nudged = False
                self._planned_at, self._planned_for, self._open = monotonic(), now, opened
                for part in (self._plan, *self._looks):
                    failed += await _trouble_of(part)
            if not failed:
                self.ticked_at = now
            for beat in self._beats:
                failed += await _trouble_of(beat)
            if failed:
                raise ExceptionGroup("parts of a tick failed", failed)

    async def _plan(self) -> None:
        """Writes where there is anything to write: whoever taps waits for whoever may."""
        now = self._planned_for
        async with self._database.read() as tx:
            is_due = await is_to_be_looked_at(tx, self._campaign, now, before=self._look)
            parts = [part for part in others(self._campaign, now) if await part.is_due(tx)]
        if is_due:
            async with self._database.write() as tx:
                await lock(tx, Lock.PLANNING)
                found = await look(tx, self._campaign, now, before=self._look)
            self._look = found
            self._tell(found.queued, now)
        for part in parts:
            async with self._database.write() as tx:
                await lock(tx, Lock.PLANNING)
                queued = await part.work(tx)
            self._tell(queued, now)

    def _tell(self, queued: int, now: datetime) -> None:
        if queued:
            log.info("planned", messages=queued, at=now.isoformat())
            self._queued()

    def _is_stale(self, opened: frozenset[OpenStep], now: datetime, *, patient: bool) -> bool:
        ago = monotonic() - self._planned_at
        answered = self._nudged and (not patient or ago > ANSWERED_SECONDS)
        late = ago > LOOK_AGAIN_SECONDS
        moved = abs(now - self._planned_for) > JUMP
        return answered or late or moved or opened != self._open


async def _trouble_of(part: Callable[[], Awaitable[None]]) -> list[Exception]:
    """Lets a part of a tick have its turn; what kept it from it, if anything did."""
    try:
        await part()
    except Exception as error:  # whatever it is must not keep the other parts from theirs
        return [error]
    return []


class Witness:
    """Verifies the audit log at the start, and notes its head outside of the database at each new hour if it changed.

    It reads the whole log: it runs beside the ticks, which do not wait for it.
    """

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        anchors: Path,
        clock: Clock,
        leads: Callable[[], bool],
        queued: Callable[[], None],
    ) -> None:
        self._database, self._campaign, self._clock = database, campaign, clock
        self._anchors, self._leads, self._queued = anchors, leads, queued
        self._last: datetime | None = None
        self._new_hour = asyncio.Event()

    async def beat(self) -> None:
        """At each new hour the head is noted, beside the ticks; whoever leads tells it where it is due."""
        hour = self._clock.now().replace(minute=0, second=0, microsecond=0)
        if hour == self._last:
            return
        self._last = hour
        self._new_hour.set()
        if self._campaign.tells_log and self._leads():
            await self._carefully(self._tell)

    async def run(self) -> None:
        """Looks at the log once, and then after its head at each new hour, until cancelled."""
        await self._carefully(self._look)
        while True:
            await self._new_hour.wait()
            self._new_hour.clear()
            await self._carefully(self._anchor)

    async def _carefully(self, work: Callable[[], Awaitable[None]]) -> None:
        """What cannot be noted is said in a line; nothing else waits for it."""
        try:
            await work()
        except DatabaseError as error:
            log.error("audit_head_not_noted", hint=error.sentence)
        except TROUBLES as error:
            log.error("audit_head_not_noted", error=type(error).__name__)

    async def _look(self) -> None:
        for fault in await witness.look(self._database, self._anchors, self._clock.now()):
            log.error("audit_log_not_whole", fault=str(fault), hint="Run `portevoix audit verify`.")
            self._queued()

    async def _anchor(self) -> None:
        await witness.anchor(self._database, self._anchors, self._clock.now())

    async def _tell(self) -> None:
        async with self._database.write() as tx:
            told = await witness.tell_head(tx, self._campaign.courtesy, self._clock.now())
        if told:
            self._queued()


class LateApprovals:
    """Ends what a second person was asked and did not decide in time, at the next look after it was over."""

    def __init__(
        self, *, database: Database, campaign: Campaign, clock: Clock, queued: Callable[[], None]
    ) -> None:
        self._database, self._campaign, self._clock, self._queued = database, campaign, clock, queued

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as tx:
            if not await overdue(tx, WHAT, now):
                return
        async with self._database.write() as tx:
            ended = await end_overdue(tx, self._campaign, now)
        if ended:
            self._queued()


class IdleConversations:
    """Gives back what somebody took and let rest, and tells coordinators of who waits for too long."""

    def __init__(
        self, *, database: Database, campaign: Campaign, clock: Clock, queued: Callable[[], None]
    ) -> None:
        self._database, self._claims = database, campaign.claims
        self._clock, self._queued = clock, queued

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as tx:
            if not (await due(tx, self._claims, now) or await lost(tx, now - LOST_FOR)):
                return
        async with self._database.write() as tx:
            moved = await tend(tx, self._claims, now)
        if moved:
            self._queued()


class Measuring:
    """Counts what people did after messages of which versions are compared, once everybody can be counted.

    It may read a million answers: it runs beside the ticks, which do not wait for it.
    """

    def __init__(self, *, database: Database, campaign: Campaign, clock: Clock) -> None:
        self._database, self._campaign, self._clock = database, campaign, clock
        self._last = datetime.min.replace(tzinfo=UTC)
        self._due = asyncio.Event()

    async def beat(self) -> None:
        now = self._clock.now()
        if abs(now - self._last) >= MEASURE_AGAIN:
            self._last = now
            self._due.set()

    async def run(self) -> None:
        """Counts whenever it is time to look again, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                measured = await measure(self._database, self._campaign, self._clock.now())
            except TROUBLES as error:
                log.error("not_measured", error=type(error).__name__)
            else:
                if measured:
                    log.info("measured", outcomes=measured)


class DailyPurge:
    """Erases once a day what is kept no longer than the campaign file says; from the first beat of a day on.

    It may take long where there is much to erase: it runs beside the ticks, which do not wait for it. `also` erases
    what is no row.
    """

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        key: SuppressionKey,
        clock: Clock,
        also: Callable[[], None],
    ) -> None:
        self._database, self._campaign, self._key, self._clock = database, campaign, key, clock
        self._also = also
        self._last: date | None = None
        self._new_day = asyncio.Event()

    async def beat(self) -> None:
        if self._clock.now().date() != self._last:
            self._last = self._clock.now().date()
            self._new_day.set()

    async def run(self) -> None:
        """Purges at each new day, until cancelled."""
        while True:
            await self._new_day.wait()
            self._new_day.clear()
            try:
                await asyncio.to_thread(self._also)
                erased = await purge(
                    self._database, self._campaign, key=self._key, actor=DAILY, now=self._clock.now()
                )
            except TROUBLES as error:
                log.error("purge_failed", error=type(error).__name__, again_in=PURGE_AGAIN_SECONDS)
                await asyncio.sleep(PURGE_AGAIN_SECONDS)
                self._new_day.set()
            else:
                if any(erased.values()):
                    log.info("purged", **erased)


class DayLine:
    """Says in the log, once a day of Paris, what became of the messages of the day before; counted beside the ticks."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._last: date | None = None
        self._new_day = asyncio.Event()

    async def beat(self) -> None:
        today = self._clock.now().astimezone(PARIS).date()
        if today != self._last:
            self._last = today
            self._new_day.set()

    async def run(self) -> None:
        """Tells each day when it is over, until cancelled."""
        while True:
            await self._new_day.wait()
            self._new_day.clear()
            try:
                await self._tell()
            except TROUBLES as error:
                log.error("day_not_told", error=type(error).__name__)

    async def _tell(self) -> None:
        today = self._clock.now().astimezone(PARIS).date()
        async with self._database.read() as tx:
            told = await get_fact(tx, DAY_TOLD)
        yesterday = today - timedelta(days=1)
        if told is not None and told < yesterday.isoformat():
            start, end = (at_local(each, time.min, PARIS) for each in (yesterday, today))
            async with self._database.read() as tx:
                found = await db.overview.day(tx, start, end)
            log.info("day", day=yesterday.isoformat(), **found._asdict())
        if told is None or told < yesterday.isoformat():
            async with self._database.write() as tx:
                await set_fact(tx, DAY_TOLD, yesterday.isoformat())
