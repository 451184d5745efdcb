"""Events in a quiet period: nothing is shown, what is answered is noted."""

from __future__ import annotations

import pytest

from tests.conversation import Conversation, paris
from tests.handlers.test_events import supporter

IN_A_QUIET_PERIOD = paris("2016-11-19T10:00")


async def test_in_a_quiet_period_no_event_is_shown_but_answers_are_noted(conversation: Conversation) -> None:
    await conversation.add_event("lyon1", starts="2016-11-22T19:00")
    zoe = await supporter(conversation)
    conversation.clock.move(IN_A_QUIET_PERIOD)
    for shown in (
        await zoe.send("/events"),
        await zoe.send("/start ev_lyon1"),
        await zoe.tap_data("1:rsvp:lyon1:yes"),
    ):
        assert "Campaigns have to keep silent" in shown.text
        assert "Sunday 20 November at 19:00" in shown.text
        assert "Public meeting" not in shown.text
    assert (await conversation.answers())[-1] == ("rsvp", "lyon1", "yes")


async def test_in_a_quiet_period_a_cancellation_is_still_told(conversation: Conversation) -> None:
    await conversation.add_event("lyon1", starts="2016-11-22T19:00", state="cancelled")
    zoe = await supporter(conversation)
    conversation.clock.move(IN_A_QUIET_PERIOD)
    assert "This event is cancelled" in (await zoe.send("/start ev_lyon1")).text


@pytest.mark.parametrize("button", ["1:venue:lyon1", "1:ics:lyon1"])
async def test_in_a_quiet_period_neither_place_nor_file_is_sent(
    conversation: Conversation, button: str
) -> None:
    """Both say what the card says; a button of an older message must not bring it back."""
    await conversation.add_event("lyon1", starts="2016-11-22T19:00")
    zoe = await supporter(conversation)
    conversation.clock.move(paris("2016-11-19T00:00"))
    await zoe.tap_data(button)
    assert [call.method for call in zoe.calls] == ["answerCallbackQuery", "sendMessage"]
    assert "have to keep silent" in zoe.last.text


async def test_in_a_quiet_period_who_came_is_thanked_without_a_word_of_the_event(
    conversation: Conversation,
) -> None:
    await conversation.add_event("lyon1", starts="2016-11-18T19:00")
    zoe = await supporter(conversation)
    await zoe.tap_data("1:rsvp:lyon1:yes")
    conversation.clock.move(IN_A_QUIET_PERIOD)
    shown = await zoe.tap_data("1:came:lyon1:yes")
    assert "Public meeting" not in shown.text
    assert "has been noted" in shown.text
    assert (await conversation.answers())[-1] == ("came", "lyon1", "yes")
