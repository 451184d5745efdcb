"""Once an event is over: how it was, what to change, and the figures that stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.actions import retention
from db.schema import event_feedback, event_figures, rsvps
from tests.campaigning import answer, rows, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker
from tests.hall import SEALING
from tests.handlers.test_check_ins import BEGINS, LYON, announced


async def over(conversation: Conversation) -> tuple[Talker, Talker, str]:
    """An organizer, and somebody who came and says so."""
    organizer, event, code = await announced(conversation)
    zoe = conversation.person(1)
    await zoe.sign_up()
    await zoe.tap_data(f"1:rsvp:{code}:yes")
    await answer(conversation, await supporter(conversation, 2, LYON), event, "yes")
    conversation.clock.move(BEGINS + timedelta(hours=3))
    await zoe.tap_data(f"1:came:{code}:yes")
    return organizer, zoe, code


async def test_who_came_says_how_it_was_and_the_organizer_reads_sums(conversation: Conversation) -> None:
    organizer, zoe, code = await over(conversation)
    assert "How was it, from 1 (poor) to 5 (very good)?" in zoe.last.text
    await zoe.tap("4")
    assert "You gave 4 out of 5" in zoe.last.text
    await zoe.tap("2")
    await zoe.tap("The time")
    await zoe.tap("The place")
    await zoe.tap("✓ The place")
    assert {"✓ 2", "✓ The time", "The place"} <= set(zoe.last.buttons)
    said = {(row.question, row.option) for row in await rows(conversation, event_feedback)}
    assert said == {("stars", "2"), ("change", "time")}
    await organizer.send("/events")
    await organizer.tap("Your events")
    await organizer.tap("Past events")
    await organizer.tap_data(f"1:my_event:{code}")
    shown = organizer.last.text
    assert "Came: 1, couldn’t: 0" in shown
    assert "Rating: <b>2.0</b> of 5 (1 answer)" in shown
    assert "The time: 1" in shown
    assert "Zoé" not in shown


async def test_who_was_not_there_says_nothing_of_it(conversation: Conversation) -> None:
    _, zoe, code = await over(conversation)
    other = conversation.person(3)
    await other.sign_up()
    for forged in (f"1:stars:{code}:5", f"1:change:{code}:time"):
        await other.tap_data(forged)
        assert "those who were there" in other.toast
    for forged in (f"1:stars:{code}:6", f"1:stars:{code}:0", f"1:change:{code}:all"):
        await zoe.tap_data(forged)
    conversation.clock.move(BEGINS + timedelta(days=20))
    await zoe.tap_data(f"1:stars:{code}:5")
    assert "too late" in zoe.toast
    assert await rows(conversation, event_feedback) == []


async def test_those_who_came_are_thanked(conversation: Conversation) -> None:
    organizer, _, code = await over(conversation)
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Thank those who came")
    await organizer.tap("News and arguments")
    await organizer.send("Merci !")
    await organizer.send("Thank you!")
    await organizer.tap("No photo")
    assert "came to" in organizer.last.text


async def test_the_figures_stay_when_the_answers_are_erased(conversation: Conversation) -> None:
    organizer, zoe, code = await over(conversation)
    await zoe.tap("5")
    conversation.clock.move(BEGINS + timedelta(days=40))
    await retention.purge(
        conversation.database, CAMPAIGN, key=SEALING.key, actor="test", now=conversation.clock.now()
    )
    assert await rows(conversation, rsvps) == []
    assert await rows(conversation, event_feedback) == []
    kept = {(row.figure, row.option): row.people for row in await rows(conversation, event_figures)}
    assert kept == {("yes", ""): 2, ("attended", ""): 1, ("stars", "5"): 1}
    await organizer.tap_data(f"1:my_event:{code}")
    assert "Coming: <b>2</b>" in organizer.last.text
    assert "Came: 1, couldn’t: 0" in organizer.last.text
    assert "The answers themselves have been erased." in organizer.last.text
    assert not {"Who comes", "Check-in", "Thank those who came"} & set(organizer.last.buttons)


@pytest.mark.parametrize(("language", "asked"), [("fr", "Qu’en avez-vous pensé"), ("en", "How was it")])
async def test_it_is_asked_in_the_language_of_who_came(
    conversation: Conversation, language: str, asked: str
) -> None:
    _, _, code = await announced(conversation)
    person = conversation.person(5, language=language)
    await person.sign_up()
    conversation.clock.move(BEGINS + timedelta(hours=3))
    await person.tap_data(f"1:came:{code}:yes")
    assert asked in person.last.text
