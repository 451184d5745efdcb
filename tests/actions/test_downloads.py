"""One-time links: for one person, once, within the hour, as long as the role is held; each use is in the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

import db.erasing
from bot import communes
from bot.actions import audit, downloads, retention, staff, staff_links
from bot.actions.authority import Author, author_of
from bot.actions.downloads import DownloadLinkDead
from bot.actions.exports import Order
from bot.errors import NotAllowed
from bot.rules.permissions import Role
from db import people
from db.engine import Database
from db.exports import Selection
from db.schema import audit as audit_rows
from db.schema import downloads as rows
from tests.conversation import CAMPAIGN, paris
from tests.exported import KEY

NOW = paris("2016-11-16T10:00")
HOUR = timedelta(hours=1)
ORDER = Order(table="responses", format="csv", selection=Selection(area="69", ballot=1))
# What is kept of it: for whom people are known by name there.
KEPT = replace(ORDER, selection=replace(ORDER.selection, known_in=("69",)))


@pytest.fixture
async def karim(database: Database) -> Author:
    """The coordinator of the Rhône."""
    async with database.write() as tx:
        await people.create(tx, telegram_id=2, pseudonym="k", now=NOW)
        await staff.add(
            tx, telegram_id=2, role=Role.COORDINATOR, area="69", actor=audit.COMMAND_LINE, now=NOW
        )
    return await author(database)


async def author(database: Database) -> Author:
    async with database.read() as tx:
        person = await people.find(tx, 2)
        assert person is not None
        return await author_of(tx, person, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)


async def offered(database: Database, karim: Author) -> str:
    async with database.write() as tx:
        return await downloads.offer(tx, karim, ORDER, "fr")


async def use(database: Database, token: str, *, at: datetime = NOW) -> Order:
    async with database.write() as tx:
        _, order = await downloads.use(tx, token, campaign=CAMPAIGN, gazetteer=communes.load(), now=at)
    return order


async def look(database: Database, token: str, *, at: datetime = NOW) -> str:
    async with database.read() as tx:
        found = await downloads.look(tx, token, campaign=CAMPAIGN, gazetteer=communes.load(), now=at)
    return found.language


async def test_a_link_gives_its_export_once_and_is_noted(database: Database, karim: Author) -> None:
    token = await offered(database, karim)
    assert [await look(database, token) for _ in range(3)] == ["fr"] * 3  # looking does not use it up
    assert await use(database, token) == KEPT
    with pytest.raises(DownloadLinkDead):
        await use(database, token)
    with pytest.raises(DownloadLinkDead):
        await look(database, token)
    async with database.read() as tx:
        noted = (await tx.execute(sa.select(audit_rows).order_by(audit_rows.c.id))).all()
        assert (await audit.verify(tx)).faults == ()
    assert [row.action for row in noted] == ["add_staff", "export_responses"]
    assert (noted[-1].actor, len(noted[-1].details["downloaded"])) == ("staff:2", 12)


async def test_only_a_hash_is_kept(database: Database, karim: Author) -> None:
    token = await offered(database, karim)
    async with database.read() as tx:
        kept = str((await tx.execute(sa.select(rows))).all())
        log = str((await tx.execute(sa.select(audit_rows))).all())
    assert token not in kept + log
    assert staff_links.hash_of(token) in kept


async def test_of_many_who_use_it_at_once_one_wins(database: Database, karim: Author) -> None:
    token = await offered(database, karim)
    results = await asyncio.gather(*(use(database, token) for _ in range(8)), return_exceptions=True)
    assert [result for result in results if isinstance(result, Order)] == [KEPT]
    assert all(isinstance(result, Order | DownloadLinkDead) for result in results)


async def test_a_link_expires(database: Database, karim: Author) -> None:
    token = await offered(database, karim)
    with pytest.raises(DownloadLinkDead):
        await use(database, token, at=NOW + HOUR)
    await use(database, token, at=NOW + HOUR - timedelta(seconds=1))


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "é" * 9])
async def test_a_guess_gives_nothing(database: Database, karim: Author, token: str) -> None:
    await offered(database, karim)
    with pytest.raises(DownloadLinkDead):
        await use(database, token)


async def test_whoever_loses_the_role_or_is_erased_loses_the_link(database: Database, karim: Author) -> None:
    token, other = await offered(database, karim), await offered(database, karim)
    async with database.write() as tx:
        await tx.execute(sa.text("UPDATE staff SET area = '75'"))  # the same person, elsewhere
    with pytest.raises(DownloadLinkDead):
        await use(database, token)
    async with database.write() as tx:
        await db.erasing.erase_roles(tx, 2)
    with pytest.raises(DownloadLinkDead):
        await use(database, other)
    async with database.read() as tx:
        assert (await tx.execute(sa.select(rows))).first() is None


async def test_no_link_beyond_the_area(database: Database, karim: Author) -> None:
    for area in ("75", "R84", "FR"):
        async with database.write() as tx:
            with pytest.raises(NotAllowed):
                await downloads.offer(tx, karim, replace(ORDER, selection=Selection(area=area)), "fr")


async def test_expired_links_are_forgotten(database: Database, karim: Author) -> None:
    """When another one is made, and every day."""
    await offered(database, karim)
    later = replace(karim, now=NOW + 2 * HOUR)
    async with database.write() as tx:
        await downloads.offer(tx, later, ORDER, "fr")
        assert len((await tx.execute(sa.select(rows))).all()) == 1
    erased = await retention.purge(database, CAMPAIGN, key=KEY, actor="test", now=NOW + 4 * HOUR)
    assert erased["expired download links"] == 1
