"""What the bot does by itself beside sending: the purge of each day, and a look at who agreed to another text."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from bot.actions.renewals import FACT, consent_texts
from bot.ticking import DailyPurge, Renewals
from db.engine import Database
from db.facts import get_fact
from db.schema import consents, people
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, paris, services
from tests.exported import KEY
from tests.story import until


async def test_the_purge_of_a_day_runs_beside_the_ticks(sqlite_database: Database) -> None:
    """The beat returns at once; the work is done by another task, once a day."""
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    await conversation.person(7).send("/start")
    removed: list[str] = []
    daily = DailyPurge(
        database=sqlite_database,
        campaign=CAMPAIGN,
        key=KEY,
        clock=conversation.clock,
        also=lambda: removed.append("unfinished copies"),
    )
    working = asyncio.create_task(daily.run())
    await daily.beat()
    conversation.clock.move(conversation.clock.now() + timedelta(days=8))
    await daily.beat()

    async def is_erased() -> bool:
        return await rows(conversation, people) == []

    await until(is_erased, "the sign-up that was left in the middle is erased")
    assert "unfinished copies" in removed
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_texts_are_compared_piece_by_piece_until_all_were(sqlite_database: Database) -> None:
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    zoe = conversation.person(7)
    await zoe.sign_up()
    async with sqlite_database.write() as tx:
        older = sa.update(consents).where(consents.c.purpose == "team")
        await tx.execute(older.values(text_hash="0" * 64))
    woken: list[bool] = []
    renewals = Renewals(
        database=sqlite_database,
        texts=consent_texts(services().texts),
        clock=conversation.clock,
        queued=lambda: woken.append(True),
    )
    for _ in range(3):
        await renewals.beat()
    assert woken == [True], "Once all were looked at, nothing is left to do."
    person = await zoe.stored()
    assert person is not None
    assert (person.renew_team, person.consent_team, person.consent_contact) == (True, False, True)
    async with sqlite_database.read() as tx:
        fact = await get_fact(tx, FACT)
    assert (fact["next"], fact["changed"]) == (None, 1)
