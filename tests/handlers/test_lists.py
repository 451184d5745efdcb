"""A list that does not stand last is sent anew at the bottom, and the old one loses its buttons; questions stay."""

from __future__ import annotations

import pytest

import handlers
from handlers.lists import LISTS
from tests.campaigning import staff
from tests.conversation import Conversation, Talker, paris
from tests.drafting import send_broadcast
from tests.leaving import let_arrive


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    for number in range(7):
        await conversation.add_event(f"lyon{number}")
    talker = conversation.person(7)
    await talker.sign_up()
    return talker


def test_every_list_has_its_button() -> None:
    assert handlers.ROUTES.buttons.keys() >= LISTS


async def test_a_list_that_stands_last_is_turned_in_place(zoe: Talker) -> None:
    shown = await zoe.send("/events")
    turned = await zoe.tap("Next")
    assert (turned.id, turned.text) == (shown.id, shown.text)
    assert "Previous" in " ".join(turned.buttons)


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("/events", "1:events_page:1"),
        ("/events", "1:event:lyon3"),
        ("/menu", "1:menu:settings"),
        ("/settings", "1:messages:news:off"),
        ("/consent", "1:choice:keep:show"),
    ],
)
async def test_a_list_above_other_messages_is_sent_anew(zoe: Talker, command: str, data: str) -> None:
    old = await zoe.send(command)
    words = old.text
    between = await zoe.send("/vote")
    shown = await zoe.tap_data(data, on=old)
    assert shown is zoe.last
    assert shown.id > between.id
    assert (old.text, old.buttons) == (words, {})
    assert shown.buttons
    # There it stands last, and is turned in place again.
    assert (await zoe.tap_data("1:menu:menu", on=shown)).id == shown.id


async def test_a_map_below_the_list_counts(conversation: Conversation, zoe: Talker) -> None:
    card = await zoe.send("/start ev_lyon1")
    await zoe.tap("Show the place")
    assert zoe.called("sendVenue")
    shown = await zoe.tap("All events")
    assert shown.id != card.id
    assert card.buttons == {}


async def test_a_message_that_came_by_itself_counts(conversation: Conversation, zoe: Talker) -> None:
    old = await zoe.send("/settings")
    admin = await staff(conversation, 8, "admin", "FR")
    await send_broadcast(admin)
    conversation.clock.move(paris("2016-11-16T12:00"))
    await let_arrive(conversation, zoe)
    shown = await zoe.tap_data("1:messages:news:off", on=old)
    assert shown is zoe.last
    assert shown.id != old.id


async def test_a_question_is_answered_where_it_stands(zoe: Talker) -> None:
    """Whoever taps it is looking at it."""
    card = await zoe.send("/start ev_lyon1")
    await zoe.send("/vote")
    shown = await zoe.tap_data("1:rsvp:lyon1:maybe", on=card)
    assert "You said maybe" in card.text
    assert shown.text != card.text  # what is below it stays last


async def test_the_team_leafs_the_same_way(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    old = await admin.send("/stats")
    await admin.send("/menu")
    shown = await admin.tap_data("1:stats:R84", on=old)
    assert shown is admin.last
    assert shown.id != old.id
    assert old.buttons == {}
