"""What a tick costs with many supporters: `scripts/bench planning [--people 1000000] [--postgresql]`.

Encrypted SQLite, or PostgreSQL, in a temporary folder (some 700 MB for a million), the campaign of 2016, the product's
own ticker. Each line is one tick with what it queued, in seconds of the clock and of this process's processor, which a
busy machine does not lengthen; the ticks that queue nothing are medians of ten. About two minutes for a million.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
import uvloop

import db.vote_plans
from benchmarks.postgresql import postgresql_if
from bot.campaign.campaign import load_campaign
from bot.clock import MovableClock
from bot.ticking import Ticker
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import broadcasts, deliveries, people, vote_plans
from db.upgrade import upgrade

CAMPAIGN = load_campaign(Path("campaigns/primaire-2016"))
REGISTERED = datetime(2016, 10, 1, 9, tzinfo=UTC)
# Of a hundred supporters: most in metropolitan France, some overseas, some abroad.
OVERSEAS = (("974", "Indian/Reunion"), ("971", "America/Guadeloupe"), ("988", "Pacific/Noumea"))
ABROAD = ("Europe/London", "America/New_York", "Asia/Tokyo", "Africa/Casablanca", "Australia/Sydney")
SLOTS = ("morning", "midday", "afternoon", "last_hour")
CHUNK = 10_000
CHANGED = 100


def home(number: int) -> tuple[str, str]:
    """The territory and zone of a supporter."""
    place = number % 100
    if place < 4:
        return OVERSEAS[number // 100 % len(OVERSEAS)]
    if place < 6:
        return "abroad", ABROAD[number // 100 % len(ABROAD)]
    return "FR", "Europe/Paris"


def supporters(count: int) -> Iterator[list[dict[str, Any]]]:
    """Everybody, in chunks; already looked at, as those of a campaign that has run for weeks."""
    for start in range(0, count, CHUNK):
        rows = []
        for number in range(start, min(start + CHUNK, count)):
            territory, zone = home(number)
            rows.append(
                {
                    "id": number + 1,
                    "telegram_id": 1_000_000 + number,
                    "pseudonym": f"p{number:015}",
                    "state": "registered",
                    "language": "fr",
                    "first_name": "Camille",
                    "commune": "69123" if territory == "FR" else None,
                    "territory": territory,
                    "zone": zone,
                    "consent_contact": True,
                    "registered_at": REGISTERED,
                    "created_at": REGISTERED,
                    "seen_at": REGISTERED,
                }
            )
        yield rows


async def fill(database: Database, count: int) -> None:
    """Supporters, and the vote plans that three in ten of them made for the first round."""
    for rows in supporters(count):
        async with database.write() as tx:
            await tx.execute(people.insert(), rows)
            plans = [
                {
                    "person": row["id"],
                    "ballot": 1,
                    "intention": "will",
                    "slot": SLOTS[row["id"] % 4],
                    "at": REGISTERED,
                }
                for row in rows
                if row["id"] % 10 < 3
            ]
            await tx.execute(vote_plans.insert(), plans)


async def as_if_sent(database: Database, step: str, at: datetime) -> None:
    """The step left for everybody."""
    number = sa.select(broadcasts.c.id).where(broadcasts.c.step == step).scalar_subquery()
    async with database.write() as tx:
        change = sa.update(deliveries).where(deliveries.c.broadcast == number)
        await tx.execute(change.values(state="sent", sent_at=at, changed_at=at))


class Bench:
    """A ticker on a filled database, and its figures."""

    def __init__(self, database: Database) -> None:
        self._database, self._clock, self._queued = database, MovableClock(REGISTERED, speed=0), 0
        self.restart()

    def restart(self) -> None:
        """As after a start of the bot: everybody is looked at again."""
        self._ticker = Ticker(
            database=self._database, campaign=CAMPAIGN, clock=self._clock, queued=lambda: None
        )

    async def tick(self, at: str) -> tuple[float, float]:
        """Seconds of one tick at an instant of Paris, of the clock and of the processor."""
        self._clock.move(datetime.fromisoformat(f"{at}+01:00"))
        began, used = time.perf_counter(), time.process_time()
        await self._ticker.tick(look_again=True)
        return time.perf_counter() - began, time.process_time() - used

    async def show(self, what: str, at: str) -> None:
        before = await self._count()
        seconds, processor = await self.tick(at)
        queued = await self._count() - before
        print(f"{what:48} {seconds:8.3f} s {processor:8.3f} s of processor  {queued:>8} queued", flush=True)

    async def idle(self, what: str, at: str) -> None:
        before = await self._count()
        figures = [await self.tick(at) for _ in range(10)]
        assert await self._count() == before
        seconds, processor = (statistics.median(each) for each in zip(*figures, strict=True))
        print(f"{what:48} {seconds:8.3f} s {processor:8.3f} s of processor", flush=True)

    async def _count(self) -> int:
        async with self._database.read() as tx:
            return int(await tx.scalar(sa.select(sa.func.count()).select_from(deliveries)) or 0)


async def change_some(database: Database, count: int) -> None:
    """A hundred people plan, as they would between two ticks of a busy evening."""
    async with database.write() as tx:
        for person in range(7, count, count // CHANGED):
            await db.vote_plans.change(
                tx, person=person, ballot=1, at=REGISTERED + timedelta(days=40), slot="morning"
            )


async def run(folder: Path, count: int, url: str | None) -> None:
    database = await open_database(url, folder=folder, key=None if url else DatabaseKey.generate())
    await upgrade(database)
    await fill(database, count)
    bench = Bench(database)
    print(f"{count} supporters, {'PostgreSQL' if url else 'encrypted SQLite'}")
    await bench.idle("nothing is due: no window is open", "2016-10-20T12:00")
    await bench.show("a step opens for everybody in France", "2016-11-16T18:00")
    await bench.idle("nothing new is due: the window is open", "2016-11-16T18:00")
    await change_some(database, count)
    await bench.show(f"{CHANGED} people answered meanwhile", "2016-11-16T18:01")
    bench.restart()
    await bench.show("a start while the window is open", "2016-11-16T18:02")
    await bench.show("`go` opens for the slot that most have", "2016-11-20T11:00")
    await as_if_sent(database, "go", datetime(2016, 11, 20, 10, 5, tzinfo=UTC))
    await bench.show("`last` opens for who did not answer `go`", "2016-11-20T16:30")
    await bench.idle("nothing new follows within the minute", "2016-11-20T16:30")
    await bench.show("who follows by the clock, once a minute", "2016-11-20T16:32")
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder, postgresql_if(options.postgresql) as url:
        uvloop.run(run(Path(folder), options.people, url))


if __name__ == "__main__":
    main()
