"""A Telegram with memory in place of the transport, and an engine that runs on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import MovableClock
from bot.delivery.account import Account, load_account
from bot.delivery.budget import budget_for
from bot.delivery.calls import Call
from bot.delivery.engine import Engine
from bot.delivery.hooks import Hooks, Silenced, as_it_is
from bot.delivery.outcomes import Done, Outcome, Stop, Wait
from bot.delivery.pacing import Pacing
from bot.delivery.reading import items_of
from db import broadcasts
from db.deliveries import Leased
from db.engine import Database
from db.schema import people, responses

START = datetime(2016, 11, 16, 9, tzinfo=UTC)


@pytest.fixture
def statements_run_here() -> bool:
    """They do not: what is stopped while a thread is at work is tested."""
    return False


class FakeTelegram:
    """Remembers every post that arrived. `faults` are outcomes for the next posts, instead of `Done`.

    While `open` is cleared no post is answered.
    """

    def __init__(self) -> None:
        self.arrived: list[tuple[str, dict[str, Any]]] = []
        self.faults: deque[Outcome] = deque()
        self.judge: Callable[[str, Mapping[str, Any]], Outcome | None] = lambda _method, _payload: None
        self.updates: deque[dict[str, Any]] = deque()
        self.offsets: list[int] = []
        self.files: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()
        self.in_flight = 0
        self.most_in_flight = 0
        self._asked = asyncio.Event()

    async def post(
        self,
        call: Call | str,
        payload: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        by: float = 0.0,
    ) -> Outcome:
        method, payload = (call.method, call.payload) if isinstance(call, Call) else (call, payload or {})
        if isinstance(call, Call) and call.attachment is not None:
            self.files.append(call.attachment.content)
        if method == "getUpdates":
            return await self._get_updates(int(payload["offset"]))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            fault = self.faults.popleft() if self.faults else self.judge(method, payload)
            outcome = fault or Done(result=self._arrive(method, payload))
            # It arrived long before its answer does: whoever is stopped here leaves a message that was received.
            await asyncio.sleep(0)
            await self.open.wait()
            return outcome
        finally:
            self.in_flight -= 1

    async def post_for_items(
        self,
        method: str,
        payload: Mapping[str, Any],
        read: Callable[[Any], object],
        *,
        most: int,
        seconds: float,
    ) -> Outcome:
        outcome = await self.post(method, payload, seconds=seconds)
        if not isinstance(outcome, Done):
            return outcome
        body = orjson.dumps({"ok": True, "result": outcome.result})
        return Done(result=items_of(body, read, most=most))

    def _arrive(self, method: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        self.arrived.append((method, dict(payload)))
        return {"message_id": len(self.arrived), "chat": {"id": payload.get("chat_id")}}

    def person_says(self, *updates: dict[str, Any]) -> None:
        self.updates.extend(updates)
        self._asked.set()

    async def _get_updates(self, offset: int) -> Outcome:
        self.offsets.append(offset)
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        if not self.updates:
            self._asked.clear()
            await self._asked.wait()
        return Done(result=list(self.updates)[:100])

    def texts(self, chat: int | None = None) -> list[str]:
        return [
            payload["text"]
            for method, payload in self.arrived
            if method == "sendMessage" and chat in (None, payload["chat_id"])
        ]


class App:
    """The smallest application: counts each tap in `responses`, answers it, and greets in bulk."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.decide: Callable[[Leased], Call | Wait | Stop | None] = lambda _row: None
        self.remembered: list[tuple[str, int]] = []
        self.replies: Callable[[dict[str, Any]], Sequence[Call]] = lambda update: [say(chat_id(update), "ok")]
        self.is_quick: Callable[[bytes], bool] = lambda _body: True
        self.process_hook: Callable[[dict[str, Any]], None] = lambda _update: None

    async def meet(self, tx: AsyncConnection, updates: Mapping[int, bytes]) -> dict[int, Any]:
        return {}

    async def process(
        self, tx: AsyncConnection, update: dict[str, Any], _met: Mapping[int, Any]
    ) -> Sequence[Call]:
        row = {
            "at": self.clock.now(),
            "question": "tap",
            "answer": str(chat_id(update)),
            "update_id": update["update_id"],
        }
        await tx.execute(responses.insert(), row)
        self.process_hook(update)
        return self.replies(update)

    def apologise(self, update: Mapping[str, Any]) -> Sequence[Call]:
        return [say(chat_id(update), "sorry")]

    async def prepare(self, tx: AsyncConnection, rows: Sequence[Leased]) -> Sequence[Call | Wait | Stop]:
        persons = [row.person for row in rows]
        found = await tx.execute(
            sa.select(people.c.id, people.c.telegram_id, people.c.unreachable_at).where(
                people.c.id.in_(persons)
            )
        )
        known = {row.id: row for row in found}
        return [self.decide(row) or self._greet(row, known.get(row.person)) for row in rows]

    def _greet(self, row: Leased, person: Any) -> Call | Stop:
        if person is None:
            return Stop(state="cancelled", reason="erased")
        if person.unreachable_at is not None:
            return Stop(state="unreachable", reason="unreachable")
        return say(person.telegram_id, f"broadcast {row.broadcast}")

    async def on_sent(self, remember: str, message: Mapping[str, Any]) -> None:
        self.remembered.append((remember, message["message_id"]))


def say(chat: int, text: str, **more: Any) -> Call:
    return Call(method="sendMessage", payload={"chat_id": chat, "text": text}, **more)


def chat_id(update: Mapping[str, Any]) -> int:
    return int(update.get("callback_query", update)["message"]["chat"]["id"])


def message(update_id: int, chat: int, text: str = "hello") -> dict[str, Any]:
    return {"update_id": update_id, "message": {"message_id": update_id, "chat": {"id": chat}, "text": text}}


def tap(update_id: int, chat: int) -> dict[str, Any]:
    """An answer to an invitation."""
    tapped = {"message_id": 7, "chat": {"id": chat}}
    return {"update_id": update_id, "callback_query": {"data": "1:rsvp:ev1:yes", "message": tapped}}


async def add_people(database: Database, count: int, *, first: int = 1) -> None:
    """People whose id is their Telegram id less 1,000."""
    rows = [
        {
            "id": number,
            "telegram_id": 1_000 + number,
            "pseudonym": f"p{number}",
            "state": "registered",
            "consent_contact": True,
            "consent_team": True,
            "created_at": START,
            "seen_at": START,
        }
        for number in range(first, first + count)
    ]
    async with database.write() as tx:
        await tx.execute(people.insert(), rows)


async def queue_broadcast(database: Database, key: str = "staff:1", **options: Any) -> int:
    """A broadcast to everybody. Options: `expires_at`, `due_at`, `at` (now)."""
    now = options.get("at", START)
    values = {
        "key": key,
        "kind": "event_invite",
        "audience": {},
        "area": "FR",
        "starts_at": now,
        "created_at": now,
        "expires_at": options.get("expires_at"),
        "state": "active",
    }
    async with database.write() as tx:
        number = await broadcasts.create(tx, values)
        assert number is not None
        await broadcasts.queue_deliveries(
            tx,
            broadcast=number,
            people=sa.select(people.c.id).order_by(people.c.id),
            due_at=options.get("due_at", now),
            expires_at=options.get("expires_at"),
            now=now,
        )
    return number


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START, speed=1.0)


@pytest.fixture
async def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def app(clock: MovableClock) -> App:
    return App(clock)


class Bench:
    """Everything an engine test needs; `running()` runs an engine, again after it was stopped if wanted."""

    def __init__(self, database: Database, clock: MovableClock, telegram: FakeTelegram, app: App) -> None:
        self.database = database
        self.clock = clock
        self.telegram = telegram
        self.app = app
        self.producers: dict[str, Any] = {}
        self.silenced: Silenced = as_it_is

    def engine(self, *, rate: float | None = None, poll: bool = False, in_flight: int = 16) -> Engine:
        app = self.app
        return Engine(
            database=self.database,
            clock=self.clock,
            transport=self.telegram,  # type: ignore[arg-type]  # the same two methods, with memory
            pacing=Pacing(budget=budget_for(rate), clock=self.clock, chat_seconds=0.0),
            hooks=Hooks(
                is_quick=lambda body: app.is_quick(body),
                meet=app.meet,
                process=app.process,
                apologise=app.apologise,
                prepare=app.prepare,
                on_sent=app.on_sent,
                producers=self.producers,
                silenced=self.silenced,
            ),
            rate=rate,
            poll=poll,
            in_flight=in_flight,
        )

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[Engine]:
        engine = self.engine(**options)
        running = asyncio.create_task(engine.run())
        try:
            yield engine
            engine.stop()
            await asyncio.wait_for(running, 10)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def idle(self, engine: Engine) -> None:
        await asyncio.wait_for(engine.idle(), 20)

    async def account(self, broadcast: int) -> Account:
        """How many messages of a broadcast are in which state."""
        async with self.database.read() as tx:
            return await load_account(tx, broadcast)


@pytest.fixture
def bench(database: Database, clock: MovableClock, telegram: FakeTelegram, app: App) -> Bench:
    return Bench(database, clock, telegram, app)


@pytest.fixture
def helpers() -> Any:
    """The plain functions of this file: the test files cannot import it."""
    return SimpleNamespace(
        add_people=add_people,
        queue_broadcast=queue_broadcast,
        message=message,
        tap=tap,
        say=say,
        until=until,
        chat_id=chat_id,
        start=START,
        bench=Bench,
        telegram=FakeTelegram,
        app=App,
    )


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Return once the condition holds; the event loop looks at every turn."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.002)
