"""Messages a second: a durable broadcast against the same messages sent without any record.

    python -m benchmarks.delivery [--messages 30000] [--rounds 3] [--contenders ours,aiohttp,ptb,…]

Every contender is a process of its own, is warmed up, and sends the same personalised text with a
button to the same loopback server with 64 requests in flight. Rounds are paired: each runs every
contender once; the table shows medians. `ours` keeps each message in encrypted SQLite (leased, marked
before it is posted, settled after), looks at consent, law, hours and caps, and words it for its reader; the
others know nothing of all this. `worded` is the same engine without that look, `plain` is `ours` without encryption,
`wire` the connections that it posts over, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil  # type: ignore[import-untyped]  # measured with, not shipped
import structlog
import uvloop
from yarl import URL

from benchmarks.worker import TOKEN, fill, invitation, make_engine, open_for, queue_all, word_only
from bot.delivery.hooks import Prepare
from bot.delivery.transport import Transport
from bot.delivery.tuning import settle_memory
from bot.delivery.wire import Wire

ROOT = Path(__file__).resolve().parent.parent
IN_FLIGHT = 64
WARM_UP = 2_000
NODE = ROOT / "benchmarks" / "node"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Seconds on the clock and of CPU (all threads of the process)."""

    seconds: float
    cpu: float


class Stopwatch:
    def __init__(self) -> None:
        self._clock, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        return Spent(seconds=time.perf_counter() - self._clock, cpu=time.process_time() - self._cpu)


async def send_worded(api: str, messages: int) -> Spent:
    """The engine alone: durable and personalised, but nobody asks whether each message may leave."""
    return await send_ours(api, messages, word_only)


async def send_plain(api: str, messages: int) -> Spent:
    """`ours`, from a database that is not encrypted: what encryption costs."""
    return await send_ours(api, messages, encrypted=False)


async def send_ours(
    api: str, messages: int, prepare: Prepare | None = None, *, encrypted: bool = True
) -> Spent:
    """A broadcast through the engine, from encrypted SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        url = None if encrypted else f"sqlite+aiosqlite:///{folder}/plain.db"
        database = await open_for(Path(folder), url)
        await fill(database, WARM_UP)
        async with Transport(token=TOKEN, api_base=api, connections=IN_FLIGHT) as transport:
            engine = make_engine(
                database, transport, rate=None, in_flight=4 * IN_FLIGHT, lanes=IN_FLIGHT, prepare=prepare
            )
            running = asyncio.create_task(engine.run())
            await queue_all(database, "staff:warm")
            await engine.idle()
            await fill(database, messages, first=WARM_UP + 1)
            settle_memory()
            began = Stopwatch()
            await queue_all(database, "staff:measured", after=WARM_UP)
            engine.wake()
            await engine.idle()
            spent = began.spent()
            engine.stop()
            await running
        await database.close()
    return spent


async def send_aiohttp(api: str, messages: int) -> Spent:
    """Ready JSON through a bare aiohttp session: the machine's limit."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
        url, headers = f"{api}/bot{TOKEN}/sendMessage", {"Content-Type": "application/json"}

        async def post(number: int) -> None:
            body = orjson.dumps(message(number))
            async with session.post(url, data=body, headers=headers) as response:
                orjson.loads(await response.read())

        return await timed(post, messages)


async def send_wire(api: str, messages: int) -> Spent:
    """Ready JSON through our own connections alone: what nothing in Python has been seen to exceed."""
    wire = Wire(URL(f"{api}/"), connections=IN_FLIGHT, connect_seconds=10, idle_seconds=15)
    path = f"/bot{TOKEN}/sendMessage".encode()

    async def post(number: int) -> None:
        answer = await wire.post(path, orjson.dumps(message(number)), 30)
        orjson.loads(answer.body)

    try:
        return await timed(post, messages)
    finally:
        wire.close()


async def send_ptb(api: str, messages: int) -> Spent:
    """python-telegram-bot with its default transport, its connection pool as large as what is in flight."""
    from telegram import Bot
    from telegram.request import HTTPXRequest

    request = HTTPXRequest(connection_pool_size=IN_FLIGHT, pool_timeout=60, read_timeout=60)
    async with Bot(TOKEN, base_url=f"{api}/bot", request=request, get_updates_request=request) as bot:
        return await timed(lambda number: bot.send_message(**ptb_message(number)), messages)


async def send_ptb_aiohttp(api: str, messages: int) -> Spent:
    """python-telegram-bot on aiohttp."""
    from telegram import Bot

    from benchmarks.ptb_request import AiohttpRequest

    request = AiohttpRequest(connections=IN_FLIGHT)
    bot = Bot(TOKEN, base_url=f"{api}/bot", request=request, get_updates_request=request)
    try:
        return await timed(lambda number: bot.send_message(**ptb_message(number)), messages)
    finally:
        await request.shutdown()


async def send_aiogram(api: str, messages: int) -> Spent:
    """aiogram with its own session (install aiogram to measure it)."""
    from aiogram import Bot  # type: ignore[import-not-found]  # a contender, not a dependency
    from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
    from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup  # type: ignore[import-not-found]

    async def send(number: int) -> None:
        given = message(number)
        rows = [
            [InlineKeyboardButton(**button) for button in row]
            for row in given["reply_markup"]["inline_keyboard"]
        ]
        given["reply_markup"] = InlineKeyboardMarkup(inline_keyboard=rows)
        await bot.send_message(**given)

    session = AiohttpSession(api=TelegramAPIServer.from_base(api), limit=IN_FLIGHT)
    async with Bot(TOKEN, session=session) as bot:
        return await timed(send, messages)


def message(number: int) -> dict[str, Any]:
    return invitation(1_000_000 + number, f"Prénom{number}", "Lyon")


def ptb_message(number: int) -> dict[str, Any]:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    given = message(number)
    rows = [
        [InlineKeyboardButton(**button) for button in row] for row in given["reply_markup"]["inline_keyboard"]
    ]
    return {**given, "reply_markup": InlineKeyboardMarkup(rows)}


async def timed(post: Callable[[int], Awaitable[Any]], messages: int) -> Spent:
    """Seconds for `messages` posts, 64 in flight, after a warm-up."""
    await _all(post, range(WARM_UP))
    began = Stopwatch()
    await _all(post, range(messages))
    return began.spent()


async def _all(post: Callable[[int], Awaitable[Any]], numbers: range) -> None:
    waiting = deque(numbers)

    async def lane() -> None:
        while waiting:
            await post(waiting.popleft())

    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))


CONTENDERS: dict[str, Callable[[str, int], Coroutine[Any, Any, Spent]]] = {
    "ours": send_ours,
    "worded": send_worded,
    "plain": send_plain,
    "wire": send_wire,
    "aiohttp": send_aiohttp,
    "ptb": send_ptb,
    "ptb_aiohttp": send_ptb_aiohttp,
    "aiogram": send_aiogram,
}
# Contenders on Node: `npm install` in benchmarks/node first.
NODE_CONTENDERS = {"grammy": "grammy.mjs"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Messages a second, CPU milliseconds a message, and how many a second the server could have answered.

    `server`: posts by the seconds of CPU that it spent on them. Below three times `rate` it would be what is measured.
    """

    rate: float
    cost: float
    server: float


@contextmanager
def loopback_server() -> Iterator[tuple[str, psutil.Process]]:
    """The address of a fresh server, and the process that it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def measure(contender: str, messages: int) -> Measured:
    """One run in a fresh process."""
    with loopback_server() as (api, server):
        idle = sum(server.cpu_times()[:2])
        if contender in NODE_CONTENDERS:
            command = ["node", str(NODE / NODE_CONTENDERS[contender]), api, TOKEN, str(messages)]
        else:
            command = [sys.executable, "-m", "benchmarks.delivery", "--run", contender, "--api", api]
            command += ["--messages", str(messages)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        busy = sum(server.cpu_times()[:2]) - idle
    result = json.loads(done.stdout.splitlines()[-1])
    return Measured(
        rate=messages / result["seconds"],
        cost=1000 * result["cpu"] / messages,
        server=(WARM_UP + messages) / busy,
    )


def run_one(contender: str, api: str, messages: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    print(json.dumps(asdict(uvloop.run(CONTENDERS[contender](api, messages)))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", default="ours,aiohttp,ptb_aiohttp,ptb")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--api", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_one(options.run, options.api, options.messages)
        return
    names = options.contenders.split(",")
    if any(name in NODE_CONTENDERS for name in names) and shutil.which("node") is None:
        parser.error("node is not installed")
    if any(name in NODE_CONTENDERS and not (NODE / "node_modules" / name).is_dir() for name in names):
        parser.error("run `npm install` in benchmarks/node first")
    runs: dict[str, list[Measured]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            run = measure(name, options.messages)
            runs[name].append(run)
            print(f"{name:12} {run.rate:8,.0f} messages/s  {run.cost:.3f} ms CPU", file=sys.stderr)
    print_table(runs)


def print_table(runs: dict[str, list[Measured]]) -> None:
    print("| contender | messages/s | CPU ms a message | ours against it | the server could answer |")
    print("|---|---|---|---|---|")
    for name, theirs in runs.items():
        pairs = [ours.rate / other.rate for ours, other in zip(runs.get("ours", []), theirs, strict=False)]
        ratio = f"{statistics.median(pairs):.2f}" if pairs else ""
        rate, cost, server = (
            statistics.median(getattr(run, figure) for run in theirs) for figure in ("rate", "cost", "server")
        )
        print(f"| {name} | {rate:,.0f} | {cost:.3f} | {ratio} | {server:,.0f}/s, {server / rate:.1f} times |")


if __name__ == "__main__":
    main()
