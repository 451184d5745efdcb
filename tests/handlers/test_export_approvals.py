"""An export of the whole campaign, or of much of it, waits for a second admin; one of an area, of an event, or of the
log does not.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.broadcasts
from bot.rules.permissions import Role
from db.schema import approvals, people, staff
from tests.campaigning import named, revoke, rows
from tests.conversation import Conversation, Talker
from tests.handlers.test_exports import actions_noted
from tests.handlers.test_staff_authority import admin
from tests.leaving import let_leave

WAITS = "A second administrator has to agree"


@pytest.fixture
async def nadia(conversation: Conversation) -> Talker:
    await conversation.person(10).sign_up("Lyon")
    return await admin(conversation, 1)


@pytest.fixture
async def olga(conversation: Conversation, nadia: Talker) -> Talker:
    return await admin(conversation, 2)


async def asked(talker: Talker, table: str = "Answers") -> None:
    await talker.send("/export")
    await talker.tap(table)
    await talker.tap("CSV")


async def test_a_second_admin_agrees_before_the_file_is_made(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await asked(nadia)
    assert WAITS in nadia.last.text
    assert nadia.called("sendDocument") == []
    await let_leave(conversation, nadia, olga)
    assert 'user?id=1"' in olga.last.text
    assert "Answers, the whole campaign, as CSV" in olga.last.text
    assert "7 rows" in olga.last.text
    await olga.tap("Agree")
    assert "You agreed to an export (Answers, the whole campaign)" in olga.last.text
    assert olga.called("sendDocument") == []
    await let_leave(conversation, nadia)
    await nadia.tap("Fetch the file")
    (document,) = nadia.called("sendDocument")
    assert document.produce_arguments["area"] == "FR"
    assert (await actions_noted(conversation))[-3:] == [
        "ask_for_export",
        "approve_export",
        "export_responses",
    ]
    # It serves once.
    await nadia.tap_data("1:export_fetch:1")
    assert nadia.called("sendDocument") == []
    assert "fetched" in nadia.last.text


async def test_a_refusal_is_told_and_gives_nothing(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await asked(nadia)
    await let_leave(conversation, olga)
    await olga.tap("Refuse")
    await let_leave(conversation, nadia)
    assert "refused your export" in nadia.last.text
    await nadia.tap_data("1:export_fetch:1")
    assert nadia.called("sendDocument") == []


async def test_a_coordinator_of_everything_asks_an_admin(conversation: Conversation, nadia: Talker) -> None:
    karim = await named(conversation, 3, Role.COORDINATOR)
    await asked(karim)
    assert WAITS in karim.last.text
    await karim.tap_data("1:export_decide:1:yes")
    assert "Another administrator has to decide this" in karim.last.text
    await let_leave(conversation, nadia)
    await nadia.tap("Agree")
    await let_leave(conversation, karim)
    await karim.tap("Fetch the file")
    assert len(karim.called("sendDocument")) == 1


async def test_what_needs_nobody_else(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    """The log, so that an admin who suspects another need not ask them; an area; one event."""
    await asked(nadia, "Log of the team")
    assert len(nadia.called("sendDocument")) == 1
    local = await named(conversation, 3, Role.COORDINATOR, "69")
    await asked(local)
    assert len(local.called("sendDocument")) == 1
    event = await conversation.add_event("aaaa1111")
    assert event
    await conversation.person(10).tap_data("1:rsvp:aaaa1111:yes")
    await nadia.tap_data("1:export:FR:attendance:all:eaaaa1111:csv")
    assert len(nadia.called("sendDocument")) == 1


async def test_what_everybody_got_who_was_invited_to_an_event_is_the_whole_campaign(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    event = await conversation.add_event("aaaa1111")
    async with conversation.database.write() as tx:
        values = {
            "key": "event:1:invite",
            "kind": "event_invite",
            "event": event,
            "audience": {},
            "area": "FR",
            "state": "active",
        }
        number = await db.broadcasts.create(
            tx,
            {**values, "starts_at": conversation.clock.now(), "created_at": conversation.clock.now()},
            {},
            (),
        )
        assert number is not None
        now = conversation.clock.now()
        await db.broadcasts.queue_deliveries(
            tx, broadcast=number, people=sa.select(people.c.id), due_at=now, expires_at=None, now=now
        )
    await nadia.tap_data("1:export:FR:deliveries:all:eaaaa1111:csv")
    assert WAITS in nadia.last.text


async def test_a_region_or_many_pieces_of_the_campaign_wait_too(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await nadia.tap_data("1:export:R84:responses:all:-:csv")
    assert WAITS in nadia.last.text
    await let_leave(conversation, olga)
    assert "Answers, Auvergne-Rhône-Alpes, as CSV" in olga.last.text
    for number in range(11, 15):  # somebody lives there
        await conversation.person(number).sign_up(("Marseille", "Lille", "Lyon", "Bordeaux")[number - 11])
    for area in ("69", "13", "13", "59"):
        await nadia.tap_data(f"1:export:{area}:responses:all:-:csv")
        assert len(nadia.called("sendDocument")) == 1
    await nadia.tap_data("1:export:33:responses:all:-:csv")
    assert WAITS in nadia.last.text
    conversation.clock.move(conversation.clock.now() + timedelta(days=8))
    await nadia.tap_data("1:export:33:responses:all:-:csv")
    assert len(nadia.called("sendDocument")) == 1


async def test_whoever_gave_the_asker_their_role_is_asked_where_there_is_nobody_else(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    """It may be the same person with another number."""
    puppet = await named(conversation, 3, Role.COORDINATOR)
    maker = await nadia.stored()
    assert maker is not None
    async with conversation.database.write() as tx:
        theirs = sa.update(staff).where(staff.c.telegram_id == 3)
        await tx.execute(theirs.values(added_by=maker.id))
    await asked(puppet)
    await let_leave(conversation, nadia, olga)
    await nadia.tap_data("1:export_decide:1:yes")
    assert "Another administrator has to decide this" in nadia.last.text
    await olga.tap("Agree")
    await let_leave(conversation, puppet)
    await puppet.tap("Fetch the file")
    assert len(puppet.called("sendDocument")) == 1


async def test_whoever_was_asked_agrees_though_an_admin_joined_since(
    conversation: Conversation, nadia: Talker
) -> None:
    """Nobody else was there to ask; whoever joins may too, and takes nothing from them."""
    puppet = await named(conversation, 3, Role.COORDINATOR)
    maker = await nadia.stored()
    assert maker is not None
    async with conversation.database.write() as tx:
        theirs = sa.update(staff).where(staff.c.telegram_id == 3)
        await tx.execute(theirs.values(added_by=maker.id))
    await asked(puppet)
    await let_leave(conversation, nadia)
    await named(conversation, 4, Role.ADMIN)
    await nadia.tap("Agree")
    await let_leave(conversation, puppet)
    assert "Fetch the file" in puppet.last.buttons


async def test_alone_an_admin_exports_alone(conversation: Conversation, nadia: Talker) -> None:
    await asked(nadia)
    assert len(nadia.called("sendDocument")) == 1


async def test_asking_twice_asks_once(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    await asked(nadia)
    await asked(nadia)
    assert WAITS in nadia.last.text
    assert len(await rows(conversation, approvals)) == 1


@pytest.mark.parametrize("when", ["before the yes", "before the file"])
async def test_who_lost_the_role_gets_no_file(
    conversation: Conversation, nadia: Talker, olga: Talker, when: str
) -> None:
    await asked(nadia)
    await let_leave(conversation, olga)
    if when == "before the yes":
        await revoke(conversation, 1)
        await olga.tap("Agree")
        assert "decided, fetched or taken back" in olga.last.text
    else:
        await olga.tap("Agree")
        await let_leave(conversation, nadia)
        await revoke(conversation, 1)
        await nadia.tap("Fetch the file")
    assert nadia.called("sendDocument") == []


async def test_nobody_fetches_what_another_asked_for(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await asked(nadia)
    await let_leave(conversation, olga)
    await olga.tap("Agree")
    await olga.tap_data("1:export_fetch:1")
    assert olga.called("sendDocument") == []


async def test_what_was_granted_is_fetched_within_a_day(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await asked(nadia)
    await let_leave(conversation, olga)
    await olga.tap("Agree")
    conversation.clock.move(conversation.clock.now() + timedelta(hours=24))
    await nadia.tap_data("1:export_fetch:1")
    assert nadia.called("sendDocument") == []
