"""What takes long to count is counted by the process that makes pages: the same as here, and told by one ledger."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

import db.people
from bot.actions import audiences, forecasts, told_forecasts
from bot.actions.authority import Author, author_of
from bot.actions.forecasts import PlannedSending
from bot.apart.counts import CountsApart
from bot.rules.expressions import EVERYBODY, All, Expression, Not
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Action
from bot.rules.sending import SendingTime, all_at
from db.audiences import Target
from db.engine import Database
from db.errors import NotCounted
from db.long_counts import CountsHere
from db.rolls import Rolls
from db.schema import people
from db.waiting import nobody_waits
from tests.apart.counted import broken, is_waited_for, whose
from tests.apart.test_pages import SOPHIE, Apart, apart, somebody
from tests.bots import until
from tests.campaigning import staff, supporter
from tests.conversation import paris
from tests.web.browsing import signed_in


def number(said: Any) -> int:
    assert isinstance(said, int)
    return said


def counts_of(found: Apart) -> CountsApart:
    return CountsApart(found.pages, found.conversation.database, found.conversation.services.campaign)


async def asking(found: Apart) -> Author:
    conversation = found.conversation
    async with conversation.database.read() as tx:
        sophie = await db.people.find(tx, SOPHIE)
        assert sophie is not None
        services = conversation.services
        return await author_of(
            tx,
            sophie,
            campaign=services.campaign,
            gazetteer=services.gazetteer,
            now=conversation.clock.now(),
        )


async def test_while_there_is_a_process_for_pages_it_counts(sqlite_database: Database) -> None:
    async with apart(sqlite_database) as found:
        counts = counts_of(found)
        assert await counts.made(whose, number) == os.getpid()
        await somebody(found)
        process = await found.process()
        assert await counts.made(whose, number) == process.pid
        assert process.pages == 0


async def test_what_fails_there_fails_here_and_the_next_count_works(sqlite_database: Database) -> None:
    async with apart(sqlite_database) as found:
        await somebody(found)
        process, counts = await found.process(), counts_of(found)
        with capture_logs() as told, pytest.raises(ZeroDivisionError):
            await counts.made(broken, number)
        assert [each["event"] for each in told] == ["count_lost"]
        assert await counts.made(whose, number) == process.pid


async def test_a_count_whose_process_is_killed_is_made_here(sqlite_database: Database) -> None:
    async with apart(sqlite_database) as found:
        await somebody(found)
        process = await found.process()
        os.kill(process.pid, signal.SIGSTOP)
        counting = asyncio.create_task(counts_of(found).made(whose, number))

        async def is_asked() -> bool:
            return process.pages == 1

        await until(is_asked, "it is asked")
        os.kill(process.pid, signal.SIGKILL)
        assert await counting == os.getpid()


async def test_what_nobody_waits_for_is_told_so_there_and_never_counted_here(
    sqlite_database: Database,
) -> None:
    async with apart(sqlite_database) as found:
        await somebody(found)
        await found.process()
        counts = counts_of(found)
        assert await counts.made(is_waited_for, bool) is True
        with nobody_waits():
            assert await counts.made(is_waited_for, bool) is False
            with pytest.raises(NotCounted):
                await counts.made(broken, number)


LYON: Expression = read_leaf("in:69123")
WHOM = (EVERYBODY, LYON, All((LYON, Not(read_leaf("volunteer")))), read_leaf("near:69123:20"))
MORNING = paris("2016-11-16T10:00")
WHEN = (
    all_at(MORNING),
    SendingTime(at=MORNING, local=True),
    all_at(paris("2016-11-17T03:00")),  # too early for all
    all_at(paris("2016-11-20T12:00")),  # the day of the vote
)


@pytest.mark.parametrize("area", ["69", "FR"])
async def test_a_forecast_is_the_same_and_blurred_by_who_asked(database: Database, area: str) -> None:
    """On both engines: to whom, when and of which kind; in exact numbers and in those of staff of an area."""
    async with apart(database) as found:
        conversation = found.conversation
        for each in range(30):
            await supporter(conversation, 100 + each, "69123", language="fr", volunteer=each < 5)
        async with database.write() as tx:
            some = sa.select(people.c.id).order_by(people.c.id).limit(4)
            gone = {"unreachable_at": MORNING - timedelta(days=1)}
            await tx.execute(sa.update(people).where(people.c.id.in_(some)).values(**gone))
            await tx.execute(sa.update(people).where(people.c.telegram_id > 125).values(mutes_news=True))
        visitor = await signed_in(await staff(conversation, SOPHIE, "coordinator", area), web=found.web)
        await visitor.arrive()
        await found.process()
        author, here, there = await asking(found), Rolls(database), Rolls(database)
        there.counts, there.told = counts_of(found), here.told
        shown = set()
        for audience in WHOM:
            async with database.read() as tx:
                meant = await audiences.target_of(tx, author, audience, author.areas(Action.BROADCAST))
            for when in WHEN:
                sending = PlannedSending(kind=Kind.PERSUASION, when=when)
                exact = await exact_here_and_there(found, meant, sending, author)
                told = [
                    await told_forecasts.forecast_now(
                        rolls, meant, sending, author.campaign, author.reader, now=author.now
                    )
                    for rolls in (there, here)
                ]
                assert told[0] == told[1]
                shown.add(told[0] == exact)
        # Staff of an area are told other numbers than those that came back.
        assert shown == {area == "FR"}


async def exact_here_and_there(
    found: Apart, meant: Target, sending: PlannedSending, author: Author
) -> forecasts.Forecast:
    count = partial(
        forecasts.forecast,
        target=meant,
        sending=sending,
        campaign=author.campaign,
        reader=author.reader,
        now=author.now,
    )
    read = told_forecasts.read_forecast
    there = await counts_of(found).made(count, read)
    assert there == await CountsHere(found.conversation.database).made(count, read)
    return there
