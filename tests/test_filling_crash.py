"""Who fills a message for many is killed (SIGKILL) between two statements: nobody is lost, nobody gets it twice."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.filling
import db.planning
from bot.actions import broadcasts
from bot.clock import MovableClock
from bot.ticking import Ticker
from db.engine import Database
from db.schema import deliveries
from tests.actions.test_broadcasts import supporters
from tests.conversation import CAMPAIGN
from tests.filling import NEWS, NOW, author, the_author
from tests.forking import Forked, begin, child_environment
from tests.planner import FEW, opened

MOST = 9
KILLS = range(1, 38, 4)
"""After which statement: from those before anything is queued to those that queue the last of it."""


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.planning, "PORTION", FEW)


def filling(where: str, after: int, log: Path) -> Forked:
    with log.open("ab") as said:
        return begin(
            "tests.planner",
            *(where, NOW.isoformat(), str(after)),
            environment=child_environment({}),
            out=said,
            err=said,
        )


async def people_come(database: Database) -> None:
    async with database.write() as tx:
        await author(tx, 7, "coordinator")
        await supporters(tx, MOST)


async def order(database: Database, turn: int) -> None:
    async with database.write() as tx:
        from_now = await the_author(tx)
        new = replace(NEWS, key=f"staff:{turn}", knowing=True)
        assert (await broadcasts.send(tx, from_now, new)).people == MOST


async def check_all_have_each_once(database: Database, messages: int) -> None:
    async with database.read() as tx:
        assert await db.filling.next_one(tx) is None
        rows = await tx.execute(sa.select(deliveries.c.broadcast, deliveries.c.person))
        whose = Counter(row.broadcast for row in rows)
    assert set(whose.values()) == {MOST}, whose
    assert len(whose) == messages


async def test_killed_anywhere_the_next_start_fills_it_on(sqlite_database: Database, tmp_path: Path) -> None:
    await people_come(sqlite_database)
    await sqlite_database.close()
    for turn, after in enumerate(KILLS):
        database = await opened(str(tmp_path))
        await order(database, turn)
        await database.close()
        status = await filling(str(tmp_path), after, tmp_path / "log").wait()
        assert status == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert await filling(str(tmp_path), 0, tmp_path / "log").wait() == 0
    database = await opened(str(tmp_path))
    await check_all_have_each_once(database, len(KILLS))
    await database.close()


async def test_killed_anywhere_another_process_fills_it_on(
    postgresql_database: Database, postgresql_address: str, tmp_path: Path
) -> None:
    database, clock = postgresql_database, MovableClock(NOW, speed=0)
    await people_come(database)
    other = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    await other.tick()
    for turn, after in enumerate(KILLS):
        await order(database, turn)
        status = await filling(postgresql_address, after, tmp_path / "log").wait()
        assert status == -signal.SIGKILL, (tmp_path / "log").read_text()
        await other.tick(look_again=True)
        await check_all_have_each_once(database, turn + 1)


async def test_several_fill_at_once_beside_each_other(
    postgresql_database: Database, postgresql_address: str, tmp_path: Path
) -> None:
    """Three, of which two are killed, beside one that fills too, while more is ordered."""
    database, clock = postgresql_database, MovableClock(NOW, speed=0)
    await people_come(database)
    other = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    for turn in range(4):
        await order(database, 2 * turn)
        begun = [filling(postgresql_address, after, tmp_path / "log") for after in (0, 12 + turn, 20 + turn)]
        await order(database, 2 * turn + 1)
        await other.tick(look_again=True)
        statuses = await asyncio.gather(*(one.wait() for one in begun))
        assert set(statuses) <= {0, -signal.SIGKILL}, (tmp_path / "log").read_text()
        await other.tick(look_again=True)
        await check_all_have_each_once(database, 2 * turn + 2)
