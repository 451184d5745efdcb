"""The pages of the console over many people: `python -m benchmarks.web [--people N] [--users N]`.

People vote in communes by their size and signed up over ten weeks; a broadcast was sent to all of them. `--users` ask
for each page at the same time, `ROUNDS` times, in this process. Told are milliseconds from the request to the whole
page: of the first of all, which counts, of the median and of the 99th percentile; and the processor’s for one page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvloop

import db.console
import db.people
import db.staff
from benchmarks.worker import CAMPAIGN, MORNING, open_for, queue_all
from bot import communes
from bot.actions.staff_links import hash_of
from bot.clock import MovableClock
from bot.departure.compose import Composer
from bot.rules.console import Door
from bot.rules.suppression import SuppressionKey
from bot.web.app import make_web
from bot.web.console.console import Console
from bot.web.desk import Desk
from bot.web.site import Site
from bot.words.texts import Texts
from db.engine import Database
from db.rolls import Rolls
from db.schema import deliveries, people

ADDRESS = "http://127.0.0.1:8080"
TOKEN = "benchmark"
STAFF = 7
ROUNDS = 5
PAGES = (
    *("/console/", "/console/messages", "/console/messages/1", "/console/events", "/console/team"),
    *(
        "/console/messages/new",
        "/console/messages/new/whom",
        "/console/messages/new/when",
        "/console/events/new",
    ),
    *("/console/map", "/console/map/R84", "/console/map/69", "/console/map?by=share", "/console/log"),
)


async def fill(database: Database, number: int) -> None:
    gazetteer, chance = communes.load(), random.Random(19)
    places = [place for code in gazetteer.codes() if (place := gazetteer.by_code(code)) and place.population]
    chosen = chance.choices(places, [place.population for place in places], k=number)
    async with database.write() as tx:
        for start in range(0, number, 10_000):
            rows = [
                {
                    "telegram_id": 1_000_000 + each,
                    "pseudonym": f"p{each}",
                    "state": "registered",
                    "language": "fr",
                    "commune": chosen[each].code,
                    "department": chosen[each].department,
                    "region": chosen[each].region,
                    "territory": chosen[each].territory,
                    "zone": chosen[each].zone,
                    "consent_contact": True,
                    "consent_commune": True,
                    "created_at": MORNING,
                    "registered_at": MORNING - timedelta(minutes=chance.randrange(100_000)),
                    "seen_at": MORNING,
                }
                for each in range(start, min(start + 10_000, number))
            ]
            await tx.execute(people.insert(), rows)
    await queue_all(database, "staff:1")
    async with database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", message_id=7, sent_at=MORNING))
        person = await db.people.create(tx, telegram_id=STAFF, pseudonym="staff", now=MORNING)
        await db.people.change(tx, person.id, language="fr")
        await db.staff.add(tx, telegram_id=STAFF, role="admin", area="FR", added_by=None, now=MORNING)
        keys = {"opener_hash": "o", "cookie_hash": hash_of(TOKEN), "language": "fr"}
        end = MORNING + timedelta(hours=12)
        await db.console.add_session(tx, Door.CONSOLE, telegram_id=STAFF, now=MORNING, expires_at=end, **keys)


def browser(database: Database) -> httpx.AsyncClient:
    texts, gazetteer = Texts({"campaign": CAMPAIGN}), communes.load()
    site = Site(CAMPAIGN, address=ADDRESS)
    composer = Composer(texts=texts, campaign=CAMPAIGN, gazetteer=gazetteer, bot_username="bench")
    clock = MovableClock(MORNING, speed=0)
    desk = Desk(
        site=site,
        address=ADDRESS,
        database=database,
        clock=clock,
        composer=composer,
        texts=texts,
        token="1:bench",
        suppression_key=SuppressionKey(links=(b"k" * 32,)),
        changed=lambda: None,
        rolls=Rolls(database),
    )

    async def nothing() -> dict[str, Any]:
        return {}

    async def no_figures() -> str:
        return ""

    web = make_web(health=nothing, metrics=no_figures, site=site, parts=[Console(desk)])
    transport = httpx.ASGITransport(web)
    return httpx.AsyncClient(
        transport=transport, base_url=ADDRESS, cookies={Door.CONSOLE.cookie: TOKEN}, timeout=600
    )


async def asked(client: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text[:400])
    return (time.perf_counter() - began) * 1000


async def measure(folder: Path, *, number: int, users: int) -> dict[str, Any]:
    database = await open_for(folder, None)
    await fill(database, number)
    told = {}
    async with browser(database) as client:
        for path in PAGES:
            began = time.process_time()
            first = await asked(client, path)
            counted, began = time.process_time() - began, time.process_time()
            took: list[float] = []
            for _ in range(ROUNDS):
                took += await asyncio.gather(*(asked(client, path) for _ in range(users)))
            spent = (time.process_time() - began) / len(took)
            took.sort()
            told[path] = {
                "first": round(first),
                "median": round(took[len(took) // 2]),
                "p99": round(took[int(len(took) * 0.99)]),
                "processor, first": round(counted * 1000),
                "processor": round(spent * 1000),
            }
    await database.close()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--users", type=int, default=1, help="how many ask at the same time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = uvloop.run(measure(Path(folder), number=arguments.people, users=arguments.users))
    for path, figures in told.items():
        print(json.dumps({"page": path, **figures}))


if __name__ == "__main__":
    main()
