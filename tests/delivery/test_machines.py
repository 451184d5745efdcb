"""Several processes on one PostgreSQL: one polls, all send and answer, and together they keep what one keeps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

import db.postgresql
from bot import communes
from bot.clock import MovableClock
from bot.delivery.budget import NoBudget
from bot.delivery.engine import Engine
from bot.delivery.hooks import Hooks
from bot.delivery.leading import Leadership
from bot.delivery.pacing import Pacing
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from bot.words.texts import Texts
from db import broadcasts, processes
from db.engine import Database, open_database
from db.schema import deliveries, people, responses
from tests.campaigning import supporter
from tests.conversation import BOT, CAMPAIGN, Conversation, paris

NOW = paris("2016-11-16T10:00")
PEOPLE = 120


@pytest.fixture
async def machines(postgresql_database: Database) -> AsyncIterator[list[Database]]:
    """The same database, opened by two machines."""
    url = postgresql_database._writer.url.render_as_string(hide_password=False)
    async with AsyncExitStack() as stack:
        opened = [await open_database(url, folder=None) for _ in range(2)]  # type: ignore[arg-type]  # unused here
        for database in opened:
            stack.push_async_callback(database.close)
        yield opened


async def test_who_freezes_within_a_transaction_stops_nobody_for_long(
    postgresql_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is gone, or a process that is stopped: the server ends its transaction, and with it its locks."""
    monkeypatch.setitem(db.postgresql._SESSION, "idle_in_transaction_session_timeout", "300ms")
    frozen, other = [await open_database(postgresql_address, folder=Path()) for _ in range(2)]

    async def freeze() -> None:
        async with frozen.write() as tx:
            await processes.lock(tx, processes.Lock.LEASING)
            async with asyncio.timeout(20), other.write() as waiting:
                await processes.lock(waiting, processes.Lock.LEASING)

    with pytest.raises(sa.exc.DBAPIError):
        await freeze()
    for each in (frozen, other):
        await each.close()


@asynccontextmanager
async def running(*engines: Engine) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(engine.run()) for engine in engines]
    try:
        yield
        for engine in engines:
            engine.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def killed(engine: Engine, task: asyncio.Task[None]) -> None:
    """Its session ends, and nothing is tidied up."""

    async def nothing() -> None: ...

    engine._end = nothing  # type: ignore[method-assign]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# Caps


def sending_engine(database: Database, telegram: Any, clock: MovableClock, app: Any) -> Engine:
    """With the real last look before each message leaves."""
    texts = Texts({"campaign": CAMPAIGN})
    composer = Composer(texts=texts, campaign=CAMPAIGN, gazetteer=communes.load(), bot_username=BOT)
    departure = Departure(campaign=CAMPAIGN, texts=texts, composer=composer, clock=clock, bot_username=BOT)
    return Engine(
        database=database,
        clock=clock,
        transport=telegram,
        pacing=Pacing(budget=NoBudget(), clock=clock, chat_seconds=0.0),
        hooks=Hooks(
            meet=app.meet,
            process=app.process,
            apologise=app.apologise,
            prepare=departure.prepare,
            on_sent=app.on_sent,
        ),
        rate=None,
        poll=False,
    )


async def persuade(database: Database, key: str, *, backwards: bool) -> None:
    """News to everybody, due in the order of their numbers or against it."""
    values = {"key": key, "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
    async with database.write() as tx:
        broadcast = await broadcasts.create(
            tx, values | {"starts_at": NOW, "created_at": NOW}, {"fr": "Bonjour"}
        )
        assert broadcast is not None
        everybody = sa.select(people.c.id, sa.literal(NOW, people.c.created_at.type))
        await broadcasts.queue_deliveries(tx, broadcast=broadcast, people=everybody, now=NOW)
        for number in (await tx.execute(sa.select(people.c.id))).scalars().all():
            due: datetime = NOW - timedelta(milliseconds=number if backwards else 10_000 - number)
            change = deliveries.update().where(
                deliveries.c.broadcast == broadcast, deliveries.c.person == number
            )
            await tx.execute(change.values(due_at=due))


async def test_two_machines_keep_to_one_a_day(
    machines: list[Database], telegram: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes its rows from another end: without care both would write to the same people at the same moment."""
    monkeypatch.setattr("bot.delivery.sender.LEASE_LARGEST", 8)
    for number in range(1, PEOPLE + 1):
        await supporter(Conversation(machines[0], NOW), number, "69123")
    for key, backwards in (("staff:1", False), ("staff:2", True)):
        await persuade(machines[0], key, backwards=backwards)
    clock = MovableClock(NOW, speed=1.0)
    engines = [sending_engine(database, telegram, clock, app) for database in machines]
    async with running(*engines):
        await asyncio.wait_for(asyncio.gather(*(engine.idle() for engine in engines)), 30)
    got = Counter(payload["chat_id"] for _method, payload in telegram.arrived)
    assert len(got) == PEOPLE
    assert set(got.values()) == {1}
    async with machines[0].read() as tx:
        found = (await tx.execute(sa.select(deliveries.c.state))).scalars()
        assert Counter(found) == {"sent": PEOPLE, "withheld": PEOPLE}


# Polling


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.processes.BEAT_SECONDS", 0.05)


@pytest.mark.usefixtures("quick")
async def test_one_polls_and_the_other_takes_over_when_its_process_ends(
    machines: list[Database], telegram: Any, app: Any, clock: MovableClock, helpers: Any
) -> None:
    benches = [helpers.bench(database, clock, telegram, app) for database in machines]
    first, second = (bench.engine(poll=True) for bench in benches)
    leading = asyncio.create_task(first.run())
    await helpers.until(lambda: first.leadership.held)
    async with running(second):
        await helpers.until(lambda: second._started.is_set())
        telegram.person_says(helpers.message(1, 77))
        await helpers.until(lambda: telegram.texts(77) == ["ok"])
        assert (first.leadership.held, second.leadership.held) == (True, False)
        assert telegram.offsets[0] == 0
        await killed(first, leading)
        await first.leadership._drop_lock()  # the operating system closes its connections
        await helpers.until(lambda: second.leadership.held)
        telegram.person_says(helpers.message(2, 78))
        await helpers.until(lambda: telegram.texts(78) == ["ok"])
    assert telegram.texts() == ["ok", "ok"]


@pytest.mark.usefixtures("quick")
async def test_one_that_stops_leaves_its_place_at_once(
    machines: list[Database], telegram: Any, app: Any, clock: MovableClock, helpers: Any
) -> None:
    first, second = (helpers.bench(database, clock, telegram, app).engine(poll=True) for database in machines)
    leading = asyncio.create_task(first.run())
    await helpers.until(lambda: first.leadership.held)
    async with running(second):
        first.stop()
        await leading
        assert not first.leadership.held
        await helpers.until(lambda: second.leadership.held)


async def test_a_machine_that_is_gone_is_replaced_after_its_silence(
    machines: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session may outlive it for hours: then the silence decides."""
    first, second = machines
    lock = await first.hold(processes.Lock.LEADING)
    assert lock is not None
    assert await second.hold(processes.Lock.LEADING) is None
    async with first.write() as tx:
        assert await processes.lead(tx, "first", alone=True)
    async with second.write() as tx:
        assert not await processes.lead(tx, "second", alone=False)
        assert await processes.lead(tx, "first", alone=False)  # as long as it says so
        monkeypatch.setattr("db.processes.DEAD_AFTER_SECONDS", -1)
        assert await processes.lead(tx, "second", alone=False)
    await lock.invalidate()
    await lock.close()


async def test_who_cannot_say_that_it_leads_stops_leading(
    machines: list[Database], monkeypatch: pytest.MonkeyPatch, helpers: Any
) -> None:
    monkeypatch.setattr("bot.delivery.leading.SURE_SECONDS", 0.05)
    leadership = Leadership(machines[0], "me")
    began = asyncio.Event()

    async def part() -> None:
        began.set()
        await asyncio.Event().wait()

    await leadership.renew()
    task = asyncio.create_task(leadership.while_held(part))
    await began.wait()
    await helpers.until(lambda: not leadership.held)
    began.clear()
    await leadership.renew()
    await began.wait()
    task.cancel()
    await leadership.resign()


async def test_the_plan_is_made_by_one_at_a_time(machines: list[Database]) -> None:
    first, second = machines
    order = []

    async def wait_for_turn() -> None:
        async with second.write() as tx:
            await processes.lock(tx, processes.Lock.PLANNING)
            order.append("second")

    async with first.write() as tx:
        await processes.lock(tx, processes.Lock.PLANNING)
        waiting = asyncio.create_task(wait_for_turn())
        await asyncio.sleep(0.05)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_two_machines_behind_one_webhook_answer_each_once_and_in_order(
    machines: list[Database], telegram: Any, app: Any, clock: MovableClock, helpers: Any
) -> None:
    """Telegram's posts are spread over both, and one is posted twice."""
    app.replies = lambda update: [helpers.say(helpers.chat_id(update), str(update["update_id"]))]
    engines = [helpers.bench(database, clock, telegram, app).engine() for database in machines]
    chats = range(70, 80)
    async with running(*engines):
        for number in range(1, 121):
            update = helpers.message(number, chats[number % len(chats)])
            await engines[number % 2].intake.store(orjson.dumps(update))
            await engines[number % 3 % 2].intake.store(orjson.dumps(update))
        await asyncio.wait_for(asyncio.gather(*(engine.idle() for engine in engines)), 30)
    for chat in chats:
        expected = [str(number) for number in range(1, 121) if chats[number % len(chats)] == chat]
        assert telegram.texts(chat) == expected
    async with machines[0].read() as tx:
        answered = (await tx.execute(sa.select(responses.c.update_id))).scalars().all()
    assert sorted(answered) == list(range(1, 121))
