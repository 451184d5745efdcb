"""Messages out: what each outcome, decision and order of the organizer does to a delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.account import Account, load_account
from bot.delivery.calls import Call
from bot.delivery.outcomes import InDoubt, NotSent, Rejected
from bot.delivery.sender import Stop, Wait
from bot.delivery.sharing import shares
from db import broadcasts, deliveries, doubts, processes
from db.broadcasts import Due
from db.deliveries import Turn
from db.schema import deliveries as table
from db.schema import people

BLOCKED = Rejected(code=403, description="Forbidden: bot was blocked by the user")


async def account(bench: Any, broadcast: int) -> Account:
    async with bench.database.read() as tx:
        return await load_account(tx, broadcast)


async def rows(bench: Any) -> list[Any]:
    async with bench.database.read() as tx:
        return list((await tx.execute(sa.select(table).order_by(table.c.id))).all())


OUTCOMES = [
    # what the first post meets, what the account says, how often the message arrived
    (NotSent(reason="ClientConnectorError"), Account(sent=1), 1),  # tried again
    (NotSent(reason="Too Many Requests", retry_after=0.05), Account(sent=1), 1),
    (InDoubt(reason="ServerDisconnectedError"), Account(in_doubt=1), 0),  # never again by itself
    (BLOCKED, Account(unreachable=1), 0),
    (Rejected(code=400, description="Bad Request: can't parse entities"), Account(failed=1), 0),
]


@pytest.mark.parametrize(("outcome", "expected", "arrived"), OUTCOMES)
async def test_an_outcome_settles_a_delivery(
    bench: Any, helpers: Any, outcome: Any, expected: Account, arrived: int
) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.append(outcome)
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == expected
    assert len(bench.telegram.arrived) == arrived
    (row,) = await rows(bench)
    assert row.lease_owner is None
    assert (row.sent_at is not None) == (expected.sent == 1) == (row.message_id is not None)


async def test_who_blocked_the_bot_is_not_tried_again(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    first = await helpers.queue_broadcast(bench.database, "staff:1")
    bench.telegram.faults.append(BLOCKED)
    async with bench.running() as engine:
        await bench.idle(engine)
        second = await helpers.queue_broadcast(bench.database, "staff:2")
        engine.wake()
        await bench.idle(engine)
    assert bench.telegram.arrived == []
    assert await account(bench, first) == await account(bench, second) == Account(unreachable=1)
    async with bench.database.read() as tx:
        assert (await tx.execute(sa.select(people.c.unreachable_at))).scalar_one() is not None


async def test_a_group_that_moved_is_followed(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    await helpers.queue_broadcast(bench.database)
    moved = Rejected(code=400, description="group chat was upgraded to a supergroup chat", migrate_to=-1009)
    bench.telegram.faults.append(moved)
    async with bench.running() as engine:
        await bench.idle(engine)
        # The next one goes there at once.
        await helpers.queue_broadcast(bench.database, "staff:2")
        engine.wake()
        await bench.idle(engine)
    assert [payload["chat_id"] for _method, payload in bench.telegram.arrived] == [-1009, -1009]
    async with bench.database.read() as tx:
        assert (await tx.execute(sa.select(people.c.telegram_id))).scalar_one() == -1009


async def test_a_group_that_moved_to_a_known_one_harms_nobody(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.append(Rejected(code=400, description="upgraded", migrate_to=1002))
    async with bench.running(in_flight=1) as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=2)


async def test_the_withheld_come_back_when_it_is_over(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    quiet_until = helpers.start + timedelta(hours=10)
    bench.app.decide = lambda row: (
        Wait(until=quiet_until, reason="quiet") if bench.clock.now() < quiet_until else None
    )
    async with bench.running() as engine:
        await bench.idle(engine)
        assert await account(bench, broadcast) == Account(withheld=3)
        assert bench.telegram.arrived == []
        bench.clock.move(quiet_until)
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=3)


async def test_one_that_cannot_be_worded_holds_nobody_back(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 9)
    broadcast = await helpers.queue_broadcast(bench.database)

    def decide(row: Any) -> None:
        if row.person == 5:
            raise KeyError("a language that nobody speaks")

    bench.app.decide = decide
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=8, waiting=1)


@pytest.mark.parametrize(
    "change",
    [
        people.update().values(state="stopped"),
        people.update().values(unreachable_at=datetime(2016, 11, 16, 9, tzinfo=UTC)),
        people.delete(),
    ],
    ids=["stopped", "blocked", "erased"],
)
async def test_who_leaves_while_the_message_is_ready_is_not_written_to(
    bench: Any, helpers: Any, change: Any
) -> None:
    await helpers.add_people(bench.database, 5)
    broadcast = await helpers.queue_broadcast(bench.database)
    gone: set[int] = set()
    bench.app.decide = lambda row: Stop(state="cancelled", reason="gone") if gone else None
    bench.telegram.open.clear()
    async with bench.running(in_flight=2) as engine:
        await helpers.until(lambda: bench.telegram.in_flight == 2)
        async with bench.database.write() as tx:
            await tx.execute(change.where(people.c.id > 2))
        gone.update((3, 4, 5))
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=2, cancelled=3)


async def test_what_is_too_late_expires(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    hour = timedelta(hours=1)
    late = await helpers.queue_broadcast(bench.database, "staff:1", expires_at=helpers.start + hour)
    quiet = await helpers.queue_broadcast(bench.database, "staff:2", expires_at=helpers.start + 5 * hour)
    bench.clock.move(helpers.start + 2 * hour)
    bench.app.decide = lambda row: (
        Wait(until=helpers.start + 6 * hour, reason="quiet") if row.broadcast == quiet else None
    )
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, late) == await account(bench, quiet) == Account(expired=2)
    assert bench.telegram.arrived == []


async def test_what_is_not_due_waits_for_the_clock(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    tomorrow = helpers.start + timedelta(days=1)
    broadcast = await helpers.queue_broadcast(bench.database, due_at=tomorrow)
    async with bench.running() as engine:
        await bench.idle(engine)
        assert await account(bench, broadcast) == Account(waiting=2)
        bench.clock.move(tomorrow)
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=2)


async def test_the_application_can_stop_a_delivery(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda _row: Stop(state="cancelled", reason="unsubscribed")
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(cancelled=1)
    assert (await rows(bench))[0].reason == "unsubscribed"


async def test_a_fault_in_preparing_loses_nothing(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    faults = [RuntimeError("a template is broken")]

    def decide(_row: Any) -> None:
        if faults:
            raise faults.pop()

    bench.app.decide = decide
    async with bench.running() as engine:
        await helpers.until(lambda: not faults)
        bench.clock.move(helpers.start + timedelta(minutes=1))
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=3)


async def test_pause_resume_and_cancel_act_at_once(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 100)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.open.clear()
    async with bench.running(in_flight=5) as engine:
        await helpers.until(lambda: bench.telegram.in_flight == 5)
        async with bench.database.write() as tx:
            assert await broadcasts.pause(tx, broadcast)
            assert not await broadcasts.resume(tx, broadcast + 1)
        bench.telegram.open.set()
        await bench.idle(engine)
        assert await account(bench, broadcast) == Account(sent=5, waiting=95)
        bench.telegram.open.clear()
        async with bench.database.write() as tx:
            assert await broadcasts.resume(tx, broadcast)
        engine.wake()
        await helpers.until(lambda: bench.telegram.in_flight == 5)
        async with bench.database.write() as tx:
            assert await broadcasts.cancel(tx, broadcast)
        # those on their way are not yet decided; everybody else is cancelled from this moment on
        assert await account(bench, broadcast) == Account(sent=5, waiting=5, cancelled=90)
        bench.telegram.open.set()
        await bench.idle(engine)
        await helpers.until(lambda: not engine.sender.busy)
    assert await account(bench, broadcast) == Account(sent=10, cancelled=90)
    assert len(bench.telegram.arrived) == 10


async def test_two_broadcasts_share_fairly(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 60)
    first = await helpers.queue_broadcast(bench.database, "staff:1")
    second = await helpers.queue_broadcast(bench.database, "staff:2")
    async with bench.running() as engine:
        await bench.idle(engine)
    texts = bench.telegram.texts()
    half = texts[:60]
    assert abs(half.count(f"broadcast {first}") - half.count(f"broadcast {second}")) <= 16


def test_the_urgent_go_first_and_equals_share(helpers: Any) -> None:
    now, hour = helpers.start, timedelta(hours=1)
    calm = Due(id=1, expires_at=None, next_due=now)
    later = Due(id=2, expires_at=now + 5 * hour, next_due=now)
    soon = Due(id=3, expires_at=now + hour / 2, next_due=now)
    future = Due(id=4, expires_at=now + hour, next_due=now + hour)
    assert shares([calm, later, soon, future], 100, now) == [(3, 100)]
    assert shares([calm, later, future], 5, now) == [(2, 3), (1, 2)]
    assert shares([future], 100, now) == []
    assert shares([calm, later], 1, now) == [(2, 1)]


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
    assert await account(bench, broadcast) == Account(sent=6, in_doubt=4)
    assert len(bench.telegram.arrived) == 6
    async with bench.database.write() as tx:
        doubtful = await doubts.page(tx, broadcast, ["FR"], first=0, room=10)
        assert [one.delivery for one in doubtful] == numbers[:4]
        now = bench.clock.now()
        again = await doubts.send_again(tx, broadcast, ["FR"], until=now, now=now)
        assert again == 4
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=10)
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


async def test_a_finished_broadcast_is_marked_and_opens_again(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)

    async def finished() -> bool:
        async with bench.database.read() as tx:
            query = sa.select(broadcasts.broadcasts.c.finished_at)
            return (await tx.execute(query)).scalar_one() is not None

    async with bench.running() as engine:
        await bench.idle(engine)
        async with asyncio.timeout(5):
            while not await finished():
                engine.wake()
        await helpers.add_people(bench.database, 1, first=3)
        async with bench.database.write() as tx:
            everybody = sa.select(people.c.id)
            now = bench.clock.now()
            queued = await broadcasts.queue_deliveries(
                tx, broadcast=broadcast, people=everybody, due_at=now, now=now
            )
            assert queued == 1  # the two others have it
        assert not await finished()
        engine.wake()
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=3)


async def test_repeatable_bulk_calls_are_repeated(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda _row: Call(method="editMessageText", payload={"chat_id": 1, "text": "moved"})
    bench.telegram.faults.append(InDoubt(reason="reset"))
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await account(bench, broadcast) == Account(sent=1)


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("lease", 1),
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
    async def breaking() -> AsyncIterator[Any]:
        async with write() as tx:
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
    assert await account(bench, broadcast) == Account(sent=3)
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
    assert await account(bench, broadcast) == Account(sent=3)
    assert len(bench.telegram.arrived) == 3
