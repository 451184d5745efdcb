"""The delivery engine: intake, processing, replies and sender, started and stopped as one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.hooks import Hooks
from bot.delivery.intake import Intake
from bot.delivery.leading import Leadership
from bot.delivery.outcomes import NotSent, Outcome
from bot.delivery.pacing import Pacing
from bot.delivery.processing import Processing
from bot.delivery.replies import Replies
from bot.delivery.sender import IN_FLIGHT, Sender
from bot.delivery.transport import MISSED, Transport
from db import broadcasts, deliveries, processes, updates
from db.engine import TROUBLES, Database

log = structlog.get_logger(__name__)

# How long posts may take to end when the engine is stopped; what does not end in time is in doubt.
STOP_SECONDS = 10.0
FORGET_SECONDS = 3600.0
# Telegram repeats an update for a day at most; its number is known for two.
KEEP_DONE = timedelta(days=2)
KEEP_FAILED = timedelta(days=14)
IDLE_LOOK_SECONDS = 0.02
CATCH_UP_SECONDS = 0.3
TROUBLE_SECONDS = 1.0
# While anything else is on its way, an edit that nobody waits for leaves after so long.
BREATH_SECONDS = 1.0


class Engine:
    """Everything that carries messages in and out. `run` it in one task; `stop` ends it in good order.

    Raises nothing of the network: what Telegram or the line does is logged, shown by `pacing`, and waited
    out.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        pacing: Pacing,
        hooks: Hooks,
        rate: float | None,
        poll: bool = True,
        allowed_updates: Sequence[str] = (),
        in_flight: int = IN_FLIGHT,
        lanes: int | None = None,
    ) -> None:
        self.owner = secrets.token_hex(8)
        self.leadership = Leadership(database, self.owner)
        self.pacing = pacing
        self._database = database
        self._clock = clock
        self._transport = transport
        self._poll = poll
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        self._hooks = hooks
        self._troubled_at: float | None = None
        self._replies = Replies(
            database=database,
            clock=clock,
            transport=transport,
            pacing=pacing,
            owner=self.owner,
            on_sent=hooks.on_sent,
            producers=hooks.producers,
            silenced=hooks.silenced,
            freed=self._freed,
        )
        self._processing = Processing(
            database=database,
            owner=self.owner,
            meet=hooks.meet,
            process=hooks.process,
            apologise=hooks.apologise,
            handled=self._handled,
            replies=self._replies,
            in_turn=hooks.in_turn,
            is_quick=hooks.is_quick,
        )
        self.sender = Sender(
            database=database,
            clock=clock,
            transport=transport,
            pacing=pacing,
            owner=self.owner,
            prepare=hooks.prepare,
            rate=rate,
            in_flight=in_flight,
            lanes=lanes,
        )
        self.intake = Intake(
            database=database,
            clock=clock,
            transport=transport,
            take_in=self._processing.take_in,
            asks=hooks.asks,
            allowed_updates=allowed_updates,
        )

    def _freed(self) -> None:
        self._processing.freed()

    def _handled(self) -> None:
        """Looks for work once an update is committed: it may have queued messages, or brought others forward."""
        self.wake()
        self._hooks.handled()

    async def run(self) -> None:
        """Take over what dead processes left, then carry messages until `stop`."""
        await self.pacing.restore()
        await self._beat()
        await self._take_over()
        await self.leadership.renew()
        self._started.set()
        parts = [
            self._processing.run,
            self.sender.run,
            self.pacing.run,
            self._stay_alive,
            self._watch_processes,
            self._watch_clock,
            self._forget_old,
            *([self._poll_if_leading] if self._poll else []),
        ]
        tasks = [asyncio.create_task(self._steadily(part)) for part in parts]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done, _open = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)
            await self._end()
        for task in done - {stopping}:
            task.result()  # one part failed: its error is the engine's

    def stop(self) -> None:
        """Take nothing more, let what is being posted end, and return from `run`."""
        self._stopping.set()

    async def call(self, call: Call) -> Outcome:
        """Post one call that belongs to no update (a progress message), paced like a reply.

        It is not kept.
        """
        await self.pacing.slot(call.chat if call.puts_a_message else None)
        while (outcome := await self._transport.post(call, by=self.pacing.soon())) is MISSED:
            self.pacing.unused()
            await self.pacing.slot(first=True)
        self.pacing.heed(outcome)
        return outcome

    async def call_last(self, call: Call, still: Callable[[], Awaitable[bool]]) -> Outcome:
        """Post an edit that nobody waits for: while anything else is on its way, after a breath and in the last place.

        `still`: asked once its turn has come, whether it is to be made. It is not kept.
        """
        if self.sender.busy or self._replies.leaving:
            await asyncio.sleep(BREATH_SECONDS)
        if not await self.pacing.slot(bulk=True):
            return NotSent(reason="paused")
        if not await still():
            return NotSent(reason="overtaken")
        outcome = await self._transport.post(call)
        self.pacing.heed(outcome)
        return outcome

    async def tell(self, call: Call) -> Outcome:
        """Post one call in spite of a pause: the word to an organizer that Telegram asked for it, once."""
        outcome = await self._transport.post(call)
        self.pacing.heed(outcome)
        return outcome

    def wake(self) -> None:
        """Something was queued, or a broadcast was changed: look at once."""
        self.sender.wake()

    async def caught_up(self) -> None:
        """Return when whoever wrote while no bot ran has an answer; soon, where nobody did or it takes long."""
        if not self._poll:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self.intake.began.wait()
                while self._processing.at_work or self._replies.leaving:  # noqa: ASYNC110 - as `idle` waits
                    await asyncio.sleep(IDLE_LOOK_SECONDS)

    async def idle(self) -> None:
        """Return when no update waits, no delivery is due and nothing is in flight."""
        await self._started.wait()
        while not await self.is_idle():  # noqa: ASYNC110 - other processes change the database too
            await asyncio.sleep(IDLE_LOOK_SECONDS)

    @property
    def replies(self) -> Mapping[str, int]:
        """How many replies had which outcome since the start."""
        return self._replies.settled

    @property
    def troubled_seconds(self) -> float | None:
        """How long ago a part last had trouble with the database; None: it never had."""
        if self._troubled_at is None:
            return None
        return asyncio.get_running_loop().time() - self._troubled_at

    async def is_idle(self) -> bool:
        """Whether no update waits, no delivery is due and nothing is in flight."""
        if self._processing.busy or self._replies.leaving or self.sender.busy:
            return False
        now = self._clock.now()
        async with self._database.read() as tx:
            if any(one.next_due <= now for one in await broadcasts.active(tx)):
                self.wake()
                return False
            if await updates.count_unfinished(tx) or await deliveries.unsettled(tx, self.owner):
                return False
            if await deliveries.ripe_withheld(tx, now):
                self.wake()
                return False
        return not (self._replies.leaving or self.sender.busy)

    async def _beat(self) -> None:
        """In a transaction of its own: whoever waits for rows that a dead process holds is alive all the same."""
        async with self._database.write() as tx:
            await processes.beat(tx, self.owner)

    async def _take_over(self) -> None:
        async with self._database.write() as tx:
            living = await processes.living(tx, self.owner)
            adopted = await updates.adopt(tx, self.owner, living)
            queued, in_doubt = await deliveries.recover(tx, living, self._clock.now())
        if adopted or queued or in_doubt:
            log.warning("taken_over", updates=len(adopted), queued=queued, in_doubt=in_doubt)
        for answered in adopted:
            self._replies.add(answered)

    async def _poll_if_leading(self) -> None:
        """Telegram answers 409 where two poll."""
        if not self.leadership.held:
            log.info(
                "stands_by",
                hint="Another process on this database asks Telegram for updates; this one sends and answers"
                " too, and asks for them when the other ends.",
            )
        await self.leadership.while_held(self.intake.poll)

    async def _stay_alive(self) -> None:
        """Where several processes share the database: say that we live, and go on leading."""
        while True:
            await asyncio.sleep(processes.BEAT_SECONDS)
            if self._database.dialect == "postgresql":
                await self._beat()
                await self.leadership.renew()

    async def _watch_processes(self) -> None:
        """Where several processes share the database: take over from the dead."""
        while True:
            await asyncio.sleep(processes.BEAT_SECONDS)
            if self._database.dialect == "postgresql":
                await self._take_over()

    async def _watch_clock(self) -> None:
        while True:
            await self._clock.changed()
            self.wake()

    async def _forget_old(self) -> None:
        while True:
            now = self._clock.now()
            async with self._database.write() as tx:
                await updates.forget(tx, done_before=now - KEEP_DONE, failed_before=now - KEEP_FAILED)
            await asyncio.sleep(FORGET_SECONDS)

    async def _steadily(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run one part; while the database cannot be reached, begin again."""
        while True:
            try:
                await part()
            except* TROUBLES as group:
                self._troubled_at = asyncio.get_running_loop().time()
                kinds = sorted({type(error).__name__ for error in _leaves(group)})
                log.error("database_trouble", errors=kinds, again_in=TROUBLE_SECONDS)
            await asyncio.sleep(TROUBLE_SECONDS)

    async def _end(self) -> None:
        await self.leadership.resign()
        await asyncio.gather(self._replies.stop(STOP_SECONDS), self.sender.stop(STOP_SECONDS))
        await self.pacing.end()
        async with self._database.write() as tx:
            await processes.leave(tx, self.owner)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
