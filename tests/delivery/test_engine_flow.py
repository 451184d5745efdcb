"""Updates in and messages out, through the whole engine, on both engines of storage."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from bot.delivery.account import Account
from bot.delivery.outcomes import Done, InDoubt, Outcome
from bot.delivery.transport import MISSED
from db.schema import responses, updates


async def test_a_broadcast_reaches_everybody_once(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 300)
    broadcast = await helpers.queue_broadcast(bench.database)
    async with bench.running() as engine:
        await bench.idle(engine)
    assert sorted(payload["chat_id"] for _method, payload in bench.telegram.arrived) == list(
        range(1001, 1301)
    )
    assert await bench.account(broadcast) == Account(sent=300)
    assert bench.telegram.most_in_flight <= 16


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_what_misses_its_slot_leaves_in_another(bench: Any, helpers: Any, rate: float | None) -> None:
    await helpers.add_people(bench.database, 20)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.extend([MISSED] * 30)
    async with bench.running(rate=rate) as engine:
        await bench.idle(engine)
        assert engine.pacing.posts["not_sent"] == 0, "It says nothing of the server."
    assert sorted(payload["chat_id"] for _method, payload in bench.telegram.arrived) == list(
        range(1001, 1021)
    )
    assert await bench.account(broadcast) == Account(sent=20)


async def test_an_update_is_answered_once_and_erased(bench: Any, helpers: Any) -> None:
    bench.telegram.person_says(helpers.message(5, 77), helpers.message(6, 77), helpers.message(7, 78))
    async with bench.running(poll=True) as engine:
        await engine.intake.store(orjson.dumps(helpers.message(5, 77)))
        await helpers.until(lambda: len(bench.telegram.texts()) == 3)
        await bench.idle(engine)
    async with bench.database.read() as tx:
        rows = (await tx.execute(sa.select(updates).order_by(updates.c.update_id))).all()
        answers = (
            (await tx.execute(sa.select(responses.c.update_id).order_by(responses.c.id))).scalars().all()
        )
    assert [(row.update_id, row.state, row.body, row.replies, row.chat) for row in rows] == [
        (number, "done", None, None, None) for number in (5, 6, 7)
    ]
    assert sorted(answers) == [5, 6, 7]
    assert bench.telegram.offsets[0] == 0
    assert bench.telegram.offsets[-1] == 8


async def test_it_has_caught_up_when_whoever_wrote_before_has_an_answer(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.engine.CATCH_UP_SECONDS", 60)
    bench.telegram.person_says(helpers.message(5, 77), helpers.message(6, 78))
    async with bench.running(poll=True) as engine:
        await engine.caught_up()
        assert len(bench.telegram.texts()) == 2


async def test_nobody_waits_for_a_telegram_that_says_nothing(bench: Any, helpers: Any) -> None:
    never = asyncio.Event()
    bench.telegram._get_updates = lambda _offset: never.wait()
    async with bench.running(poll=True) as engine:
        await engine.caught_up()
        assert not engine.intake.began.is_set()


async def test_by_webhook_there_is_nothing_to_catch_up_with(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.engine.CATCH_UP_SECONDS", 60)
    async with bench.running() as engine, asyncio.timeout(5):
        await engine.caught_up()


async def test_updates_that_are_none_end_nothing(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway in between may answer anything: what is no update is put aside, and nobody is answered twice."""
    monkeypatch.setattr("bot.delivery.intake.BACK_OFF_FIRST_SECONDS", 0.01)
    nonsense = ({}, {"update_id": "x"}, {"update_id": None}, [], "x")
    answers: list[Outcome] = [Done(result=[helpers.message(5, 77), *nonsense])]
    get_updates = bench.telegram._get_updates

    async def answering(offset: int) -> Outcome:
        return answers.pop() if answers else await get_updates(offset)

    monkeypatch.setattr(bench.telegram, "_get_updates", answering)
    bench.telegram.person_says(helpers.message(5, 77))
    async with bench.running(poll=True) as engine:
        await helpers.until(lambda: bench.telegram.texts())
        await bench.idle(engine)
        assert engine.intake.unread == len(nonsense)
    assert bench.telegram.offsets[0] == 6
    assert bench.telegram.texts() == ["ok"]


@pytest.mark.parametrize("turns", range(8))
async def test_a_call_at_the_moment_of_stopping_does_not_keep_the_engine(
    bench: Any, helpers: Any, turns: int
) -> None:
    """What wakes a part as it is cancelled must not make it miss the cancellation."""
    engine = bench.engine()
    running = asyncio.create_task(engine.run())
    await bench.idle(engine)
    waiting = (engine.sender._queue_changed, engine._processing._due)
    await helpers.until(lambda: all(event._waiters for event in waiting))
    engine.stop()
    for _ in range(turns):
        await asyncio.sleep(0)
    engine.wake()
    engine._processing.wake()
    done, _open = await asyncio.wait({running}, timeout=5)
    running.cancel()
    assert done


async def test_a_server_that_fails_for_long_puts_few_in_doubt(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without care each of the 300 would be posted into the void, and none could be sent again by itself."""
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.01)
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_LONGEST_SECONDS", 0.02)
    monkeypatch.setattr("bot.delivery.sender.LOOK_SECONDS", 0.02)
    await helpers.add_people(bench.database, 300)
    broadcast = await helpers.queue_broadcast(bench.database)
    posted, fails, at_once = 0, True, 0

    def fail(_method: str, _payload: Any) -> Outcome | None:
        nonlocal posted, at_once
        posted += 1
        if fails and posted > 16:
            at_once = max(at_once, bench.telegram.in_flight)
        return InDoubt(reason="unreadable answer (HTTP 502)") if fails else None

    bench.telegram.judge = fail
    async with bench.running(in_flight=16) as engine:
        await helpers.until(lambda: posted > 24, seconds=20)
        fails = False
        await bench.idle(engine)
    found = await bench.account(broadcast)
    assert at_once == 1  # after what was in flight when it began
    assert 24 < found.in_doubt < 48
    assert found.sent == 300 - found.in_doubt
