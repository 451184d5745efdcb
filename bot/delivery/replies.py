"""Replies out: what updates are answered with, each by its own way. No update waits for them to be handled.

- An answer to a tap (its toast) has no chat and is outside the budget: it leaves at once.
- An edit shows a state: of each message the last alone leaves (`bot.delivery.latest`).
- A new message leaves in its turn, in order in each chat and in parallel across chats.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.clock import Clock
from bot.delivery import leaving
from bot.delivery.calls import Call
from bot.delivery.hooks import OnSent, Producer, Silenced, as_it_is
from bot.delivery.latest import Latest, Message
from bot.delivery.leaving import REPEATS, Leaving
from bot.delivery.notes import ReplyNotes
from bot.delivery.outcomes import PASSED_OVER, InDoubt, NotSent
from bot.delivery.pacing import Pacing
from bot.delivery.transport import Transport
from db.engine import Database
from db.updates import AnsweredUpdate

log = structlog.get_logger(__name__)

# Calls that wait to leave; what comes in beyond waits unhandled. A call takes some 2 kB.
MOST_WAITING = 32_768
# Of these so many may be strangers': a crowd of them is not handled faster than it is answered.
MOST_OF_STRANGERS = 128
# Answers to taps on their way at the same time.
ANSWERS = 64
# What is done within so long of each other is forgotten together: nobody waits for it.
GATHER_SECONDS = 0.02
BUTTONS_ALONE = "editMessageReplyMarkup"
DELETION = "deleteMessage"
CHANGES = frozenset({"editMessageText", "editMessageCaption", "editMessageMedia", BUTTONS_ALONE, DELETION})
"""What sets the state of a message, so that it makes those needless that wait to be set before it."""


@dataclass(kw_only=True, eq=False)
class _Update:
    """An answered update that is not done: `left` is how much it waits for, the calls that have not left among it."""

    id: int
    chat: int
    known: bool
    left: int = 1
    # How many new messages it puts into its chat that have not left.
    messages: int = 0
    # Another process took it over: what has not left leaves from there.
    is_lost: bool = False
    # Later ones that change a message which it changes.
    later: list[_Update] = field(default_factory=list)
    changes: list[Message] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class _Reply:
    """A call of an update, by its place among them. It is written while it waits."""

    update: _Update
    place: int
    call: Call
    # States of the same message that this one was merged with: they are settled once it has left.
    under: list[_Reply] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class _Chat:
    """The new messages of a chat; `task` sends them, one after the other."""

    messages: deque[_Reply] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Replies:
    """Posts the replies of answered updates. `freed` is called whenever another update may be handled."""

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
        silenced: Silenced = as_it_is,
    ) -> None:
        self._database = database
        self._pacing = pacing
        self._freed = freed
        self._leaving = Leaving(
            database=database,
            clock=clock,
            transport=transport,
            pacing=pacing,
            on_sent=on_sent,
            producers=producers,
            silenced=silenced,
        )
        self._chats: dict[int, _Chat] = {}
        self._changing: dict[Message, _Update] = {}
        self._updates = 0
        self._waiting: Counter[bool] = Counter()  # calls by whether their person is known
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_finish: list[_Update] = []
        self._finishing: asyncio.Task[None] | None = None
        self._edits = {
            known: Latest(slot=self._slot_of_an_edit(known=known), show=self._show, replace=self._replace)
            for known in (True, False)
        }
        self._answers = asyncio.Semaphore(ANSWERS)
        self._room = asyncio.Event()
        self._room.set()
        self._notes = ReplyNotes(database=database, owner=owner, newest=self._leaving.newest)

    def _slot_of_an_edit(self, *, known: bool) -> Callable[[], Awaitable[object]]:
        return lambda: self._pacing.slot(edit=known, stranger=not known)

    @property
    def settled(self) -> Counter[str]:
        """How many replies had which outcome in the end, since the start.

        `PASSED_OVER`: a newer state of the same message took its place.
        """
        return self._leaving.settled

    @property
    def leaving(self) -> int:
        """How many updates have replies on their way."""
        return self._updates

    @property
    def has_room_for_strangers(self) -> bool:
        return self._waiting[False] < MOST_OF_STRANGERS

    @property
    def is_full(self) -> bool:
        """Whether no other update may be answered now."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until another update may be answered."""
        await self._room.wait()

    def add(self, answered: AnsweredUpdate, calls: Sequence[Call] | None = None) -> None:
        """Post the replies of an update whose effects are committed; `calls` where somebody has made them already."""
        if calls is None:
            calls = [Call.from_json(kept).written() for kept in answered.replies]
        if answered.begun and not calls[answered.begun - 1].repeatable:
            log.warning("reply_in_doubt", update=answered.update_id)
        update = _Update(id=answered.update_id, chat=answered.chat, known=answered.known)
        self._updates += 1
        # What was begun by a process before this one may have left. An edit can be shown again; so can the answer to a
        # tap, which leaves beside the messages after it, and may not have left when one of those was begun.
        replies = [
            _Reply(update=update, place=place, call=call)
            for place, call in enumerate(calls)
            if place >= answered.begun or _changed(call) is not None or _is_answer(call)
        ]
        update.left += len(replies)
        self._waiting[update.known] += len(replies)
        for reply in replies:
            self._send(reply)
        self._done(update)  # with this
        if self._waiting.total() >= MOST_WAITING:
            self._room.clear()

    def _send(self, reply: _Reply) -> None:
        """Each kind by its way."""
        message = _changed(reply.call)
        if message is not None:
            self._follow(message, reply.update)
            # Where a state of it waits already, whoever it was for then: one message has one next state.
            latest = next((each for each in self._edits.values() if message in each), None)
            (latest or self._edits[reply.update.known]).put(message, reply)
        elif _is_answer(reply.call):
            self._start(self._answer_tap(reply))
        else:
            self._put_in_line(reply)

    def _follow(self, message: Message, update: _Update) -> None:
        """An update is not forgotten before an older one that changes the same message: taken up after a crash, the
        older one alone would bring back what the message showed before.
        """
        older = self._changing.get(message)
        if older is not None and older is not update:
            older.later.append(update)
            update.left += 1
        self._changing[message] = update
        update.changes.append(message)

    def _put_in_line(self, reply: _Reply) -> None:
        chat = self._chats.setdefault(reply.update.chat, _Chat())
        chat.messages.append(reply)
        reply.update.messages += 1
        if chat.task is None:
            chat.task = self._start(self._send_in_order(reply.update.chat, chat))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # What could be foreseen is caught before. Its row stays `answered`: the next start takes it up.
            log.error("replies_interrupted", error=type(error).__name__)

    async def stop(self, seconds: float) -> None:
        """Let what is being posted end; what does not stays in the database for the next start."""
        for latest in self._edits.values():
            latest.stop()
        deadline = asyncio.get_running_loop().time() + seconds
        while (open_ := self._open) and (rest := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(open_, timeout=rest)
        while open_ := self._open:  # what ends may have begun something else
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)
        await self._notes.stop()

    @property
    def _open(self) -> list[asyncio.Task[None]]:
        edits = (task for latest in self._edits.values() for task in latest.tasks)
        return [task for task in (*self._tasks, *edits) if not task.done()]

    # -- the three ways --

    async def _answer_tap(self, reply: _Reply) -> None:
        call, repeats = reply.call, 0
        while True:
            async with self._answers:
                await self._pacing.unpaced()
                outcome = await self._leaving.post(call, paced=False)
            if isinstance(outcome, InDoubt) and repeats < REPEATS:
                repeats += 1
                await asyncio.sleep(leaving.REPEAT_SECONDS * 2**repeats)
            elif not isinstance(outcome, NotSent):
                break
        await self._leaving.settle(reply.update.id, call, outcome)
        self._settled(reply)

    async def _show(self, reply: _Reply) -> bool:
        update, shown = reply.update, True
        try:
            if await self._is_ours(update):
                shown = await self._leaving.show(
                    update.id, reply.call, self._slot_of_an_edit(known=update.known)
                )
            else:
                self._pacing.unused()
        except Exception as error:  # left to itself, it would keep its update until the next start
            log.error("reply_given_up", update=update.id, error=type(error).__name__)
        if shown:
            self._settled(reply)
        return shown

    async def _is_ours(self, update: _Update) -> bool:
        """Whether no other process has taken the update over, which may know of a newer state by now."""
        if not update.is_lost and self._database.dialect == "postgresql":
            update.is_lost = not await self._notes.look.add(update.id)
        return not update.is_lost

    def _replace(self, older: _Reply, newer: _Reply) -> _Reply:
        """A newer state takes the place of one that did not leave.

        Of buttons alone the text that waits is shown with them, and what is to be deleted is. The older update is done
        once that has left: in the newer one's row the text is not.
        """
        self.settled[PASSED_OVER] += 1
        if older.call.method == DELETION:
            newer.call = older.call
        elif newer.call.method == BUTTONS_ALONE != older.call.method:
            newer.call = older.call.saying(reply_markup=newer.call.payload.get("reply_markup"))
        else:
            self._settled(older)
            return newer
        newer.under = [*older.under, older]
        return newer

    async def _send_in_order(self, number: int, chat: _Chat) -> None:
        while chat.messages:
            reply = chat.messages[0]
            if not reply.update.is_lost and not await self._leave_at_last(reply):
                reply.update.is_lost = True
            chat.messages.popleft()
            reply.update.messages -= 1
            self._settled(reply)
            if not reply.update.messages and reply.update.left:
                self._start(self._free_chat(reply.update))
        del self._chats[number]

    async def _free_chat(self, update: _Update) -> None:
        """What is new in the chat has left: its next update need not wait for what is only changed there."""
        if not update.is_lost:
            await self._notes.free.add(update.id)
            self._leaving.newest.pop(update.id, None)
        self._freed()

    async def _leave_at_last(self, reply: _Reply) -> bool:
        """Whether it was settled here. A fault before the post is given a few more chances; then the chat goes on."""
        update = reply.update

        async def slot(call: Call, missed: bool) -> None:
            # The chat is waiting for it already where it missed one.
            chat = call.chat if call.puts_a_message and not missed else None
            await self._pacing.slot(chat, stranger=not update.known, first=missed)

        async def begin(begun: bool) -> bool:
            return await self._notes.begin.add((update.id, reply.place + begun))

        for repeat in range(REPEATS + 1):
            try:
                return await self._leaving.leave(update.id, reply.call, slot=slot, begin=begin)
            except Exception as error:  # left to itself, it would hold the chat back until the next start
                log.error("reply_failed", update=update.id, error=type(error).__name__)
            await asyncio.sleep(leaving.REPEAT_SECONDS * 2**repeat)
        log.error("reply_given_up", update=update.id)
        return True

    # -- done --

    def _settled(self, reply: _Reply) -> None:
        for each in (*reply.under, reply):
            self._waiting[each.update.known] -= 1
            self._done(each.update)
        if self._waiting.total() < MOST_WAITING:
            self._room.set()

    def _done(self, update: _Update) -> None:
        """One thing less that the update waits for, and those after it that it was the last thing for."""
        done = [update]
        for each in done:  # it grows: of one message thousands may wait for each other
            each.left -= 1
            if each.left:
                continue
            self._to_finish.append(each)
            for message in each.changes:
                if self._changing.get(message) is each:
                    del self._changing[message]
            done += each.later
        if self._to_finish and (self._finishing is None or self._finishing.done()):
            self._finishing = self._start(self._finish())
        self._freed()

    async def _finish(self) -> None:
        """Forgets what was said in updates that are done: while it does so the next ones gather."""
        while self._to_finish:
            updates, self._to_finish = self._to_finish, []
            try:
                await self._notes.finish([update.id for update in updates if not update.is_lost])
            except Exception as error:  # their rows stay `answered`: the next start takes them up
                log.error("replies_interrupted", error=type(error).__name__)
            finally:
                for update in updates:
                    self._leaving.newest.pop(update.id, None)
                self._updates -= len(updates)
                self._freed()
            await asyncio.sleep(GATHER_SECONDS)


def holds_chat(replies: Iterable[Call]) -> bool:
    """Whether the chat's next update waits until these have left: what is new in a chat may change what is meant."""
    return any(not _is_answer(call) and _changed(call) is None for call in replies)


def _is_answer(call: Call) -> bool:
    """Whether a call answers a tap or a query: it names no chat, and the budget does not count it."""
    return call.method.startswith("answer")


def _changed(call: Call) -> Message | None:
    """The message that a call changes; None where it does anything else."""
    if call.method not in CHANGES or call.attachment is not None or call.produce is not None:
        return None
    chat, number = call.payload.get("chat_id"), call.payload.get("message_id")
    return (chat, number) if isinstance(chat, int) and isinstance(number, int) else None
