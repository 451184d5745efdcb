"""Watching the bot that runs: what is wrong, the figures of /health and /metrics, and who is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

import db.backup_record
import db.newest
import db.overview
import db.purges
import db.unread
import db.updates
from bot.actions import alarms
from bot.actions.alarms import TroubleOver
from bot.clock import Clock, RealClock
from bot.delivery.engine import Engine
from bot.delivery.outcomes import OUTCOMES, PASSED_OVER
from bot.frozen import Frozen
from bot.rules.clock_back import Backsteps, WentBack
from bot.rules.courtesy import CourtesyHours
from bot.rules.health import LATE_SECONDS, REMEDIES, Signs, Trouble, in_words, troubles
from bot.rules.metrics import Sample, exposition, first_samples
from db.engine import TROUBLES, Database

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
SURE_SECONDS = 60.0
"""Somebody is told of a trouble that lasts for so long, and of its end once it was away for so long."""
PATIENCE_SECONDS = 5.0
"""How long the database has to answer."""
RECENTLY_SECONDS = 15.0
"""Trouble that a part had with the database counts for so long."""
COUNT_SHARE = 20.0
"""What takes long to be counted is counted again after so many times as long."""
FASTEST = 1_000.0
NOTHING = db.overview.Due(None)
_STARTED_AT = RealClock().now().timestamp()


class Looked(Frozen):
    """What a look at the bot found; `counts` and `size` are None where the database did not answer."""

    signs: Signs
    troubles: tuple[Trouble, ...]
    figures: Mapping[str, Any]
    backup: db.backup_record.Record | None = None
    size: int | None = None


class Watch:
    """Looks at the bot every few seconds, says in the log what changed, and has the admins told.

    `backup_missed` says whether a backup that was planned was not made, by when the last one was. `holds`: whether the
    clock is one that may be wrong, for which the purge waits, and that nobody moves on purpose.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        engine: Engine,
        rate: float | None,
        folder: Path,
        courtesy: CourtesyHours,
        version: str,
        backup_missed: Callable[[datetime | None, datetime], bool] = lambda _last, _now: False,
        holds: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._holds = holds
        self._database, self._clock, self._engine = database, clock, engine
        self._rate = rate or FASTEST
        self._disk = folder if database.file is None else database.file.parent
        self._courtesy, self._version, self._backup_missed = courtesy, version, backup_missed
        self._memory = Memory(monotonic)
        self._monotonic = monotonic
        self._backsteps = Backsteps()
        self._knows_newest = False
        self._is_back = False
        self._counted: KeptCounts | None = None
        self._all_told = False  # before the first look nobody knows

    async def run(self) -> None:
        """Looks and tells until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(LOOK_SECONDS)

    async def beat(self) -> None:
        """One look, and what follows from it."""
        looked = await self.look()
        now = self._clock.now()
        self._memory.note(looked.troubles, now)
        if not self._engine.leadership.held:
            self._all_told = False  # whoever leads meanwhile may have begun to tell something
            return
        memory = self._memory
        if Trouble.DATABASE in looked.troubles or (self._all_told and not (memory.present or memory.ended)):
            return
        try:
            async with self._database.write() as tx:
                told = await alarms.tell(
                    tx, present=memory.present, ended=memory.ended, courtesy=self._courtesy, now=now
                )
        except TROUBLES as error:
            log.error("alarm_not_kept", error=type(error).__name__, again_in=LOOK_SECONDS)
            return
        memory.ended.clear()
        self._all_told = not told.left
        if told.queued:
            self._engine.wake()

    async def look(self) -> Looked:
        """What there is to see now; a database that does not answer is one of the things."""
        engine, now = self._engine, self._clock.now()
        figures: dict[str, Any] = {
            "clock": now.isoformat(),
            "updates_waiting": None,
            "updates_unread": None,
            "updates_unread_total": engine.intake.unread,
            "updates_dropped_total": engine.intake.dropped,
            "leads": engine.leadership.held,
            "sending": engine.sender.busy,
            "idle": False,
            "blocked_until": engine.pacing.blocked_until and engine.pacing.blocked_until.isoformat(),
        }
        due, backup, size, answers, held = NOTHING, None, None, True, False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                figures["idle"] = await engine.is_idle()
            async with asyncio.timeout(PATIENCE_SECONDS), self._database.read() as tx:
                figures["updates_waiting"] = await db.updates.count_unfinished(tx)
                figures["updates_unread"] = await db.unread.count(tx)
                due = await db.overview.due(tx, now, looks_closer_after=timedelta(seconds=LATE_SECONDS))
                backup = await db.backup_record.last(tx)
                held = self._holds and await db.purges.is_held(tx)
                if not self._knows_newest:
                    self._backsteps.remember(await db.newest.newest(tx))
                    self._knows_newest = True
                size = await db.overview.size(self._database, tx)
        except (*TROUBLES, TimeoutError):
            answers = False
        troubled = engine.troubled_seconds
        signs = Signs(
            refused=engine.intake.refused or engine.pacing.refused,
            conflict=engine.intake.in_conflict,
            silent_seconds=engine.intake.silent_seconds,
            lag_seconds=0.0 if due.oldest is None else (now - due.oldest).total_seconds(),
            due_total=due.total,
            stalled_seconds=None if due.last_sent is None else (now - due.last_sent).total_seconds(),
            rate=self._rate,
            free_bytes=await asyncio.to_thread(_free, self._disk),
            copy_bytes=size or 0,
            database_answers=answers and (troubled is None or troubled > RECENTLY_SECONDS),
            clock_leapt=held,
            went_back=self._went_back(now),
            backup_missed=answers and self._backup_missed(None if backup is None else backup.at, now),
        )
        return Looked(signs=signs, troubles=troubles(signs), figures=figures, backup=backup, size=size)

    def _went_back(self, now: datetime) -> WentBack | None:
        """Whether the clock was set back; said in the log once."""
        found = self._backsteps.look(now, self._monotonic()) if self._holds else None
        if found is not None and not self._is_back:
            seconds = round(found.by.total_seconds())
            log.warning(
                "clock_went_back", seconds=seconds, until=found.until.isoformat(), hint=found.sentence
            )
        self._is_back = found is not None
        return found

    async def health(self) -> Mapping[str, Any]:
        """What /health shows; nothing personal."""
        looked = await self.look()
        return {
            "ok": not looked.troubles,
            "troubles": list(looked.troubles),
            "why": in_words(looked.troubles, looked.signs),
            **looked.figures,
        }

    async def metrics(self) -> str:
        """What /metrics shows; nothing personal."""
        looked = await self.look()
        signs, engine = looked.signs, self._engine
        samples = first_samples(version=self._version, engine=self._database.dialect, found=looked.troubles)
        blocked = engine.pacing.blocked_until
        values = {
            "updates_received_total": engine.intake.received,
            "asked_to_wait_total": engine.pacing.asked_to_wait,
            "fetched_seconds": signs.silent_seconds,
            "lag_seconds": signs.lag_seconds,
            "retry_after_seconds": (blocked - self._clock.now()).total_seconds() if blocked else 0.0,
            "clock_back_seconds": 0.0 if signs.went_back is None else signs.went_back.by.total_seconds(),
            "database_up": signs.database_answers,
            "database_bytes": looked.size,
            "disk_free_bytes": signs.free_bytes,
            **{name: looked.figures[name] for name in FIGURES},
        }
        if looked.backup is not None:
            values["backup_age_seconds"] = (self._clock.now() - looked.backup.at).total_seconds()
            values["backup_bytes"] = looked.backup.size
        samples += [_sample(name, value) for name, value in values.items() if value is not None]
        for name, counted, outcomes in (
            ("replies_total", engine.replies, (*OUTCOME_NAMES, PASSED_OVER)),
            ("posts_total", engine.pacing.posts, OUTCOME_NAMES),
        ):
            samples += [_sample(name, counted.get(each, 0), outcome=each) for each in outcomes]
        samples += await self._counts()
        samples.append(Sample(name="process_resident_memory_bytes", value=resident_bytes()))
        samples.append(Sample(name="process_start_time_seconds", value=_STARTED_AT))
        return exposition(samples)

    async def _counts(self) -> list[Sample]:
        """What takes long to count, as it was counted last, or now if that is long ago; none if it cannot be."""
        began = time.monotonic()
        if self._counted is not None and began < self._counted.good_until:
            return self._counted.samples
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._database.read() as tx:
                per_state = await db.overview.by_state_and_kind(tx)
                counts = await db.overview.counts(tx, self._clock.now())
        except (*TROUBLES, TimeoutError):
            return []
        samples = [
            _sample("deliveries", number, state=state, kind=kind)
            for (state, kind), number in sorted(per_state.items())
        ]
        samples += [
            _sample("doubts", counts.in_doubt),
            _sample("due", counts.due),
            _sample("supporters", counts.supporters),
            _sample("consents_to_renew", counts.to_renew),
        ]
        ended = time.monotonic()
        self._counted = KeptCounts(samples=samples, good_until=ended + COUNT_SHARE * (ended - began))
        return samples


FIGURES = (
    "updates_waiting",
    "updates_unread",
    "updates_unread_total",
    "updates_dropped_total",
    "leads",
    "idle",
)
OUTCOME_NAMES = tuple(OUTCOMES.values())


class KeptCounts(Frozen):
    """Counts, and how long they are good for, by the machine's clock."""

    samples: list[Sample]
    good_until: float


class Memory:
    """What is wrong and what is over, once it has lasted; `monotonic` gives the machine's seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: dict[Trouble, SeenTrouble] = {}
        self.ended: list[TroubleOver] = []
        """What is over and was not told yet."""

    @property
    def present(self) -> dict[Trouble, datetime]:
        """What is wrong, and since when."""
        return {trouble: seen.since for trouble, seen in self._seen.items() if seen.is_sure}

    def note(self, found: tuple[Trouble, ...], now: datetime) -> None:
        """What a look found; each change that lasts is said in the log."""
        at = self._monotonic()
        for trouble in found:
            seen = self._seen.setdefault(trouble, SeenTrouble(since=now, first=at, last=at, until=now))
            seen.last, seen.until = at, now
            if not seen.is_sure and at - seen.first >= SURE_SECONDS:
                seen.is_sure = True
                log.error("trouble", trouble=trouble.value, hint=REMEDIES[trouble])
        for trouble, seen in list(self._seen.items()):
            if trouble in found or (seen.is_sure and at - seen.last < SURE_SECONDS):
                continue
            del self._seen[trouble]
            if seen.is_sure:
                log.info("trouble_over", trouble=trouble.value, since=seen.since.isoformat())
                self.ended.append(TroubleOver(trouble=trouble, since=seen.since, until=seen.until))


@dataclass(kw_only=True)
class SeenTrouble:
    """A trouble that is seen: since when and until when by the bot's clock, and first and last by the machine's."""

    since: datetime
    until: datetime
    first: float
    last: float
    is_sure: bool = False


def _sample(name: str, value: float, **labels: str) -> Sample:
    return Sample(name=f"portevoix_{name}", value=float(value), labels=labels)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # the database has gone, which its own sign tells
        return None


def resident_bytes() -> int:
    """The memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
