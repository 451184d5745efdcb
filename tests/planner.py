"""A process that looks once what is due, few people after the others, and is killed after one of its statements:

    python -m tests.planner WHERE INSTANT AFTER

WHERE is the folder of a SQLite database, or the address of one of PostgreSQL. Where there were fewer statements than
AFTER, or it is 0, the process ends with status 0.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import db.planning
from bot.campaign.campaign import load_campaign
from bot.clock import MovableClock
from bot.ticking import Ticker
from db.engine import Database, open_database
from db.key import DatabaseKey

FEW = 2
KEY = DatabaseKey(hex="5e" * 32)
CAMPAIGN = Path("campaigns/primaire-2016")


async def opened(where: str) -> Database:
    url = where if "://" in where else None
    return await open_database(url, folder=Path() if url else Path(where), key=None if url else KEY)


def killed_after(database: Database, statements: int) -> None:
    """This process is killed as the statement of that number was executed."""
    left = [statements]

    def executed(*_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(database._writer.sync_engine, "after_cursor_execute", executed)


async def plan_once(where: str, instant: datetime, statements: int) -> None:
    db.planning.PORTION = db.planning.MOST_CHANGED = FEW
    database = await opened(where)
    killed_after(database, statements)
    clock = MovableClock(instant, speed=0)
    ticker = Ticker(database=database, campaign=load_campaign(CAMPAIGN), clock=clock, queued=lambda: None)
    await ticker.tick()
    await database.close()


if __name__ == "__main__":
    asyncio.run(plan_once(sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])))
