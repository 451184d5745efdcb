"""A message for many, where few are many: ordered, filled by a tick, and what stands in its queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.filling
import db.people
from bot import communes
from bot.actions import broadcasts
from bot.actions.authority import Author, author_of
from bot.actions.broadcasts import NewBroadcast, Queued
from bot.clock import MovableClock
from bot.rules.sending import all_at
from bot.ticking import Ticker
from db.engine import Database
from db.schema import broadcasts as table
from db.schema import deliveries
from tests.actions.test_broadcasts import NEWS as LATER_NEWS
from tests.actions.test_broadcasts import author as some_author
from tests.actions.test_broadcasts import supporters
from tests.conversation import CAMPAIGN, paris

MANY = 7
NOW = paris("2016-10-05T10:00")
"""Nothing that the campaign file plans is due."""
NEWS = replace(LATER_NEWS, when=all_at(NOW))
HOUR = timedelta(hours=1)


async def fill(database: Database, *, at: datetime = NOW) -> None:
    """A tick: it may come long after the order."""
    clock = MovableClock(at, speed=0)
    await Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None).tick()


async def author(tx: AsyncConnection, telegram_id: int, role: str, **options: Any) -> Author:
    return replace(await some_author(tx, telegram_id, role, **options), now=NOW)


async def sent(database: Database, new: NewBroadcast = NEWS, **options: Any) -> Queued:
    """Ordered by somebody of the whole country, for many."""
    async with database.write() as tx:
        one = await author(tx, 7, "coordinator", **options)
        await author(tx, 9, "coordinator", **options)
        await supporters(tx, MANY)
        return await broadcasts.send(tx, one, new)


async def the_author(tx: AsyncConnection, telegram_id: int = 7, **campaign: Any) -> Author:
    person = await db.people.find(tx, telegram_id)
    assert person is not None
    strict = replace(CAMPAIGN, **campaign)
    return await author_of(tx, person, campaign=strict, gazetteer=communes.load(), now=NOW)


async def rows(database: Database, *columns: str) -> list[Any]:
    """What stands in the queue of what staff sent, by person."""
    wanted = [deliveries.c[name] for name in columns]
    async with database.read() as tx:
        query = sa.select(*wanted).join(table, table.c.id == deliveries.c.broadcast)
        by_staff = query.where(table.c.created_by.is_not(None))
        found = await tx.execute(by_staff.order_by(deliveries.c.broadcast, deliveries.c.person))
        return [row[0] if len(columns) == 1 else tuple(row) for row in found]


async def is_filling(database: Database) -> bool:
    async with database.read() as tx:
        return await db.filling.next_one(tx) is not None
