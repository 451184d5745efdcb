"""Parties on the list of an event that is full: for how many seats they wait, and what they are offered."""

from __future__ import annotations

import pytest

from bot.actions.rsvps import EventClosed, TooFewSeats
from db.engine import Database
from tests.actions.test_waitlist import NOW
from tests.conversation import Conversation
from tests.hall import Hall


@pytest.fixture
def conversation(database: Database) -> Conversation:
    """On each engine."""
    return Conversation(database, NOW)


async def test_a_party_waits_for_all_of_its_seats_or_says_fewer(conversation: Conversation) -> None:
    """pretix 974 and 1404: parties. One seat for three is offered to them first, and they may wait for all."""
    hall = await Hall.open(conversation, capacity=3)
    await hall.come(1, 2, 3, 4, 5)
    await hall.say(4, "+2")
    assert await hall.standings() == {1: "yes", 2: "yes", 3: "yes", 4: "waiting 1", 5: "waiting 2"}
    await hall.say(1, "no")
    await hall.tend()
    assert (await hall.standings())[4] == "offered 1"
    await hall.say(4, "wait")
    await hall.tend()
    # They keep their place, and the seat is used meanwhile.
    assert await hall.standings() == {1: "no", 2: "yes", 3: "yes", 4: "waiting 1", 5: "offered 1"}
    await hall.say(5, "no")
    await hall.say(2, "no")
    await hall.say(3, "no")
    await hall.tend()
    assert (await hall.standings())[4] == "offered 3"
    assert (await hall.say(4, "yes")).party == 3
    assert (await hall.seats()).taken == 3


async def test_a_party_that_comes_with_fewer_gets_what_is_there(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=3)
    await hall.come(1, 2, 3, 4)
    await hall.say(4, "+2")
    await hall.say(1, "no")
    await hall.say(2, "no")
    await hall.tend()
    assert (await hall.standings())[4] == "offered 2"
    taken = await hall.say(4, "yes")
    assert (taken.answer, taken.party) == ("yes", 2)
    # Fewer while waiting: they are asked anew.
    await hall.come(5)
    await hall.say(5, "+3")
    await hall.say(5, "+0")
    await hall.say(3, "no")
    await hall.tend()
    assert (await hall.standings())[5] == "offered 1"


async def test_guests_take_seats_and_are_refused_where_there_are_none(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=3)
    await hall.come(1)
    assert (await hall.say(1, "+2")).party == 3
    await hall.come(2)
    with pytest.raises(TooFewSeats):
        await hall.say(1, "+3")
    await hall.say(1, "+1")
    with pytest.raises(TooFewSeats):
        await hall.say(1, "+2")  # the seat given back is for who waits
    await hall.tend()
    assert await hall.standings() == {1: "yes+1", 2: "offered 1"}
    with pytest.raises(ValueError, match="guests"):
        await hall.say(1, "+5")


async def test_all_of_a_party_s_seats_are_not_waited_for_where_all_were_offered(
    conversation: Conversation,
) -> None:
    """A button of an older offer: the seat was held for ever, and a message left with each look."""
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    await hall.say(1, "no")
    await hall.tend()
    with pytest.raises(EventClosed):
        await hall.say(2, "wait")
    assert (await hall.standings())[2] == "offered 1"
    assert await hall.look() == 0


async def test_whoever_asks_for_more_than_was_offered_does_not_hold_the_seat_longer(
    conversation: Conversation,
) -> None:
    """An offer of all became one of a part, whose end costs nobody their place."""
    hall = await Hall.open(conversation, capacity=2)
    await hall.come(1, 2, 3, 4)
    await hall.say(1, "no")
    await hall.tend()
    with pytest.raises(TooFewSeats):
        await hall.say(3, "+1")
    assert (await hall.standings())[3] == "offered 1"
    # Where the seats are there, they are held too.
    await hall.say(4, "no")
    await hall.say(2, "no")
    assert (await hall.say(3, "+1")).offered == 2
    assert (await hall.seats()).taken == 2
