"""Updates handled while something else goes wrong: the process is stopped, or another transaction is in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.calls import Call
from bot.delivery.hooks import ReadFirst
from bot.delivery.intake import received
from db import schema, updates
from db.schema import people, responses
from tests.locks import somebody_waits

# A statement that takes so long that it can be interrupted.
SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000) SELECT max(x) FROM n",
    "postgresql": "SELECT pg_sleep(1)",
}


async def test_it_stops_in_the_middle_of_a_statement_and_nothing_is_lost(bench: Any, helpers: Any) -> None:
    inside = asyncio.Event()
    patient = bench.app.process

    async def slow(tx: AsyncConnection, update: dict[str, Any], met: Mapping[int, Any]) -> Sequence[Call]:
        await patient(tx, update, met)
        inside.set()
        await tx.execute(sa.text(SLOW[bench.database.dialect]))
        return []

    bench.app.process = slow
    bench.app.is_quick = lambda _body: False
    engine = bench.engine()
    running = asyncio.create_task(engine.run())
    await store(bench, helpers.message(1, 1001), helpers.message(2, 1002))
    await inside.wait()
    await asyncio.sleep(0.02)  # until the statement is in the connection's thread
    engine.stop()
    await asyncio.wait_for(running, 8)
    bench.app.process = patient
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await answers(bench) == ["1001", "1002"]
    assert sorted(bench.telegram.texts()) == ["ok", "ok"]


async def test_nobody_waits_for_what_is_looked_up_first(bench: Any, helpers: Any) -> None:
    """Counting a million people for an organizer holds no transaction: taps are answered, and others may write."""
    asked, found = asyncio.Event(), asyncio.Event()
    results: dict[int, bool] = {}
    count = bench.app.process

    async def process(tx: AsyncConnection, update: dict[str, Any], met: Mapping[int, Any]) -> Sequence[Call]:
        calls: Sequence[Call] = await count(tx, update, met)

        async def look() -> None:
            asked.set()
            await found.wait()
            results[update["update_id"]] = True

        if helpers.chat_id(update) == 1001 and update["update_id"] not in results:
            raise ReadFirst(look)
        return calls

    bench.app.process = process
    await store(bench, helpers.message(1, 1001), helpers.message(2, 1001))
    async with bench.running() as engine:
        await asyncio.wait_for(asked.wait(), 8)
        await store(bench, helpers.message(3, 1002))
        engine.wake()
        while "1002" not in await answers(bench):  # noqa: ASYNC110 - the condition is in the database
            await asyncio.sleep(0.01)
        assert await answers(bench) == ["1002"], (
            "What was done before it asked is undone, and its chat waits."
        )
        async with bench.database.write() as tx:
            await tx.execute(sa.text("SELECT 1"))
        found.set()
        await bench.idle(engine)
    assert sorted(await answers(bench)) == ["1001", "1001", "1002"]
    assert set(results) == {1, 2}


async def test_who_is_stopped_while_looking_up_is_handled_at_the_next_start(bench: Any, helpers: Any) -> None:
    asked, count = asyncio.Event(), bench.app.process

    async def process(tx: AsyncConnection, update: dict[str, Any], met: Mapping[int, Any]) -> Sequence[Call]:
        async def look() -> None:
            asked.set()
            await asyncio.Event().wait()

        raise ReadFirst(look)

    bench.app.process = process
    engine = bench.engine()
    running = asyncio.create_task(engine.run())
    await store(bench, helpers.message(1, 1001))
    await asyncio.wait_for(asked.wait(), 8)
    engine.stop()
    await asyncio.wait_for(running, 8)
    assert await answers(bench) == []
    bench.app.process = count
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await answers(bench) == ["1001"]


async def test_who_stood_in_the_way_of_another_is_handled_again(
    postgresql_database: Any, helpers: Any, clock: Any, telegram: Any, app: Any
) -> None:
    """PostgreSQL gives up one of two transactions that wait for each other: a tap is not lost by it."""
    bench = helpers.bench(postgresql_database, clock, telegram, app)
    await helpers.add_people(bench.database, 2)
    first_is_held, second_is_held = asyncio.Event(), asyncio.Event()
    count = bench.app.process

    async def touch(tx: AsyncConnection, update: dict[str, Any], met: Mapping[int, Any]) -> Sequence[Call]:
        calls: Sequence[Call] = await count(tx, update, met)
        person = helpers.chat_id(update) - 1000
        if person == 2:
            first_is_held.set()
            await second_is_held.wait()
        await hear(tx, person)
        return calls

    async def other() -> None:
        async with bench.database.write() as tx:
            await first_is_held.wait()
            await hear(tx, 2)
            second_is_held.set()
            while not await is_kept_waiting(bench):  # noqa: ASYNC110 - who waits first is given up
                await asyncio.sleep(0.01)
            await hear(tx, 1)

    bench.app.process = touch
    await store(bench, helpers.message(1, 1001), helpers.message(2, 1002))
    async with bench.running() as engine:
        await asyncio.wait_for(other(), 10)
        await bench.idle(engine)
    assert await answers(bench) == ["1001", "1002"]
    assert bench.telegram.texts() == ["ok", "ok"]


async def test_a_commit_that_seems_to_fail_keeps_nobody_waiting(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, answer = bench.database.write, updates.answer
    answered: list[int] = []
    broken: list[str] = []

    async def noting(tx: AsyncConnection, batch: Sequence[Any], owner: str) -> None:
        await answer(tx, batch, owner)
        answered.extend(one.update_id for one in batch)

    @asynccontextmanager
    async def breaking(**given: Any) -> AsyncIterator[Any]:
        async with write(**given) as tx:
            yield tx
        if answered and len(broken) < 2:  # it is still away when the replies are looked for
            broken.append("COMMIT")
            raise sa.exc.OperationalError("COMMIT", None, ConnectionError())

    monkeypatch.setattr(updates, "answer", noting)
    monkeypatch.setattr("bot.delivery.processing.RETRY_SECONDS", 0.01)
    await store(bench, helpers.message(1, 1001), helpers.message(2, 1001), helpers.message(3, 1002))
    monkeypatch.setattr(bench.database, "write", breaking)
    async with bench.running() as engine:
        await bench.idle(engine)
    assert broken == ["COMMIT", "COMMIT"]
    assert await answers(bench) == ["1001", "1001", "1002"]
    assert bench.telegram.texts() == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    "word", ["\0", "\ud800"]
)  # PostgreSQL holds no NUL in JSON; nothing holds half a letter
async def test_a_reply_that_cannot_be_written_stops_nobody(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    def answered(update: dict[str, Any]) -> Sequence[Call]:
        return [helpers.say(helpers.chat_id(update), word if update["update_id"] == 2 else "ok")]

    bench.app.replies = bench.app.apologise = answered
    monkeypatch.setattr("bot.delivery.processing.RETRY_SECONDS", 0.01)
    await store(bench, *(helpers.message(number, number) for number in (1, 2, 3)))
    async with bench.running() as engine:
        await bench.idle(engine)
    if word == "\0" and bench.database.dialect == "sqlite":
        assert await answers(bench) == ["1", "2", "3"]
        return
    assert await answers(bench) == ["1", "3"]
    assert sorted(bench.telegram.texts()) == ["ok", "ok"]
    async with bench.database.read() as tx:
        failed = await tx.scalars(
            sa.select(schema.updates.c.update_id).where(schema.updates.c.state == "failed")
        )
    assert [*failed] == [2]


async def hear(tx: AsyncConnection, person: int) -> None:
    await tx.execute(people.update().where(people.c.id == person).values(unanswered=0))


async def is_kept_waiting(bench: Any) -> bool:
    async with bench.database.read() as tx:
        return await somebody_waits(tx)


async def store(bench: Any, *messages: dict[str, Any]) -> None:
    async with bench.database.write() as tx:
        await updates.store(tx, [received(message) for message in messages], bench.clock.now())


async def answers(bench: Any) -> list[str]:
    async with bench.database.read() as tx:
        return list(await tx.scalars(sa.select(responses.c.answer).order_by(responses.c.update_id)))
