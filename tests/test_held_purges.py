"""A clock that may be wrong: what it would erase too early stays, until something tells that it is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

import db.purges
from bot.actions.retention import purge
from bot.beats import DailyPurge
from db.engine import Database
from db.schema import people
from tests.bots import until
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.exported import KEY

DAY = timedelta(days=1)


class Holding:
    """A purge of each day, with one person who signed up ten days before; `said` by Telegram of the time."""

    def __init__(self, conversation: Conversation, *, holds: bool = True) -> None:
        self.conversation, self.database = conversation, conversation.database
        self.said: datetime | None = None
        self.begun: list[str] = []
        self.daily = DailyPurge(
            database=self.database,
            campaign=CAMPAIGN,
            key=KEY,
            clock=conversation.clock,
            also=lambda: self.begun.append("begun"),
            holds=holds,
            told=self._tell,
        )

    async def _tell(self) -> datetime | None:
        return self.said

    @property
    def now(self) -> datetime:
        return self.conversation.clock.now()

    async def day(self, moment: datetime) -> None:
        """Another day begins by the clock."""
        self.conversation.clock.move(moment)
        await self.daily.beat()

    async def has_purged(self) -> bool:
        async with self.database.read() as tx:
            return await db.purges.last(tx) == self.now and not await db.purges.is_held(tx)

    async def is_held(self) -> bool:
        async with self.database.read() as tx:
            return await db.purges.is_held(tx)

    async def people(self) -> int:
        return len(await rows(self.conversation, people))


@asynccontextmanager
async def holding(database: Database, *, holds: bool = True) -> AsyncIterator[Holding]:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    found = Holding(conversation, holds=holds)
    working = asyncio.create_task(found.daily.run())
    yield found
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_clock_that_leaps_erases_nothing_until_somebody_has_purged_by_hand(
    database: Database,
) -> None:
    """A month ahead, where nobody tells what time it is: the bot's server is on the same machine, say."""
    async with holding(database) as held:
        await held.daily.beat()
        await until(held.has_purged, "of nobody nothing is erased too early")
        await held.conversation.person(7).send("/start")
        with capture_logs() as said:
            await held.day(held.now + timedelta(days=30))
            await until(held.is_held, "it is remembered that nothing is erased")
        assert [each["event"] for each in said] == ["purge_held"]
        assert (held.begun, await held.people()) == (["begun"], 1)
        await purge(database, CAMPAIGN, key=KEY, actor="command line", now=held.now)
        assert await held.people() == 0
        await held.day(held.now + DAY)
        await until(held.has_purged, "each day erases again")


async def test_a_clock_that_is_meant_to_be_moved_holds_nothing(database: Database) -> None:
    async with holding(database, holds=False) as moved:
        await moved.daily.beat()
        await until(moved.has_purged, "the first day")
        await moved.conversation.person(7).send("/start")
        await moved.day(moved.now + timedelta(days=30))
        await until(moved.has_purged, "everything that is due by then is erased")
        assert await moved.people() == 0


async def test_telegrams_clock_holds_what_a_wrong_one_would_erase_and_lets_a_right_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the first time that anything is erased of a database that an older version filled."""
    monkeypatch.setattr("bot.beats.HELD_AGAIN_SECONDS", 0.05)
    async with holding(database) as held:
        await held.conversation.person(7).send("/start")
        right = held.now
        held.said = right
        await held.day(right + timedelta(days=8))
        await until(held.is_held, "nothing is erased by a clock that is ahead of Telegram’s")
        assert await held.people() == 1
        held.said = held.now
        await until(
            held.has_purged, "where both say the same, what is due is erased however long the bot stood still"
        )
        assert await held.people() == 0


async def test_an_older_database_is_held_until_something_tells_that_the_clock_is_right(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.beats.HELD_AGAIN_SECONDS", 0.05)
    async with holding(database) as held:
        await held.conversation.person(7).send("/start")
        await held.day(held.now + timedelta(days=8))
        await until(held.is_held, "there is nothing to compare the clock with")
        assert await held.people() == 1
        held.said = held.now
        await until(held.has_purged, "Telegram answers again")
        assert await held.people() == 0
