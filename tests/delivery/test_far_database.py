"""The shared budget on a real PostgreSQL: however far away it stands, whatever its clock does, messages go on leaving.

What leaves is counted in some seconds, and is far more than a mistake would let leave, and far less than an idle
machine does: a busy one is late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import MovableClock
from bot.delivery.budget import budget_for
from bot.delivery.pacing import Pacing
from db.engine import Database, open_database
from db.processes import pause_all
from db.schema import facts


@asynccontextmanager
async def at_a_distance(url: sa.URL, seconds: float) -> AsyncIterator[Database]:
    """The same database, with a way of so long there and another back."""
    host, port = url.host or url.query.get("host"), url.port or url.query.get("port") or 5432
    loop = asyncio.get_running_loop()
    writers: list[asyncio.StreamWriter] = []
    carrying: list[asyncio.Task[object] | None] = []

    async def carry(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        opened = (
            asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            if str(host).startswith("/")
            else asyncio.open_connection(str(host), int(str(port)))
        )
        far, to_far = await opened
        writers.extend((to_near, to_far))
        carrying.append(asyncio.current_task())

        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                loop.call_later(seconds, writer.write, data)
            loop.call_later(seconds, writer.close)

        await asyncio.gather(pipe(near, to_far), pipe(far, to_near), return_exceptions=True)

    proxy = await asyncio.start_server(carry, "127.0.0.1", 0)
    address = url.set(host="127.0.0.1", port=proxy.sockets[0].getsockname()[1])
    address = address.difference_update_query(["host", "port"])
    database = await open_database(address.render_as_string(hide_password=False), folder=Path())
    try:
        yield database
    finally:
        await database.close()
        proxy.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await asyncio.gather(*(task for task in carrying if task is not None))


async def leave(
    pacings: list[Pacing], *, until: Callable[[list[float]], bool], waiting: int = 8, seconds: float = 20.0
) -> list[float]:
    """When posts left that always waited, all of them in time, until enough have; for so long at most."""
    loop = asyncio.get_running_loop()
    left: list[float] = []
    enough = asyncio.Event()

    async def post_all(pacing: Pacing) -> None:
        while True:
            by = await pacing.slot()
            if loop.time() <= by:
                left.append(loop.time())
            if until(left):
                enough.set()

    tasks = [asyncio.create_task(pacing.run()) for pacing in pacings]
    tasks += [asyncio.create_task(post_all(pacing)) for pacing in pacings for _ in range(waiting)]
    try:
        async with asyncio.timeout(seconds):
            await enough.wait()
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return left


def so_many(count: int) -> Callable[[list[float]], bool]:
    return lambda left: len(left) >= count


@pytest.mark.parametrize("away", [0.005, 0.02])
async def test_messages_leave_however_far_the_database_is(
    postgresql_database: Database, clock: MovableClock, away: float
) -> None:
    """At 30 a second 60 take two seconds. Of what misses its slot on a busy machine there may be much."""
    async with at_a_distance(postgresql_database._writer.url, away) as far:
        left = await leave([Pacing(budget=budget_for(30.0, far), clock=clock)], until=so_many(60))
    assert len(left) >= 60
    assert left[-1] - left[0] < 6.0


@pytest.mark.parametrize(
    ("rate", "processes", "count"),
    [
        (2.0, 1, 5),  # slots half a second apart
        (2.0, 3, 5),  # those of others lie before: the next one is over a second away
        (30.0, 12, 60),  # so does the next block of each
    ],
)
async def test_slots_that_are_far_away_are_no_pause(
    postgresql_database: Database, clock: MovableClock, rate: float, processes: int, count: int
) -> None:
    pacings = [Pacing(budget=budget_for(rate, postgresql_database), clock=clock) for _ in range(processes)]
    left = await leave(pacings, until=so_many(count))
    assert len(left) >= count
    assert left[count - 1] - left[0] < 4.0 + count / rate
    assert not any(pacing.blocked_by for pacing in pacings)


async def moved(database: Database, name: str, seconds: float) -> None:
    """What was noted is as if the server's clock had shown so much more until now."""
    value = sa.cast(sa.cast(facts.c.value, sa.Text), sa.Double) + seconds
    async with database.write() as tx:
        changed = await tx.execute(
            facts.update().where(facts.c.name == name).values(value=sa.func.to_jsonb(value))
        )
        assert changed.rowcount == 1


async def test_a_clock_that_is_set_back_stops_nobody(
    postgresql_database: Database, clock: MovableClock
) -> None:
    pacing = Pacing(budget=budget_for(30.0, postgresql_database), clock=clock)
    assert await leave([pacing], until=so_many(1))
    async with postgresql_database.write() as tx:
        await pause_all(tx, seconds=0.0, longest=86_400.0)
    for name in ("pacing:next", "pacing:paused_until"):
        await moved(postgresql_database, name, 3 * 86_400.0)
    again = Pacing(budget=budget_for(30.0, postgresql_database), clock=clock)
    assert len(await leave([again], until=so_many(10))) >= 10


async def paused_for(database: Database, condition: Callable[[float], bool]) -> None:
    """Until the others know of a pause for which this holds."""
    left = sa.text(
        "SELECT CAST(CAST(value AS text) AS double precision) - extract(epoch FROM clock_timestamp())"
        " FROM facts WHERE name = 'pacing:paused_until'"
    )
    async with asyncio.timeout(20):
        while True:
            async with database.read() as tx:
                seconds = (await tx.execute(left)).scalar_one_or_none()
            if seconds is not None and condition(float(seconds)):
                return
            await asyncio.sleep(0.01)


async def test_the_longest_of_several_pauses_is_kept_by_all(
    postgresql_database: Database, clock: MovableClock
) -> None:
    asked, other = [Pacing(budget=budget_for(30.0, postgresql_database), clock=clock) for _ in range(2)]
    asked.pause(30.0, "asked to wait")
    asked.pause(1.0, "asked to wait")  # of a post that was on its way
    running = asyncio.create_task(asked.run())
    await paused_for(postgresql_database, lambda seconds: 20.0 < seconds <= 30.0)
    assert not await leave([other], until=lambda _left: False, seconds=0.5)
    assert other.blocked_by == "another process was asked to wait"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_pause_is_told_while_slots_are_held(
    postgresql_database: Database, clock: MovableClock
) -> None:
    """What it is told is kept when its answers go on coming, and what it holds is given up."""
    pacing = Pacing(budget=budget_for(1.0, postgresql_database), clock=clock)
    running = asyncio.create_task(pacing.run())
    await pacing.slot()
    pacing.pause(30.0, "asked to wait")
    await paused_for(postgresql_database, lambda seconds: 20.0 < seconds <= 30.0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_crowd_of_replies_reserves_no_more_than_it_uses(
    postgresql_database: Database, clock: MovableClock
) -> None:
    pacing = Pacing(budget=budget_for(30.0, postgresql_database), clock=clock)
    left = await leave([pacing], until=so_many(60), waiting=100)
    assert len(left) >= 60
    assert left[59] - left[0] < 3.5
