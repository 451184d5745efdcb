"""Every dialog points to its open question when it gets an answer of another kind; the menu opens what it shows."""

from __future__ import annotations

import pytest

import db.people
import handlers
from bot.campaign.campaign import load_campaign
from handlers import menu
from handlers.command_menu import description_calls
from tests.campaigning import staff
from tests.conversation import Conversation
from tests.drafting import MEETING, announce_event, begin_event
from tests.frozen import FROZEN
from tests.survey_writing import ABOUT, TRAIN


def test_every_dialog_can_ask_its_question_again() -> None:
    assert set(handlers.QUESTIONS) == set(handlers.ROUTES.dialogs)


def test_every_item_of_the_menu_is_a_command() -> None:
    assert {command.name for command in handlers.COMMANDS} >= menu.ITEMS


async def test_words_where_a_button_was_expected_point_to_the_question(conversation: Conversation) -> None:
    """It is not sent again, unless one asks for it."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/broadcast")
    question = organizer.last.text
    await organizer.send("what?")
    assert "it is answered with its buttons" in organizer.last.text
    assert "\n" not in organizer.last.text
    assert len(organizer.called("sendMessage")) == 1
    await organizer.tap("Show it again")
    assert organizer.last.text == question
    assert organizer.last.buttons


async def test_words_instead_of_a_pin_point_to_the_question(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_event(organizer)
    await organizer.send("near the bridge")
    await organizer.tap("Without a pin")
    assert "day" in organizer.screen[-2].text, "The question above it became the next one."


BEFORE_TAPS: dict[str, tuple[str, ...]] = {
    "broadcast kind": ("/broadcast",),
    "broadcast photo": ("/broadcast", "*News and arguments", "Bonjour", "Hello"),
    "survey kind": ("/survey", "*New survey"),
    "survey several": ("/survey", "*New survey", "*Opinion poll", *ABOUT, *TRAIN),
    "survey more": ("/survey", "*New survey", "*Opinion poll", *ABOUT, *TRAIN, "*One answer only"),
    "event pin": ("/new_event", *MEETING),
}
"""What leads to a question that only its buttons answer, or what is sent; * before what is tapped."""


@pytest.mark.parametrize("where", BEFORE_TAPS)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_typing_where_buttons_answer_says_so_and_shows_them_again_once_they_are_out_of_sight(
    conversation: Conversation, where: str, language: str
) -> None:
    organizer = await staff(conversation, 7, "coordinator", "69")
    for said in BEFORE_TAPS[where]:
        await (organizer.tap(said[1:]) if said.startswith("*") else organizer.send(said))
    stored = await organizer.stored()
    assert stored is not None
    async with conversation.database.write() as tx:
        await db.people.change(tx, stored.id, language=language)
    asked = organizer.last
    labels = [*asked.buttons.values()]
    await organizer.send("what?")
    words = {"fr": "La question ci-dessus attend toujours", "en": "The question above is still open"}
    assert words[language] in organizer.last.text
    assert "/cancel" in organizer.last.text
    assert [*asked.buttons.values()] == labels
    await organizer.send("what??")
    again = {"fr": "Une question attend toujours", "en": "A question is still open"}
    assert again[language] in organizer.screen[-2].text
    assert "/cancel" in organizer.screen[-2].text
    assert [*organizer.last.buttons.values()] == labels
    assert not asked.buttons, "Those above are gone."
    # That one stands last now: nothing is repeated.
    await organizer.send("what???")
    assert words[language] in organizer.last.text


def test_where_typing_answers_nothing() -> None:
    """Each of these says so; whoever adds one looks at it here."""
    found = {
        f"{flow} {step}"
        for flow, steps in handlers.ROUTES.dialogs.items()
        for step, awaited in steps.items()
        if not awaited.is_typed
    }
    assert found == {
        *("broadcast kind", "broadcast fields", "broadcast photo"),
        *("broadcast whose", "broadcast trial", "broadcast goal"),
        *("new_event pin", "new_event repeat", "new_event guests", "new_event overbooking"),
        *("survey kind", "survey several", "survey more", "survey kept"),
        "event_edit confirm",
        "saved_answer language",
    }


async def test_words_where_a_change_waits_for_its_button(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
    await organizer.tap("Manage the event")
    await organizer.tap("Change the date")
    await organizer.send("25/11 20h")
    await organizer.send("yes")
    assert "it is answered with its buttons" in organizer.last.text
    await organizer.tap("Change it and tell them")
    assert "changed" in organizer.screen[-2].text

    # What was sent is told apart by the event it is about.
    await organizer.send("/broadcasts")
    assert "1. Meeting</b>\n\nInvitation to an event" in organizer.last.text


async def test_words_where_an_area_waits(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await admin.send("/staff")
    await admin.tap("Invite somebody")
    await admin.tap("Organizer")
    await admin.share_location(45.76, 4.84)
    await admin.tap("Show it again")
    assert "For which area?" in admin.last.text


async def test_the_team_has_its_own_buttons_and_a_word_on_roles(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/menu")
    assert "Export" not in organizer.last.buttons
    await organizer.tap("Write to supporters")
    assert "What kind of message" in organizer.last.text
    await organizer.send("/export")
    assert "another role" in organizer.last.text


async def test_the_menu_of_the_team_reaches_whoever_was_named_on_the_command_line(
    conversation: Conversation,
) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/menu")
    (default, *_) = organizer.called("setMyCommands")
    assert "new_event" in {command["command"] for command in default.payload["commands"]}
    assert default.payload["scope"] == {"type": "chat", "chat_id": 7}


def test_an_empty_chat_says_who_writes() -> None:
    campaign = load_campaign(FROZEN)
    default, french, english = (call.payload for call in description_calls(campaign))
    assert default["description"] == french["description"]
    assert (french["language_code"], english["language_code"]) == ("fr", "en")
    assert campaign.sender.name in english["description"]
