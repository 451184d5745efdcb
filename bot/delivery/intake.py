"""Updates in: each is committed before Telegram is told that we have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog

from bot.clock import Clock
from bot.delivery.batching import GroupCommit
from bot.delivery.outcomes import Done, Outcome, Rejected, as_id, in_words
from bot.delivery.transport import Transport
from db import updates
from db.engine import Database
from db.facts import get_fact, set_fact
from db.updates import Received

log = structlog.get_logger(__name__)

OFFSET = "telegram:offset"
POLL_SECONDS = 25
# How much longer than that an answer is waited for.
PATIENCE_SECONDS = 10.0
BACK_OFF_FIRST_SECONDS = 0.5
BACK_OFF_LONGEST_SECONDS = 30.0
# Nobody is served while another instance polls; it is asked again this often.
CONFLICT_SECONDS = 5.0


class Intake:
    """Receives updates by long polling (`poll`) or from the webhook (`store`)."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        transport: Transport,
        arrived: Callable[[], None],
        allowed_updates: Sequence[str] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._transport = transport
        self._arrived = arrived
        self._allowed = list(allowed_updates)
        self._commit: GroupCommit[Received, None] = GroupCommit(self._write)

    async def store(self, update: Mapping[str, Any]) -> None:
        """Keep one update; when this returns it is safe to acknowledge it.

        One that is known already is dropped.
        """
        await self._commit.add(received(update))
        self._arrived()

    async def _write(self, batch: list[Received]) -> list[None]:
        async with self._database.write() as tx:
            await updates.store(tx, batch, self._clock.now())
        return [None] * len(batch)

    async def poll(self) -> None:
        """Ask for updates until cancelled; the next offset is asked only once the last batch is committed."""
        async with self._database.read() as tx:
            offset = int(await get_fact(tx, OFFSET, 0))
        failures = 0
        while True:
            outcome = await self._ask(offset)
            batch = _batch(outcome)
            if batch is not None:
                if failures:
                    log.info("updates_again", after_failures=failures)
                failures = 0
                if batch:
                    offset = await self._keep(batch, offset)
                continue
            failures += 1
            await asyncio.sleep(self._explain(outcome, failures))

    async def _ask(self, offset: int) -> Outcome:
        payload: dict[str, Any] = {"offset": offset, "timeout": POLL_SECONDS, "limit": 100}
        if self._allowed:
            payload["allowed_updates"] = self._allowed
        return await self._transport.post("getUpdates", payload, seconds=POLL_SECONDS + PATIENCE_SECONDS)

    async def _keep(self, kept: Sequence[Received], offset: int) -> int:
        following = max(offset, *(update.update_id + 1 for update in kept))
        async with self._database.write() as tx:
            await updates.store(tx, kept, self._clock.now())
            await set_fact(tx, OFFSET, following)
        self._arrived()
        return following

    def _explain(self, outcome: Outcome, failures: int) -> float:
        """Say why no updates come, and how many seconds to wait before asking again."""
        back_off = min(BACK_OFF_LONGEST_SECONDS, BACK_OFF_FIRST_SECONDS * 2.0 ** min(failures - 1, 10))
        if isinstance(outcome, Rejected) and outcome.code == 409:
            log.error(
                "another_instance_polls",
                said=outcome.description,
                hint="Only one bot may poll with this token: stop the other one, or remove the webhook.",
            )
            return CONFLICT_SECONDS
        again_in = getattr(outcome, "retry_after", None) or back_off
        log.warning("no_updates", said=in_words(outcome), again_in=again_in)
        return float(again_in)


def _batch(outcome: Outcome) -> list[Received] | None:
    """The updates of an answer; None where it is none that a Bot API server gives."""
    if not isinstance(outcome, Done) or not isinstance(outcome.result, list):
        return None
    try:
        return [received(update) for update in outcome.result]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def received(update: Mapping[str, Any]) -> Received:
    """An update as it is kept. Raises KeyError where it has no `update_id`."""
    return Received(
        update_id=int(update["update_id"]), chat=chat_of(update), body=orjson.dumps(without_buttons(update))
    )


def without_buttons(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """The buttons of a tapped message come back with each tap, and are most of it: nobody reads them."""
    query = update.get("callback_query")
    if not isinstance(query, Mapping):
        return update
    message = query.get("message")
    if not isinstance(message, Mapping):
        return update
    rest = {name: value for name, value in message.items() if name != "reply_markup"}
    return {**update, "callback_query": {**query, "message": rest}}


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
