"""Unforeseen faults, groups that move, Stars that run out, a silent server, a restart: nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import MovableClock
from bot.delivery import budget as budgets
from bot.delivery import shared_budget
from bot.delivery.account import Account
from bot.delivery.budget import SILENT_UNTIL, LocalBudget, budget_for
from bot.delivery.calls import Call
from bot.delivery.outcomes import NotSent, Outcome, Rejected
from bot.delivery.pacing import Pacing
from bot.delivery.shared_budget import SharedBudget
from db.engine import Database
from db.facts import set_fact

NO_STARS = Rejected(code=400, description="Bad Request: BALANCE_TOO_LOW")
MOVED = Rejected(code=400, description="group chat was upgraded to a supergroup chat", migrate_to=-1009)


# -- faults --


async def test_a_post_that_fails_in_an_unforeseen_way_is_in_doubt(bench: Any, helpers: Any) -> None:
    """It may have left. The others go on, and the sender counts right: in_flight=1 would stop at once."""
    await helpers.add_people(bench.database, 4)
    broadcast = await helpers.queue_broadcast(bench.database)

    def judge(_method: str, payload: Mapping[str, Any]) -> Outcome | None:
        if payload["chat_id"] == 1_002:
            raise RuntimeError("a fault of the transport")
        return None

    bench.telegram.judge = judge
    async with bench.running(in_flight=1) as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=3, in_doubt=1)


async def test_a_fault_before_the_post_queues_it_again(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    slot, faults = Pacing.slot, [RuntimeError(), RuntimeError()]

    async def faulty(pacing: Pacing, chat: int | None = None, **kind: bool) -> bool:
        if faults:
            raise faults.pop()
        return await slot(pacing, chat, **kind)

    monkeypatch.setattr(Pacing, "slot", faulty)
    async with bench.running(in_flight=1) as engine:
        await bench.idle(engine)
        assert await bench.account(broadcast) == Account(sent=1, waiting=2)  # not in a busy loop
        bench.clock.move(helpers.start + timedelta(minutes=1))
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=3)
    assert len(bench.telegram.arrived) == 3


async def test_a_fault_after_the_answer_does_not_hide_it(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)

    def faulty(_pacing: Pacing, _outcome: Outcome) -> None:
        raise RuntimeError

    monkeypatch.setattr(Pacing, "heed", faulty)
    async with bench.running(in_flight=1) as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=2)


# -- a group that moved --


async def test_the_second_post_to_a_group_that_moved_takes_its_turn(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any other post: of the budget, and of the chat that the group became."""
    await helpers.add_people(bench.database, 3)
    await helpers.queue_broadcast(bench.database)
    slot, asked = Pacing.slot, []

    async def noted(pacing: Pacing, chat: int | None = None, **kind: bool) -> bool:
        asked.append(chat)
        return await slot(pacing, chat, **kind)

    def judge(_method: str, payload: Mapping[str, Any]) -> Outcome | None:
        return None if payload["chat_id"] < 0 else MOVED

    monkeypatch.setattr(Pacing, "slot", noted)
    bench.telegram.judge = judge
    async with bench.running() as engine:
        await bench.idle(engine)
    moved_to = MOVED.migrate_to
    assert [payload["chat_id"] for _method, payload in bench.telegram.arrived] == [moved_to] * 3
    assert sorted(asked) == [moved_to] * 3 + [1_001, 1_002, 1_003], (
        "each post takes a slot, of the chat it goes to"
    )


async def test_silence_asked_for_by_the_group_that_moved_is_kept(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.extend([MOVED, NotSent(reason="Too Many Requests", retry_after=60.0)])
    async with bench.running() as engine:
        await helpers.until(lambda: engine.pacing.blocked_until)
        assert (engine.pacing.blocked_until - bench.clock.now()).total_seconds() > 55
        await helpers.until(lambda: not engine.sender.busy)
    assert await bench.account(broadcast) == Account(waiting=1)


# -- Stars --


@pytest.mark.parametrize(
    ("refusal", "unpaid"),
    [
        (NO_STARS, True),
        (Rejected(code=402, description="Payment Required"), True),
        (Rejected(code=403, description="Forbidden: not enough Stars"), True),
        (
            Rejected(code=400, description="Bad Request: ALLOW_PAYMENT_REQUIRED_5"),
            False,
        ),  # the person's own price
        (Rejected(code=400, description="Bad Request: can't parse entities"), False),
        (Rejected(code=403, description="Forbidden: bot was blocked by the user"), False),
    ],
)
def test_what_names_the_balance_is_a_matter_of_stars(refusal: Rejected, unpaid: bool) -> None:
    assert refusal.unpaid == unpaid


async def test_when_the_stars_run_out_the_rest_leaves_at_the_free_rate(bench: Any, helpers: Any) -> None:
    """None fails; what was refused leaves again, without payment, no faster than what is free."""
    await helpers.add_people(bench.database, 60)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda row: Call(
        method="sendMessage",
        payload={"chat_id": 1_000 + row.person, "text": "hello", "allow_paid_broadcast": True},
    )
    stars, free = [10], []

    def judge(_method: str, payload: Mapping[str, Any]) -> Outcome | None:
        if "allow_paid_broadcast" not in payload:
            free.append(asyncio.get_running_loop().time())
            return None
        stars[0] -= 1
        return NO_STARS if stars[0] < 0 else None

    bench.telegram.judge = judge
    async with bench.running(rate=1_000.0) as engine:
        await bench.idle(engine)
        assert engine.pacing.unpaid
    assert await bench.account(broadcast) == Account(sent=60)
    assert max(Counter(payload["chat_id"] for _method, payload in bench.telegram.arrived).values()) == 1
    assert len(free) == 50
    assert all(sum(at <= other < at + 1 for other in free) <= 30 for at in free)


async def test_paying_is_tried_again(clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.pacing.UNPAID_SECONDS", 0.05)
    pacing = Pacing(budget=budget_for(1_000.0), clock=clock)
    pacing.cannot_pay("BALANCE_TOO_LOW")
    assert pacing.unpaid
    async with asyncio.timeout(5):
        while pacing.unpaid:  # noqa: ASYNC110 - a timer of the loop ends it
            await asyncio.sleep(0.005)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(100):
        await pacing.slot(None)
    assert loop.time() - began < 1, "The rate is its own again."


# -- a server that falls silent --


async def test_little_is_sent_into_a_silence(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each more would be one more in doubt, and a post is waited for longer than the whole broadcast would take."""
    monkeypatch.setattr("bot.delivery.sender.SILENCE_SECONDS", 0.2)
    await helpers.add_people(bench.database, 100)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.open.clear()
    async with bench.running(rate=100.0, in_flight=256) as engine:
        await helpers.until(lambda: bench.telegram.in_flight)
        await asyncio.sleep(0.8)  # what must not happen has no event
        assert bench.telegram.in_flight < 50
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=100)


async def test_who_waits_for_a_slot_is_no_silence(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was posted, so that no answer can come: others are marked all the same."""
    monkeypatch.setattr("bot.delivery.sender.SILENCE_SECONDS", 0.05)
    monkeypatch.setattr("bot.delivery.engine.STOP_SECONDS", 0.1)
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)
    engine = bench.engine(in_flight=16)
    engine.pacing._chats._chat_seconds = 30.0
    engine.pacing._chats.wrote(1_001, asyncio.get_running_loop().time())
    running = asyncio.create_task(engine.run())
    await helpers.until(lambda: bench.telegram.texts(1_002))
    await asyncio.sleep(0.1)  # longer than a silence
    await helpers.add_people(bench.database, 1, first=3)
    await helpers.queue_broadcast(bench.database, "staff:2")
    engine.wake()
    await helpers.until(lambda: bench.telegram.texts(1_003))
    assert await bench.account(broadcast) == Account(sent=1, waiting=1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# -- pauses --


async def test_bulk_that_waits_for_its_chat_is_sent_back_by_a_pause(clock: MovableClock) -> None:
    """Else it would leave when the pause ends, unchecked: hours later, where Telegram asks for hours."""
    pacing = Pacing(budget=budget_for(None), clock=clock, chat_seconds=0.05)
    assert await pacing.slot(5, bulk=True)
    parked = asyncio.create_task(pacing.slot(5, bulk=True))
    reply = asyncio.create_task(pacing.slot(5))
    await asyncio.sleep(0)
    pacing.heed(NotSent(reason="slow down", retry_after=0.2))
    assert not await asyncio.wait_for(parked, 0.1)
    assert not reply.done()
    assert await asyncio.wait_for(reply, 5)


async def test_two_broadcasts_to_the_same_people_use_the_whole_rate(bench: Any, helpers: Any) -> None:
    """Whoever has just had one waits for the other, and nobody waits behind them."""
    await helpers.add_people(bench.database, 40)
    for number in (1, 2):
        await helpers.queue_broadcast(bench.database, f"staff:{number}")
    left: dict[int, list[float]] = {}

    def judge(_method: str, payload: Mapping[str, Any]) -> None:
        left.setdefault(payload["chat_id"], []).append(asyncio.get_running_loop().time())

    bench.telegram.judge = judge
    engine = bench.engine(rate=40.0, in_flight=64)
    engine.pacing._chats._chat_seconds = 0.8
    running = asyncio.create_task(engine.run())
    await bench.idle(engine)
    engine.stop()
    await running
    times = sorted(itertools.chain(*left.values()))
    assert times[-1] - times[0] < 6.0, "80 messages at 40 a second take two seconds; in single file, seven."
    # Told where it arrives: a machine with much to do may hold the first up on its way, and not the second.
    assert all(second - first >= 0.5 for first, second in left.values())


async def test_a_pause_reaches_the_others_though_the_database_was_away(
    postgresql_database: Database, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, other = (SharedBudget(50.0, postgresql_database) for _ in range(2))
    tell, faults = (
        shared_budget.pause_all,
        [sa.exc.OperationalError("INSERT", None, ConnectionError())],
    )

    async def away(*given: Any, **named: Any) -> None:
        if faults:
            raise faults.pop()
        await tell(*given, **named)

    monkeypatch.setattr(shared_budget, "pause_all", away)
    told.pause(60.0)
    heard: list[float] = []
    for _attempt in range(2):  # as `bot.delivery.engine` begins again
        running = asyncio.create_task(told.run(lambda: None, lambda seconds, _reason: heard.append(seconds)))
        await helpers.until(lambda running=running: told._told_until > -math.inf or running.done())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    other._waiting = 1
    other._wanted.set()
    running = asyncio.create_task(other.run(lambda: None, lambda seconds, _reason: heard.append(seconds)))
    await helpers.until(lambda: heard)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert min(heard) > 30


# -- a restart --


async def test_a_restart_keeps_the_silence_that_was_asked_for(
    sqlite_database: Database, clock: MovableClock
) -> None:
    first = Pacing(budget=budget_for(30.0, sqlite_database), clock=clock)
    await first.restore()
    running = asyncio.create_task(first.run())
    first.heed(NotSent(reason="Too Many Requests", retry_after=300.0))
    async with asyncio.timeout(5):
        while True:
            await asyncio.sleep(0.01)
            second = Pacing(budget=budget_for(30.0, sqlite_database), clock=clock)
            await second.restore()
            if second.blocked_until is not None:
                break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert 290 < (second.blocked_until - clock.now()).total_seconds() <= 300
    assert second.asked_until is not None, "The organizers are told again."
    assert not await second.slot(None, bulk=True)


async def test_a_wrong_clock_does_not_silence_the_bot_for_years(
    sqlite_database: Database, clock: MovableClock
) -> None:
    """A small machine without a battery starts in 1970, until the network tells it the time."""
    async with sqlite_database.write() as tx:
        await set_fact(tx, SILENT_UNTIL, "2080-01-01T00:00:00+00:00")
    pacing = Pacing(budget=budget_for(30.0, sqlite_database), clock=clock)
    await pacing.restore()
    assert pacing.blocked_until is not None
    assert pacing.blocked_until - clock.now() <= timedelta(days=1)


async def test_a_restart_leaves_the_last_second_to_the_process_before(
    sqlite_database: Database, clock: MovableClock
) -> None:
    """However quickly it came: together they never exceed the rate."""
    loop, left = asyncio.get_running_loop(), []
    for _process in range(2):
        pacing = Pacing(budget=budget_for(20.0, sqlite_database), clock=clock)
        await pacing.restore()
        for _ in range(15):
            await pacing.slot(None)
            left.append(loop.time())
    assert all(sum(at <= other < at + 1 for other in left) <= 20 for at in left)


@pytest.mark.parametrize(
    ("ago", "waits"),
    [(5.0, 0.0), (0.4, 0.6), (-3600.0, 1.0), (None, 1.0)],
    ids=["ended before", "ended just now", "the clock went back", "killed"],
)
async def test_who_ended_in_good_order_is_waited_for_no_longer_than_the_second_lasts(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, ago: float | None, waits: float
) -> None:
    before = LocalBudget(30.0, sqlite_database)
    await before.restore(lambda _seconds, _reason: None)
    if ago is not None:
        ended = MovableClock(budgets._CLOCK.now() - timedelta(seconds=ago), 0)
        with monkeypatch.context() as then:
            then.setattr(budgets, "_CLOCK", ended)
            await before.end()
    for seconds in (waits, 1.0):  # the third finds none that ended: the second was killed
        budget = LocalBudget(30.0, sqlite_database)
        await budget.restore(lambda _seconds, _reason: None)
        now = asyncio.get_running_loop().time()
        assert max(0.0, budget.available_at(now, 1) - now) == pytest.approx(seconds, abs=0.3)


async def test_the_first_process_on_a_database_begins_at_once(sqlite_database: Database) -> None:
    budget = LocalBudget(30.0, sqlite_database)
    await budget.restore(lambda _seconds, _reason: None)
    now = asyncio.get_running_loop().time()
    assert budget.available_at(now, 1) <= now


def test_a_free_rate_holds_from_the_moment_it_begins() -> None:
    budget, now, times = LocalBudget(1_000.0), 10.0, []
    for number in range(1_100):
        if number == 1_000:
            budget.keep_to(30)
        now = max(now, budget.available_at(now, 1))
        budget.take(now)
        times.append(now)
    slow = times[1_000:]
    assert all(sum(at <= other < at + 1 for other in slow) <= 30 for at in slow)
