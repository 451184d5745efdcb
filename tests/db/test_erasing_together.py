"""Erasing beside what the same person does at that moment: two transactions, on PostgreSQL really at once."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.erasing
import db.feedback
import db.people
from bot.actions import audit, broadcasts, erasure, opt_outs
from bot.actions.registration import decide_consent
from bot.actions.responses import Origin
from db.engine import Database
from db.erasing import Sealing, erase_people
from db.schema import consents, deliveries, event_figures, people, responses
from tests.actions.test_broadcasts import NEWS, NOW, author, supporters
from tests.conversation import services
from tests.db.test_what_people_said import event as over
from tests.locks import somebody_waits

SEALING = Sealing(key=services().suppression_key, today=NOW.date(), keeps_proof=True)
ZOE = 1000


async def until_it_waits(database: Database) -> None:
    """Until some transaction waits for what another one holds."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as tx:
                if await somebody_waits(tx):
                    return
            await asyncio.sleep(0)


async def test_what_is_said_beside_an_erasure_goes_with_it(postgresql_database: Database) -> None:
    """The Mini App beside the chat: the tap was not committed when /delete began."""
    async with postgresql_database.write() as tx:
        await supporters(tx, 1)
        await tx.execute(sa.update(people).values(registered_at=NOW, commune="69123"))

    async def delete() -> None:
        async with postgresql_database.write() as tx:
            person = await db.people.find(tx, ZOE)
            assert person is not None
            await erasure.erase(tx, person, SEALING, NOW)

    async with postgresql_database.write() as tapping:
        person = await db.people.find(tapping, ZOE)
        assert person is not None
        origin = Origin(update_id=None, message_id=None, at=NOW)
        await decide_consent(
            tapping, person, origin, purpose="team", given=True, language="fr", text="May we?"
        )
        deleting = asyncio.create_task(delete())
        await until_it_waits(postgresql_database)
    await deleting
    async with postgresql_database.read() as tx:
        left = [each.pseudonym for each in await tx.execute(sa.select(consents))]
        assert left == [db.erasing.SEALED]
        assert await tx.scalar(sa.select(sa.func.count()).select_from(people)) == 0
        assert await tx.scalar(sa.select(sa.func.count()).select_from(responses)) == 0


async def test_who_comes_back_while_the_purge_is_at_them_is_erased_whole_or_not_at_all(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgresql_database
    async with database.write() as tx:
        organizer = await author(tx, 7, "admin")
        await supporters(tx, 1)
        await broadcasts.send(tx, organizer, NEWS)
        await tx.execute(sa.update(people).values(consent_keep=False))
        zoe = await tx.scalar(sa.select(people.c.id).where(people.c.telegram_id == ZOE))
    cut, coming_back = db.erasing._cut_deliveries, []

    async def keep_me() -> None:
        async with database.write() as tx:
            await db.people.change(tx, zoe, consent_keep=True)

    async def cut_and_meanwhile(
        tx: sa.ext.asyncio.AsyncConnection, condition: sa.ColumnElement[bool]
    ) -> None:
        await cut(tx, condition)
        coming_back.append(asyncio.create_task(keep_me()))
        await until_it_waits(database)  # on what is held here; unheld it would be in force at once

    monkeypatch.setattr(db.erasing, "_cut_deliveries", cut_and_meanwhile)
    async with database.write() as tx:
        doomed = sa.and_(people.c.telegram_id == ZOE, ~people.c.consent_keep)
        assert await erase_people(tx, doomed, SEALING) == 1
    await asyncio.gather(*coming_back)
    async with database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).where(people.c.id == zoe)) == 0
        assert await tx.scalar(sa.select(sa.func.count()).where(deliveries.c.person == zoe)) == 0


async def test_a_list_of_people_to_forget_and_the_purge_never_wait_for_each_other_in_a_circle(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list names them in another order than the purge takes them in, and is longer than one statement."""
    database = postgresql_database
    async with database.write() as tx:
        moments = {"created_at": NOW, "seen_at": NOW}
        rows = [{"telegram_id": number, "pseudonym": str(number), **moments} for number in (1, 2)]
        ids = [await tx.scalar(sa.insert(people).values(row).returning(people.c.id)) for row in rows]
    monkeypatch.setattr("db.opting_out.AT_ONCE", 1)
    purging: list[asyncio.Task[None]] = []

    async def purge() -> None:
        async with database.write() as tx:
            await erase_people(tx, people.c.id.in_(ids), SEALING)

    async def erase_one_and_meanwhile(
        tx: AsyncConnection, condition: sa.ColumnElement[bool], sealing: Sealing
    ) -> int:
        erased = await erase_people(tx, condition, sealing)
        if not purging:
            purging.append(asyncio.create_task(purge()))
            await until_it_waits(database)
        return erased

    monkeypatch.setattr("db.opting_out.erase_people", erase_one_and_meanwhile)
    async with database.write() as tx:
        await opt_outs.import_list(
            tx, [2, 1], key=SEALING.key, digest="ab" * 32, actor=audit.COMMAND_LINE, now=NOW
        )
    await purging[0]
    async with database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(people)) == 0


async def test_two_purges_at_once_keep_the_figures_of_an_event_once(postgresql_database: Database) -> None:
    """`portevoix purge` beside the bot's own."""
    database = postgresql_database
    async with database.write() as tx:
        event = await over(tx, "ab12")
    figures = {event: {("came", ""): 3}}

    async def other() -> None:
        async with database.write() as tx:
            await db.feedback.keep_figures(tx, figures)

    async with database.write() as tx:
        await db.feedback.keep_figures(tx, figures)
        at_once = asyncio.create_task(other())
        await until_it_waits(database)
    await at_once
    async with database.read() as tx:
        assert await tx.scalar(sa.select(sa.func.sum(event_figures.c.people))) == 3
