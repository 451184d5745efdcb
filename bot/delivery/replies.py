"""Replies out: what an update is answered with, in order in each chat and in parallel across chats."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog

from bot.clock import Clock
from bot.delivery.batching import GroupCommit
from bot.delivery.calls import Attachment, Call
from bot.delivery.hooks import OnSent, Producer
from bot.delivery.outcomes import OUTCOMES, Done, InDoubt, NotSent, Outcome, Rejected, as_id
from bot.delivery.pacing import Pacing
from bot.delivery.transport import Transport
from db import deliveries, people, updates
from db.engine import AWAY, TROUBLES, Database
from db.updates import AnsweredUpdate

log = structlog.get_logger(__name__)

# Chats answered at the same time; more updates wait in the database.
PARALLEL = 256
# Of these so many may be strangers': the other places are kept for people who are known.
STRANGERS = 128
# How often a repeatable call that got no answer is repeated.
REPEATS = 3
REPEAT_SECONDS = 0.5
# How long to wait for a database that could not be written.
RETRY_SECONDS = 1.0
T = TypeVar("T")


class Replies:
    """Posts the replies of answered updates.

    `on_sent` is told what the message of a call with `remember` became; `producers` make the files of
    calls with `produce`, or the call that says why there is none; `freed` is called whenever a chat may
    get its next update.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        pacing: Pacing,
        owner: str,
        on_sent: OnSent,
        producers: Mapping[str, Producer],
        freed: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._transport = transport
        self._pacing = pacing
        self._owner = owner
        self._on_sent = on_sent
        self._producers = producers
        self._freed = freed
        self.settled: Counter[str] = Counter()
        """How many replies had which outcome in the end, since the start."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers: set[asyncio.Task[None]] = set()
        # By update: the chat, and the last message put into it.
        self._newest: dict[int, tuple[int, int]] = {}
        self._room = asyncio.Event()
        self._room.set()
        self._begin: GroupCommit[tuple[int, int], bool] = GroupCommit(self._write_begun)
        self._finish: GroupCommit[int, None] = GroupCommit(self._write_finished)

    @property
    def leaving(self) -> int:
        """How many updates have replies on their way."""
        return len(self._tasks)

    @property
    def has_room_for_strangers(self) -> bool:
        return len(self._strangers) < STRANGERS

    async def room(self) -> None:
        """Wait until another update may be answered."""
        await self._room.wait()

    def add(self, answered: AnsweredUpdate) -> None:
        """Post the replies of an update whose effects are committed."""
        task = asyncio.create_task(self._answer(answered))
        self._tasks.add(task)
        if not answered.known:
            self._strangers.add(task)
        task.add_done_callback(self._ended)
        if len(self._tasks) >= PARALLEL:
            self._room.clear()

    async def stop(self, seconds: float) -> None:
        """Let what is being posted end; what does not stays in the database for the next start."""
        if self._tasks:
            _done, open_ = await asyncio.wait(self._tasks, timeout=seconds)
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._strangers.discard(task)
        if len(self._tasks) < PARALLEL:
            self._room.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # What could be foreseen is caught before. Its row stays `answered`: the next start takes it up.
            log.error("replies_interrupted", error=type(error).__name__)
        self._freed()

    async def _answer(self, answered: AnsweredUpdate) -> None:
        if answered.begun and not Call.from_json(answered.replies[answered.begun - 1]).repeatable:
            log.warning("reply_in_doubt", update=answered.update_id)
        try:
            for index in range(answered.begun, len(answered.replies)):
                if not await self._leave_at_last(answered, index):
                    return
            await self._finish.add(answered.update_id)
        finally:
            self._newest.pop(answered.update_id, None)

    async def _leave_at_last(self, answered: AnsweredUpdate, index: int) -> bool:
        """As `_leave`. A fault that came before the post is given a few more chances; then the chat goes on without."""
        for repeat in range(REPEATS + 1):
            try:
                return await self._leave(answered, index, Call.from_json(answered.replies[index]))
            except Exception as error:  # left to itself, it would hold the chat back until the next start
                log.error("reply_failed", update=answered.update_id, error=type(error).__name__)
            await asyncio.sleep(REPEAT_SECONDS * 2**repeat)
        log.error("reply_given_up", update=answered.update_id)
        return True

    async def _leave(self, answered: AnsweredUpdate, index: int, call: Call) -> bool:
        """Post one reply until it is settled. False where another process took the update over.

        A file is made before the post is begun: a process that stops meanwhile leaves nothing in doubt. What is
        raised was raised before anything left.
        """
        if call.produce is not None:
            made = await self._produce(call)
            if made is None:
                return True
            call = made if isinstance(made, Call) else replace(call, attachment=made)
        repeats, update_id = 0, answered.update_id
        while True:
            await self._pacing.slot(call.chat if call.puts_a_message else None, stranger=not answered.known)
            if not call.repeatable and not await self._begin.add((update_id, index + 1)):
                self._pacing.unused()
                return False
            outcome = await self._post(call)
            if isinstance(outcome, NotSent):
                if not call.repeatable:
                    await self._begin.add((update_id, index))  # it did not leave: not begun
                continue
            if isinstance(outcome, InDoubt) and call.repeatable and repeats < REPEATS:
                repeats += 1
                await asyncio.sleep(REPEAT_SECONDS * 2**repeats)
                continue
            if (
                isinstance(outcome, Rejected)
                and outcome.migrate_to is not None
                and call.chat not in (None, outcome.migrate_to)
            ):
                await _note(partial(self._follow, call.chat, outcome.migrate_to))
                call = call.moved_to(outcome.migrate_to)
                continue
            await self._settle(update_id, call, outcome)
            return True

    async def _post(self, call: Call) -> Outcome:
        outcome: Outcome = InDoubt(reason="fault")
        try:
            outcome = await self._transport.post(call)
            self._pacing.heed(outcome)
        except Exception as error:  # it may have left: what is known of it is all that may follow
            log.error("post_failed", method=call.method, error=type(error).__name__)
        return outcome

    async def _settle(self, update_id: int, call: Call, outcome: Outcome) -> None:
        self.settled[OUTCOMES[type(outcome)]] += 1
        if isinstance(outcome, Done):
            sent = outcome.result if isinstance(outcome.result, Mapping) else {}
            message = as_id(sent.get("message_id"))
            if call.puts_a_message and call.chat is not None and message is not None:
                self._newest[update_id] = (call.chat, message)
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
        while said is not None:
            await self._pacing.slot(said.chat)
            if not isinstance(await self._post(said), NotSent):
                return

    async def _mark_unreachable(self, chat: int) -> None:
        async with self._database.write() as tx:
            await deliveries.mark_chat_unreachable(tx, chat, self._clock.now())

    async def _follow(self, chat: int, moved_to: int) -> None:
        async with self._database.write() as tx:
            await deliveries.follow_chat(tx, chat, moved_to)

    async def _write_begun(self, begun: list[tuple[int, int]]) -> list[bool]:
        async def begin() -> set[int]:
            async with self._database.write() as tx:
                return await updates.begin(tx, begun, self._owner)

        held = await _persistently(begin)
        return [number in held for number, _count in begun]

    async def _write_finished(self, numbers: list[int]) -> list[None]:
        # Known before the chat's next update is handled: that one waits until this one is finished.
        sent = [self._newest[number] for number in numbers if number in self._newest]

        async def finish() -> None:
            async with self._database.write() as tx:
                await updates.finish(tx, numbers, self._owner)
                if sent:
                    await people.note_newest(tx, sent)

        await _persistently(finish)
        return [None] * len(numbers)


def _otherwise(call: Call) -> Call | None:
    return None if call.otherwise is None else Call(method="sendMessage", payload=call.otherwise)


async def _persistently(
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
        await _persistently(write, troubles=AWAY)
    except Exception as error:  # it would fail each time
        log.error("outcome_not_noted", error=type(error).__name__)
