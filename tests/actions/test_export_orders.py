"""Exports ordered in the chat: checked against role and area, and noted in the audit log."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

import db.people
import db.staff
from bot import communes
from bot.actions import audit, export_orders
from bot.actions.authority import Author, author_of
from bot.actions.exports import Order
from bot.errors import NotAllowed
from bot.rules.permissions import Role, Staff
from db.engine import Database
from db.exports import Selection
from db.schema import audit as audit_rows
from tests.conversation import CAMPAIGN
from tests.exported import NOON, tell


@pytest.fixture
async def told(database: Database) -> Database:
    return await tell(database)


RESPONSES = Order(table="responses", format="csv", selection=Selection(area="69"))
COORDINATOR = Staff(id=1, role=Role.COORDINATOR, area="69")


async def author_with(database: Database, role: Staff) -> Author:
    async with database.write() as tx:
        person = await db.people.get(tx, 1)
        assert person is not None
        given = {"role": role.role, "area": role.area, "added_by": None}
        await db.staff.add(tx, telegram_id=person.telegram_id, now=NOON, **given)
        return await author_of(tx, person, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOON)


async def test_an_export_in_the_chat_is_checked_and_noted(told: Database) -> None:
    author = await author_with(told, COORDINATOR)
    async with told.write() as tx:
        ordered = await export_orders.order(tx, author, RESPONSES)
    # A row of who agreed to be known; two others are too few to count.
    assert (ordered.rows, ordered.waits) == (1, False)
    async with told.read() as tx:
        (noted,) = (await tx.execute(sa.select(audit_rows))).all()
        assert (await audit.verify(tx)).faults == ()
    assert (noted.actor, noted.action, noted.details["area"]) == ("staff:1001", "export_responses", "69")
    assert Order.from_details(noted.details) == replace(
        RESPONSES, selection=replace(RESPONSES.selection, known_in=("69",))
    )


REFUSED = {
    "another département": (COORDINATOR, replace(RESPONSES, selection=Selection(area="75"))),
    "everywhere": (COORDINATOR, replace(RESPONSES, selection=Selection())),
    "the audit log": (COORDINATOR, replace(RESPONSES, table="audit")),
    "the audit log, by an admin of one area": (
        replace(COORDINATOR, role=Role.ADMIN),
        replace(RESPONSES, table="audit"),
    ),
    "an organizer": (replace(COORDINATOR, role=Role.ORGANIZER), RESPONSES),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_export_beyond_role_or_area_is_refused(told: Database, name: str) -> None:
    staff, order = REFUSED[name]
    author = await author_with(told, staff)
    async with told.write() as tx:
        with pytest.raises(NotAllowed):
            await export_orders.order(tx, author, order)
    async with told.read() as tx:
        assert (await tx.execute(sa.select(audit_rows))).first() is None
