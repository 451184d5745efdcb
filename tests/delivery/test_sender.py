"""Messages out: what each outcome, decision and order of the organizer does to a delivery."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.account import Account
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, InDoubt, NotSent, Rejected, Stop, Wait
from db import broadcasts, mends
from db.deliveries import Leased
from db.processes import Lock, lock
from db.schema import deliveries as table
from db.schema import people

BLOCKED = Rejected(code=403, description="Forbidden: bot was blocked by the user")


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
    assert await bench.account(broadcast) == expected
    assert len(bench.telegram.arrived) == arrived
    (row,) = await rows(bench)
    assert row.lease_owner is None
    assert (row.sent_at is not None) == (expected.sent == 1) == (row.message_id is not None)


async def test_an_id_that_is_none_holds_nobody_up(bench: Any, helpers: Any) -> None:
    odd = ("abc", 1.5, True, [1], 2**63)
    await helpers.add_people(bench.database, len(odd) + 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.extend(Done(result={"message_id": each}) for each in odd)
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=len(odd) + 1)
    assert len(bench.telegram.arrived) == 1


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
    assert await bench.account(first) == await bench.account(second) == Account(unreachable=1)
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


DELETION = Call(
    method="deleteMessage",
    payload={"chat_id": 1001, "message_id": 5},
    instead=Call(method="editMessageText", payload={"chat_id": 1001, "message_id": 5, "text": "…"}),
)
TOO_OLD = Rejected(code=400, description="Bad Request: message can't be deleted for everyone")
GONE_ALREADY = Rejected(code=400, description="Bad Request: message to delete not found")


@pytest.mark.parametrize(
    ("outcomes", "posted", "expected"),
    [
        ([], ["deleteMessage"], Account(sent=1)),
        ([GONE_ALREADY], [], Account(sent=1)),  # it is not there any more: all is well
        ([TOO_OLD], ["editMessageText"], Account(sent=1)),
        ([TOO_OLD, InDoubt(reason="reset")], ["deleteMessage"], Account(sent=1)),  # from the beginning
        ([TOO_OLD, TOO_OLD], [], Account(failed=1)),
        ([BLOCKED], [], Account(unreachable=1)),  # nothing else would get there either
    ],
)
async def test_what_is_refused_for_good_is_done_otherwise(
    bench: Any, helpers: Any, outcomes: list[Any], posted: list[str], expected: Account
) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda _row: DELETION
    bench.telegram.faults.extend(outcomes)
    async with bench.running() as engine:
        await bench.idle(engine)
    assert [method for method, _payload in bench.telegram.arrived] == posted
    assert await bench.account(broadcast) == expected


async def test_a_group_that_moved_to_a_known_one_harms_nobody(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.telegram.faults.append(Rejected(code=400, description="upgraded", migrate_to=1002))
    async with bench.running(in_flight=1) as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=2)


async def test_the_withheld_come_back_when_it_is_over(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 3)
    broadcast = await helpers.queue_broadcast(bench.database)
    quiet_until = helpers.start + timedelta(hours=10)
    bench.app.decide = lambda row: (
        Wait(until=quiet_until, reason="quiet") if bench.clock.now() < quiet_until else None
    )
    async with bench.running() as engine:
        await bench.idle(engine)
        assert await bench.account(broadcast) == Account(withheld=3)
        assert bench.telegram.arrived == []
        bench.clock.move(quiet_until)
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=3)


async def test_one_that_cannot_be_worded_holds_nobody_back(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 9)
    broadcast = await helpers.queue_broadcast(bench.database)

    def decide(row: Any) -> None:
        if row.person == 5:
            raise KeyError("a language that nobody speaks")

    bench.app.decide = decide
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=8, waiting=1)


@pytest.mark.parametrize(
    "change",
    [
        people.update().values(state="stopped"),
        people.update().values(state="restricted"),
        people.update().values(unreachable_at=datetime(2016, 11, 16, 9, tzinfo=UTC)),
        people.delete(),
    ],
    ids=["stopped", "restricted", "blocked", "erased"],
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
    assert await bench.account(broadcast) == Account(sent=2, cancelled=3)


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
    assert await bench.account(late) == await bench.account(quiet) == Account(expired=2)
    assert bench.telegram.arrived == []


async def test_what_is_not_due_waits_for_the_clock(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 2)
    tomorrow = helpers.start + timedelta(days=1)
    broadcast = await helpers.queue_broadcast(bench.database, due_at=tomorrow)
    async with bench.running() as engine:
        await bench.idle(engine)
        assert await bench.account(broadcast) == Account(waiting=2)
        bench.clock.move(tomorrow)
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=2)


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_clock_that_is_moved_while_a_slot_is_waited_for_is_heeded(
    bench: Any, helpers: Any, hours: int
) -> None:
    """It was looked at for this hour: neither the hours before nor the silence that begins at ten are forgotten."""
    opens, closes = helpers.start, helpers.start + timedelta(hours=1)
    again = helpers.start + timedelta(days=1)
    left = []

    def decide(row: Leased) -> Call | Wait:
        if bench.clock.now() < opens:
            return Wait(until=opens, reason="quiet")
        if closes <= bench.clock.now() < again:
            return Wait(until=again, reason="quiet")
        end = closes if bench.clock.now() < closes else None
        return helpers.say(1_000 + (row.person or 0), "hello", leave_before=end)

    def judge(_method: str, _payload: Any) -> None:
        left.append(bench.clock.now())
        if len(left) == 1:  # the second is marked, and waits for its slot
            bench.clock.move(bench.clock.now() + timedelta(hours=hours))

    bench.app.decide, bench.telegram.judge = decide, judge
    await helpers.add_people(bench.database, 2)
    broadcast = await helpers.queue_broadcast(bench.database)
    async with bench.running(rate=5.0) as engine:
        await bench.idle(engine)
        assert len(left) == 1
        bench.clock.move(again)
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=2)
    assert left[1] >= again


async def test_the_application_can_stop_a_delivery(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda _row: Stop(state="cancelled", reason="unsubscribed")
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(cancelled=1)
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
    assert await bench.account(broadcast) == Account(sent=3)


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
        assert await bench.account(broadcast) == Account(sent=5, waiting=95)
        bench.telegram.open.clear()
        async with bench.database.write() as tx:
            assert await broadcasts.resume(tx, broadcast)
        engine.wake()
        await helpers.until(lambda: bench.telegram.in_flight == 5)
        async with bench.database.write() as tx:
            assert await broadcasts.cancel(tx, broadcast)
        # those on their way are not yet decided; everybody else is cancelled from this moment on
        assert await bench.account(broadcast) == Account(sent=5, waiting=5, cancelled=90)
        bench.telegram.open.set()
        await bench.idle(engine)
        await helpers.until(lambda: not engine.sender.busy)
    assert await bench.account(broadcast) == Account(sent=10, cancelled=90)
    assert len(bench.telegram.arrived) == 10


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
    assert await bench.account(broadcast) == Account(sent=3)


async def test_repeatable_bulk_calls_are_repeated(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 1)
    broadcast = await helpers.queue_broadcast(bench.database)
    bench.app.decide = lambda _row: Call(method="editMessageText", payload={"chat_id": 1, "text": "moved"})
    bench.telegram.faults.append(InDoubt(reason="reset"))
    async with bench.running() as engine:
        await bench.idle(engine)
    assert await bench.account(broadcast) == Account(sent=1)


async def test_what_was_worded_before_its_words_were_taken_back_does_not_leave(
    bench: Any, helpers: Any
) -> None:
    """A correction queues again what is leased, and the same process takes it once more: with the new words alone."""
    await helpers.add_people(bench.database, 10)
    broadcast = await helpers.queue_broadcast(bench.database)
    words = ["old"]
    bench.app.decide = lambda row: helpers.say(1_000 + row.person, words[0])
    async with bench.running(rate=20.0) as engine:
        await helpers.until(lambda: len(bench.telegram.arrived) == 2)
        async with bench.database.write() as tx:
            await lock(tx, Lock.LEASING)
            await mends.release(tx, broadcast, bench.clock.now())
            words[0] = "new"
            left = list(await tx.scalars(sa.select(table.c.person).where(table.c.state != "queued")))
        engine.wake()
        await bench.idle(engine)
    assert len(left) < 10, "some had not left"
    expected = {1_000 + person: "old" if person in left else "new" for person in range(1, 11)}
    assert {payload["chat_id"]: payload["text"] for _method, payload in bench.telegram.arrived} == expected
    assert len(bench.telegram.arrived) == 10


@pytest.mark.parametrize(("held", "looked_at"), [(False, {100}), (True, {100, 200})])
async def test_what_is_held_takes_no_place_of_what_leaves(
    bench: Any, helpers: Any, held: bool, looked_at: set[int]
) -> None:
    """Each look has its price, however many leave by it: where half of them wait, twice as many are looked at."""
    await helpers.add_people(bench.database, 250)
    holding = await helpers.queue_broadcast(bench.database, "staff:1")
    leaving = await helpers.queue_broadcast(bench.database, "staff:2")
    tomorrow = Wait(until=helpers.start + timedelta(days=1), reason="cap_day", state="withheld")
    bench.app.decide = lambda row: tomorrow if held and row.broadcast == holding else None
    sizes: list[int] = []
    prepare = bench.app.prepare

    async def counted(tx: Any, batch: Any) -> Any:
        sizes.append(len(batch))
        return await prepare(tx, batch)

    bench.app.prepare = counted
    async with bench.running(rate=400) as engine:
        await bench.idle(engine)
    assert await bench.account(leaving) == Account(sent=250)
    assert await bench.account(holding) == (Account(withheld=250) if held else Account(sent=250))
    assert set(sizes[:2]) == looked_at
    assert max(sizes) == max(looked_at)
