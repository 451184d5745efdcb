"""Who may post now: one budget for the whole bot, replies before bulk, one message a second to a chat.

Every post asks for a `slot` and waits its turn. `retry_after` stops everything until it has passed; a
server that cannot be reached, does not know the token or gives no answer that can be read stops everything for a
bounded, growing time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.delivery.budget import Budget
from bot.delivery.chat_pauses import ChatPauses
from bot.delivery.outcomes import OUTCOMES, WRONG_TOKEN, InDoubt, NotSent, Outcome, in_words
from bot.delivery.slots import SLACK_SECONDS

log = structlog.get_logger(__name__)

CHAT_SECONDS = 1.0
# At high rates slots are handed out a few at a time: a timer per post would cost more than the post.
TICK_SECONDS = 0.004
OUTAGE_FIRST_SECONDS = 0.5
OUTAGE_LONGEST_SECONDS = 30.0
# After so many posts in a row whose answer did not come it is the server, not the line: each more would be one more in
# doubt, so that one at a time leaves, after a pause, until an answer comes.
DOUBTS_IN_A_ROW = 5
# How long such a post is waited for.
PROBE_SECONDS = 35.0
# Messages a second that Telegram lets a bot send for nothing.
FREE_RATE = 30
# How long only that leaves once the bot's Stars did not pay for more; then paying is tried again.
UNPAID_SECONDS = 600.0
# A `retry_after` of at least this is shown to the organizers.
LONG_PAUSE_SECONDS = 10.0
# What makes a pause longer by less than this is one of many posts that were told the same: it is logged once.
SAME_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class _Waiter:
    future: asyncio.Future[float]
    chat: int | None
    bulk: bool
    stranger: bool
    edit: bool
    talk: bool


class Pacing:
    """Hands out the slots of one budget. Belongs to one event loop."""

    def __init__(self, *, budget: Budget, clock: Clock, chat_seconds: float = CHAT_SECONDS) -> None:
        self._budget = budget
        self._clock = clock
        self._chats = ChatPauses(chat_seconds)
        self._replies: deque[_Waiter] = deque()
        # What people see change takes turns with what is new to them: neither waits for all of the other.
        self._edits: deque[_Waiter] = deque()
        self._edit_is_next = False
        # Replies to strangers take turns with bulk messages: a crowd of them must not stop a broadcast.
        self._strangers: deque[_Waiter] = deque()
        self._bulk: deque[_Waiter] = deque()
        # What is said in conversations goes before both: somebody waits for each.
        self._talks: deque[_Waiter] = deque()
        self._bulk_is_next = False
        # Those whose chat was written to a moment ago: (when it may be again, order, waiter).
        self._parked: list[tuple[float, int, _Waiter]] = []
        self._order = itertools.count()
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._blocked_until = 0.0
        self._blocked_by = ""
        self._out_until = 0.0  # the server is out of reach
        self._unpaced_until = 0.0  # what is outside the budget was asked to wait
        self._asked_until = 0.0
        self._outage_level = 0
        self._doubts = 0  # in a row
        self._probing_until = 0.0
        self._unpaid = False
        self._is_limited = False
        self.refused = False
        """Whether Telegram did not know the token of the last post that it answered."""
        self.posts: Counter[str] = Counter()
        """How many posts had which outcome since the start: `done`, `not_sent`, `in_doubt`, `rejected`."""
        self.asked_to_wait = 0
        """How many posts were answered with a `retry_after` since the start."""

    async def slot(
        self,
        chat: int | None = None,
        *,
        bulk: bool = False,
        stranger: bool = False,
        edit: bool = False,
        talk: bool = False,
        first: bool = False,
    ) -> float:
        """Wait until one post may leave. `chat` is given for what puts a new message into that chat.

        `first` of its kind: it missed a slot.

        Replies to people who are known go first, an `edit` and a message in turn; those to strangers take turns with
        bulk messages, of which those that are part of a `talk` come before both.

        By when it has to be written; see `again`. 0 tells a bulk message that everything is paused: it goes back to the
        queue rather than wait here.
        """
        if bulk and self._now() < self._blocked_until:
            return 0.0
        if not self._waiting:
            now = self._now()
            self._budget.rest(now)
            if self._is_free(chat, now):
                return self._take(chat, now)
        waiter = _Waiter(
            future=asyncio.get_running_loop().create_future(),
            chat=chat,
            bulk=bulk,
            stranger=stranger,
            edit=edit,
            talk=talk,
        )
        queue = self._queue(waiter)
        queue.appendleft(waiter) if first else queue.append(waiter)
        self.grant()
        return await waiter.future

    async def unpaced(self) -> None:
        """Wait until what is outside the budget may leave: the answer to a tap. It costs no slot.

        A pause that Telegram asks of messages is none for it; one that it is asked itself, and a server out of reach,
        are. While that is doubtful each post is a probe like any other.
        """
        while (left := max(self._unpaced_until, self._out_until) - self._now()) > 0:  # noqa: ASYNC110 - it may grow meanwhile
            await asyncio.sleep(left)
        if self._doubts >= DOUBTS_IN_A_ROW:
            await self.slot()

    @property
    def blocked_until(self) -> datetime | None:
        """Until when nothing leaves, by the application's clock; none while messages flow."""
        return self._moment(self._blocked_until)

    @property
    def blocked_by(self) -> str:
        """Why nothing leaves: Telegram's words, or the kind of failure; empty while messages flow."""
        return self._blocked_by if self.blocked_until else ""

    @property
    def asked_until(self) -> datetime | None:
        """Until when Telegram asked for a long silence, which the organizers are told of; None once it is over."""
        return self._moment(self._asked_until)

    @property
    def unpaid(self) -> bool:
        """Whether the bot's Stars do not pay at present: what leaves must ask for no payment."""
        return self._unpaid

    def _moment(self, until: float) -> datetime | None:
        left = until - self._now()
        return self._clock.now() + timedelta(seconds=left) if left > 0 else None

    def heed(self, outcome: Outcome, *, paced: bool = True) -> None:
        """Let what the server answered slow down, or let go again, every later post of its kind.

        `paced`: whether it had a slot of the budget.
        """
        self._probing_until = 0.0
        self._count(outcome)
        if isinstance(outcome, InDoubt):
            self._doubts += 1
            if self._doubts >= DOUBTS_IN_A_ROW:
                self._outage(in_words(outcome))
            return
        was_doubtful, self._doubts = self._doubts >= DOUBTS_IN_A_ROW, 0
        if not isinstance(outcome, NotSent):
            self._outage_level = 0
        elif outcome.retry_after is None:
            self._outage(in_words(outcome))
        elif paced:
            self.pause(outcome.retry_after, outcome.reason)
        else:
            self._unpaced_until = max(self._unpaced_until, self._now() + outcome.retry_after)
        if was_doubtful:
            self.grant()

    def _count(self, outcome: Outcome) -> None:
        self.posts[OUTCOMES[type(outcome)]] += 1
        if isinstance(outcome, NotSent):
            self.refused = self.refused or outcome.reason == WRONG_TOKEN
            self.asked_to_wait += outcome.retry_after is not None
        elif not isinstance(outcome, InDoubt):
            self.refused = False

    def cannot_pay(self, said: str) -> None:
        """Telegram refused a message because the bot's Stars do not pay for it: for a while what is free leaves."""
        if self._unpaid:
            return  # one of several that were on their way
        self._unpaid = True
        self._budget.keep_to(FREE_RATE)
        asyncio.get_running_loop().call_later(UNPAID_SECONDS, self._pay_again)
        log.warning(
            "stars_used_up",
            said=said,
            hint=f"The bot's balance of Telegram Stars does not pay for faster broadcasts. Messages leave at"
            f" {FREE_RATE} a second, for nothing; paying is tried again in {UNPAID_SECONDS / 60:g} minutes.",
        )

    def _pay_again(self) -> None:
        self._unpaid = False
        self._budget.keep_to(None)
        self.grant()

    def unused(self) -> None:
        """A slot that was given was not used after all: no answer comes that others could wait for."""
        if self._probing_until:
            self._probing_until = 0.0
            self.grant()

    def soon(self) -> float:
        """By when a reply whose turn has come, and was noted, is to be written: it waits for no connection."""
        return self._now() + SLACK_SECONDS if self._is_limited else math.inf

    async def again(self, by: float, *, talk: bool = False) -> float:
        """Another slot for a bulk message that missed the one it had until `by`: it waited for a connection, or the
        process for its processor. It is written at once where one is free, so that a slow machine gets on too.
        """
        self._budget.missed(by)
        now = self._now()
        if now >= self._blocked_until and self._budget.available_at(now, self._waiting + 1) <= now:
            return self._budget.take(now)
        self.unused()
        return await self.slot(bulk=True, talk=talk)  # its chat is waiting for it already

    def pause(self, seconds: float, reason: str) -> None:
        """Nothing leaves for so long, whoever asks, from this process or another."""
        self._budget.pause(seconds)
        self._keep_silent(seconds, reason)

    def _keep_silent(self, seconds: float, reason: str) -> None:
        """Telegram asked for it, this process or another."""
        self._stop_until(seconds, reason)
        if seconds >= LONG_PAUSE_SECONDS:
            self._asked_until = max(self._asked_until, self._now() + seconds)

    def _stop_until(self, seconds: float, reason: str) -> None:
        until = self._now() + seconds
        if until > self._blocked_until:
            if until > max(self._now(), self._blocked_until) + SAME_PAUSE_SECONDS:
                log.warning("sending_paused", seconds=round(seconds, 1), reason=reason)
            self._blocked_until = until
            self._blocked_by = reason
            self._send_bulk_back()
            self._arm(until)

    def _send_bulk_back(self) -> None:
        """Gives bulk back, also where it waits for its chat: after the pause it may no longer be wanted, or allowed."""
        for waiter in [*self._talks, *self._bulk, *(parked[2] for parked in self._parked)]:
            if waiter.bulk and not waiter.future.done():
                waiter.future.set_result(0.0)
        self._talks.clear()
        self._bulk.clear()

    def _outage(self, reason: str) -> None:
        if self._now() < self._blocked_until:
            # One of several posts that failed together, or in a pause of messages an answer that has no part in it.
            self._out_until = max(self._out_until, self._now() + OUTAGE_FIRST_SECONDS)
            return
        seconds = min(OUTAGE_LONGEST_SECONDS, OUTAGE_FIRST_SECONDS * 2.0**self._outage_level)
        self._outage_level = min(self._outage_level + 1, 10)
        self._out_until = self._now() + seconds
        self._stop_until(seconds, reason)

    def grant(self) -> None:
        """Hand out every slot that is free now, and come back when the next one will be."""
        now = self._now()
        if now < (until := max(self._blocked_until, self._probing_until)):
            self._arm(until)
            return
        free = []
        while self._parked and self._parked[0][0] <= now:
            free.append(heapq.heappop(self._parked)[2])
        for waiter in reversed(free):  # those that waited for one chat keep their order
            self._queue(waiter).appendleft(waiter)
        while queue := self._next():
            waiter = queue[0]
            if waiter.future.done():
                queue.popleft()
                continue
            ready_at = now if waiter.chat is None else self._chats.ready_at(waiter.chat, now)
            if ready_at > now:
                heapq.heappush(self._parked, (ready_at, next(self._order), queue.popleft()))
                continue
            if (at := self._budget.available_at(now, self._waiting)) > now:
                if at < math.inf:
                    self._arm(max(at, now + TICK_SECONDS))
                return
            by = self._take(waiter.chat, now)
            self._bulk_is_next = waiter.stranger
            self._edit_is_next = not waiter.edit
            queue.popleft().future.set_result(by)
            if self._probing_until > now:
                self._arm(self._probing_until)
                return
        if self._parked:
            self._arm(self._parked[0][0])

    @property
    def parked(self) -> int:
        """How many bulk messages wait for their chat alone: no slot is lost if others go before them."""
        return sum(waiter.bulk and not waiter.future.done() for _at, _order, waiter in self._parked)

    @property
    def _waiting(self) -> int:
        return (
            len(self._replies) + len(self._edits) + len(self._strangers) + len(self._talks) + len(self._bulk)
        )

    async def restore(self) -> None:
        """Before anything leaves: respect what the processes before this one did and were told."""
        await self._budget.restore(self._keep_silent)

    async def run(self) -> None:
        """Share the budget with other processes, until cancelled."""
        await self._budget.run(self.grant, self._keep_silent)

    async def end(self) -> None:
        """Once nothing is on its way any more."""
        await self._budget.end()

    def _is_free(self, chat: int | None, now: float) -> bool:
        return (
            now >= self._blocked_until
            and now >= self._probing_until
            and not self._parked
            and (chat is None or self._chats.ready_at(chat, now) <= now)
            and self._budget.available_at(now, 1) <= now
        )

    def _take(self, chat: int | None, now: float) -> float:
        by = self._budget.take(now)
        self._is_limited = by < math.inf
        if self._doubts >= DOUBTS_IN_A_ROW:
            self._probing_until = now + PROBE_SECONDS
        if chat is not None:
            self._chats.wrote(chat, now)
        return by

    def _queue(self, waiter: _Waiter) -> deque[_Waiter]:
        if waiter.bulk:
            return self._talks if waiter.talk else self._bulk
        if waiter.stranger:
            return self._strangers
        return self._edits if waiter.edit else self._replies

    def _next(self) -> deque[_Waiter]:
        """The queue whose turn it is; an empty one where nobody waits."""
        if self._replies or self._edits:
            first, second = (
                (self._edits, self._replies) if self._edit_is_next else (self._replies, self._edits)
            )
            return first or second
        if self._talks:
            return self._talks
        if self._bulk_is_next:
            return self._bulk or self._strangers
        return self._strangers or self._bulk

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            if self._timer_at <= at:  # not `when()`: what uvloop gives for less than a millisecond has none
                return
            self._timer.cancel()
        self._timer, self._timer_at = asyncio.get_running_loop().call_at(at, self._fire), at

    def _fire(self) -> None:
        self._timer = None
        self.grant()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
