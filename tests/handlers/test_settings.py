"""/settings: language, place, kinds of message, volunteering, and the opt-out buttons."""

from __future__ import annotations

import pytest

from tests.conversation import Conversation, Talker


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def test_the_language_changes_at_once(conversation: Conversation, zoe: Talker) -> None:
    shown = await zoe.send("/settings")
    assert "Language: English" in shown.text
    await zoe.tap("Français")
    assert "Langue : Français" in shown.text
    assert (await conversation.answers())[-1] == ("language", None, "fr")
    assert "Premier tour" in (await zoe.send("/vote")).text


@pytest.mark.parametrize(
    ("off", "on", "line", "column", "group"),
    [
        ("No invitations", "Get invitations", "Event invitations", "mutes_events", "events"),
        ("No reminders", "Get reminders", "Voting reminders", "mutes_reminders", "reminders"),
        ("No news", "Get news", "Campaign news", "mutes_news", "news"),
    ],
)
async def test_a_kind_of_message_is_switched_off_and_on(
    conversation: Conversation, zoe: Talker, off: str, on: str, line: str, column: str, group: str
) -> None:
    shown = await zoe.send("/settings")
    await zoe.tap(off)
    assert f"{line}: no" in shown.text
    assert getattr(await zoe.stored(), column) is True
    await zoe.tap(on)
    assert f"{line}: yes" in shown.text
    assert getattr(await zoe.stored(), column) is False
    assert (await conversation.answers())[-2:] == [("messages", group, "off"), ("messages", group, "on")]


async def test_one_volunteers_and_stops_volunteering(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/settings")
    await zoe.tap("I’d like to help")
    person = await zoe.stored()
    assert person is not None
    assert person.volunteer
    await zoe.tap("Stop volunteering")
    assert [row for row in await conversation.answers() if row[0] == "volunteer"] == [
        ("volunteer", None, "yes"),
        ("volunteer", None, "no"),
    ]


@pytest.mark.parametrize("group", ["events", "reminders", "news"])
async def test_the_opt_out_of_a_message_works_at_once_and_can_be_undone(
    conversation: Conversation, zoe: Talker, group: str
) -> None:
    shown = await zoe.tap_data(f"1:optout:{group}")
    assert "Understood" in shown.text
    assert not zoe.toast, "The bubble says it."
    assert getattr(await zoe.stored(), f"mutes_{group}") is True
    await zoe.tap("Undo")
    assert getattr(await zoe.stored(), f"mutes_{group}") is False


async def test_who_moves_says_where_they_vote_now(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    assert "I don’t know any commune called “Xyzabc”" in (await zoe.send("Xyzabc")).text
    await zoe.send("Sainte-Colombe")  # there are twelve
    assert "Which one do you vote in?" in zoe.last.text
    await zoe.send("Nouméa")
    assert "you vote in <b>Nouméa</b>" in zoe.last.text
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.territory, person.zone) == ("98818", "988", "Pacific/Noumea")
    assert person.is_registered
    assert (await conversation.answers())[-1] == ("commune", None, "98818")
    # The dialog is over: words are no longer taken for a place.
    await zoe.send("Lyon")
    assert "I didn’t understand" in zoe.last.text


async def test_moving_can_be_given_up(zoe: Talker) -> None:
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.send("/cancel")
    person = await zoe.stored()
    assert person is not None
    assert person.commune == "69123"
    await zoe.send("Nouméa")
    assert "I didn’t understand" in zoe.last.text


@pytest.mark.parametrize(
    "data",
    ["1:optout:everything", "1:messages:events:maybe", "1:settings_language:xx", "1:volunteer:perhaps"],
)
async def test_forged_buttons_change_nothing(conversation: Conversation, zoe: Talker, data: str) -> None:
    before = await conversation.answers()
    await zoe.tap_data(data)
    assert "no longer works" in zoe.toast
    assert await conversation.answers() == before
