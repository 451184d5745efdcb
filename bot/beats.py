"""What is done beside the ticks: once a day, at each new hour, or where somebody let a time go by."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.overview
import db.purges
from bot.actions import witness
from bot.actions.broadcast_approvals import WHAT, end_overdue
from bot.actions.claims import LOST_FOR, tend
from bot.actions.effects import measure
from bot.actions.retention import DAILY, purge
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.rules.health import REMEDIES, Trouble
from bot.rules.retention import DRIFT, may_erase
from bot.rules.suppression import SuppressionKey
from bot.rules.territories import METROPOLE, at_local, zone_of
from db.approvals import overdue
from db.conversations import due
from db.due_rows import Rest
from db.engine import TROUBLES, Database
from db.errors import DatabaseError
from db.facts import get_fact, set_fact
from db.looks import Work
from db.talks import lost

PURGE_AGAIN_SECONDS = 60.0
HELD_AGAIN_SECONDS = 600.0
"""What is not erased because the clock may be wrong is looked at again so much later."""
RESTS = 4.0
"""So many times as long as it worked the purge rests: beside a message to very many it took as much as the sender."""
MEASURE_AGAIN = timedelta(minutes=10)

PARIS = zone_of(METROPOLE)
DAY_TOLD = "day:told"

log = structlog.get_logger(__name__)


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

    async def look(self, tx: AsyncConnection) -> Work | None:
        now = self._clock.now()
        return partial(self._end, now) if await overdue(tx, WHAT, now) else None

    async def _end(self, now: datetime) -> None:
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

    async def look(self, tx: AsyncConnection) -> Work | None:
        now = self._clock.now()
        is_due = await due(tx, self._claims, now) or await lost(tx, now - LOST_FOR)
        return partial(self._tend, now) if is_due else None

    async def _tend(self, now: datetime) -> None:
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


async def leave_room(seconds: float) -> None:
    """After so many seconds of work that nobody waits for: it never takes more than a fifth of one processor."""
    await asyncio.sleep(RESTS * seconds)


async def nobody_tells() -> datetime | None:
    """There is no other clock to ask."""
    return None


class DailyPurge:
    """Erases once a day what is kept no longer than the campaign file says; from the first beat of a day on.

    It may take hours where there is much to erase: it runs beside the ticks, which do not wait for it, and rests after
    each piece (`rest`). A day that begins meanwhile has its turn once it is done. `also` erases what is no row.
    `holds`: where the clock may be wrong nothing is erased, until it is set, what is `told` of the time agrees with it,
    or somebody has purged by hand: it is right, they say so.
    """

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        key: SuppressionKey,
        clock: Clock,
        also: Callable[[], None],
        rest: Rest = leave_room,
        holds: bool = False,
        told: Callable[[], Awaitable[datetime | None]] = nobody_tells,
    ) -> None:
        self._holds, self._told = holds, told
        self._database, self._campaign, self._key, self._clock = database, campaign, key, clock
        self._also, self._rest = also, rest
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
            now = self._clock.now()
            self._last = now.date()  # of a day that began since the beat the next one says nothing
            try:
                if await self._is_held(now):
                    await self._until_asked_again()
                    continue
                await asyncio.to_thread(self._also)
                erased = await purge(
                    self._database, self._campaign, key=self._key, actor=DAILY, now=now, rest=self._rest
                )
            except TROUBLES as error:
                log.error("purge_failed", error=type(error).__name__, again_in=PURGE_AGAIN_SECONDS)
                await asyncio.sleep(PURGE_AGAIN_SECONDS)
                self._new_day.set()
            else:
                if any(erased.values()):
                    log.info("purged", **erased)

    async def _is_held(self, now: datetime) -> bool:
        if not self._holds:
            return False
        async with self._database.read() as tx:
            last, is_new = await db.purges.last(tx), await db.purges.has_nobody(tx, now - DRIFT)
        told = await self._told()
        if may_erase(now=now, last=last, told=told, is_new=is_new):
            return False
        async with self._database.write() as tx:
            await db.purges.hold(tx, now)
        instants = {"last": last and last.isoformat(), "telegram": told and told.isoformat()}
        log.error("purge_held", **instants, why=REMEDIES[Trouble.CLOCK], again_in=HELD_AGAIN_SECONDS)
        return True

    async def _until_asked_again(self) -> None:
        """A clock that is set, Telegram that answers again, or somebody who purged by hand, is noticed before long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HELD_AGAIN_SECONDS):
                await self._new_day.wait()
        self._new_day.set()


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
