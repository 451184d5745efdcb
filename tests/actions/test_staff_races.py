"""Two people act against each other at the same moment: who was first decides, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.staff
from bot.actions import admissions, staff, staff_links
from bot.actions.approvals import ApprovalGone
from bot.actions.authority import Author
from bot.actions.staff_links import LinkRevoked
from bot.errors import NotAllowed
from bot.rules.permissions import Role
from db.engine import Database
from tests.acting import NOW, author_in
from tests.bots import until
from tests.locks import somebody_waits

NADIA, OLGA, NEWCOMER = 1, 2, 3
Act = Callable[[AsyncConnection], Awaitable[object]]


@pytest.fixture
async def admins(database: Database) -> None:
    async with database.write() as tx:
        for telegram_id in (NADIA, OLGA):
            await db.people.create(tx, telegram_id=telegram_id, pseudonym=str(telegram_id), now=NOW)
            await staff.add(tx, telegram_id=telegram_id, role=Role.ADMIN, area="FR", actor="test", now=NOW)


async def author(database: Database, telegram_id: int) -> Author:
    """As a handler knows them, before anybody else acts."""
    async with database.read() as tx:
        person = await db.people.find(tx, telegram_id)
        assert person is not None
        return await author_in(tx, person)


async def role_of(database: Database, telegram_id: int) -> int:
    async with database.read() as tx:
        (held,) = await db.staff.roles_of(tx, telegram_id)
        return held.id


async def meanwhile(database: Database, first: Act, second: Act) -> None:
    """The second begins before the first is committed, and ends after it. Raises what the second raises."""

    async def run() -> None:
        async with database.write() as tx:
            await second(tx)

    async with database.write() as tx:
        await first(tx)
        task = asyncio.create_task(run())
        if database.dialect == "postgresql":
            await until(lambda: waits(tx, task), "the second waits for the first")
    await task


async def waits(tx: AsyncConnection, task: asyncio.Task[None]) -> bool:
    """What does not wait may end: then what comes of it shows that it should have."""
    return task.done() or await somebody_waits(tx)


async def test_two_admins_revoke_each_other_at_once(database: Database, admins: None) -> None:
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    hers, mine = await role_of(database, OLGA), await role_of(database, NADIA)
    with pytest.raises(NotAllowed):
        await meanwhile(
            database, lambda tx: staff.revoke(tx, nadia, hers), lambda tx: staff.revoke(tx, olga, mine)
        )
    async with database.read() as tx:
        assert [held.telegram_id for held in await db.staff.all_current(tx)] == [NADIA]


async def test_the_last_two_cannot_both_leave(database: Database, admins: None) -> None:
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    hers, mine = await role_of(database, OLGA), await role_of(database, NADIA)
    with pytest.raises(staff.LastAdmin):
        await meanwhile(
            database, lambda tx: staff.revoke(tx, nadia, mine), lambda tx: staff.revoke(tx, olga, hers)
        )


async def test_an_invitation_used_while_its_author_is_revoked(database: Database, admins: None) -> None:
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    async with database.write() as tx:
        token = await staff_links.invite(tx, olga, role=Role.COORDINATOR, area="FR")
    hers = await role_of(database, OLGA)
    later = NOW + timedelta(minutes=1)
    with pytest.raises(LinkRevoked):
        await meanwhile(
            database,
            lambda tx: staff.revoke(tx, nadia, hers),
            lambda tx: staff_links.join(tx, telegram_id=NEWCOMER, token=token, now=later),
        )
    async with database.read() as tx:
        assert await db.staff.roles_of(tx, NEWCOMER) == ()


async def test_an_invitation_made_while_its_author_is_revoked(database: Database, admins: None) -> None:
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    hers = await role_of(database, OLGA)
    with pytest.raises(NotAllowed):
        await meanwhile(
            database,
            lambda tx: staff.revoke(tx, nadia, hers),
            lambda tx: staff_links.invite(tx, olga, role=Role.ADMIN, area="FR"),
        )


async def test_a_second_admin_agrees_while_the_first_is_revoked(database: Database, admins: None) -> None:
    """The yes waits for the removal, and then finds that nobody asks any more."""
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=NEWCOMER, pseudonym="newcomer", now=NOW)
        token = await staff_links.invite(tx, olga, role=Role.ADMIN, area="FR")
        joined = await staff_links.join(tx, telegram_id=NEWCOMER, token=token, now=NOW)
    assert joined.waits
    hers = await role_of(database, OLGA)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            database,
            lambda tx: staff.revoke(tx, nadia, hers),
            lambda tx: admissions.decide(tx, nadia, 1, granted=True),
        )
    async with database.read() as tx:
        assert await db.staff.roles_of(tx, NEWCOMER) == ()


async def test_a_second_admin_who_is_revoked_while_they_agree(database: Database, admins: None) -> None:
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    async with database.write() as tx:
        token = await staff_links.invite(tx, olga, role=Role.ADMIN, area="FR")
        await staff_links.join(tx, telegram_id=NEWCOMER, token=token, now=NOW)
    mine = await role_of(database, NADIA)
    with pytest.raises(NotAllowed):
        await meanwhile(
            database,
            lambda tx: staff.revoke(tx, olga, mine),
            lambda tx: admissions.decide(tx, nadia, 1, granted=True),
        )


async def test_two_admins_decide_at_once(database: Database, admins: None) -> None:
    third = 4
    nadia, olga = await author(database, NADIA), await author(database, OLGA)
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=third, pseudonym="third", now=NOW)
        await staff.add(tx, telegram_id=third, role=Role.ADMIN, area="FR", actor="test", now=NOW)
        token = await staff_links.invite(tx, olga, role=Role.ADMIN, area="FR")
        await staff_links.join(tx, telegram_id=NEWCOMER, token=token, now=NOW)
    other = await author(database, third)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            database,
            lambda tx: admissions.decide(tx, nadia, 1, granted=False),
            lambda tx: admissions.decide(tx, other, 1, granted=True),
        )
    async with database.read() as tx:
        assert await db.staff.roles_of(tx, NEWCOMER) == ()
