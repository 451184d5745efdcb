"""Messages out: leased in batches, marked `sending` durably just before they are posted, settled in batches.

    lease loop   takes due rows, has them rechecked and rendered (`prepare`), keeps them ready
    clerk loop   one transaction per round: settles what was answered, marks what may be posted next
    lanes        wait for a slot, post, hand the outcome to the clerk (`bot.delivery.lanes`)

At most `in_flight` rows are `sending` at any moment: a crash leaves no more than that in doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.hooks import Prepare
from bot.delivery.lanes import FRESH_SECONDS, Lanes, Ready
from bot.delivery.outcomes import Stop, Wait
from bot.delivery.pacing import FREE_RATE, Pacing
from bot.delivery.settling import EndedPost
from bot.delivery.sharing import alternating, shares
from bot.delivery.transport import Transport
from db import broadcasts, deliveries, mends
from db.deliveries import Leased, Settled, Turn
from db.engine import UNREACHED, Database
from db.processes import Lock, lock

log = structlog.get_logger(__name__)

# Rows that may be `sending` at once.
IN_FLIGHT = 256
LEASE_LARGEST = 1_024
LEASE_SMALLEST = 32
# What leaves in so long is looked at together: longer, and whoever taps meanwhile would wait for it.
LEASE_SECONDS = 0.25
# Of what is looked at some is held, and does not leave: that much more is taken, and so many times as much at most.
MOST_MORE = 2
# Rows marked ahead of their slot: enough that a slot does not wait for a commit.
AHEAD_SECONDS = 0.16
AHEAD_FREE = 1 + math.ceil(FREE_RATE * AHEAD_SECONDS)
# The clerk's rounds are at least so far apart, that a commit serves many rows: what somebody waits for begins one at
# once, and waits for nothing so long as for the commits before its own.
ROUND_SECONDS = 0.08
# While no answer comes for so long nothing more is marked: each would be one more in doubt.
SILENCE_SECONDS = 3.0
# How often the queue is looked at when nobody calls: a pause, a resume or a moved clock acts within a second.
LOOK_SECONDS = 0.4
# While enough is ready: how long after a call what is said in conversations is looked for, which goes before it.
# Without a call as often as the queue, for what another process queued.
TALK_SECONDS = 0.05
# So much of it may be marked beside what was marked ahead.
TALKS_AHEAD = 8


class Sender:
    """Sends the deliveries that are due. `prepare` rechecks and renders a batch, in the order of its rows."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        pacing: Pacing,
        owner: str,
        prepare: Prepare,
        rate: float | None,
        in_flight: int = IN_FLIGHT,
        lanes: int | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pacing = pacing
        self._owner = owner
        self._prepare = prepare
        self._in_flight = in_flight
        self._ahead = in_flight if rate is None else min(in_flight, 1 + math.ceil(rate * AHEAD_SECONDS))
        enough = LEASE_LARGEST if rate is None else math.ceil(rate * LEASE_SECONDS)
        self._lease_room = max(LEASE_SMALLEST, min(enough, LEASE_LARGEST))
        self._more = 1.0  # how many were looked at last for each that leaves
        self._work = asyncio.Event()
        self._lanes = Lanes(
            clock=clock,
            transport=transport,
            pacing=pacing,
            most=lanes or in_flight,
            left=self._work.set,
            ended=self._note,
        )
        self._ready: deque[Ready] = deque()
        self._answered: list[EndedPost] = []
        self._undelivered: list[Settled] = []
        self._marking: set[int] = set()  # rows that are being marked
        self._sending = 0  # rows marked and not yet settled in the database
        self._queue_changed = asyncio.Event()
        self._woken = True
        self._tidied_at = 0.0
        self._hungry = asyncio.Event()
        self._full = asyncio.Event()
        self._enough = max(1, in_flight // 2)

    def wake(self) -> None:
        """Something was queued, resumed, paused or cancelled, or the clock was moved: look at once."""
        self._woken = True
        self._queue_changed.set()

    @property
    def busy(self) -> bool:
        """Whether anything is held: ready, being posted, or not yet settled."""
        return bool(self._ready or self._sending or self._undelivered)

    async def run(self) -> None:
        """Send until cancelled."""
        await self._give_back_forgotten()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lease_loop())
            group.create_task(self._clerk_loop())

    async def _give_back_forgotten(self) -> None:
        """After trouble with the database: rows that are ours there, and of which nothing is known here any more."""
        held = [
            *(ready.row.id for ready in self._ready),
            *(one.settled.id for one in self._answered),
            *(one.id for one in self._undelivered),
            *self._lanes.held,
        ]
        async with self._database.write() as tx:
            await deliveries.give_back_forgotten(tx, held, owner=self._owner, now=self._clock.now())
        self.wake()
        self._work.set()  # the clerk's round that failed had taken the call, and no post may be left to call again

    async def stop(self, seconds: float) -> None:
        """Let posts end, settle them, and give the rest back. Call it once `run` has ended."""
        await self._lanes.end(seconds)
        await self._write(chosen=[], returned=[ready.row.id for ready in self._ready])
        self._ready.clear()

    # Leasing

    async def _lease_loop(self) -> None:
        is_likely = False
        while True:
            self._queue_changed.clear()
            self._hungry.clear()
            has_room = len(self._ready) < self._lease_room // 2 and self._pacing.blocked_until is None
            # Where there was something there may be more. Otherwise it reads first: whoever taps waits for the writer.
            taken = await self._lease() if has_room and (is_likely or await self._is_needed()) else 0
            is_likely = taken > 0
            if len(self._ready) >= self._lease_room // 2:
                await self._until_hungry()
                is_likely = True
            elif not taken:
                # Not `wait_for`: on Python 3.11 it misses a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._queue_changed.wait()

    async def _until_hungry(self) -> None:
        """Until more is to be made ready; meanwhile what somebody says in a conversation goes before all that is."""
        looked_at = self._now()
        while not self._hungry.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TALK_SECONDS):
                    await self._hungry.wait()
                    return
            called = self._queue_changed.is_set()
            if not called and self._now() < looked_at + LOOK_SECONDS:
                continue
            self._queue_changed.clear()
            looked_at = self._now()
            if self._pacing.blocked_until is None and await self._somebody_talks():
                await self._lease(tidy=False)

    async def _is_needed(self) -> bool:
        async with self._database.read() as tx:
            return await broadcasts.needs_sender(tx, self._clock.now())

    async def _somebody_talks(self) -> bool:
        async with self._database.read() as tx:
            return await broadcasts.talks_wait(tx, self._clock.now())

    async def _lease(self, *, tidy: bool = True) -> int:
        """Takes what is due. `tidy`: not while somebody waits for it, which would be for that too."""
        now = self._clock.now()
        closed = 0
        async with self._database.write() as tx:
            await lock(tx, Lock.LEASING)
            if tidy and self._is_to_be_tidied():
                closed = await broadcasts.close_some(tx, now)
                await deliveries.release_withheld(tx, now)
                if finished := await broadcasts.finish_complete(tx, now):
                    closed += await mends.repeat_overtaken(tx, finished, now)
            active = await broadcasts.active(tx)
            talks = {one.id for one in active if one.at_once}
            places = shares(active, min(LEASE_LARGEST, math.ceil(self._lease_room * self._more)), now)
            taken = await deliveries.lease_at_last(
                tx, places, owner=self._owner, now=now, held=self._held_ids
            )
        if taken.passed_over:
            # Somebody took its words back, and queued it again: it is not posted as it was worded before. What the
            # clerk is writing about is left for the next time.
            self._ready = deque(ready for ready in self._ready if ready.row.id not in taken.passed_over)
        if taken.rows:
            await self._prepare_rows(alternating(taken.rows), talks)
        return len(taken.rows) + len(taken.passed_over) or closed

    @property
    def _held_ids(self) -> set[int]:
        """What is worded here, or about to be noted."""
        return {
            *(ready.row.id for ready in self._ready),
            *self._marking,
            *(one.id for one in self._undelivered),
        }

    def _is_to_be_tidied(self) -> bool:
        """Whether to look for what is cancelled, expired, due again or complete: when woken, and now and then."""
        at = asyncio.get_running_loop().time()
        if not self._woken and at < self._tidied_at + LOOK_SECONDS:
            return False
        self._woken, self._tidied_at = False, at
        return True

    async def _prepare_rows(self, rows: Sequence[Leased], talks: Collection[int]) -> None:
        now = self._clock.now()
        fresh = [row for row in rows if row.expires_at is None or row.expires_at > now]
        decisions = await self._decide(fresh, now)
        for row, decision in zip(fresh, decisions, strict=True):
            if isinstance(decision, Call):
                at_once = row.broadcast in talks
                self._make_ready(Ready(row=row, call=decision, prepared_at=now, at_once=at_once))
            else:
                self._undelivered.append(_undelivered(row, decision))
        held = {row.id for row in fresh}
        self._undelivered += [
            Settled(id=row.id, state="expired", reason="expired") for row in rows if row.id not in held
        ]
        leaving = sum(isinstance(decision, Call) for decision in decisions)
        self._more = min(MOST_MORE, len(rows) / leaving) if leaving else MOST_MORE
        self._work.set()

    def _make_ready(self, ready: Ready) -> None:
        """What is said in conversations stands before the rest, and in its order."""
        if not ready.at_once:
            self._ready.append(ready)
            return
        place = next((at for at, each in enumerate(self._ready) if not each.at_once), len(self._ready))
        self._ready.insert(place, ready)
        self._full.set()

    async def _decide(self, rows: Sequence[Leased], now: datetime) -> Sequence[Call | Wait | Stop]:
        """A decision for each row. One that makes `prepare` fail is tried later, and holds nobody else back."""
        try:
            async with self._database.read() as tx:
                return await self._prepare(tx, rows)
        except Exception as error:  # a fault in one row must neither lose a batch nor end the sender
            if len(rows) > 1 and not isinstance(error, UNREACHED):
                half = len(rows) // 2
                return [*await self._decide(rows[:half], now), *await self._decide(rows[half:], now)]
            log.error("prepare_failed", error=type(error).__name__, deliveries=[row.id for row in rows[:10]])
            retry = now + timedelta(seconds=FRESH_SECONDS)
            return [Wait(until=retry, reason=deliveries.PREPARE_FAILED, state="queued")] * len(rows)

    # The clerk: the only one who writes about rows that are held

    async def _clerk_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._work.wait()
            self._work.clear()
            began = loop.time()
            if self._may_mark or self._answered or self._undelivered:
                await self._round()
            await self._gather(ROUND_SECONDS - (loop.time() - began))

    async def _gather(self, seconds: float) -> None:
        """Let work gather for the next round: for so long, or until there is enough of it, or no more is to come."""
        if seconds > 0 and self._lanes.busy and len(self._answered) < self._enough:
            self._full.clear()
            asyncio.get_running_loop().call_later(seconds, self._full.set)
            await self._full.wait()

    @property
    def _may_mark(self) -> int:
        if not self._ready or (
            self._lanes.in_the_air and self._now() > self._lanes.heard_at + SILENCE_SECONDS
        ):
            return 0
        ahead = min(self._ahead, AHEAD_FREE) if self._pacing.unpaid else self._ahead
        if self._ready[0].at_once:
            ahead += TALKS_AHEAD
        in_line = self._lanes.unposted - self._pacing.parked
        return min(self._in_flight - self._sending, ahead - in_line, len(self._ready))

    async def _round(self) -> None:
        returned: list[int] = []
        if self._pacing.blocked_until is not None:
            # What waits for a pause to end is not ours to hold, and will be rechecked.
            returned = [ready.row.id for ready in self._ready]
            self._ready.clear()
        chosen, stale = self._choose(self._clock.now())
        self._marking = {ready.row.id for ready in chosen}
        try:
            marked = await self._write(chosen=chosen, returned=returned + stale)
        except BaseException:
            self._ready.extendleft(reversed(chosen))
            raise
        finally:
            self._marking = set()
        sending = [ready for ready in chosen if ready.row.id in marked]
        self._sending += len(sending)
        self._lanes.post(sending)
        if self._may_mark > 0:
            self._work.set()
        if len(self._ready) < self._lease_room // 2:
            self._hungry.set()
            self._queue_changed.set()

    async def _write(self, *, chosen: Sequence[Ready], returned: Sequence[int]) -> set[int]:
        """One transaction: settle what was answered, mark what is to be posted, give back the rest."""
        settled, undelivered = list(self._answered), list(self._undelivered)
        turn = Turn(
            settled=[one.settled for one in settled] + undelivered,
            unreachable=[one.unreachable for one in settled if one.unreachable is not None],
            asked=[one.settled.id for one in settled if one.asked],
            moved=[one.moved for one in settled if one.moved is not None],
            next=[ready.row.id for ready in chosen],
            returned=returned,
        )
        async with self._database.write() as tx:
            marked = await deliveries.take_turn(tx, turn, owner=self._owner, now=self._clock.now())
        # Only now: where the commit failed they are written again, which changes nothing if it had not.
        del self._answered[: len(settled)]
        del self._undelivered[: len(undelivered)]
        self._sending -= len(settled)
        if settled:
            self._lanes.heard_at = self._now()
        return marked

    def _choose(self, now: datetime) -> tuple[list[Ready], list[int]]:
        """The next rows to be marked, and those that waited so long that they must be rechecked."""
        oldest = now - timedelta(seconds=FRESH_SECONDS * max(1.0, self._clock.speed))
        chosen: list[Ready] = []
        stale: list[int] = []
        for _ in range(max(0, self._may_mark)):
            ready = self._ready.popleft()
            if ready.prepared_at < oldest or ready.is_out_of_time(now):
                stale.append(ready.row.id)
            else:
                chosen.append(ready)
        return chosen, stale

    def _note(self, ended: EndedPost) -> None:
        self._answered.append(ended)
        self._work.set()
        if len(self._answered) >= self._enough or not self._lanes.busy:
            self._full.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _undelivered(row: Leased, decision: Wait | Stop) -> Settled:
    if isinstance(decision, Stop):
        return Settled(id=row.id, state=decision.state, reason=decision.reason)
    if row.expires_at is not None and row.expires_at <= decision.until:
        return Settled(id=row.id, state="expired", reason=decision.reason)
    return Settled(id=row.id, state=decision.state, reason=decision.reason, due_at=decision.until)
