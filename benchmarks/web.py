"""The pages of the console and the Mini App over many people: `python -m benchmarks.web [--people N] [--users N]`.

In an encrypted SQLite of `benchmarks.web_campaign` (`--folder`: made once, and kept), `--users` ask for each page at
one time, `ROUNDS` times, in this process. Told are milliseconds from the request to the page: of the first of all,
which may say that it is being counted, of the median and of the 99th percentile; and the processor’s for one page,
with what was counted for the first. `--while-sending`: of the product itself over HTTP, while a broadcast leaves at
`RATE` a second, how fast it leaves meanwhile, and what both processes spend.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.taps import until
from benchmarks.web_campaign import AREA_TOKEN, LARGE_EVENT, TOKEN, build
from benchmarks.worker import MORNING, campaign, open_for
from bot import communes
from bot.clock import MovableClock
from bot.departure.compose import Composer
from bot.rules.console import Entrance
from bot.rules.suppression import SuppressionKey
from bot.web.app import make_web
from bot.web.console.console import Console
from bot.web.counting import AGAIN_SECONDS
from bot.web.desk import Desk
from bot.web.mini_app.mini_app import MiniApp
from bot.web.site import Site
from bot.words.texts import Texts
from db.engine import FILE_NAME, Database
from db.rolls import Rolls

ADDRESS = "http://127.0.0.1:8080"
ROUNDS = 5
RATE = 1_000
SECONDS = 60.0
ALONE_SECONDS = 60.0
"""At most so long it is watched without readers: how fast messages leave is known sooner than the slowest look."""
THINKS = (0.5, 1.5)
"""Seconds that somebody looks at a page: any between these, as people who look for as long would queue up one behind
the other, and wait less than they do."""
SLOW = 150.0
"""Milliseconds that a page should take at most."""
WORST = 3
"""Pages that are told at the end, by their slowest looks."""
LARGE = f"{LARGE_EVENT:08x}"
CONSOLE_PAGES = (
    *("/console/", "/console/messages", "/console/messages?part=past", "/console/messages/1"),
    *("/console/messages/new", "/console/messages/new/whom", "/console/messages/new/when"),
    *("/console/events", f"/console/events/{LARGE}", f"/console/events/{LARGE}/people"),
    *(f"/console/events/{LARGE}/door", "/console/events/new", "/console/events?page=2"),
    *("/console/conversations", "/console/surveys", "/console/surveys/s1", "/console/people"),
    *("/console/map", "/console/map?by=share", "/console/map/R84", "/console/map/69"),
    *("/console/ground", "/console/team", "/console/log", "/console/exports", "/console/erasure"),
)
APP_PAGES = ("/app/", f"/app/events/{LARGE}", "/app/vote", "/app/me")


def parts_of(database: Database) -> httpx.ASGITransport:
    """The console and the Mini App in this process."""
    texts, gazetteer = Texts({"campaign": campaign()}), communes.load()
    site = Site(campaign(), address=ADDRESS)
    given: dict[str, Any] = {
        "site": site,
        "database": database,
        "clock": MovableClock(MORNING, speed=1.0),
        "composer": Composer(texts=texts, campaign=campaign(), gazetteer=gazetteer, bot_username="bench"),
        "texts": texts,
        "token": "1:bench",
        "suppression_key": SuppressionKey(links=(b"k" * 32,)),
        "changed": lambda: None,
        "rolls": Rolls(database),
    }

    async def nothing() -> dict[str, Any]:
        return {}

    async def no_figures() -> str:
        return ""

    parts = [Console(Desk(**given)), MiniApp(Desk(**given, door=Entrance.APP))]
    return httpx.ASGITransport(make_web(health=nothing, metrics=no_figures, site=site, parts=parts))


def browser(transport: httpx.ASGITransport | None, token: str, address: str = ADDRESS) -> httpx.AsyncClient:
    cookies = {door.cookie: token for door in Entrance}
    # A list whose numbers were noted first sends its reader there once more.
    return httpx.AsyncClient(
        transport=transport, base_url=address, cookies=cookies, timeout=600, follow_redirects=True
    )


async def asked(client: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:400])
    return (time.perf_counter() - began) * 1000


async def whole(client: httpx.AsyncClient, path: str) -> None:
    """Asks until the page does not say any more that it is being counted, as a browser does."""
    while True:
        answer = await client.get(path)
        if answer.headers.get("refresh") != str(AGAIN_SECONDS):
            return
        await asyncio.sleep(AGAIN_SECONDS)


def figures(took: list[float]) -> dict[str, int]:
    """Of one page that is looked at some dozens of times, the last two are the slowest look: five hundred looks at each
    of thirty pages take twenty users a quarter of an hour.
    """
    took.sort()
    return {
        "median": round(took[len(took) // 2]),
        "p99": round(took[int(len(took) * 0.99)]),
        "slowest": round(took[-1]),
    }


def of_all(took: dict[str, list[float]]) -> dict[str, Any]:
    """Over all looks at all pages, and which had the slowest ones."""
    looks = [each for some in took.values() for each in some]
    worst = sorted(((round(max(some)), path) for path, some in took.items() if some), reverse=True)
    slow = sum(each > SLOW for each in looks) / len(looks)
    return {
        "pages": len(looks),
        **figures(looks),
        "slower than 150 ms": f"{slow:.1%}",
        "worst": {path: slowest for slowest, path in worst[:WORST]},
    }


async def measure(folder: Path, *, users: int, pages: tuple[str, ...], token: str) -> None:
    """Each page in this process."""
    database = await open_for(folder, None)
    async with browser(parts_of(database), token) as client:
        for path in pages:
            began = time.process_time()
            first = await asked(client, path)
            await whole(client, path)
            counted, began = time.process_time() - began, time.process_time()
            took: list[float] = []
            for _ in range(ROUNDS):
                took += await asyncio.gather(*(asked(client, path) for _ in range(users)))
            spent = (time.process_time() - began) / len(took)
            told = {"processor, first": round(counted * 1000), "processor": round(spent * 1000, 1)}
            print(json.dumps({"page": path, "first": round(first), **figures(took), **told}), flush=True)
    await database.close()


@asynccontextmanager
async def product(folder: Path, server: Server, rate: float) -> AsyncIterator[Any]:
    """The product with its pages, sending what is due."""
    api = f"http://127.0.0.1:{await server.start()}"
    given = ("--folder", str(folder), "--rate", str(rate), "--web", ADDRESS)
    async with running("benchmarks.product", api, *given) as process:
        yield process
    await server.stop()


async def while_sending(folder: Path, *, users: int, rate: float, seconds: float) -> None:
    """Each user asks for one page after the other, as fast as somebody reads; what leaves meanwhile, and before."""
    sent, server = 0, Server()

    def watch(method: str, _body: bytes) -> None:
        nonlocal sent
        sent += method == "sendMessage"

    server.watch = watch
    async with product(folder, server, rate) as process, browser(None, TOKEN) as client:
        await until(lambda: sent > rate)

        def beside() -> float:
            """Of the processes that make pages."""
            return sum(cpu(each) for each in process.children())

        async def leaving(seconds: float) -> dict[str, float]:
            began, before, spent, made = time.perf_counter(), sent, cpu(process), beside()
            await asyncio.sleep(seconds)
            passed, left = time.perf_counter() - began, sent - before
            return {
                "a second": round(left / passed),
                "processor": round((cpu(process) - spent) / passed, 2),
                "ms a message": round((cpu(process) - spent) / max(left, 1) * 1000, 3),
                "processor for pages": round((beside() - made) / passed, 2),
            }

        alone = await leaving(min(seconds, ALONE_SECONDS))
        took: dict[str, list[float]] = {path: [] for path in (*CONSOLE_PAGES, *APP_PAGES)}
        first = {path: await asked(client, path) for path in took}
        for path in took:
            await whole(client, path)

        async def user(number: int) -> None:
            paths, chance = list(took), random.Random(number)
            await asyncio.sleep(chance.uniform(0, THINKS[1]))
            for turn in range(number, 10**9):
                path = paths[turn * 7 % len(paths)]
                took[path].append(await asked(client, path))
                await asyncio.sleep(chance.uniform(*THINKS))

        asking = [asyncio.create_task(user(number)) for number in range(users)]
        asked_for = await leaving(seconds)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    for path, each in took.items():
        if each:
            print(
                json.dumps({"page": path, "times": len(each), "first": round(first[path]), **figures(each)})
            )
    for what, told in (("alone", alone), ("while pages are read", asked_for)):
        print(json.dumps({"leaving": what, **told}))
    print(json.dumps(of_all(took)))


def make(folder: Path, people: int) -> None:
    """The database, unless it is there."""

    async def begin() -> None:
        await (await open_for(folder, None)).close()

    if not (folder / FILE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        uvloop.run(begin())
        build(folder, people)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=20, help="how many ask at the same time")
    parser.add_argument("--folder", type=Path, help="keeps the database")
    parser.add_argument(
        "--as-organizer", action="store_true", help="of one département; else as an administrator"
    )
    parser.add_argument("--while-sending", action="store_true")
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second that leave")
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help="how long pages are read; at most a minute before is watched alone",
    )
    parser.add_argument("--pages", nargs="*", help="these alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        make(folder, options.people)
        if options.while_sending:
            uvloop.run(while_sending(folder, users=options.users, rate=options.rate, seconds=options.seconds))
        else:
            token = AREA_TOKEN if options.as_organizer else TOKEN
            pages = tuple(options.pages or (*CONSOLE_PAGES, *APP_PAGES))
            uvloop.run(measure(folder, users=options.users, pages=pages, token=token))


if __name__ == "__main__":
    main()
