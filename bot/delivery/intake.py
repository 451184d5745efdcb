"""Updates in: each is committed before Telegram is told that we have it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.delivery.batching import GroupCommit
from bot.delivery.outcomes import WRONG_TOKEN, Done, NotSent, Outcome, Rejected, as_id, in_words
from bot.delivery.processing import Store
from bot.delivery.reading import loads, without_nul
from bot.delivery.transport import Transport
from db import unread, updates
from db.engine import Database, blames_the_data
from db.facts import get_fact, note_fact
from db.unread import LARGEST_UPDATE_ID, Unread
from db.updates import Received

log = structlog.get_logger(__name__)

OFFSET = "telegram:offset"
LONE_TAPS = ("1:rsvp:", "1:step:", "1:knock:", "1:at_door:", "1:nobody_until:", "1:undo_door:")
"""Taps that say themselves what they are about: it is no matter which other buttons stood beside theirs, nor what is
new in the chat. They are handled before that has left."""
# Of one chat no more wait: of a flood the oldest are dropped. Nobody types so many before the first is answered.
MOST_WAITING = 100
# A chat is looked at after so many updates.
LOOK_AFTER = 20
MOST_COUNTED = 10_000
POLL_SECONDS = 25
MOST_AT_ONCE = 100
# An answer that brings nothing new takes at least so long.
PAUSE_SECONDS = 0.2
# How often an update whose end does not come is asked for before it is put aside.
CUT_TIMES = 3
# The longest message with the longest one that it answers, and all their entities, is a fifth of that.
MOST_UPDATE_BYTES = 1_000_000
# How much longer than that an answer is waited for.
PATIENCE_SECONDS = 10.0
BACK_OFF_FIRST_SECONDS = 0.5
BACK_OFF_LONGEST_SECONDS = 30.0
# Nobody is served while another instance polls; it is asked again this often.
CONFLICT_SECONDS = 5.0
# Telegram's answer where two ask for the updates of one bot.
CONFLICT = 409


class NotAnUpdate(ValueError):
    """An item that is no update that can be kept."""


class Intake:
    """Receives updates by long polling (`poll`) or from the webhook (`store`).

    `take_in` runs what keeps some updates in a transaction, and has them handled (`Processing.take_in`).
    What cannot be read, or not be kept, is put aside with its bytes, and the others go on.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        take_in: Callable[[Store, int], Awaitable[None]],
        asks: Callable[[Mapping[str, Any]], str | None] = lambda _update: None,
        allowed_updates: Sequence[str] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._transport = transport
        self._take_in = take_in
        self._asks = asks
        self._allowed = list(allowed_updates)
        self._came: Counter[int] = Counter()  # by chat, since its flood was last looked for
        self._commit: GroupCommit[Received, None] = GroupCommit(self._write, is_apart=blames_the_data)
        self._times_cut = 0  # how often in a row an answer was one update without an end
        self.unread = 0
        """How many were put aside since the start."""
        self.dropped = 0
        """How many were dropped from floods since the start."""
        self.received = 0
        """How many came since the start."""
        self.began = asyncio.Event()
        """What had been sent before is kept."""
        self._fetched_at: float | None = None  # None: this process does not ask, or not yet
        self._refusal: Outcome | None = None  # why the last question brought nothing

    @property
    def silent_seconds(self) -> float | None:
        """How long ago Telegram last answered who asks it for updates; None where this process does not."""
        if self._fetched_at is None:
            return None
        return asyncio.get_running_loop().time() - self._fetched_at

    @property
    def refused(self) -> bool:
        """Whether Telegram did not know the token when it was last asked for updates."""
        return isinstance(self._refusal, NotSent) and self._refusal.reason == WRONG_TOKEN

    @property
    def in_conflict(self) -> bool:
        """Whether somebody else asked for this bot's updates when they were last asked for."""
        return isinstance(self._refusal, Rejected) and self._refusal.code == CONFLICT

    def note_reception(self, refusal: Outcome | None) -> None:
        """Whether Telegram brings updates now: None, or why it does not."""
        self._refusal = refusal
        if refusal is None or self._fetched_at is None:
            self._fetched_at = asyncio.get_running_loop().time()

    def lost_webhook(self) -> None:
        """Somebody else took the webhook away, or put another in its place."""
        self.note_reception(Rejected(code=CONFLICT, description="the webhook is another one"))

    async def store(self, body: bytes) -> None:
        """Keep one update; when this returns it is safe to acknowledge it.

        One that is known already is dropped.
        """
        try:
            update = self._received(loads(body))
        except ValueError as error:
            await self._put_aside([Unread(body=body, error=type(error).__name__)])
            return
        try:
            await self._commit.add(update)
        except Exception as error:
            if not blames_the_data(error):
                raise
            await self._put_aside([Unread(body=update.body, error=type(error).__name__)])

    async def _write(self, batch: list[Received]) -> list[None]:
        await self._take_in(lambda tx: self._store(tx, batch), len(batch))
        self.received += len(batch)
        return [None] * len(batch)

    def _received(self, update: object) -> Received:
        kept = received(update)
        asks = self._asks(update) if isinstance(update, Mapping) else None
        return kept if asks is None else replace(kept, asks=asks.replace("\0", "")[:64])

    async def _store(self, tx: AsyncConnection, batch: Sequence[Received]) -> None:
        await updates.store(tx, batch, self._clock.now())
        self._came.update(update.chat for update in batch)
        floods = [chat for chat, count in self._came.items() if count >= LOOK_AFTER]
        if floods:
            dropped = await updates.drop_floods(tx, floods, most=MOST_WAITING)
            self.dropped += dropped
            if dropped:
                log.warning("updates_dropped", updates=dropped, chats=len(floods))
        for chat in self._came if len(self._came) > MOST_COUNTED else floods:
            self._came[chat] = 0
        self._came += Counter()  # forgets those who came to nought

    async def _put_aside(self, found: Sequence[Unread], offset: int | None = None) -> None:
        async with self._database.write() as tx:
            new = await unread.keep(tx, found, self._clock.now())
            if offset is not None:
                note_fact(tx, OFFSET, offset)
        self._note(found, new)

    def _note(self, found: Sequence[Unread], new: int) -> None:
        self.unread += new
        if new:
            # Never what stands in them: it is what somebody wrote.
            log.error("updates_unread", updates=new, errors=sorted({one.error for one in found}))

    async def poll(self) -> None:
        """Ask for updates until cancelled; the next offset is asked only once the last batch is committed."""
        self._fetched_at = asyncio.get_running_loop().time()
        try:
            await self._poll()
        finally:
            self._fetched_at = self._refusal = None

    async def _poll(self) -> None:
        async with self._database.read() as tx:
            offset = int(await get_fact(tx, OFFSET, 0))
        failures = 0
        while True:
            asked_at = asyncio.get_running_loop().time()
            outcome = await self._ask(offset)
            batch = self._batch(outcome)
            if batch is None:
                failures += 1
                self._refusal = outcome
                await asyncio.sleep(self._explain(outcome, failures))
                continue
            if failures:
                log.info("updates_again", after_failures=failures)
            failures = 0
            self.note_reception(None)
            following = await self._keep(batch, offset) if batch else offset
            self.began.set()
            if following == offset:
                # A server that does not wait, or repeats what we have: it is not asked without a pause.
                await asyncio.sleep(max(0.0, asked_at + PAUSE_SECONDS - asyncio.get_running_loop().time()))
            offset = following

    async def _ask(self, offset: int) -> Outcome:
        payload: dict[str, Any] = {"offset": offset, "timeout": POLL_SECONDS, "limit": MOST_AT_ONCE}
        if self._allowed:
            payload["allowed_updates"] = self._allowed
        return await self._transport.post_for_items(
            "getUpdates", payload, self._received, most=MOST_AT_ONCE, seconds=POLL_SECONDS + PATIENCE_SECONDS
        )

    def _batch(self, outcome: Outcome) -> list[Received | Unread] | None:
        """The items that an answer brought; None where it is none that a Bot API server gives."""
        if not isinstance(outcome, Done) or not isinstance(outcome.result, list):
            return None
        batch: list[Received | Unread] = outcome.result
        last = batch[-1] if batch else None
        if not isinstance(last, Unread) or last.has_end:
            self._times_cut = 0
            return batch
        if len(batch) > 1:
            return batch[:-1]  # it is asked for again
        # Cut off on its way, perhaps: only what comes like this each time is given up.
        self._times_cut += 1
        return batch if self._times_cut >= CUT_TIMES and last.update_id is not None else None

    async def _keep(self, batch: Sequence[Received | Unread], offset: int) -> int:
        """Keep what came, and the offset after it. Raises only where the database is away."""
        kept = [one for one in batch if isinstance(one, Received)]
        found = [one for one in batch if isinstance(one, Unread)]
        numbers = [one.update_id for one in batch if one.update_id is not None]
        # Not the largest ever: a server that numbers anew is asked for what it has.
        following = max(numbers) + 1 if numbers else offset
        new = 0

        async def store(tx: AsyncConnection) -> None:
            nonlocal new
            await self._store(tx, kept)
            new = await unread.keep(tx, found, self._clock.now())
            note_fact(tx, OFFSET, following)

        try:
            await self._take_in(store, len(kept))
            self.received += len(kept)
            self._note(found, new)
        except Exception as error:
            if not blames_the_data(error):
                raise
            await self._put_aside([*found, *await self._store_apart(kept)], following)
        return following

    async def _store_apart(self, batch: Sequence[Received]) -> list[Unread]:
        """Keep those that the database takes; the others."""
        try:
            await self._write(list(batch))
        except Exception as error:
            if not blames_the_data(error):
                raise
            if len(batch) == 1:
                return [Unread(body=batch[0].body, error=type(error).__name__)]
            half = len(batch) // 2
            return [*await self._store_apart(batch[:half]), *await self._store_apart(batch[half:])]
        return []

    def _explain(self, outcome: Outcome, failures: int) -> float:
        """Say why no updates come, and how many seconds to wait before asking again."""
        back_off = min(BACK_OFF_LONGEST_SECONDS, BACK_OFF_FIRST_SECONDS * 2.0 ** min(failures - 1, 10))
        # Said once, and again each time that it has lasted twice as long: a night of it fills no disk.
        is_news = failures & (failures - 1) == 0
        if isinstance(outcome, Rejected) and outcome.code == CONFLICT:
            if is_news:
                log.error(
                    "another_instance_polls",
                    said=outcome.description,
                    hint="Only one bot may poll with this token: stop the other one, or remove the webhook.",
                )
            return CONFLICT_SECONDS
        again_in = float(getattr(outcome, "retry_after", None) or back_off)
        if is_news:
            log.warning("no_updates", said=in_words(outcome), again_in=again_in)
        return again_in


def received(update: object) -> Received:
    """An update as it is kept. Raises NotAnUpdate."""
    if not isinstance(update, Mapping):
        raise NotAnUpdate("no object")
    number = update.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST_UPDATE_ID:
        raise NotAnUpdate("no update_id")
    try:
        body = orjson.dumps(without_buttons(update))
    except TypeError:
        raise NotAnUpdate("nested too deep") from None
    if len(body) > MOST_UPDATE_BYTES:
        raise NotAnUpdate("too large")
    return Received(
        update_id=number,
        chat=chat_of(update),
        body=without_nul(body),
        stands_alone=_lone_tap(update) is not None,
    )


def without_buttons(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """The buttons of a tapped message come back with each tap, and are most of it: of the answers that thousands give
    at once (LONE_TAPS) nobody reads them.
    """
    query = _lone_tap(update)
    message = None if query is None else query.get("message")
    if query is None or not isinstance(message, Mapping):
        return update
    rest = {name: value for name, value in message.items() if name != "reply_markup"}
    return {**update, "callback_query": {**query, "message": rest}}


def _lone_tap(update: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The tap that an update is, where it is one of `LONE_TAPS`."""
    query = update.get("callback_query")
    is_one = isinstance(query, Mapping) and str(query.get("data")).startswith(LONE_TAPS)
    return query if is_one else None


def chat_of(update: Mapping[str, Any]) -> int:
    """The chat in whose order an update is handled: its own, else the person's; 0 where it has neither."""
    for content in update.values():
        if not isinstance(content, Mapping):
            continue
        message = content.get("message")
        for holder in (content, message if isinstance(message, Mapping) else {}):
            for name in ("chat", "user_chat"):
                if (found := _id_of(holder.get(name))) is not None:
                    return found
        for name in ("from", "user"):
            if (found := _id_of(content.get(name))) is not None:
                return found
    return 0


def _id_of(holder: object) -> int | None:
    """The id of a chat or a person, where it is one."""
    return as_id(holder.get("id")) if isinstance(holder, Mapping) else None
