"""One call of a reply on its way: posted until it is settled, and what came of it noted."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog

from bot.clock import Clock
from bot.delivery.calls import Attachment, Call
from bot.delivery.hooks import OnSent, Producer, Silenced
from bot.delivery.outcomes import OUTCOMES, Done, InDoubt, NotSent, Outcome, Rejected, as_id
from bot.delivery.pacing import Pacing
from bot.delivery.transport import MISSED, Transport
from db import deliveries
from db.engine import AWAY, TROUBLES, Database

log = structlog.get_logger(__name__)

# How often a repeatable call that got no answer is repeated.
REPEATS = 3
REPEAT_SECONDS = 0.5
# How long to wait for a database that could not be written.
RETRY_SECONDS = 1.0
T = TypeVar("T")


class Leaving:
    """Posts calls and settles them.

    `on_sent` is told what the message of a call with `remember` became; `producers` make the files of calls with
    `produce`, or the call that says why there is none. `silenced` is asked about what is late: see `Hooks`.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        pacing: Pacing,
        on_sent: OnSent,
        producers: Mapping[str, Producer],
        silenced: Silenced,
    ) -> None:
        self._database = database
        self._clock = clock
        self._transport = transport
        self._pacing = pacing
        self._on_sent = on_sent
        self._producers = producers
        self._silenced = silenced
        self.settled: Counter[str] = Counter()
        """How many replies had which outcome in the end, since the start."""
        self.newest: dict[int, tuple[int, int]] = {}
        """By update: the chat, and the last message put into it."""

    async def leave(
        self,
        update_id: int,
        call: Call,
        *,
        slot: Callable[[Call, bool], Awaitable[object]],
        begin: Callable[[bool], Awaitable[bool]],
    ) -> bool:
        """Post a call until it is settled. False where another process took its update over.

        `slot` waits for its turn, and before others' where, given True, it missed one. `begin` notes durably that it is
        begun, or, given False, that it is not after all. A file is made before that: a process that stops meanwhile
        leaves nothing in doubt. What is raised was raised before anything left.
        """
        if call.produce is not None:
            made = await self._produce(call)
            if made is None:
                return True
            call = made if isinstance(made, Call) else replace(call, attachment=made)
        repeats, missed = 0, False
        while True:
            await slot(call, missed)
            if call.is_late(self._clock.now()):
                allowed = await self._silenced(call)
                if allowed is None:
                    self._pacing.unused()
                    return True
                call = replace(allowed, leave_before=None)
            if not call.repeatable and not await begin(True):
                self._pacing.unused()
                return False
            outcome = await self.post(call)
            missed = outcome is MISSED
            if isinstance(outcome, NotSent):
                if not call.repeatable:
                    await begin(False)  # it did not leave: not begun
                continue
            if isinstance(outcome, InDoubt) and call.repeatable and repeats < REPEATS:
                repeats += 1
                await asyncio.sleep(REPEAT_SECONDS * 2**repeats)
                continue
            if (moved := await self._moved(call, outcome)) is not None:
                call = moved
                continue
            await self.settle(update_id, call, outcome)
            return True

    async def show(self, update_id: int, call: Call, slot: Callable[[], Awaitable[object]]) -> bool:
        """Post an edit whose turn has come; `slot` waits for another one. False: it did not leave."""
        repeats = 0
        while True:
            if call.is_late(self._clock.now()):
                allowed = await self._silenced(call)
                if allowed is None:
                    self._pacing.unused()
                    return True
                call = allowed  # asked again each time: it may wait for its turn once more
            outcome = await self.post(call)
            if isinstance(outcome, NotSent):
                return False
            if (moved := await self._moved(call, outcome)) is not None:
                call = moved
            elif isinstance(outcome, InDoubt) and repeats < REPEATS:
                repeats += 1
                await asyncio.sleep(REPEAT_SECONDS * 2**repeats)
            else:
                await self.settle(update_id, call, outcome)
                return True
            await slot()

    async def post(self, call: Call, *, paced: bool = True) -> Outcome:
        """Post it once, whatever comes of it; `MISSED` where it had to wait for a connection.

        Those of a silent server come free together: what waits for them would leave in the same second.
        """
        outcome: Outcome = InDoubt(reason="fault")
        try:
            outcome = await self._transport.post(call, by=self._pacing.soon() if paced else math.inf)
            if outcome is MISSED:
                self._pacing.unused()
            else:
                self._pacing.heed(outcome, paced=paced)
        except Exception as error:  # it may have left: what is known of it is all that may follow
            log.error("post_failed", method=call.method, error=type(error).__name__)
        return outcome

    async def settle(self, update_id: int, call: Call, outcome: Outcome) -> None:
        """Note what came of it in the end."""
        self.settled[OUTCOMES[type(outcome)]] += 1
        if isinstance(outcome, Done):
            sent = outcome.result if isinstance(outcome.result, Mapping) else {}
            message = as_id(sent.get("message_id"))
            if call.puts_a_message and call.chat is not None and message is not None:
                self.newest[update_id] = (call.chat, message)
            if call.remember is not None and sent:
                await _note(partial(self._on_sent, call.remember, sent))
        elif isinstance(outcome, Rejected):
            if outcome.unreachable and call.chat is not None:
                await _note(partial(self._mark_unreachable, call.chat))
            elif not outcome.harmless:
                log.error("reply_rejected", method=call.method, code=outcome.code, said=outcome.description)
                await self._say_otherwise(call)
        elif isinstance(outcome, InDoubt):
            log.warning("reply_in_doubt", update=update_id, method=call.method, reason=outcome.reason)
            await self._say_otherwise(call)

    async def _moved(self, call: Call, outcome: Outcome) -> Call | None:
        """The call to the chat that a group has become, where that is what Telegram answered."""
        if not isinstance(outcome, Rejected) or outcome.migrate_to is None or call.chat is None:
            return None
        if call.chat == outcome.migrate_to:
            return None
        await _note(partial(self._follow, call.chat, outcome.migrate_to))
        return call.to(outcome.migrate_to)

    async def _produce(self, call: Call) -> Attachment | Call | None:
        """The file, or what is posted in its place; None: nothing is."""
        assert call.produce is not None  # the caller looked
        try:
            return await self._producers[call.produce](call.produce_arguments)
        except Exception as error:  # a file that cannot be made must not hold the chat back for ever
            log.error("file_not_made", name=call.produce, error=type(error).__name__)
            return _otherwise(call)

    async def _say_otherwise(self, call: Call) -> None:
        """Tells whoever waits for a file that it did not come. Said once: it may be what fails too."""
        said = _otherwise(call)
        outcome: Outcome | None = None
        while said is not None:
            await self._pacing.slot(said.chat, first=outcome is MISSED)
            outcome = await self.post(said)
            if not isinstance(outcome, NotSent):
                return

    async def _mark_unreachable(self, chat: int) -> None:
        async with self._database.write() as tx:
            await deliveries.mark_chat_unreachable(tx, chat, self._clock.now())

    async def _follow(self, chat: int, moved_to: int) -> None:
        async with self._database.write() as tx:
            await deliveries.follow_chat(tx, chat, moved_to)


def _otherwise(call: Call) -> Call | None:
    return None if call.otherwise is None else Call(method="sendMessage", payload=call.otherwise)


async def persistently(
    write: Callable[[], Awaitable[T]], *, troubles: tuple[type[Exception], ...] = TROUBLES
) -> T:
    """Write until the database is there: given up, the chat would hear nothing more until the next start."""
    while True:
        try:
            return await write()
        except troubles as error:
            log.error("replies_not_noted", error=type(error).__name__, again_in=RETRY_SECONDS)
        await asyncio.sleep(RETRY_SECONDS)


async def _note(write: Callable[[], Awaitable[object]]) -> None:
    """Write what a post has taught us. The message has left: no other fault may make it leave again."""
    try:
        await persistently(write, troubles=AWAY)
    except Exception as error:  # it would fail each time
        log.error("outcome_not_noted", error=type(error).__name__)
