"""The organizer changes an event, people answer and the bot looks, all at once: what holds when everybody is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.seats
import db.staff
from bot.actions import event_seats, events, rsvps, waitlist
from bot.actions.authority import Author
from bot.actions.events import EventChange
from bot.actions.planning import plan
from bot.actions.responses import Origin
from bot.rules.people import RsvpAnswer
from bot.rules.seats import Rsvp, door_opens
from db.engine import Database
from db.events import Event
from db.schema import broadcasts, deliveries
from db.schema import events as table
from tests.acting import author_in
from tests.actions.test_staff_races import meanwhile
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.hall import Hall

NOW = paris("2016-11-16T10:00")
ADMIN = 7


@pytest.fixture
def conversation(database: Database) -> Conversation:
    """On each engine."""
    return Conversation(database, NOW)


async def organizer(hall: Hall) -> Author:
    async with hall.database.write() as tx:
        person = await db.people.create(tx, telegram_id=ADMIN, pseudonym="admin", now=NOW)
        await db.staff.add(tx, telegram_id=ADMIN, role="admin", area="FR", added_by=None, now=NOW)
        return replace(await author_in(tx, person), now=NOW)


async def say_yes(tx: AsyncConnection, number: int, event: Event) -> Rsvp:
    person = await db.people.get(tx, number)
    assert person is not None
    origin = Origin(update_id=100 + number, message_id=None, at=NOW)
    return (await rsvps.answer_invitation(tx, person, origin, event, RsvpAnswer.YES, before=None)).rsvp


async def test_the_first_capacity_counts_who_said_yes_at_the_same_moment(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=None)
    for number in (1, 2):
        await hall.add(number)
    author, event = await organizer(hall), await hall.found()

    async def answers(tx: AsyncConnection) -> None:
        for number in (1, 2):
            await say_yes(tx, number, event)

    await meanwhile(
        hall.database,
        answers,
        lambda tx: event_seats.change_seats(tx, author, "hall", capacity=2),
    )
    assert (await hall.seats()).taken == 2
    await hall.add(4)
    assert (await hall.say(4, "yes")).answer == "waiting"


async def test_who_answers_what_had_no_capacity_a_moment_ago_is_counted(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=None)
    await hall.add(1)
    before = await hall.found()
    await hall.set(capacity=2, counted=True)
    async with hall.database.write() as tx:
        # On SQLite the event is read in the transaction that answers: nobody writes meanwhile.
        event = before if hall.database.dialect == "postgresql" else await hall.found()
        await say_yes(tx, 1, event)
    assert (await hall.seats()).taken == 1


async def full_of_three(conversation: Conversation) -> Hall:
    """Three seats came free, and three wait for them."""
    hall = await Hall.open(conversation, capacity=3)
    await hall.come(*range(1, 7))
    for number in (1, 2, 3):
        await hall.say(number, "no")
    return hall


async def test_no_more_is_offered_than_the_room_has_that_just_became_smaller(
    conversation: Conversation,
) -> None:
    hall = await full_of_three(conversation)
    author = await organizer(hall)
    await meanwhile(
        hall.database,
        lambda tx: event_seats.change_seats(tx, author, "hall", capacity=1),
        lambda tx: waitlist.tend(tx, CAMPAIGN, NOW),
    )
    assert (await hall.seats()).taken == 1


SOON = NOW + timedelta(hours=5)


async def move(tx: AsyncConnection, author: Author, starts_at: datetime) -> None:
    await events.change_event(tx, author, "hall", EventChange(starts_at=starts_at), sequence=0)


@pytest.mark.parametrize("offered_first", [True, False])
async def test_no_offer_lasts_beyond_the_door_of_an_event_that_moves_at_the_same_moment(
    conversation: Conversation, offered_first: bool
) -> None:
    hall = await full_of_three(conversation)
    author = await organizer(hall)

    async def tend(tx: AsyncConnection) -> None:
        await waitlist.tend(tx, CAMPAIGN, NOW)

    async def moves(tx: AsyncConnection) -> None:
        await move(tx, author, SOON)

    await meanwhile(hall.database, *((tend, moves) if offered_first else (moves, tend)))
    until = [row.offer_until for row in (await hall.rsvps()).values() if row.offered]
    assert len(until) == 3
    assert all(each is not None and each <= door_opens(SOON) for each in until)


async def test_nothing_is_offered_of_an_event_that_is_cancelled_at_the_same_moment(
    conversation: Conversation,
) -> None:
    hall = await full_of_three(conversation)
    author = await organizer(hall)
    await meanwhile(
        hall.database,
        lambda tx: events.cancel_event(tx, author, "hall"),
        lambda tx: waitlist.tend(tx, CAMPAIGN, NOW),
    )
    assert not any(row.offered for row in (await hall.rsvps()).values())


async def test_one_waitlist_that_cannot_be_settled_stops_nothing_else(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody was erased between being found next and being offered the seat, say."""
    hall = await full_of_three(conversation)
    other = await conversation.add_event("other", starts="2016-11-24T19:00")
    async with hall.database.write() as tx:
        await tx.execute(sa.update(table).where(table.c.id == other).values(capacity=1, counted=True))
        await db.seats.recount(tx, [other])
        event = (await db.events.get_many(tx, [other]))[other]
        await say_yes(tx, 1, event)
        await say_yes(tx, 2, event)
        await tx.execute(sa.update(table).where(table.c.id == other).values(capacity=2))
    keep = db.seats.keep

    async def fail(tx: AsyncConnection, number: int, *arguments: object) -> None:
        await keep(tx, number, *arguments)  # type: ignore[arg-type]  # as they are given
        if number == hall.event:
            raise sa.exc.IntegrityError("", None, Exception())

    monkeypatch.setattr(db.seats, "keep", fail)
    async with hall.database.write() as tx:
        await plan(tx, CAMPAIGN, NOW)
    assert not any(row.offered for row in (await hall.rsvps()).values()), "What failed is undone, whole."
    async with hall.database.read() as tx:
        keys = sa.select(broadcasts.c.key).join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        assert set(await tx.scalars(keys)) == {"step:1:where", f"event:{other}:offer:1"}


async def test_a_large_room_is_offered_bit_by_bit(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait: more than one statement can name, and more than anybody's reply should wait for."""
    monkeypatch.setattr(waitlist, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(db.seats, "PAGE", 2)
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(*range(1, 7))
    await hall.set(capacity=None)
    assert [await hall.look() for _ in range(3)] == [3, 2, 0]


async def test_a_database_that_is_away_ends_the_look(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await full_of_three(conversation)

    async def fail(*arguments: object) -> None:
        raise sa.exc.OperationalError("", None, Exception())

    monkeypatch.setattr(db.seats, "keep", fail)
    with pytest.raises(sa.exc.OperationalError):
        await hall.look()


async def test_once_the_candidate_is_out_offers_lapse_and_none_is_made(conversation: Conversation) -> None:
    campaign = replace(CAMPAIGN, out_after=1)
    assert campaign.out_from is not None
    hall = await Hall.open(conversation, capacity=1, campaign=campaign, starts="2016-11-24T19:00")
    await hall.come(1, 2, 3)
    await hall.say(1, "no")
    await hall.tend()
    conversation.clock.move(campaign.out_from)
    async with hall.database.write() as tx:
        await plan(tx, campaign, hall.now)
    assert await hall.standings() == {1: "no", 2: "lapsed", 3: "waiting 1"}


async def test_two_organizers_change_the_seats_at_the_same_moment_and_both_changes_hold(
    conversation: Conversation,
) -> None:
    hall = await Hall.open(conversation, capacity=3, guests=0)
    author = await organizer(hall)
    await meanwhile(
        hall.database,
        lambda tx: event_seats.change_seats(tx, author, "hall", capacity=50),
        lambda tx: event_seats.change_seats(tx, author, "hall", guests=2),
    )
    event = await hall.found()
    assert (event.capacity, event.guests) == (50, 2)
