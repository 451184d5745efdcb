"""Lanes: what is marked leaves through them, each of which posts one message after the other.

A lane lives as long as something waits for it, so that at full speed a message costs no task of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.outcomes import InDoubt, NotSent, Outcome, Rejected
from bot.delivery.pacing import Pacing
from bot.delivery.settling import EndedPost, answered, repeated_after
from bot.delivery.transport import MISSED, Transport
from db.deliveries import Leased

log = structlog.get_logger(__name__)

# What was rechecked longer ago is rechecked again before it leaves; what failed by a fault waits as long.
FRESH_SECONDS = 30.0
PAUSED = NotSent(reason="paused")
# Until the answer to a post is there, whatever happens to it.
UNKNOWN = InDoubt(reason="fault")


@dataclass(kw_only=True, slots=True)
class Ready:
    """A delivery that was looked at and worded. `at_once`: somebody waits for it in a conversation."""

    row: Leased
    call: Call
    prepared_at: datetime
    at_once: bool = False

    def is_out_of_time(self, now: datetime) -> bool:
        """Whether it must not leave now: useless, held back by the law or the hour, or looked at for an instant that is
        still to come."""
        expires_at, leave_before = self.row.expires_at, self.call.leave_before
        return (
            now < self.prepared_at
            or (expires_at is not None and expires_at <= now)
            or (leave_before is not None and leave_before <= now)
        )


class Lanes:
    """Post what is marked, and tell `ended` what became of each; `left` is called when one has left."""

    def __init__(
        self,
        *,
        clock: Clock,
        transport: Transport,
        pacing: Pacing,
        most: int,
        left: Callable[[], None],
        ended: Callable[[EndedPost], None],
    ) -> None:
        self._clock, self._transport, self._pacing = clock, transport, pacing
        self._most = most
        self._left, self._ended = left, ended
        self._marked: deque[Ready] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._posting: set[int] = set()
        self.unposted = 0
        """How many are marked and have not left yet: they wait for a lane, or for their slot."""
        self.heard_at = 0.0
        """When an answer last came, or the first post began to wait for one."""

    @property
    def busy(self) -> bool:
        """Whether anything is marked, or has left and has no answer yet."""
        return bool(self._marked or self._posting)

    @property
    def in_the_air(self) -> int:
        """How many have left and have no answer yet."""
        return len(self._marked) + len(self._posting) - self.unposted

    @property
    def held(self) -> list[int]:
        """All of them."""
        return [*(ready.row.id for ready in self._marked), *self._posting]

    def post(self, marked: Iterable[Ready]) -> None:
        """Let these leave, in their order."""
        before = len(self._marked)
        self._marked.extend(marked)
        self.unposted += len(self._marked) - before
        # Who waits for a chat alone takes nobody's place.
        free = self._most + self._pacing.parked - len(self._lanes)
        for _ in range(min(free, len(self._marked))):
            lane = asyncio.create_task(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def end(self, seconds: float) -> None:
        """Until all have left and are answered, for so long at most."""
        if self._lanes:
            await asyncio.wait(self._lanes, timeout=seconds)

    async def _lane(self) -> None:
        while self._marked:
            ready = self._marked.popleft()
            number = ready.row.id
            self._posting.add(number)
            try:
                ended = await self._post(ready)
            finally:
                self._posting.discard(number)
            self._ended(ended)

    async def _post(self, ready: Ready) -> EndedPost:
        call, moved, again_at = ready.call, None, None
        outcome: Outcome = PAUSED
        try:
            if by := await self._turn(ready):
                if self._pacing.unpaid:
                    call = call.free()
                outcome = UNKNOWN
                first = await self._transport.post(call, by=by)
                if first is MISSED:
                    outcome = await self._post_later(ready, call, by)
                else:
                    outcome = first
                    self._pacing.heed(outcome)
                if isinstance(outcome, Rejected):
                    if call.is_paid and outcome.unpaid:
                        self._pacing.cannot_pay(outcome.description)
                        outcome = NotSent(reason="no Stars")
                    elif outcome.migrate_to is not None and call.chat is not None:
                        moved = (call.chat, outcome.migrate_to)
                        call, outcome = call.to(outcome.migrate_to), UNKNOWN
                        outcome = await self._post_again(ready, call)
                    elif call.instead is not None and outcome.is_final:
                        call, outcome = call.instead, UNKNOWN
                        outcome = await self._post_again(ready, call)
        except Exception as error:  # a fault must neither hold the row for ever nor hide what became of it
            log.error("post_failed", error=type(error).__name__, delivery=ready.row.id)
            again_at = self._clock.now() + timedelta(seconds=FRESH_SECONDS)
            if outcome is UNKNOWN:
                self._pacing.heed(outcome)
        if isinstance(outcome, InDoubt) and again_at is None:
            again_at = self._clock.now() + repeated_after(ready.row.attempts)
        return answered(ready.row, call, outcome, moved, again_at)

    async def _turn(self, ready: Ready) -> float:
        """Wait for its turn; by when it has to be written, 0 if it may not leave now that it has come."""
        try:
            by = await self._pacing.slot(ready.call.chat, bulk=True, talk=ready.at_once)
        finally:
            if not self.in_the_air:
                self.heard_at = asyncio.get_running_loop().time()
            self.unposted -= 1
            self._left()
        return by if by and self._is_in_time(ready) else 0.0

    def _is_in_time(self, ready: Ready) -> bool:
        """A slot may come after the last instant at which it could leave, and the clock may have been set back."""
        if ready.is_out_of_time(self._clock.now()):
            self._pacing.unused()
            return False
        return True

    async def _post_again(self, ready: Ready, call: Call) -> Outcome:
        """A second post, which takes its turn like any other."""
        return await self._post_by(ready, call, await self._pacing.slot(call.chat, bulk=True))

    async def _post_later(self, ready: Ready, call: Call, by: float) -> Outcome:
        """Another attempt of what was not written by then."""
        return await self._post_by(ready, call, await self._pacing.again(by, talk=ready.at_once))

    async def _post_by(self, ready: Ready, call: Call, by: float) -> Outcome:
        while by:
            if not self._is_in_time(ready):
                return NotSent(reason="too late")
            outcome = await self._transport.post(call, by=by)
            if outcome is not MISSED:
                self._pacing.heed(outcome)
                return outcome
            by = await self._pacing.again(by, talk=ready.at_once)
        return PAUSED
