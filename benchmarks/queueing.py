"""A message of staff to everybody, for `scripts/bench engine queue`: its author waits, and so does whoever taps.

The engine, the tick and somebody who writes every 20 ms work in this process, as they do in the bot's. First it is
ordered and queued alone, for the processor's time; then once more beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

import db.filling
from benchmarks.postgresql import Postgresql
from benchmarks.server import Server
from benchmarks.taps import an_organizer, until
from benchmarks.worker import MORNING, TEXT, TOKEN, campaign, fill, make_engine, open_for
from bot.actions import broadcasts
from bot.actions.authority import Author
from bot.actions.broadcasts import NewBroadcast
from bot.clock import MovableClock
from bot.delivery.engine import Engine
from bot.delivery.transport import Transport
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.sending import all_at
from bot.ticking import Ticker
from db.engine import Database
from db.facts import set_fact

TAP_EVERY = 0.02
USUAL_TAPS = 50
"""Taps before the order, of which the longest is told too."""
PLANS_NOTHING = replace(campaign(), steps=(), approval_above=None)


async def order(database: Database, author: Author, key: str) -> int:
    """A message to everybody is ordered, by somebody who knows who gets it; for how many people it is."""
    new = NewBroadcast(
        key=key,
        kind=Kind.PERSUASION,
        audience=EVERYBODY,
        when=all_at(MORNING),
        texts={"fr": TEXT},
        knowing=True,
    )
    async with database.write(ahead=True) as tx:
        return (await broadcasts.send(tx, author, new)).people


def _ticker(database: Database, queued: Callable[[], None]) -> Ticker:
    clock = MovableClock(MORNING, speed=0)
    return Ticker(database=database, campaign=PLANS_NOTHING, clock=clock, queued=queued)


async def _is_filled(database: Database) -> bool:
    async with database.read() as tx:
        return await db.filling.next_one(tx) is None


class Waits:
    """How long each of many short transactions took that somebody waits for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seconds: list[float] = []

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            async with self._database.write(ahead=True) as tx:
                await set_fact(tx, "bench", began)
            self.seconds.append(time.perf_counter() - began)
            await asyncio.sleep(TAP_EVERY)


@asynccontextmanager
async def _engine(database: Database, rate: float) -> AsyncIterator[tuple[Engine, Server]]:
    server = Server()
    api = f"http://127.0.0.1:{await server.start()}"
    async with Transport(token=TOKEN, api_base=api, connections=264) as transport:
        engine = make_engine(database, transport, rate=rate, in_flight=256)
        running = asyncio.create_task(engine.run())
        try:
            yield engine, server
        finally:
            engine.stop()
            await running
            await server.stop()


async def alone(
    database: Database, author: Author, count: int, server: Postgresql | None
) -> dict[str, float]:
    """Ordered and queued with nothing beside it."""

    def spent() -> float:
        return time.process_time() + (0.0 if server is None else server.cpu())

    began, before = time.perf_counter(), spent()
    if await order(database, author, "staff:alone") != count:
        raise RuntimeError("it is not for everybody")
    ordered, of_order = time.perf_counter() - began, spent() - before
    await _ticker(database, lambda: None).tick()
    return {
        "order_seconds": ordered,
        "order_cpu_seconds": of_order,
        "queue_seconds": time.perf_counter() - began,
        "queue_cpu_seconds": spent() - before,
    }


async def beside(database: Database, author: Author, rate: float) -> dict[str, float]:
    """Beside an engine that sends it, and somebody who taps."""
    async with _engine(database, rate) as (engine, server):
        ticker = _ticker(database, engine.wake)
        waits = Waits(database)
        tasks = [asyncio.create_task(each) for each in (ticker.run(), waits.run())]
        await until(lambda: len(waits.seconds) >= USUAL_TAPS)
        usual, sent = max(waits.seconds), len(server.record.times)
        waits.seconds.clear()
        began = time.perf_counter()
        await order(database, author, "staff:beside")
        ordered = time.perf_counter() - began
        ticker.nudge()
        engine.wake()
        await until(lambda: len(server.record.times) > sent)
        first = time.perf_counter() - began
        while not await _is_filled(database):  # noqa: ASYNC110 - the tick fulfils it
            await asyncio.sleep(TAP_EVERY)
        figures = {
            "answer_seconds": ordered,
            "first_message_seconds": first,
            "all_queued_seconds": time.perf_counter() - began,
            "longest_tap_seconds": max(waits.seconds),
            "longest_tap_before_seconds": usual,
            "sent_meanwhile_a_second": (len(server.record.times) - sent) / (time.perf_counter() - began),
        }
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return figures


async def queueing(count: int, rate: float, server: Postgresql | None = None) -> dict[str, float]:
    """Both, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None if server is None else await server.make())
        try:
            await fill(database, count)
            async with database.write() as tx:
                author = await an_organizer(tx, PLANS_NOTHING)
            figures = await alone(database, author, count, server)
            # Whoever has that one waiting gets no other: it is out of the way.
            async with database.write() as tx:
                await tx.execute(sa.text("UPDATE broadcasts SET state = 'paused'"))
            figures |= await beside(database, author, rate)
        finally:
            await database.close()
    return {"people": count, **figures}
