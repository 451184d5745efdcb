"""A million supporters in the database, chosen by radius as the bot does it: what `benchmarks.communes` measures."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
import uvloop

import db.audiences
from bot.communes import Commune, Gazetteer
from bot.rules.areas import EVERYWHERE
from bot.rules.belonging import Setting
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.sampling import sampling_of
from db.audiences import Target
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import people
from db.upgrade import upgrade

SUPPORTERS = 1_000_000
DRAWN = 50_000
"""Supporters drawn by inhabitants; the others are their copies, which is quicker to write."""
CITIES = {"Lyon": "69123", "Paris": "75056"}
RADII = (5, 30, 100)
ROUNDS = 5
NOW = datetime(2016, 11, 1, tzinfo=UTC)


def radius_times(gazetteer: Gazetteer, communes: Sequence[Commune], seed: int) -> dict[str, list[float]]:
    """Milliseconds by city, for each radius, in the encrypted database that is the default: processor time, the
    database's included, the best of five.
    """

    async def run(folder: Path) -> dict[str, list[float]]:
        database = await open_database(None, folder=folder, key=DatabaseKey.generate())
        await upgrade(database)
        await fill(database, communes, random.Random(seed))
        found = {
            name: [await _best(database, gazetteer, code, km) for km in RADII]
            for name, code in CITIES.items()
        }
        await database.close()
        return found

    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(run(Path(folder)))


async def fill(
    database: Database, communes: Sequence[Commune], rng: random.Random, number: int = SUPPORTERS
) -> None:
    """So many supporters, who live where people live."""
    drawn = rng.choices(communes, [place.population for place in communes], k=DRAWN)
    async with database.write() as tx:
        await tx.execute(people.insert(), [_row(number, place) for number, place in enumerate(drawn)])
    copied = [
        column for column in people.c if column.name not in ("id", "telegram_id", "pseudonym", "friend_code")
    ]
    for copy in range(1, number // DRAWN):
        async with database.write() as tx:
            rows = sa.select(
                people.c.telegram_id + copy * DRAWN, people.c.pseudonym + sa.literal(f".{copy}"), *copied
            ).where(people.c.telegram_id < DRAWN)
            await tx.execute(
                people.insert().from_select(
                    ["telegram_id", "pseudonym", *copied], rows, include_defaults=False
                )
            )


def _row(number: int, place: Commune) -> dict[str, object]:
    return {
        "telegram_id": number,
        "pseudonym": f"{number:x}",
        "state": "registered",
        "language": "fr",
        "first_name": "Camille",
        "commune": place.code,
        "department": place.department,
        "region": place.region,
        "territory": place.territory,
        "zone": place.zone,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "consent_contact": True,
        "consent_commune": True,
        "created_at": NOW,
        "seen_at": NOW,
    }


async def _best(database: Database, gazetteer: Gazetteer, code: str, km: int) -> float:
    """From the radius to how many people there are in each territory and zone."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        around = read_leaf(f"near:{code}:{km}")
        within = {(code, km): gazetteer.within(code, km)}
        setting = Setting(now=NOW, sampling=sampling_of("benchmark"), within=within)
        chosen = Target(meant=around, expression=around, setting=setting, area=EVERYWHERE)
        async with database.read() as tx:
            await db.audiences.groups(tx, chosen, Kind.EVENT_INVITE)
        times.append((time.process_time() - start) * 1e3)
    return min(times)
