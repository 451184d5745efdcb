"""A département’s addresses, imported, ranked and cut: `python -m benchmarks.canvass [--addresses N]`.

300,000 addresses of 512 communes are invented in the formats of the real files, and each command runs in a process of
its own on an encrypted SQLite: how long it takes by the clock and by the processor, and the most memory it had. Then
`WALKERS` people on as many walks tap at one door after the other, as taps come (`AT_ONCE` people in one transaction,
handled as in the product up to the card that is shown next): how many a second, by the processor’s time. The whole
product takes them all at once, and as many answers to an invitation right after (`benchmarks.taps`): what one costs
beside the other. At last `TAPS_A_SECOND` while it sends a broadcast at `PAID_RATE`: how long a tap waits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvloop

import db.canvass_walks
from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.surveys import AT_ONCE, dispatcher, tap
from benchmarks.taps import taps, until
from benchmarks.worker import MORNING, fill, open_for, queue_all
from bot import communes
from bot.actions import canvass, canvass_imports
from bot.actions.people import find_all
from bot.canvass.town import write_towns
from db.engine import Database
from db.schema import addresses, people, visits, walkers, walks

ADDRESSES, DEPARTMENT = 300_000, "38"
WALKERS, DOORS = 64, 50
READERS, PAID_RATE, TAPS_A_SECOND = 20_000, 500, 300
OUTCOMES = ("nobody", "nobody", "opened", "leaflet", "refused")


def invent(folder: Path, addresses: int) -> None:
    """The three files of a département."""
    gazetteer = communes.load()
    every = [commune for code in gazetteer.codes() if (commune := gazetteer.by_code(code)) is not None]
    here = [commune for commune in every if commune.department == DEPARTMENT and commune.parent is None]
    write_towns(folder, communes=here, addresses=max(1, addresses // len(here)))


def measure(name: str, folder: Path, *words: str) -> None:
    """One command: seconds by the clock and by the processor, megabytes."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PORTEVOIX_")},
        "PORTEVOIX_DATA": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "configuration"),
    }
    command = [sys.executable, "-m", "bot.cli", "canvass", *words]
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name} failed")
    seconds = time.monotonic() - began
    print(
        f"{name:20} {seconds:6.1f} s  processor {used.ru_utime + used.ru_stime:6.1f} s  {used.ru_maxrss / 1024:5.0f} MB"
    )


async def walked(database: Database) -> list[list[int]]:
    """People on walks of one town, one on each; the doors of each walk by their numbers."""
    await fill(database, WALKERS)
    given = {"file": "bench", "actor": "bench", "now": MORNING}
    rows = [
        (
            f"b_{street}_{number}",
            "69123",
            f"Rue {street}",
            number,
            "",
            45.70 + street / 1000,
            4.84 + number / 10_000,
        )
        for street in range(WALKERS)
        for number in range(1, DOORS + 1)
    ]
    await canvass_imports.import_addresses(database, rows, **given)
    station = {"code": "69123_0101", "commune": "69123", "latitude": 45.7, "longitude": 4.84}
    await canvass_imports.import_stations(database, [station], [], **given)
    await canvass.cut_area(database, "69123", doors=DOORS, actor="bench", now=MORNING)
    async with database.write() as tx:
        await db.canvass_walks.offer(tx, "69123_0101", None, MORNING)
        ids = list(await tx.scalars(sa.select(people.c.id).order_by(people.c.id).limit(WALKERS)))
        taken = [
            {"walk": walk, "outing": 1, "person": ids[(walk - 1) % WALKERS], "taken_at": MORNING}
            for walk in await tx.scalars(sa.select(walks.c.id))
        ]
        await tx.execute(sa.insert(walkers), taken)
        doors: dict[int, list[int]] = {}
        for row in await tx.execute(sa.select(addresses.c.id, addresses.c.walk).order_by(addresses.c.place)):
            doors.setdefault(row.walk, []).append(row.id)
    return [doors[walk] for walk in sorted(doors)][:WALKERS]


def knock(update: int, walker: int, walk: int, door: int) -> dict[str, Any]:
    found = tap(update, walker, 0)
    found["callback_query"]["data"] = f"1:knock:{walk}:{door}:{OUTCOMES[update % len(OUTCOMES)]}:d"
    return found


def knocks(doors: list[list[int]]) -> list[dict[str, Any]]:
    """Everybody at every door of their walk, one door after the other; the buttons of the card come with each tap."""
    updates, found = count(1), []
    for place in range(max(map(len, doors))):
        for walk, row in enumerate(doors, 1):
            if place < len(row):
                found.append(knock(next(updates), walk, walk, row[place]))
                buttons = [{"text": str(door), "callback_data": f"1:at_door:{walk}:{door}:d"} for door in row]
                found[-1]["callback_query"]["message"]["reply_markup"] = {"inline_keyboard": [buttons]}
    return found


async def taps_a_second(database: Database) -> float:
    """Everybody taps at every door of their walk."""
    doors = await walked(database)
    work, updates, tapped = dispatcher(database), count(1), 0
    began = time.process_time()
    for place in range(max(map(len, doors))):
        for first in range(0, len(doors), AT_ONCE):
            some = [
                walk for walk in range(first, min(first + AT_ONCE, len(doors))) if place < len(doors[walk])
            ]
            async with database.write() as tx:
                met = await find_all(tx, [1_000_000 + walk + 1 for walk in some])
                for walk in some:
                    body = knock(next(updates), walk + 1, walk + 1, doors[walk][place])
                    await work.process(tx, body, met)
                    tapped += 1
    spent = time.process_time() - began
    async with database.read() as tx:
        kept = int(await tx.scalar(sa.select(sa.func.count()).select_from(visits)) or 0)
    if kept != tapped:
        raise SystemExit(f"{kept} of {tapped} outcomes were kept")
    return tapped / spent


async def all_at_once(folder: Path) -> None:
    """The product given every tap at a door at once, then as many answers to an invitation."""
    database = await open_for(folder, None)
    each = knocks(await walked(database))
    await database.close()
    server, answered = Server(), 0

    def watch(method: str, _body: bytes) -> None:
        nonlocal answered
        answered += method == "answerCallbackQuery"

    server.watch = watch
    api = f"http://127.0.0.1:{await server.start()}"
    async with running("benchmarks.product", api, "--folder", str(folder)) as process:
        began, spent = time.perf_counter(), cpu(process)
        server.add_updates(each)
        await until(lambda: answered >= len(each))
        seconds, spent = time.perf_counter() - began, cpu(process) - spent
    await server.stop()
    await require_kept(folder, len(each))
    plain = await taps(len(each))
    mine, theirs = 1000 * spent / len(each), plain["cpu_ms_a_tap"]
    print(
        f"the whole product    {len(each) / seconds:6.0f} a second, {mine:.2f} ms of the processor each; answers to an"
        f" invitation {plain['taps_a_second']:.0f} and {theirs:.2f} ms: {mine / theirs:.2f} as much"
    )


async def require_kept(folder: Path, number: int) -> None:
    """Raises SystemExit where one tap was not kept, or twice."""
    database = await open_for(folder, None)
    async with database.read() as tx:
        kept = int(await tx.scalar(sa.select(sa.func.count()).select_from(visits)) or 0)
    await database.close()
    if kept != number:
        raise SystemExit(f"{kept} of {number} outcomes were kept")


async def while_a_broadcast_leaves(folder: Path, taps_a_second: int) -> None:
    """The product at Telegram's paid rate: how long taps wait for their answer, and whether every one is kept."""
    database = await open_for(folder, None)
    doors = await walked(database)
    await fill(database, READERS, first=WALKERS + 1)
    await queue_all(database, "bench", after=WALKERS)
    await database.close()
    given: dict[str, float] = {}
    waited: list[float] = []
    sent = 0

    def watch(method: str, body: bytes) -> None:
        nonlocal sent
        sent += method == "sendMessage"
        if method == "answerCallbackQuery":
            waited.append(time.perf_counter() - given[json.loads(body)["callback_query_id"]])

    server = Server()
    server.watch = watch
    api = f"http://127.0.0.1:{await server.start()}"
    each = knocks(doors)
    async with running("benchmarks.product", api, "--folder", str(folder), "--rate", str(PAID_RATE)):
        await until(lambda: sent > PAID_RATE)
        began, before = time.perf_counter(), sent
        for number, update in enumerate(each):
            await asyncio.sleep(max(0.0, began + number / taps_a_second - time.perf_counter()))
            given[update["callback_query"]["id"]] = time.perf_counter()
            server.add_updates([update])
        await until(lambda: len(waited) >= len(each))
        seconds, left = time.perf_counter() - began, sent - before
    await server.stop()
    await require_kept(folder, len(each))
    waited.sort()
    print(
        f"while a broadcast leaves: {len(each) / seconds:.0f} taps a second noted and answered, {left / seconds:.0f}"
        f" messages a second left; a tap waits {1000 * waited[len(waited) // 2]:.0f} ms, 99 of 100 less than"
        f" {1000 * waited[-len(waited) // 100]:.0f} ms; every one is kept"
    )


def measure_taps(folder: Path) -> None:
    async def measuring() -> float:
        database = await open_for(folder, None)
        try:
            return await taps_a_second(database)
        finally:
            await database.close()

    print(f"taps at doors        {uvloop.run(measuring()):6.0f} a second, by the processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--addresses", type=int, default=ADDRESSES)
    parser.add_argument("--taps", action="store_true", help="taps at doors alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure_taps(Path(name))
    with tempfile.TemporaryDirectory() as name:
        uvloop.run(all_at_once(Path(name)))
    with tempfile.TemporaryDirectory() as name:
        uvloop.run(while_a_broadcast_leaves(Path(name), TAPS_A_SECOND))
    if arguments.taps:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(folder, arguments.addresses)
        measure("import addresses", folder, "import-addresses", str(folder / "addresses.csv"))
        measure("import stations", folder, "import-stations", str(folder / "stations.csv"))
        measure("import results", folder, "import-results", str(folder / "results.csv"), "--ours", "liste_a")
        measure("import again", folder, "import-addresses", str(folder / "addresses.csv"))
        measure("rank", folder, "rank", "--json")
        measure("cut", folder, "cut", DEPARTMENT)


if __name__ == "__main__":
    main()
