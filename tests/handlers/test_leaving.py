"""Who leaves: silence at once, and being forgotten."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

import db.staff
import db.suppressions
import db.updates
from bot.rules.suppression import suppression_of
from db import unread
from db.schema import deliveries, responses, unread_updates, updates
from db.unread import Unread
from tests.campaigning import rows, staff
from tests.conversation import Conversation, Talker, services
from tests.handlers.test_privacy import NOW, deliver, ledger


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


# -- stop --
@pytest.mark.parametrize("word", ["/stop", "STOP", "stop!", "Arret", "ARRÊT", "arrêt.", "ARRE\u0302T"])
async def test_stop_is_obeyed_at_once(conversation: Conversation, zoe: Talker, word: str) -> None:
    shown = await zoe.send(word)
    assert "we won’t message you again" in shown.text
    assert "/start" in shown.text
    person = await zoe.stored()
    assert person is not None
    assert (person.state, person.consent_contact) == ("stopped", False)
    assert (await ledger(conversation, person.pseudonym))[-1] == ("contact", False)
    assert (await conversation.answers())[-1] == ("consent", "contact", "no")


async def test_stop_is_obeyed_in_the_middle_of_a_dialog(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.send("STOP")
    # The dialog is over too: a place would not be taken from somebody who left.
    await zoe.send("Nouméa")
    person = await zoe.stored()
    assert person is not None
    assert person.commune == "69123"


async def test_who_stops_while_signing_up_leaves_nothing_behind(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.send("/start")
    await zoe.tap("yes, write to me")
    await zoe.send("stop")
    assert await zoe.stored() is None


async def test_one_comes_back_by_signing_up_again(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/stop")
    await zoe.sign_up("Nouméa")
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    assert person.consent_contact
    given = [choice for choice in await ledger(conversation, person.pseudonym) if choice[0] == "contact"]
    assert given == [("contact", True), ("contact", False), ("contact", True)]


# -- delete --
async def test_deleting_asks_first(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/delete")
    shown = await zoe.tap("No, keep me")
    assert "Nothing was erased" in shown.text
    assert await zoe.stored() is not None
    assert (await conversation.answers())[-1] == ("delete", None, "no")


async def test_deleting_erases_and_gives_a_receipt(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap_data("1:step:1:plan:morning")
    await deliver(conversation, zoe, 500)
    await zoe.send("/delete")
    assert "for 3 years, a mark" in zoe.last.text.replace("\u00a0", " ")
    assert "for 5 years, the sealed proof" in zoe.last.text.replace("\u00a0", " ")
    shown = await zoe.tap("Yes, erase everything")
    assert re.search(
        r"Receipt <code>[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}</code>, 16 November 2016", shown.text
    )
    assert await zoe.stored() is None
    async with conversation.database.read() as tx:
        linked = sa.select(sa.func.count()).where(responses.c.person.is_not(None))
        assert (await tx.execute(linked)).scalar_one() == 0
        sent = (await tx.execute(sa.select(deliveries))).one()
        assert (sent.person, sent.message_id, sent.state) == (None, None, "sent")
        assert await db.suppressions.contains(tx, suppression_of(services().suppression_key, 7))
    assert await conversation.answers() == []
    assert "we have no copy of it" in shown.text
    for told in (
        "What stays:",
        "proof of your choices, until 16 November 2021",
        "what you answered to events, reminders and surveys, in counts of ten or more",
        "until 16 November 2019",
    ):
        assert told in shown.text


async def test_whoever_leaves_the_team_reads_that_its_log_stays(conversation: Conversation) -> None:
    member = await staff(conversation, 8, "organizer", "69")
    await member.send("/delete")
    shown = await member.tap("Yes, erase everything")
    assert "what you did in the team: its log names you by your Telegram ID" in shown.text


async def test_a_stranger_is_promised_no_mark_and_none_is_kept(conversation: Conversation) -> None:
    """Nothing is known of them: no mark for three years, and the question loses its buttons once answered."""
    nobody = conversation.person(7)
    asked = await nobody.send("/delete")
    assert "the number of this chat" in asked.text
    assert "years" not in asked.text
    assert "What stays" not in asked.text
    shown = await nobody.tap("Yes, erase it")
    assert shown is asked
    assert "Nothing about you is kept" in shown.text
    assert (shown.buttons, nobody.toast) == ({}, "")
    assert await nobody.stored() is None
    async with conversation.database.read() as tx:
        assert not await db.suppressions.contains(tx, suppression_of(services().suppression_key, 7))


async def test_a_stranger_may_leave_it(conversation: Conversation) -> None:
    nobody = conversation.person(7)
    await nobody.send("/delete")
    shown = await nobody.tap("No, change nothing")
    assert (shown.text, shown.buttons) == ("Nothing was erased.", {})


async def test_who_left_and_asks_again_reads_what_stays(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    asked = await zoe.send("/delete")
    assert "a mark that keeps you from being imported or invited again, until 16 November 2019" in asked.text
    await zoe.tap("Yes, erase it")
    async with conversation.database.read() as tx:
        assert await db.suppressions.contains(tx, suppression_of(services().suppression_key, 7))


async def test_who_signed_up_since_is_asked_as_a_supporter(conversation: Conversation) -> None:
    person = conversation.person(7)
    asked = await person.send("/delete")
    await person.sign_up()
    await person.tap_data("1:forget:yes", on=asked)
    assert "Yes, erase everything" in asked.buttons
    assert await person.stored() is not None


async def test_a_second_tap_changes_nothing_more(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/delete")
    shown = await zoe.tap("Yes, erase everything")
    receipt = shown.text
    await zoe.tap_data("1:delete:yes", on=shown)
    assert "Nothing about you is kept" in zoe.toast
    assert shown.text == receipt
    assert await zoe.stored() is None


async def test_what_failed_is_erased_with_the_person(conversation: Conversation, zoe: Talker) -> None:
    """An update on which the code failed is kept to find out why, but not beyond its author."""
    body = b'{"update_id": 900, "message": {"from": {"id": 7, "first_name": "Zo\\u00e9"}}}'
    async with conversation.database.write() as tx:
        for number, chat in ((900, 7), (901, 8)):
            await db.updates.store(tx, [db.updates.Received(update_id=number, chat=chat, body=body)], NOW)
        answered = [
            db.updates.AnsweredUpdate(update_id=number, chat=7, replies=[], error="KeyError")
            for number in (900, 901)
        ]
        await db.updates.answer(tx, answered, "process")
        await db.updates.finish(tx, (900, 901), "process")
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    async with conversation.database.read() as tx:
        columns = (updates.c.update_id, updates.c.chat, updates.c.body, updates.c.error)
        rows = (await tx.execute(sa.select(*columns).order_by(updates.c.update_id))).all()
    assert [tuple(row) for row in rows] == [(900, None, None, "KeyError"), (901, 8, body, "KeyError")]


async def test_deleting_ends_the_roles_of_staff_too(conversation: Conversation, zoe: Talker) -> None:
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=7, role="organizer", area="FR", added_by=None, now=conversation.clock.now()
        )
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    async with conversation.database.read() as tx:
        assert await db.staff.roles_of(tx, 7) == ()
        assert await db.staff.all_current(tx) == []
    assert "campaign team" in (await zoe.send("/new_event")).text


async def test_what_could_not_be_read_is_erased_with_its_author(conversation: Conversation) -> None:
    zoe = conversation.person(4711)
    await zoe.sign_up()
    theirs, others = (
        Unread(body=b'{"from":{"id":%d},"text":"Zo' % number, error="JSONDecodeError")
        for number in (4711, 42)
    )
    async with conversation.database.write() as tx:
        await unread.keep(tx, [theirs, others], NOW)
    await zoe.send("/delete")
    await zoe.tap_data("1:delete:yes")
    assert [row.body for row in await rows(conversation, unread_updates)] == [others.body]
