"""One person who writes without end: bounded work for them, and nobody else waits."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import sqlalchemy as sa

from bot.delivery.intake import LOOK_AFTER, MOST_WAITING, chat_of, received
from db import updates
from db.schema import updates as rows

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
        for update in others:
            await engine.intake.store(orjson.dumps(update))
        await helpers.until(lambda: all(bench.telegram.texts(chat) for chat in OTHERS), 30)
        async with bench.database.read() as tx:
            waiting = await updates.count_unfinished(tx)
    assert waiting > FLOOD / 10, "The others were answered before the flood was."


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


async def test_an_update_without_a_chat_is_kept_and_set_aside(bench: Any) -> None:
    async with bench.running(poll=False) as engine:
        for number, update in enumerate(UNREADABLE, 1):
            assert chat_of(update) == 0, update
            assert received(update).chat == 0, update
            await engine.intake.store(orjson.dumps({**update, "update_id": number}))
            await bench.idle(engine)
            async with bench.database.read() as tx:
                kept = sa.select(sa.func.count()).select_from(rows).where(rows.c.update_id == number)
                assert await tx.scalar(kept) == 1, update
                assert await updates.count_unfinished(tx) == 0, update


async def test_the_person_stands_for_a_chat_that_cannot_be_read() -> None:
    assert chat_of({"update_id": 1, "callback_query": {"message": {"chat": {}}, "from": {"id": 7}}}) == 7


KNOWN, CROWD, RATE = 1_001, 1_200, 30


async def test_known_people_are_answered_before_a_crowd_of_strangers(bench: Any, helpers: Any) -> None:
    """At thirty a second the crowd takes forty seconds; who signed up does not wait for it."""
    await helpers.add_people(bench.database, 1)
    async with bench.running(rate=RATE) as engine:
        crowd = [helpers.message(number, 5_000 + number) for number in range(1, CROWD + 1)]
        await asyncio.gather(*(engine.intake.store(orjson.dumps(update)) for update in crowd))
        await helpers.until(lambda: bench.telegram.texts())
        for number in range(3):
            await engine.intake.store(orjson.dumps(helpers.message(CROWD + 1 + number, KNOWN)))
            await helpers.until(lambda number=number: len(bench.telegram.texts(KNOWN)) == number + 1, 10)
        assert len(bench.telegram.texts()) < CROWD / 2
        engine.stop()


async def test_a_crowd_of_strangers_does_not_stop_a_broadcast(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 40)
    async with bench.running(rate=60) as engine:
        crowd = [helpers.message(number, 5_000 + number) for number in range(1, CROWD + 1)]
        await asyncio.gather(*(engine.intake.store(orjson.dumps(update)) for update in crowd))
        await helpers.queue_broadcast(bench.database)
        engine.wake()
        await helpers.until(lambda: sum("broadcast" in text for text in bench.telegram.texts()) >= 40, 20)
        assert sum(text == "ok" for text in bench.telegram.texts()) < CROWD
        engine.stop()


async def test_of_one_chat_the_oldest_of_a_flood_are_dropped_and_never_a_right(
    bench: Any, helpers: Any
) -> None:
    engine = bench.engine()
    engine.intake._asks = lambda update: {"/stop": "stop", "/delete": "delete"}.get(update["message"]["text"])
    texts = ["/stop", "/delete", *["more"] * 300, "/stop", *["more"] * 300]
    for number, text in enumerate(texts, start=1):
        await engine.intake.store(orjson.dumps(helpers.message(number, 1, text)))
    await engine.intake.store(orjson.dumps(helpers.message(9_999, 2)))
    async with bench.database.read() as tx:
        waiting = await tx.execute(sa.select(rows.c.update_id, rows.c.body).where(rows.c.state == "received"))
        found = {row.update_id: orjson.loads(row.body)["message"]["text"] for row in waiting}
        dropped = await tx.scalar(
            sa.select(sa.func.count()).where(rows.c.state == "done", rows.c.body.is_(None))
        )
    assert [number for number, text in found.items() if text.startswith("/")] == [2, 303]
    assert MOST_WAITING <= len(found) <= MOST_WAITING + LOOK_AFTER + 3
    assert set(range(len(texts) - MOST_WAITING + 1, len(texts) + 1)) | {9_999} <= found.keys()
    assert engine.intake.dropped == dropped == len(texts) + 1 - len(found)
