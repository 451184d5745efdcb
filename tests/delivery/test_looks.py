"""What waits is looked for where something may be there, and at once: nobody is left until the regular look."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from bot.delivery.processing import BATCH
from bot.delivery.replies import MOST_OF_STRANGERS
from db import updates
from db.schema import responses
from tests.delivery.updating import give

NEVER = 3_600.0


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were found by each look; none is a regular one."""
    monkeypatch.setattr("bot.delivery.processing.LOOK_SECONDS", NEVER)
    found: list[int] = []
    waiting = updates.waiting

    async def looking(*given: Any, **named: Any) -> tuple[list[updates.Received], bool]:
        received, left = await waiting(*given, **named)
        found.append(len(received))
        return received, left

    monkeypatch.setattr(updates, "waiting", looking)
    return found


async def answers(bench: Any) -> list[int]:
    async with bench.database.read() as tx:
        return list(await tx.scalars(sa.select(responses.c.update_id).order_by(responses.c.update_id)))


async def test_who_was_answered_is_not_looked_for(bench: Any, helpers: Any, looks: list[int]) -> None:
    """A reply that has left frees its chat, where nothing waits."""
    async with bench.running(poll=True) as engine:
        await helpers.until(lambda: bench.telegram.offsets and engine._processing._is_free)
        for number in range(1, 11):
            bench.telegram.person_says(helpers.message(number, number))
            await helpers.until(lambda number=number: bench.telegram.texts(number))
            await bench.idle(engine)
    assert looks == [1] * 10


@pytest.mark.parametrize("count", [3, BATCH + 3])
async def test_of_one_chat_and_of_many_all_are_handled(
    bench: Any, helpers: Any, looks: list[int], count: int
) -> None:
    """Those of one chat wait for each other's replies, and of many chats a batch takes some."""
    one = [helpers.message(number, 1) for number in range(1, 4)]
    others = [helpers.message(number, number) for number in range(4, count + 1)]
    async with bench.database.write() as tx:
        await updates.store(tx, map(received, [*one, *others]), helpers.start)
    async with bench.running() as engine:
        await helpers.until(lambda: len(bench.telegram.texts()) == count)
        await bench.idle(engine)
    assert await answers(bench) == list(range(1, count + 1))


async def test_strangers_are_handled_as_there_is_room(bench: Any, helpers: Any, looks: list[int]) -> None:
    count = 2 * MOST_OF_STRANGERS + 10
    async with bench.database.write() as tx:
        await updates.store(tx, [received(helpers.message(n, n)) for n in range(1, count + 1)], helpers.start)
    async with bench.running() as engine:
        await helpers.until(lambda: len(bench.telegram.texts()) == count)
        await bench.idle(engine)
    assert await answers(bench) == list(range(1, count + 1))


async def test_what_another_keeps_is_found_by_the_regular_look(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.processing.LOOK_SECONDS", 0.01)
    async with bench.running() as engine:
        await bench.idle(engine)
        async with bench.database.write() as tx:
            await updates.store(tx, [received(helpers.message(1, 1))], helpers.start)
        await helpers.until(lambda: bench.telegram.texts() == ["ok"])


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_what_is_freed_during_a_look_is_looked_for_again(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, looks: list[int]
) -> None:
    """Where several write at once a reply may leave after a look has seen its chat wait for it."""
    look = updates.waiting
    bench.telegram.open.clear()
    async with bench.running() as engine:
        await bench.idle(engine)

        async def slow(*given: Any, **named: Any) -> tuple[list[updates.Received], bool]:
            found, left = await look(*given, **named)
            if left and not found:
                bench.telegram.open.set()
                await helpers.until(lambda: not engine._replies.leaving)
            return found, left

        monkeypatch.setattr(updates, "waiting", slow)
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: bench.telegram.in_flight)
        await give(engine, helpers.message(2, 1))
        await helpers.until(lambda: len(bench.telegram.texts()) == 2)
        await bench.idle(engine)


def received(message: dict[str, Any]) -> updates.Received:
    chat = message["message"]["chat"]["id"]
    return updates.Received(update_id=message["update_id"], chat=chat, body=orjson.dumps(message))
