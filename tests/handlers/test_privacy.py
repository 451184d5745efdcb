"""Rights: the notice, why, my data, the four choices, silence, and being forgotten."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.consents
import db.staff
import db.suppressions
import db.updates
from bot.campaign.campaign import load_campaign
from bot.rules.suppression import suppression_of
from db import unread
from db.engine import Database
from db.schema import broadcasts, deliveries, people, responses, unread_updates, updates
from db.unread import Unread
from handlers.privacy import PARTS
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, Talker, paris, services

NOW = paris("2016-11-16T10:00")


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def deliver(
    conversation: Conversation,
    person: Talker,
    message_id: int,
    *,
    sent_at: datetime = NOW,
    audience: Any = None,
    **broadcast: Any,
) -> None:
    """A campaign message that reached the person under this message id."""
    stored = await person.stored()
    assert stored is not None
    values = {
        "key": f"test:{message_id}",
        "kind": "persuasion",
        "audience": audience or {},
        "area": "FR",
        "starts_at": sent_at,
        "created_at": sent_at,
        **broadcast,
    }
    async with conversation.database.write() as tx:
        row = await tx.execute(sa.insert(broadcasts).values(values).returning(broadcasts.c.id))
        delivery = {
            "broadcast": row.scalar_one(),
            "person": stored.id,
            "state": "sent",
            "message_id": message_id,
        }
        times = {"due_at": sent_at, "changed_at": sent_at, "sent_at": sent_at}
        await tx.execute(sa.insert(deliveries).values(**delivery, **times))


async def ledger(conversation: Conversation, pseudonym: str) -> list[tuple[str, bool]]:
    async with conversation.database.read() as tx:
        return [(row.purpose, row.given) for row in await db.consents.of_person(tx, pseudonym)]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/privacy", "Your data, in short"),
        ("/why", "We have no record of any message"),
        ("/mydata", "Nothing else."),
        ("/stop", "we won’t message you again"),
        ("/delete", "Erase the number of this chat?"),
    ],
)
async def test_rights_are_for_everybody(conversation: Conversation, command: str, said: str) -> None:
    nobody = conversation.person(7)
    await nobody.send(command)
    assert any(said in shown.text for shown in nobody.screen)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_notice_says_what_the_law_asks(conversation: Conversation, language: str) -> None:
    person = conversation.person(7, language=language)
    short = (await person.send("/privacy")).text
    text = short
    for part in PARTS:
        text += (await person.tap_data(f"1:privacy:{part}")).text
    assert (await person.tap_data("1:privacy:short")).text == short
    for needed in (
        CAMPAIGN.controller.name,
        CAMPAIGN.controller.address,
        CAMPAIGN.controller.privacy_contact,
        "CNIL",
        "/mydata",
        "/delete",
        "/stop",
        "/consent",
    ):
        assert needed in text
    assert re.search(r"9\(2\)\(a\)|article 9, paragraphe 2", text)


async def test_a_political_campaign_shows_its_label_too(sqlite_database: Database) -> None:
    campaign = load_campaign(Path("campaigns/presidentielle-2027"))
    assert campaign.label is not None
    conversation = Conversation(sqlite_database, paris("2027-03-10T10:00"), campaign=campaign)
    person = conversation.person(7)
    await person.send("/privacy")
    notice, label = person.screen
    assert "Your data, in short" in notice.text
    assert "Political advertising (EU 2024/900)" in label.text
    period, contact = campaign.text(campaign.label.period, "en"), campaign.controller.privacy_contact
    for told in (campaign.label.sponsor, period, campaign.label.notice, contact):
        assert told is not None
        assert told in label.text


# -- why --


async def test_why_tells_whom_the_message_was_for(conversation: Conversation, zoe: Talker) -> None:
    audience = {"all": ["near:69123:30", "language:en", "volunteer"]}
    await deliver(conversation, zoe, 500, audience=audience)
    text = (await zoe.send("/why", reply_to=500)).text
    assert "Wednesday 16 November at 10:00" in text
    assert "within 30 km of Lyon, read English, volunteers" in text
    assert CAMPAIGN.text(CAMPAIGN.sender.statement, "en") in text


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ("FR", "everybody"),
        ("abroad", "people abroad"),
        ("R84", "people in Auvergne-Rhône-Alpes"),
        ("69", "people in Rhône"),
        ("69123", "people in Lyon"),
    ],
)
async def test_why_names_areas(conversation: Conversation, zoe: Talker, area: str, said: str) -> None:
    await deliver(conversation, zoe, 500, audience=f"in:{area}", area=area)
    assert f"\n{said}\n" in (await zoe.send("/why")).text


async def test_why_names_the_area_of_whoever_wrote_it(conversation: Conversation, zoe: Talker) -> None:
    await deliver(conversation, zoe, 500, audience="volunteer", area="69")
    assert "volunteers, people in Rhône" in (await zoe.send("/why")).text
    await deliver(conversation, zoe, 501, audience="in:FR", area="69")
    assert "\npeople in Rhône\n" in (await zoe.send("/why", reply_to=501)).text


async def test_why_tells_the_question_asked_again_from_news(conversation: Conversation, zoe: Talker) -> None:
    await deliver(conversation, zoe, 500, kind="service")
    text = (await zoe.send("/why")).text
    assert "about your rights: the text of what you had agreed to has changed" in text
    assert "news of the campaign" not in text
    assert "It was meant for supporters" not in text


async def test_why_alone_is_about_the_last_message(conversation: Conversation, zoe: Talker) -> None:
    event = await conversation.add_event("lyon1")
    await deliver(conversation, zoe, 500, sent_at=paris("2016-11-15T10:00"), kind="event_invite", event=event)
    await deliver(conversation, zoe, 501, kind="gotv", step="plan", ballot=1)
    assert "one of the voting reminders" in (await zoe.send("/why")).text
    assert "about an event: “Public meeting”" in (await zoe.send("/why", reply_to=500)).text


async def test_why_about_an_answer_of_the_bot_says_so(conversation: Conversation, zoe: Talker) -> None:
    await deliver(conversation, zoe, 500)
    assert "That message was an answer" in (await zoe.send("/why", reply_to=zoe.last.id)).text


# -- my data --


async def test_my_data_is_complete(conversation: Conversation, zoe: Talker) -> None:
    await conversation.add_event("lyon1")
    await zoe.send("/start ev_lyon1")
    await zoe.tap("I’ll come")
    await zoe.tap_data("1:step:1:plan:morning")
    await deliver(conversation, zoe, 500)
    shown = await zoe.send("/mydata")
    assert "Where you vote: Lyon (69)" in shown.text
    assert "4 choices in the consent ledger" in shown.text
    assert "1 vote plan\n" in shown.text
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    assert call.attachment.name == "primaire-2016-2016-11-16.json"
    held = json.loads(call.attachment.content)
    assert held["person"]["telegram_id"] == 7
    assert held["person"]["commune"] == "69123"
    assert [row["purpose"] for row in held["consents"]] == ["contact", "commune", "team", "keep"]
    assert len(held["answers"]) == len(await conversation.answers())
    assert held["events"][0]["code"] == "lyon1"
    assert held["vote_plans"][0]["slot"] == "morning"
    assert held["messages"][0]["state"] == "sent"
    assert datetime.fromisoformat(held["messages"][0]["sent_at"]) == NOW
    # Nothing of a column that was added later is left out but the planner's own mark, which tells nothing.
    assert {column.name for column in people.c} - set(held["person"]) == {"recruiter", "replan"}


# -- the four choices --


async def test_a_choice_is_changed_on_its_whole_question(conversation: Conversation, zoe: Talker) -> None:
    shown = await zoe.send("/consent")
    assert "✓ Shared with the local team" in shown.text
    await zoe.tap("The local team")
    assert "• your first name" in shown.text
    await zoe.tap("No")
    assert "✗ Not shared with the local team" in shown.text
    person = await zoe.stored()
    assert person is not None
    assert not person.consent_team
    assert (await ledger(conversation, person.pseudonym))[-1] == ("team", False)
    assert (await conversation.answers())[-1] == ("consent", "team", "no")


async def test_withdrawing_the_first_choice_is_stopping(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/consent")
    await zoe.tap("Writing to me")
    shown = await zoe.tap("No, stop")
    assert "we won’t message you again" in shown.text
    person = await zoe.stored()
    assert person is not None
    assert person.state == "stopped"


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
    for told in ("What stays:", "proof of your choices, until 16 November 2021", "until 16 November 2019"):
        assert told in shown.text


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


async def test_my_data_points_only_to_what_the_person_can_do(conversation: Conversation) -> None:
    """/settings and /restrict are for supporters; whoever restricted their data is told how to end that."""
    person, contact = conversation.person(7), CAMPAIGN.controller.privacy_contact

    async def pointed_at() -> str:
        return (await person.send("/mydata")).text.rpartition("in the file below.")[2].strip()

    stranger = f"To correct it: write to {contact}. To erase it: /delete."
    assert await pointed_at() == stranger
    await person.sign_up()
    assert await pointed_at() == (
        "To correct it: /settings. To have it kept and not used: /restrict. To erase it: /delete."
    )
    await person.tap_data("1:restriction:none")
    assert await pointed_at() == (
        f"To correct it: write to {contact}. To have it used again: /restrict. To erase it: /delete."
    )
    await person.tap_data("1:restriction:lift")
    await person.tap_data("1:restriction:end")
    await person.send("/stop")
    assert await pointed_at() == (
        f"To correct it: write to {contact}. To have it kept and not used: /restrict. To erase it: /delete."
    )
    await person.send("/delete")
    await person.tap("Yes, erase everything")
    assert await pointed_at() == stranger


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
