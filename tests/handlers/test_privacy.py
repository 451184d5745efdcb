"""Rights: the notice, why, my data, and the four choices."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.consents
from bot.campaign.campaign import load_campaign
from db.engine import Database
from db.schema import broadcasts, deliveries, people
from handlers.privacy import PARTS
from tests.conversation import CAMPAIGN, Conversation, Talker, paris

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
    assert {column.name for column in people.c} - set(held["person"]) == {"recruiter"}


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
