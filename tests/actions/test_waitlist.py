"""The waitlist of an event: who gets a freed seat, in which order, and how each is told where they stand."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

import db.people
from bot.actions.responses import Origin
from bot.actions.rsvps import EventClosed, TooFewSeats, answer_invitation, tell_whether_came
from bot.rules.people import RsvpAnswer
from db.engine import Database
from db.schema import broadcasts, deliveries, responses, rsvps
from tests.campaigning import supporter
from tests.conversation import Conversation, paris
from tests.hall import Hall

NOW = paris("2016-11-16T10:00")


@pytest.fixture
def conversation(database: Database) -> Conversation:
    """On each engine."""
    return Conversation(database, NOW)


async def test_a_freed_seat_goes_to_the_next_and_not_to_who_gave_it_back(conversation: Conversation) -> None:
    """pretix 1163: the canceller was offered their own seat again."""
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    assert await hall.standings() == {1: "yes", 2: "waiting 1", 3: "waiting 2"}
    await hall.say(1, "no")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "offered 1", 3: "waiting 1"}
    # A change of mind stands behind those who waited.
    assert (await hall.say(1, "yes")).answer == "waiting"
    assert await hall.standings() == {1: "waiting 2", 2: "offered 1", 3: "waiting 1"}
    await hall.say(2, "yes")
    await hall.tend()
    assert await hall.standings() == {1: "waiting 2", 2: "yes", 3: "waiting 1"}


async def test_nobody_new_passes_the_list(conversation: Conversation) -> None:
    """yggdrasil 262: between a cancellation and the offer a newcomer took the seat."""
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    await hall.say(1, "no")
    await hall.add(3)
    assert (await hall.say(3, "yes")).answer == "waiting"  # before the bot has looked
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "offered 1", 3: "waiting 1"}


async def test_no_seat_is_offered_once_it_is_about_to_begin(conversation: Conversation) -> None:
    """pretix 1031: offers left after the start. Half an hour before, the door is open to whoever taps first."""
    hall = await Hall.open(conversation, capacity=1, starts="2016-11-16T12:00")
    await hall.come(1, 2, 3)
    conversation.clock.move(paris("2016-11-16T11:30"))
    await hall.say(1, "no")
    assert await hall.look() == 0
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "waiting 2"}
    assert (await hall.say(3, "yes")).answer == "yes"
    with pytest.raises(TooFewSeats):
        await hall.say(2, "yes")
    assert (await hall.standings())[2] == "waiting 1"
    conversation.clock.move(paris("2016-11-16T12:30"))
    await hall.say(3, "no")
    assert await hall.look() == 0


async def test_an_offer_lasts_until_the_door_opens_at_most(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1, starts="2016-11-16T12:00")
    await hall.come(1, 2)
    await hall.say(1, "no")
    await hall.tend()
    # A quarter of the hour and a half that is left before the door opens.
    assert (await hall.rsvps())[2].offer_until == paris("2016-11-16T10:22:30")


async def test_who_says_nothing_loses_the_offer_to_the_next(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.tend()
    # Twelve hours of day: until 20:30, and from 9:00 the next morning on.
    until = (await hall.rsvps())[2].offer_until
    assert until == paris("2016-11-17T10:30")
    conversation.clock.move(until)
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "lapsed", 3: "offered 1"}
    assert (await hall.say(2, "yes")).answer == "waiting"


async def test_an_offer_that_is_over_cannot_be_taken_before_anybody_has_looked(
    conversation: Conversation,
) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.tend()
    conversation.clock.move(paris("2016-11-17T10:31"))
    assert (await hall.say(2, "yes")).answer == "waiting"
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "offered 1"}


async def test_a_refusal_goes_to_the_next_at_once(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.tend()
    await hall.say(2, "no")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "no", 3: "offered 1"}


async def test_who_leaves_the_list_is_not_offered_anything(conversation: Conversation) -> None:
    """pretix 837: there was no way out of the list."""
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(2, "no")
    assert await hall.standings() == {1: "yes", 2: "no", 3: "waiting 1"}
    await hall.say(1, "no")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "no", 3: "offered 1"}


async def test_a_blocked_bot_holds_nothing_back(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.tend()
    await hall.block(2)
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "offered 1"}
    # Who comes back has kept their place.
    await hall.block(2, blocked=False)
    await hall.say(3, "no")
    await hall.tend()
    assert (await hall.standings())[2] == "offered 1"


async def test_an_erased_person_leaves_the_seat_to_the_next(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.erase(1)
    await hall.tend()
    assert await hall.standings() == {2: "offered 1", 3: "waiting 1"}
    await hall.erase(2)
    await hall.tend()
    assert await hall.standings() == {3: "offered 1"}


async def test_an_offer_that_never_arrived_costs_nobody_their_place(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.look()
    await hall.deliver("expired")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "offered 1", 3: "waiting 1"}
    async with hall.database.read() as tx:
        keys = list(await tx.scalars(sa.select(broadcasts.c.key).order_by(broadcasts.c.id)))
    assert keys == [f"event:{hall.event}:offer:1", f"event:{hall.event}:offer:2"]


async def test_who_can_never_be_told_is_passed_over_and_keeps_their_place(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    for _ in range(3):
        await hall.look()
        await hall.deliver("failed")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "offered 1"}
    # A tap shows that they are there again.
    await hall.say(2, "yes")
    await hall.say(3, "no")
    await hall.tend()
    assert (await hall.standings())[2] == "offered 1"


async def test_a_seat_is_not_kept_for_whom_the_law_silences_until_it_begins(
    conversation: Conversation,
) -> None:
    """In Nouméa the quiet period has begun when it is Friday afternoon in Lyon."""
    conversation.clock.move(paris("2016-11-18T15:00"))
    hall = await Hall.open(conversation, capacity=1, starts="2016-11-18T19:00")
    await hall.come(1)
    assert await supporter(conversation, 1002, "98818") == 2
    await hall.say(2, "yes")
    await hall.come(3)
    await hall.say(1, "no")
    await hall.tend()
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "offered 1"}
    # Who sleeps until the morning before it begins is waited for.
    later = await Hall.open(conversation, code="later", capacity=1, starts="2016-11-24T19:00")
    later.updates = hall.updates
    for number in (1, 2, 3):
        await later.say(number, "yes")
    await later.say(1, "no")
    await later.tend()
    assert await later.standings() == {1: "no", 2: "waiting 1", 3: "waiting 2"}


async def test_a_larger_room_is_offered_in_order_and_a_smaller_one_takes_nothing_back(
    conversation: Conversation,
) -> None:
    hall = await Hall.open(conversation, capacity=2)
    await hall.come(1, 2, 3, 4, 5)
    await hall.set(capacity=4)
    await hall.tend()
    assert await hall.standings() == {1: "yes", 2: "yes", 3: "offered 1", 4: "offered 1", 5: "waiting 1"}
    await hall.set(capacity=1)
    await hall.say(3, "yes")  # what was promised holds
    assert (await hall.seats()).beyond == 3
    await hall.say(1, "no")
    await hall.tend()
    assert (await hall.standings())[5] == "waiting 1"
    # Enough for everybody: whoever waits is offered a seat, and who comes new needs no list.
    await hall.set(capacity=None)
    await hall.come(6)
    await hall.tend()
    assert (await hall.standings())[5] == "offered 1"
    assert (await hall.standings())[6] == "yes"


async def test_over_booking_promises_more_than_there_are(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=10, overbooking=20)
    await hall.come(*range(1, 15))
    assert [told for told in (await hall.standings()).values() if told == "yes"] == ["yes"] * 12


async def test_at_night_the_seat_waits_for_whom_it_is_for(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    conversation.clock.move(paris("2016-11-16T22:00"))
    await hall.say(1, "no")
    assert await hall.look() == 0
    await hall.come(3)
    assert await hall.standings() == {1: "no", 2: "waiting 1", 3: "waiting 2"}
    # Whoever is next and awake need not wait for the morning.
    assert (await hall.say(2, "yes")).answer == "yes"
    await hall.say(2, "no")
    conversation.clock.move(paris("2016-11-17T09:00"))
    await hall.tend()
    assert (await hall.standings())[3] == "offered 1"


async def test_in_a_quiet_period_nothing_is_offered_and_the_time_stands_still(
    conversation: Conversation,
) -> None:
    """The first round: from Saturday 00:00 to Sunday 19:00 campaigns are silent."""
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    conversation.clock.move(paris("2016-11-18T18:30"))
    await hall.say(1, "no")
    await hall.tend()
    # Two hours on Friday, an hour and a half on Sunday, the rest on Monday.
    assert (await hall.rsvps())[2].offer_until == paris("2016-11-21T17:30")
    conversation.clock.move(paris("2016-11-19T10:00"))
    await hall.say(2, "no")
    await hall.come(3)
    await hall.say(3, "no")
    await hall.come(4)
    assert await hall.look() == 0


async def test_a_cancelled_event_offers_nothing(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    await hall.say(1, "no")
    await hall.set(state="cancelled")
    assert await hall.look() == 0
    with pytest.raises(EventClosed):
        await hall.say(2, "yes")


async def test_a_seat_is_offered_once_however_often_the_bot_looks(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    assert [await hall.look() for _ in range(3)] == [1, 0, 0]
    async with hall.database.read() as tx:
        assert len((await tx.execute(sa.select(deliveries))).all()) == 1


async def test_two_hundred_race_for_fifty_seats(conversation: Conversation) -> None:
    """Each in a transaction of their own, all begun at once."""
    hall = await Hall.open(conversation, capacity=50)
    for number in range(1, 201):
        await hall.add(number)
    event = await hall.found()

    async def tap(number: int) -> None:
        async with hall.database.write() as tx:
            person = await db.people.get(tx, number)
            assert person is not None
            origin = Origin(update_id=10_000 + number, message_id=None, at=hall.now)
            await answer_invitation(tx, person, origin, event, RsvpAnswer.YES, before=None)

    await asyncio.gather(*(tap(number) for number in range(1, 201)))
    seats = await hall.seats()
    assert (seats.taken, seats.waiting, seats.tickets) == (50, 150, 150)
    async with hall.database.read() as tx:
        said = sa.select(rsvps.c.ticket).where(rsvps.c.answer == "waiting").order_by(rsvps.c.ticket)
        assert list(await tx.scalars(said)) == list(range(1, 151))
        assert (await tx.execute(sa.select(sa.func.count()).select_from(responses))).scalar_one() == 200


async def test_who_tells_that_they_were_there_is_counted_like_who_said_so_before(
    conversation: Conversation,
) -> None:
    hall = await Hall.open(conversation, capacity=2, starts="2016-11-16T12:00")
    await hall.come(1)
    await hall.add(2)
    conversation.clock.move(paris("2016-11-16T14:00"))
    event = await hall.found()
    for number in (1, 2):
        async with hall.database.write() as tx:
            person = await db.people.get(tx, number)
            assert person is not None
            origin = Origin(update_id=10_000 + number, message_id=None, at=hall.now)
            await tell_whether_came(tx, person, origin, event, came=True)
    assert (await hall.seats()).taken == 2
    assert [row.attended for row in (await hall.rsvps()).values()] == [True, True]
