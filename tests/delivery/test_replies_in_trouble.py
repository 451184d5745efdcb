"""Replies while the database is away, a server misbehaves or the code fails: none twice, no chat left dumb."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Attachment, Call
from bot.delivery.outcomes import InDoubt, NotSent, Rejected
from bot.delivery.pacing import Pacing
from db import deliveries
from db import updates as store
from db.schema import people, updates
from tests.delivery.updating import give, states


@pytest.mark.parametrize("step", ["begin", "finish"])
async def test_a_moment_without_database_leaves_no_chat_without_answers(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    work, failures = getattr(store, step), [sa.exc.OperationalError("UPDATE", None, ConnectionError())]

    async def away(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return await work(*given)

    monkeypatch.setattr(store, step, away)
    monkeypatch.setattr("bot.delivery.leaving.RETRY_SECONDS", 0.01, raising=False)
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 5))
        async with asyncio.timeout(5):
            await bench.idle(engine)
        await give(engine, helpers.message(2, 5))
        async with asyncio.timeout(5):
            await bench.idle(engine)
    assert bench.telegram.texts(5) == ["ok", "ok"]
    assert await states(bench) == {1: "done", 2: "done"}


class Away:
    """Stands in for a write: the database is away the first times, or each time fails with a fault of its own."""

    def __init__(self, work: Any, *faults: Exception) -> None:
        self.work, self.faults, self.calls = work, list(faults), 0

    async def __call__(self, *given: Any) -> Any:
        self.calls += 1
        if self.faults:
            raise self.faults.pop()
        return await self.work(*given)


def away() -> Exception:
    return sa.exc.OperationalError("UPDATE", None, ConnectionError())


MOVED = Rejected(code=400, description="upgraded", migrate_to=-1009)
BLOCKED = Rejected(code=403, description="Forbidden: bot was blocked by the user")


@pytest.mark.parametrize(
    ("step", "outcome", "arrived"),
    [
        ("mark_chat_unreachable", BLOCKED, ["two"]),
        ("follow_chat", MOVED, ["one", "two"]),
    ],
)
@pytest.mark.parametrize("fault", [away(), RuntimeError("a fault of ours")], ids=["away", "fault"])
async def test_what_a_post_taught_is_noted_when_the_database_is_back(
    bench: Any,
    helpers: Any,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    outcome: Any,
    arrived: Any,
    fault: Any,
) -> None:
    """The replies go on by themselves, and nothing is posted a second time."""
    await helpers.add_people(bench.database, 1)
    write = Away(getattr(deliveries, step), fault)
    monkeypatch.setattr(deliveries, step, write)
    monkeypatch.setattr("bot.delivery.leaving.RETRY_SECONDS", 0.01)
    bench.app.replies = lambda _update: [helpers.say(1001, "one"), helpers.say(1001, "two")]
    bench.telegram.faults.append(outcome)
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1001))
        async with asyncio.timeout(5):
            await bench.idle(engine)
    assert bench.telegram.texts() == arrived
    assert await states(bench) == {1: "done"}
    again = isinstance(fault, sa.exc.OperationalError)
    assert write.calls == 1 + again
    async with bench.database.read() as tx:
        person = (await tx.execute(sa.select(people.c.telegram_id, people.c.unreachable_at))).one()
    assert (person.telegram_id == -1009 or person.unreachable_at is not None) == again


@pytest.mark.parametrize("fault", [away(), KeyError("chat")], ids=["away", "fault"])
async def test_a_message_that_could_not_be_remembered_is_not_sent_again(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    remember = Away(bench.app.on_sent, fault)
    monkeypatch.setattr(bench.app, "on_sent", remember)
    monkeypatch.setattr("bot.delivery.leaving.RETRY_SECONDS", 0.01)
    bench.app.replies = lambda _update: [helpers.say(1, "progress", remember="progress:7")]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1), helpers.message(2, 1))
        async with asyncio.timeout(5):
            await bench.idle(engine)
    assert bench.telegram.texts() == ["progress", "progress"]
    assert await states(bench) == {1: "done", 2: "done"}
    assert len(bench.app.remembered) == (2 if isinstance(fault, sa.exc.OperationalError) else 1)


async def test_a_fault_in_posting_leaves_a_reply_in_doubt_and_the_chat_goes_on(
    bench: Any, helpers: Any
) -> None:
    posted: list[str] = []

    def judge(_method: str, payload: Any) -> None:
        posted.append(payload["text"])
        if payload["text"] == "one":
            raise RuntimeError("a fault of the transport")

    bench.telegram.judge = judge
    bench.app.replies = lambda _update: [helpers.say(1, "one"), helpers.say(1, "two")]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        async with asyncio.timeout(5):
            await bench.idle(engine)
    assert posted == ["one", "two"]  # it may have left: it is not posted again
    assert await states(bench) == {1: "done"}


@pytest.mark.parametrize(("faults", "arrived"), [(2, ["ok", "ok"]), (9, ["ok"])])
async def test_a_fault_before_a_reply_leaves_is_tried_again_and_holds_no_chat_back_for_ever(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, faults: int, arrived: list[str]
) -> None:
    monkeypatch.setattr("bot.delivery.leaving.REPEAT_SECONDS", 0.001)
    slot = Pacing.slot
    left = [RuntimeError() for _ in range(faults)]

    async def faulty(pacing: Pacing, *given: Any, **named: Any) -> bool:
        if left:
            raise left.pop()
        return await slot(pacing, *given, **named)

    monkeypatch.setattr(Pacing, "slot", faulty)
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        async with asyncio.timeout(5):
            await bench.idle(engine)
        left.clear()
        await give(engine, helpers.message(2, 1))
        await bench.idle(engine)
    assert bench.telegram.texts() == arrived
    assert await states(bench) == {1: "done", 2: "done"}


async def test_who_waits_for_a_file_is_told_once_in_spite_of_a_pause(bench: Any, helpers: Any) -> None:
    async def export(_arguments: Any) -> Attachment:
        return Attachment(field="document", name="x.csv", content=b"x")

    bench.producers.update(export=export)
    document = Call(
        method="sendDocument",
        payload={"chat_id": 1},
        produce="export",
        otherwise={"chat_id": 1, "text": "sorry"},
    )
    bench.app.replies = lambda _update: [document]
    bench.telegram.faults.append(InDoubt(reason="TimeoutError"))
    bench.telegram.faults.append(NotSent(reason="Too Many Requests", retry_after=0.05))
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await bench.idle(engine)
    assert bench.telegram.texts(1) == ["sorry"]


async def test_that_a_file_does_not_come_is_begun_before_it_is_said(bench: Any, helpers: Any) -> None:
    """A process that stops just then must not say it twice."""
    begun: list[int] = []

    async def broken(_arguments: Any) -> Attachment:
        raise RuntimeError

    async def look() -> None:
        async with bench.database.read() as tx:
            begun.extend((await tx.execute(sa.select(updates.c.begun))).scalars())

    bench.producers.update(broken=broken)
    sorry = {"chat_id": 1, "text": "sorry"}
    bench.app.replies = lambda _update: [
        Call(method="sendDocument", payload={"chat_id": 1}, produce="broken", otherwise=sorry)
    ]
    bench.telegram.open.clear()
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: bench.telegram.in_flight)
        await look()
        bench.telegram.open.set()
        await bench.idle(engine)
    assert begun == [1]
