"""What a process holds while messages leave: taken from the dead, kept by the living, true after a failed commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.account import Account, load_account
from db import deliveries, doubts, processes
from db.deliveries import Turn


async def test_the_dead_leave_nothing_behind(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 10)
    broadcast = await helpers.queue_broadcast(bench.database)
    async with bench.database.write() as tx:
        now = bench.clock.now()
        leased = await deliveries.lease(tx, [(broadcast, 6)], owner="dead", now=now)
        numbers = [row.id for row in leased]
        assert await deliveries.take_turn(tx, Turn(next=numbers[:4]), owner="dead", now=now) == set(
            numbers[:4]
        )
        assert await deliveries.take_turn(tx, Turn(next=numbers[4:]), owner="other", now=now) == set()
    async with bench.running() as engine:
        await bench.idle(engine)
    # those it was sending may have arrived: they are shown, and not sent again
    assert await bench.account(broadcast) == Account(sent=6, in_doubt=4)
    assert len(bench.telegram.arrived) == 6
    async with bench.database.write() as tx:
        doubtful = await doubts.page(tx, broadcast, ["FR"], first=0, room=10)
        assert len(doubtful) == 4
        now = bench.clock.now()
        again = await doubts.send_again(tx, broadcast, ["FR"], until=now, now=now)
        assert again == 4
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=10)
    assert len(bench.telegram.arrived) == 10


async def test_the_living_keep_what_they_hold(postgresql_database: Any, helpers: Any) -> None:
    await helpers.add_people(postgresql_database, 2)
    broadcast = await helpers.queue_broadcast(postgresql_database)
    async with postgresql_database.write() as tx:
        await processes.beat(tx, "alive")
        now = helpers.start
        (row,) = await deliveries.lease(tx, [(broadcast, 1)], owner="alive", now=now)
        (dead,) = await deliveries.lease(tx, [(broadcast, 1)], owner="dead", now=now)
        assert await processes.living(tx, "me") == ["alive", "me"]
        assert await deliveries.recover(tx, await processes.living(tx, "me"), now) == (1, 0)
        assert await deliveries.take_turn(tx, Turn(next=[row.id, dead.id]), owner="alive", now=now) == {
            row.id
        }
        await processes.leave(tx, "alive")
        assert await processes.living(tx, "me") == ["me"]
        assert await deliveries.recover(tx, ["me"], now) == (0, 1)


async def test_the_truth_about_a_doubtful_message_is_taken(bench: Any, helpers: Any) -> None:
    """A process that was taken for dead comes back and knows that its message arrived."""
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    async with bench.database.write() as tx:
        now = bench.clock.now()
        (row,) = await deliveries.lease(tx, [(broadcast, 1)], owner="slow", now=now)
        await deliveries.take_turn(tx, Turn(next=[row.id]), owner="slow", now=now)
        await deliveries.recover(tx, ["me"], now)
        sent = deliveries.Settled(id=row.id, state="sent", message_id=5)
        await deliveries.take_turn(
            tx, Turn(settled=[deliveries.Settled(id=row.id, state="queued")]), owner="slow", now=now
        )
        assert (await load_account(tx, broadcast)) == Account(in_doubt=1)
        await deliveries.take_turn(tx, Turn(settled=[sent]), owner="slow", now=now)
        assert (await load_account(tx, broadcast)) == Account(sent=1)


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("lease_at_last", 1),
        ("take_turn", 1),  # marked
        ("take_turn", 2),  # settled
    ],
)
async def test_a_commit_that_seemed_to_fail_loses_no_message(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    """The server commits, and the line breaks before it says so: what it holds for us is more than we know."""
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    write, work = bench.database.write, getattr(deliveries, step)
    left = {"steps": nth}
    broken: list[str] = []

    async def noting(*given: Any, **named: Any) -> Any:
        left["steps"] -= 1
        return await work(*given, **named)

    @asynccontextmanager
    async def breaking(**given: Any) -> AsyncIterator[Any]:
        async with write(**given) as tx:
            yield tx
        if left["steps"] == 0 and not broken:
            broken.append(step)
            raise sa.exc.OperationalError("COMMIT", None, ConnectionError())

    monkeypatch.setattr(deliveries, step, noting)
    monkeypatch.setattr(bench.database, "write", breaking)
    monkeypatch.setattr("bot.delivery.engine.TROUBLE_SECONDS", 0.01)
    async with bench.running() as engine:
        async with asyncio.timeout(10):
            await bench.idle(engine)
    assert broken
    assert await bench.account(broadcast) == Account(sent=3)
    assert len(bench.telegram.arrived) == 3


async def test_a_failed_turn_is_taken_again_though_nothing_more_happens(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for a moment: what was answered by then is settled without another message."""
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    take_turn, turns = deliveries.take_turn, [0]

    async def away(*given: Any, **named: Any) -> Any:
        turns[0] += 1
        if turns[0] in (1, 3):
            raise sa.exc.OperationalError("UPDATE", None, ConnectionError())
        return await take_turn(*given, **named)

    monkeypatch.setattr(deliveries, "take_turn", away)
    monkeypatch.setattr("bot.delivery.engine.TROUBLE_SECONDS", 0.01)
    async with bench.running() as engine:
        async with asyncio.timeout(10):
            await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=3)
    assert len(bench.telegram.arrived) == 3
