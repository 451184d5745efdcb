"""One person who writes without end: bounded work for them, and nobody else waits."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from bot.delivery.intake import chat_of, received
from db import updates

FLOOD = 2_000
OTHERS = range(2_000, 2_010)


async def test_a_flood_from_one_person_holds_nobody_back(bench: Any, helpers: Any) -> None:
    """Ten others who write after 2,000 messages of one person are answered while most of those still wait."""
    flood = [helpers.message(number, 1) for number in range(1, FLOOD + 1)]
    others = [helpers.message(FLOOD + chat, chat) for chat in OTHERS]
    async with bench.database.write() as tx:
        await updates.store(tx, map(received, flood), helpers.start)
    async with bench.running(poll=False) as engine:
        await helpers.until(lambda: bench.telegram.texts(1))
        began = time.monotonic()
        for update in others:
            await engine.intake.store(orjson.dumps(update))
        await helpers.until(lambda: all(bench.telegram.texts(chat) for chat in OTHERS), 30)
        waited = time.monotonic() - began
        async with bench.database.read() as tx:
            waiting = await updates.count_unfinished(tx)
    assert waiting > FLOOD / 10, "The others were answered before the flood was."
    assert waited < 2.0


UNREADABLE = (
    {"update_id": 1},
    {"update_id": 1, "message": None},
    {"update_id": 1, "message": []},
    {"update_id": 1, "message": {"chat": {}}},
    {"update_id": 1, "message": {"chat": {"id": None}}},
    {"update_id": 1, "message": {"chat": {"id": "7"}}},
    {"update_id": 1, "message": {"chat": {"id": True}}},
    {"update_id": 1, "message": {"chat": {"id": 2**63}}},
    {"update_id": 1, "callback_query": {"message": {"chat": {}}, "from": {}}},
    {"update_id": 1, "poll": {"id": "5", "question": "?"}},
)


@pytest.mark.parametrize("update", UNREADABLE, ids=str)
async def test_an_update_without_a_chat_is_kept_and_set_aside(bench: Any, update: dict[str, Any]) -> None:
    assert chat_of(update) == 0
    assert received(update).chat == 0
    async with bench.running(poll=False) as engine:
        await engine.intake.store(orjson.dumps(update))
        await bench.idle(engine)
    async with bench.database.read() as tx:
        assert await updates.count_unfinished(tx) == 0


async def test_the_person_stands_for_a_chat_that_cannot_be_read() -> None:
    assert chat_of({"update_id": 1, "callback_query": {"message": {"chat": {}}, "from": {"id": 7}}}) == 7
