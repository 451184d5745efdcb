"""Updates handled: effects and replies are committed together, so that each update counts exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.calls import Call
from bot.delivery.hooks import Apologise, Meet, Met, Process, ReadFirst, UpdateRefused
from bot.delivery.replies import Replies, holds_chat
from db import updates
from db.engine import Database, blames_the_data, here, is_to_begin_again, savepoint
from db.updates import AnsweredUpdate, Received

log = structlog.get_logger(__name__)

BATCH = 64
# How often updates that another process stored, or left behind, are looked for.
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
# Of so many that come together the transaction that keeps them handles them too. More are kept first: while they are
# handled the next come.
AT_ONCE = 8

Answer = tuple[AnsweredUpdate, Sequence[Call]]
"""What is kept of an update that was answered, and its replies."""
Store = Callable[[AsyncConnection], Awaitable[None]]
"""Keeps what came, in a transaction: what is kept already changes nothing."""


class Processing:
    """Takes the oldest waiting updates, one of each chat, and handles them in one transaction.

    `meet`, `process`, `apologise` and `handled` are the application's: `bot.delivery.hooks` says what each is given.
    """

    def __init__(
        self,
        *,
        database: Database,
        owner: str,
        meet: Meet,
        process: Process,
        apologise: Apologise,
        handled: Callable[[], None],
        replies: Replies,
        in_turn: Callable[[bytes], str] = lambda _body: "",
        is_quick: Callable[[bytes], bool] = lambda _body: False,
    ) -> None:
        self._database = database
        self._owner = owner
        self._meet = meet
        self._process = process
        self._apologise = apologise
        self._handled = handled
        self._in_turn = in_turn
        self._is_quick = is_quick
        self._replies = replies
        # Something is there to be handled, or may be.
        self._due = asyncio.Event()
        # Whether the last look left something for later, and whether anything was freed since it began.
        self._left, self._freed = False, False
        self._turn = asyncio.Lock()  # one batch at a time
        self._runs = False
        self._apart = 0  # how many are to be handled one by one
        self._taken: list[Received] = []
        # The chats whose update waits until something was looked up for it.
        self._reading: dict[int, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        """Whether updates were taken that nobody was told the end of."""
        return bool(self._taken)

    @property
    def at_work(self) -> bool:
        """Whether an update that was stored here is still to be handled."""
        return bool(self._taken or self._reading) or self._due.is_set() or self._turn.locked()

    def wake(self) -> None:
        """Something may be there to be handled: look."""
        self._due.set()

    def freed(self) -> None:
        """A chat, or room, is free again: what was left for it may be handled now."""
        self._freed = True
        if self._left:
            self._due.set()

    async def run(self) -> None:
        """Handle updates until cancelled."""
        self._runs = True
        try:
            await self._run()
        finally:
            self._runs = False
            for task in self._reading.values():
                task.cancel()

    async def _run(self) -> None:
        while True:
            called = self._due.is_set()
            self._due.clear()
            await self._replies.room()
            # Without a call it reads first: whoever taps meanwhile would wait for the writer.
            is_to_try = called or self._left or self._taken or await self._any_wait()
            if not (is_to_try and await self._attempt() and self._left):
                # Not `wait_for`: on Python 3.11 it misses a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._due.wait()

    async def _any_wait(self) -> bool:
        async with self._database.read() as tx:
            return await updates.any_wait(tx)

    async def take_in(self, store: Store, count: int) -> None:
        """Keep `count` updates that came, by `store`; few are handled in the same transaction.

        Whoever sent them then waits for the writer and for the disk once. Where that fails they are kept alone, and
        what is wrong is found out as of any other. Raises what `store` raises.
        """
        handled = 0
        if count > AT_ONCE or not self._is_free:
            await self._store_alone(store)
        else:
            try:
                async with self._turn:
                    handled = await self.handle_batch(store)
            except Exception:  # whoever is to blame: what came has to be kept before anything else
                await self._store_alone(store)
        if handled < count:
            self.wake()

    @property
    def _is_free(self) -> bool:
        """Whether it runs, nothing is being handled, and nothing is wrong."""
        return self._runs and not (self._taken or self._apart or self._turn.locked() or self._replies.is_full)

    async def _store_alone(self, store: Store) -> None:
        async with self._database.write(ahead=True) as tx:
            await store(tx)

    async def _attempt(self) -> int:
        try:
            async with self._turn:
                handled = await self.handle_batch()
            self._apart = max(0, self._apart - handled)
            return handled
        except Exception as error:  # a fault in what one update is answered with must not stop the others
            # Nothing was committed and every update still waits. One alone shows who is to blame.
            self._left = True
            log.error("updates_not_committed", error=_kind(error), updates=len(self._taken))
            if not blames_the_data(error):
                await asyncio.sleep(RETRY_SECONDS)
            elif len(self._taken) == 1:
                await self._set_aside(self._taken, error)
                self._taken = []
            else:
                self._apart = len(self._taken)
            return 1

    async def handle_batch(self, store: Store | None = None) -> int:
        """Handle one batch, after `store` in its transaction; how many updates it was."""
        if self._taken:
            await self._take_up()
        async with self._database.write(ahead=True) as tx:
            if store is not None:
                await store(tx)
            room = (1 if self._apart else BATCH) + len(self._reading)
            waiting = await self._look(tx, room)
            self._taken = [update for update in waiting if update.chat not in self._reading]
            if not self._taken:
                return 0
            # Each is of another chat. Two processes that lock in one order do not wait for each other.
            self._taken.sort(key=lambda update: self._in_turn(update.body))
            answered = await self._handle_taken(tx)
            await updates.answer(tx, [kept for kept, _calls in answered], self._owner)
        self._handled()
        for kept, calls in answered:
            self._replies.add(kept, calls)
        self._taken = []
        return len(answered)

    async def _look(self, tx: AsyncConnection, room: int) -> list[Received]:
        strangers = self._replies.has_room_for_strangers
        self._freed = False
        waiting, self._left = await updates.waiting(tx, room, self._owner, strangers=strangers)
        # Freed meanwhile by another transaction, where the database lets several write at once.
        if self._left and self._freed:
            self._due.set()
        return waiting

    async def _take_up(self) -> None:
        """After trouble with the database: a commit may succeed and seem to fail; then nobody posts these replies."""
        async with self._database.write() as tx:
            answered = await updates.held_answers(tx, [one.update_id for one in self._taken], self._owner)
        for one in answered:
            self._replies.add(one)
        self._taken = []

    async def _handle_taken(self, tx: AsyncConnection) -> list[Answer]:
        bodies = {update.chat: update.body for update in self._taken}
        answered = []
        with here(tx) if all(map(self._is_quick, bodies.values())) else contextlib.nullcontext():
            met = await self._meet(tx, bodies)
            for place, update in enumerate(self._taken):
                if place:  # nothing may have been waited for yet, and others have their work too
                    await asyncio.sleep(0)
                one = await self._handle(tx, update, met)
                answered += [] if one is None else [one]
        return answered

    async def _handle(self, tx: AsyncConnection, update: Received, met: Met) -> Answer | None:
        """None: something has to be looked up first, while others are handled."""
        content = orjson.loads(update.body)
        error = None
        try:
            async with savepoint(tx):
                calls = await self._process(tx, content, met)
        except UpdateRefused as refused:
            calls = refused.replies
        except ReadFirst as first:
            self._reading[update.chat] = asyncio.create_task(self._read(update, first.read))
            return None
        except Exception as problem:  # a fault in one update must not stop the others
            if is_to_begin_again(problem):
                raise
            error = _kind(problem)
            log.error("update_failed", update=update.update_id, error=error)
            calls = self._sorry(content)
        calls = [call.written() for call in calls]
        kept = AnsweredUpdate(
            update_id=update.update_id,
            chat=update.chat,
            replies=[call.to_json() for call in calls],
            error=error,
            known=update.known,
            holds_chat=holds_chat(calls),
        )
        return kept, calls

    async def _read(self, update: Received, read: Callable[[], Awaitable[None]]) -> None:
        """Looks something up; then, or after trouble with the database, the update is handled again."""
        try:
            await read()
        except Exception as error:  # the update must not wait for ever for what it needs
            log.error("reading_failed", update=update.update_id, error=_kind(error))
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._reading[update.chat]
            self.wake()

    def _sorry(self, content: Mapping[str, Any]) -> Sequence[Call]:
        try:
            return self._apologise(content)
        except Exception as problem:  # the words may be what is broken; then there are none
            log.error("apology_failed", error=_kind(problem))
            return []

    async def _set_aside(self, taken: Sequence[Received], error: Exception) -> None:
        """Keep what failed, with an apology if that can be written."""
        failed = [
            AnsweredUpdate(
                update_id=update.update_id,
                chat=update.chat,
                replies=[call.to_json() for call in self._sorry(orjson.loads(update.body))],
                error=_kind(error),
                known=update.known,
            )
            for update in taken
        ]
        try:
            await self._keep(failed)
        except Exception as problem:
            if not blames_the_data(problem):
                raise
            failed = [replace(one, replies=[]) for one in failed]
            await self._keep(failed)
        for one in failed:
            self._replies.add(one)

    async def _keep(self, answered: Sequence[AnsweredUpdate]) -> None:
        async with self._database.write() as tx:
            await updates.answer(tx, answered, self._owner)


def _kind(error: BaseException) -> str:
    """The class of an error and where it arose: its text may hold what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f" at {ours[-1].filename.rsplit('/', 1)[-1]}:{ours[-1].lineno}" if ours else ""
    return type(error).__name__ + place
