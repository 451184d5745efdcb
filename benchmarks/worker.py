"""A bot process to be measured and killed: the delivery engine and the product's own look at each departure.

    python -m benchmarks.worker --api http://127.0.0.1:PORT --folder DIR | --url postgresql+asyncpg://…
        [--rate N] [--until-idle] [--in-flight N]

A delivery is a text that staff wrote, with two placeholders: consent, law, hours and caps are looked at, and it is
worded for its reader, by `bot.departure.decide`. It prints `ready` once the engine runs.
"""

from __future__ import annotations

import argparse
import asyncio
import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
import uvloop
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import communes
from bot.campaign.campaign import Campaign, load_campaign
from bot.clock import Clock, MovableClock
from bot.delivery.budget import budget_for
from bot.delivery.calls import Call
from bot.delivery.engine import Engine
from bot.delivery.hooks import Hooks, Prepare
from bot.delivery.outcomes import Stop, Wait
from bot.delivery.pacing import Pacing
from bot.delivery.transport import Transport
from bot.delivery.tuning import settle_memory
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from bot.words.texts import Texts
from db import broadcasts
from db.batches import Statement, given_ids
from db.deliveries import Leased
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import people
from db.upgrade import upgrade

KEY = DatabaseKey(hex="5e" * 32)
TOKEN = "1:benchmark"
# A morning on which nothing forbids to write.
MORNING = datetime(2016, 11, 16, 9, tzinfo=UTC)
TEXT = (
    "Bonjour <b>{{ first_name }}</b>, réunion publique à {{ commune }} jeudi à 19 h, salle des fêtes."
    " Viendrez-vous ?"
)


@cache
def campaign() -> Campaign:
    """The example. Not read at once: beside what the product read, rules would compare the two at each look."""
    return load_campaign(Path("campaigns/primaire-2016"))


def departure(clock: Clock) -> Departure:
    """What decides and words each message of the product."""
    texts = Texts({"campaign": campaign()})
    composer = Composer(
        texts=texts, campaign=campaign(), gazetteer=communes.load(), bot_username="benchmark_bot"
    )
    return Departure(
        campaign=campaign(), texts=texts, composer=composer, clock=clock, bot_username="benchmark_bot"
    )


def invitation(chat: int, name: str, commune: str) -> dict[str, Any]:
    """The message that every other contender sends: what ours becomes for a reader."""
    text = TEXT.replace("{{ first_name }}", html.escape(name)).replace("{{ commune }}", html.escape(commune))
    button = {"text": "Ne plus recevoir ces messages", "callback_data": "1:optout:news"}
    return {
        "chat_id": chat,
        "text": f"{text}\n\n<i>Avec vous pour l’alternance</i>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[button]]},
    }


_READERS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(id, telegram_id, first_name)) AS text) FROM people
    WHERE id IN {given_ids(s)}"""
    )
)


async def word_only(tx: AsyncConnection, rows: Sequence[Leased]) -> list[Call | Wait | Stop]:
    """The same messages without a look at consent, law, hours and caps: what the delivery alone costs."""
    found = {row[0]: row for row in await _READERS.rows(tx, rows=[(row.person,) for row in rows])}
    readers = [found[row.person] for row in rows]
    return [
        Call(method="sendMessage", payload=invitation(telegram_id, name, "Lyon"))
        for _person, telegram_id, name in readers
    ]


async def meet(_tx: AsyncConnection, _updates: Mapping[int, bytes]) -> dict[int, Any]:
    return {}


async def process(
    _tx: AsyncConnection, _update: Mapping[str, Any], _met: Mapping[int, Any]
) -> Sequence[Call]:
    """Nobody writes here."""
    return []


def apologise(_update: Mapping[str, Any]) -> Sequence[Call]:
    return []


async def on_sent(_remember: str, _message: Mapping[str, Any]) -> None:
    """Nothing is remembered here."""


async def fill(database: Database, count: int, *, first: int = 1) -> None:
    """`count` people, Telegram ids from 1,000,001 on."""
    async with database.write() as tx:
        for start in range(first, first + count, 10_000):
            rows = [
                {
                    "id": number,
                    "telegram_id": 1_000_000 + number,
                    "pseudonym": f"p{number}",
                    "state": "registered",
                    "language": "fr",
                    "first_name": f"Prénom{number}",
                    "commune": "69123",
                    "department": "69",
                    "region": "84",
                    "territory": "FR",
                    "zone": "Europe/Paris",
                    "consent_contact": True,
                    "created_at": MORNING,
                    "registered_at": MORNING,
                    "seen_at": MORNING,
                }
                for number in range(start, min(start + 10_000, first + count))
            ]
            await tx.execute(people.insert(), rows)


async def queue_all(database: Database, key: str, *, after: int = 0) -> int:
    """One broadcast, due now, to everybody whose number is above `after`."""
    now = MORNING
    values = {
        "key": key,
        "kind": "persuasion",
        "audience": {},
        "area": "FR",
        "starts_at": now,
        "created_at": now,
    }
    async with database.write() as tx:
        broadcast = await broadcasts.create(tx, values, {"fr": TEXT})
        assert broadcast is not None
        everybody = sa.select(people.c.id).where(people.c.id > after).order_by(people.c.id)
        await broadcasts.queue_deliveries(tx, broadcast=broadcast, people=everybody, due_at=now, now=now)
    return broadcast


async def open_for(folder: Path, url: str | None) -> Database:
    database = await open_database(url, folder=folder, key=None if url else KEY)
    await upgrade(database)
    return database


def make_engine(
    database: Database,
    transport: Transport,
    *,
    rate: float | None,
    in_flight: int,
    lanes: int | None = None,
    prepare: Prepare | None = None,
) -> Engine:
    clock = MovableClock(MORNING, speed=1.0)
    return Engine(
        database=database,
        clock=clock,
        transport=transport,
        pacing=Pacing(budget=budget_for(rate, database), clock=clock),
        hooks=Hooks(
            meet=meet,
            process=process,
            apologise=apologise,
            prepare=prepare or departure(clock).prepare,
            on_sent=on_sent,
        ),
        rate=rate,
        poll=False,
        in_flight=in_flight,
        lanes=lanes,
    )


async def run(options: argparse.Namespace) -> None:
    database = await open_for(Path(options.folder), options.url)
    async with Transport(token=TOKEN, api_base=options.api, connections=options.in_flight + 8) as transport:
        engine = make_engine(database, transport, rate=options.rate, in_flight=options.in_flight)
        running = asyncio.create_task(engine.run())
        settle_memory()
        print("ready", flush=True)
        if options.until_idle:
            await engine.idle()
            engine.stop()
        await running
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", default=".")
    parser.add_argument("--url")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--until-idle", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    uvloop.run(run(options))


if __name__ == "__main__":
    main()
