"""Who plans a step for many is killed (SIGKILL) between two statements: nobody is forgotten, nobody is told twice."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from bot.actions.planning import FIRST_LOOK, look
from bot.clock import MovableClock
from bot.ticking import Ticker
from db.engine import Database
from db.schema import broadcasts, deliveries
from tests.conversation import CAMPAIGN, paris
from tests.forking import Forked, begin, child_environment
from tests.planned import add, somebody
from tests.planner import FEW, opened

WHEN = paris("2016-11-16T18:00")
NEWCOMERS = FEW + 1
"""So many register between two kills: more than one transaction takes."""
KILLS = range(1, 41, 4)
"""After which statement: from those before anything is written to those that queue it for everybody."""


def planning(where: str, after: int, log: Path) -> Forked:
    arguments = where, WHEN.isoformat(), str(after)
    with log.open("ab") as said:
        return begin("tests.planner", *arguments, environment=child_environment({}), out=said, err=said)


async def some_register(database: Database, turn: int) -> None:
    numbers = range(turn * NEWCOMERS, (turn + 1) * NEWCOMERS)
    await add(database, *(somebody(0, telegram_id=n, pseudonym=f"p{n}") for n in numbers))


async def check_all_have_it_once(database: Database) -> None:
    async with database.write() as tx:
        assert (await look(tx, CAMPAIGN, WHEN, before=FIRST_LOOK)).queued == 0, "Somebody was forgotten."
    told = sa.select(deliveries.c.person, broadcasts.c.step)
    async with database.read() as tx:
        rows = await tx.execute(told.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast))
    assert set(Counter(map(tuple, rows)).values()) == {1}


async def test_killed_anywhere_the_next_start_forgets_nobody(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await sqlite_database.close()
    for turn, after in enumerate(KILLS):
        database = await opened(str(tmp_path))
        await some_register(database, turn)
        await database.close()
        status = await planning(str(tmp_path), after, tmp_path / "log").wait()
        assert status == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert await planning(str(tmp_path), 0, tmp_path / "log").wait() == 0
    database = await opened(str(tmp_path))
    await check_all_have_it_once(database)
    await database.close()


async def test_killed_anywhere_another_process_forgets_nobody(
    postgresql_database: Database, postgresql_address: str, tmp_path: Path
) -> None:
    """The other one looked at everybody before: it knows by their marks alone of whom something changed since."""
    database, clock = postgresql_database, MovableClock(WHEN, speed=0)
    other = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    await other.tick()
    for turn, after in enumerate(KILLS):
        await some_register(database, turn)
        status = await planning(postgresql_address, after, tmp_path / "log").wait()
        assert status == -signal.SIGKILL, (tmp_path / "log").read_text()
        await other.tick(look_again=True)
        await check_all_have_it_once(database)


async def test_several_that_plan_at_once_forget_nobody(
    postgresql_database: Database, postgresql_address: str, tmp_path: Path
) -> None:
    """Three, of which two are killed, beside one that looked at everybody before."""
    database, clock = postgresql_database, MovableClock(WHEN, speed=0)
    other = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    await other.tick()
    for turn in range(4):
        await some_register(database, 2 * turn)
        begun = [planning(postgresql_address, after, tmp_path / "log") for after in (0, 8 + turn, 12 + turn)]
        await some_register(database, 2 * turn + 1)
        await other.tick(look_again=True)
        statuses = await asyncio.gather(*(one.wait() for one in begun))
        assert set(statuses) <= {0, -signal.SIGKILL}, (tmp_path / "log").read_text()
        await other.tick(look_again=True)
        await check_all_have_it_once(database)
