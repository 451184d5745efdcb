"""The engine's other figures: pacing, queueing, memory, and taps.

    python -m benchmarks.engine paced [--rate 1000] [--seconds 60]    sent of allowed, fullest second, CPU
    python -m benchmarks.engine queue [--people 1000000]              how long a message to all keeps whom waiting
    python -m benchmarks.engine memory [--people 1000000]             resident memory against 20,000 people
    python -m benchmarks.engine taps [--taps 9000]                    taps a second, handled durably by the product
    python -m benchmarks.engine taps --rate 30                        the same at Telegram's free rate
    python -m benchmarks.engine burst [--rate 30] [--seconds 20]      100 taps a second: toasts, edits, screens
    python -m benchmarks.engine machines [--processes 3] [--rate 1000] [--seconds 20] [--rounds 3]
                                                                      several on one PostgreSQL against one
    python -m benchmarks.engine taps | queue --postgresql [--processes 1]   the same on PostgreSQL
    python -m benchmarks.engine latency [--rate 1000] [--seconds 20]  p99 of a tap while a broadcast leaves

The bot is a process of its own (`benchmarks.worker`; for taps the product, `benchmarks.product`) on encrypted SQLite
(PostgreSQL for `machines`, and where it is asked for); the server runs in this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # measured with, not shipped
import uvloop

from benchmarks.burst import burst
from benchmarks.postgresql import Postgresql, postgresql
from benchmarks.processes import cpu, running
from benchmarks.queueing import queueing
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


async def prepare(folder: str, people: int) -> None:
    """A database with so many people, and a broadcast queued for all of them."""
    database = await open_for(Path(folder), None)
    await fill(database, people)
    await queue_all(database, "staff:bench")
    await database.close()


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


async def machines(rate: float, seconds: float, processes: int, rounds: int) -> dict[str, float]:
    """The same broadcast at `rate` from one process and from several on one PostgreSQL, in paired rounds; medians.

    `fullest_second` is the worst of all rounds.
    """
    found: dict[int, list[dict[str, float]]] = {1: [], processes: []}
    with postgresql() as server:
        for _ in range(rounds):
            for count, measured in found.items():
                measured.append(await _from_processes(server, count, rate, seconds))
    figures: dict[str, float] = {"rate": rate, "seconds": seconds, "rounds": rounds}
    for count, measured in found.items():
        for name in measured[0]:
            values = sorted(each[name] for each in measured)
            best = values[-1] if name == "fullest_second" else values[len(values) // 2]
            figures[f"{name}_{count}"] = best
    return figures


async def _from_processes(postgres: Postgresql, count: int, rate: float, seconds: float) -> dict[str, float]:
    url = await postgres.make()
    database = await open_for(Path(), url)
    await fill(database, round(rate * (seconds + 6)))
    server = Server()
    api = f"http://127.0.0.1:{await server.start()}"
    arguments = ("--url", url, "--rate", str(rate), "--in-flight", "256")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        bots = [
            await stack.enter_async_context(running("benchmarks.worker", api, *arguments))
            for _ in range(count)
        ]
        await queue_all(database, "staff:bench")  # once all are there: the first must not send it alone
        await database.close()
        await asyncio.sleep(2.0)
        began, before, of_server = time.time(), sum(map(cpu, bots)), postgres.cpu()
        await asyncio.sleep(seconds)
        spent, of_server = sum(map(cpu, bots)) - before, postgres.cpu() - of_server
        times = list(server.record.times)
    within = [moment for moment in times if began <= moment < began + seconds]
    return {
        "sent_against_allowed": len(within) / (rate * seconds),
        "fullest_second": windows(times),
        "cpu_cores": spent / seconds,
        "cpu_cores_of_the_server": of_server / seconds,
    }


async def queued_on_postgresql(people: int, rate: float) -> dict[str, float]:
    with postgresql() as server:
        return await queueing(people, rate, server)


async def taps_on_postgresql(count: int, rate: float | None, processes: int) -> dict[str, float]:
    """The same of `processes`, with what the server spends."""
    with postgresql() as server:
        return await taps(count, rate, server=server, processes=processes)


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
    parser.add_argument(
        "figure", choices=["paced", "machines", "queue", "memory", "taps", "burst", "latency"]
    )
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--taps", type=int, default=9_000)
    parser.add_argument("--postgresql", action="store_true", help="taps and queue")
    parser.add_argument("--processes", type=int, help="of machines, 2; of taps on PostgreSQL, 1")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rate = options.rate or 1000.0
    figures: dict[str, Callable[[], Coroutine[Any, Any, dict[str, float]]]] = {
        "paced": lambda: paced(rate, options.seconds),
        "machines": lambda: machines(rate, options.seconds, options.processes or 2, options.rounds),
        "queue": lambda: (queued_on_postgresql if options.postgresql else queueing)(options.people, rate),
        "memory": lambda: memory(options.people),
        "taps": lambda: (
            taps_on_postgresql(options.taps, options.rate, options.processes or 1)
            if options.postgresql
            else taps(options.taps, options.rate)
        ),
        "burst": lambda: burst(options.rate or 30.0, options.seconds),
        "latency": lambda: latency(rate, options.seconds),
    }
    print(json.dumps(uvloop.run(figures[options.figure]())))


if __name__ == "__main__":
    main()
