"""An event with few seats, as its organizer and as people meet it in the chat."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.actions.waitlist import tend
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from bot.rules.faces import SHOWS_OTHERWISE
from db.deliveries import Leased
from db.schema import audit, broadcasts, deliveries, events, people, rsvps, seats
from handlers.gathering import locked
from tests.campaigning import rows, staff
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.departure.test_decide import a_departure
from tests.drafting import begin_event
from tests.leaving import leaving_of
from tests.remembering import remembered


@remembered
async def announce_with_seats(organizer: Talker, seats: str) -> None:
    await begin_event(organizer)
    await organizer.tap("Without a pin")
    await organizer.send("24/11 19h")
    await organizer.tap("2 h")
    await organizer.send(seats)
    await organizer.tap_data("1:event_guests:2")
    await organizer.tap("That’s it")
    await organizer.send("SEND")


async def announced(conversation: Conversation, seats: str = "2") -> tuple[Talker, str]:
    """An organizer who announced an event with few seats and up to two guests; its code."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_with_seats(organizer, seats)
    (event,) = await rows(conversation, events)
    return organizer, event.code


async def signed_up(conversation: Conversation, number: int, language: str = "en") -> Talker:
    person = conversation.person(number, language=language)
    await person.sign_up()
    return person


async def offer(conversation: Conversation) -> list[Call | Stop]:
    """The bot looks, and what waits leaves to whom it is for; what became of each."""
    async with conversation.database.write() as tx:
        await tend(tx, CAMPAIGN, conversation.clock.now())
    return await leaving_of(conversation, "%:offer:%")


async def test_seats_are_asked_and_shown_and_the_last_one_opens_the_list(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    (event,) = await rows(conversation, events)
    assert (event.capacity, event.guests, event.overbooking, event.counted) == (2, 2, 0, True)
    zoe, paul, mia = [await signed_up(conversation, number) for number in (1, 2, 3)]
    card = await zoe.send(f"/start ev_{code}")
    assert "Seats: 2, 2 left" in card.text.replace("<b>", "").replace("</b>", "")
    await zoe.tap("I’ll come")
    await paul.send(f"/start ev_{code}")
    await paul.tap("I’ll come")
    full = await mia.send(f"/start ev_{code}")
    assert "All seats are taken. Join the waiting list" in full.text
    await mia.tap("Join the waiting list")
    assert "You’re on the waiting list: no. 1." in mia.last.text
    assert {"Leave the waiting list", "✓ Just me", "+1", "+2"} <= set(mia.last.buttons)
    listed = await mia.send("/events")
    assert "You’re on the waiting list." in listed.text
    await organizer.tap("Manage the event")
    assert "Taken: <b>2</b> of 2" in organizer.last.text
    assert "On the waiting list: 1" in organizer.last.text


async def test_more_guests_than_seats_are_refused_over_the_chat(conversation: Conversation) -> None:
    _, code = await announced(conversation, "2")
    zoe = await signed_up(conversation, 1)
    await zoe.send(f"/start ev_{code}")
    await zoe.tap("I’ll come")
    await zoe.tap("+2")
    assert zoe.toast == "Seats left besides yours: 1. Nothing was changed."
    await zoe.tap("+1")
    assert "You’re coming, 2 of you" in zoe.last.text
    for forged in (f"1:guests:{code}:3", f"1:guests:{code}:-1", f"1:guests:{code}:x", f"1:seats_all:{code}"):
        await zoe.tap_data(forged)
    assert "You’re coming, 2 of you" in zoe.last.text


@pytest.mark.parametrize("seats", ["2", None])
async def test_who_brings_somebody_is_not_taken_for_absent(
    conversation: Conversation, seats: str | None
) -> None:
    organizer, code = await announced(conversation, seats or "1")
    if seats is None:
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(events).values(capacity=None, counted=False))
    zoe = await signed_up(conversation, 1)
    await zoe.send(f"/start ev_{code}")
    await zoe.tap("I’ll come")
    await zoe.tap("+1")
    (rsvp,) = await rows(conversation, rsvps)
    assert (rsvp.answer, rsvp.guests, rsvp.attended) == ("yes", 1, None)
    await organizer.tap("Manage the event")
    assert "Coming: <b>1</b>" in organizer.last.text
    assert "couldn’t" not in organizer.last.text


async def test_the_organizer_changes_the_seats(conversation: Conversation) -> None:
    organizer, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    await organizer.tap("Manage the event")
    await organizer.tap("Change the seats")
    assert "On the waiting list: 1" in organizer.last.text
    await organizer.tap("Change the number")
    for wrong in ("0", "-1", "1000000000", "beaucoup"):
        await organizer.send(wrong)
        assert "Type a number of seats, from 1 to 1,000,000" in organizer.last.text
    await organizer.send("2")
    assert "Noted." in organizer.last.text
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    await mia.tap_data(f"1:rsvp:{code}:yes")
    await organizer.tap("Change the number")
    await organizer.send("1")
    assert "1 more promised than there are seats." in organizer.last.text
    await organizer.tap("+50%")
    await organizer.tap("4 guests")
    await organizer.tap("There are enough")
    (event,) = await rows(conversation, events)
    assert (event.capacity, event.overbooking, event.guests, event.counted) == (None, 0, 4, True)
    for forged in (f"1:seats_over:{code}:7", f"1:seats_guests:{code}:9"):
        await organizer.tap_data(forged)
    (event,) = await rows(conversation, events)
    assert event.guests == 4


async def test_nobody_is_written_to_because_seats_change_and_no_supporter_may(
    conversation: Conversation,
) -> None:
    organizer, code = await announced(conversation, "5")
    zoe = await signed_up(conversation, 1)
    await zoe.send(f"/start ev_{code}")
    await zoe.tap("I’ll come")
    await zoe.tap_data(f"1:seats_enough:{code}")
    assert "Your role does not allow this" in zoe.last.text
    await organizer.tap_data(f"1:seats_over:{code}:10")
    keys = [row.key for row in await rows(conversation, broadcasts)]
    assert [key for key in keys if "change" in key or "offer" in key] == []


@pytest.mark.parametrize(("language", "line"), [("en", "no. 1"), ("fr", "n° 1")])
async def test_a_change_of_date_is_told_to_who_waits(
    conversation: Conversation, language: str, line: str
) -> None:
    organizer, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2, language)
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    assert line in mia.last.text
    await organizer.tap("Manage the event")
    await organizer.tap("Change the date")
    await organizer.send("25/11 20h")
    await organizer.tap("Change it and tell them")
    async with conversation.database.read() as tx:
        told = (
            sa.select(people.c.telegram_id)
            .join(deliveries, deliveries.c.person == people.c.id)
            .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
            .where(broadcasts.c.key.like("%:change:%"))
        )
        assert sorted(await tx.scalars(told)) == [1, 2]


async def test_a_message_that_was_leafed_on_in_is_no_card_any_more(conversation: Conversation) -> None:
    """Else the list that somebody reads would be edited into an event that has changed."""
    _, code = await announced(conversation, "5")
    zoe = await signed_up(conversation, 1)
    card = await zoe.send(f"/start ev_{code}")
    async with conversation.database.write() as tx:
        person = await zoe.stored()
        assert person is not None
        invitation = sa.select(broadcasts.c.id).where(broadcasts.c.key.like("%:invite")).scalar_subquery()
        now = conversation.clock.now()
        row = {"state": "sent", "due_at": now, "changed_at": now, "sent_at": now, "message_id": card.id}
        await tx.execute(sa.insert(deliveries).values(broadcast=invitation, person=person.id, **row))
    await zoe.tap("I’ll come")
    faces = [each.face for each in await rows(conversation, deliveries)]
    assert faces == [None]
    await zoe.tap_data("1:events_page:0", on=card)
    faces = [each.face for each in await rows(conversation, deliveries)]
    assert faces == [SHOWS_OTHERWISE]


async def test_the_log_notes_the_seats_that_an_event_began_with(conversation: Conversation) -> None:
    await announced(conversation)
    (noted,) = [row.details for row in await rows(conversation, audit) if row.action == "create_event"]
    assert (noted["capacity"], noted["overbooking"], noted["guests"]) == (2, 0, 2)


async def test_who_waits_has_nothing_certain_in_the_calendar(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    for person, status in ((zoe, b"STATUS:CONFIRMED"), (mia, b"STATUS:TENTATIVE")):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
        assert ("Add to my calendar" in person.last.buttons) is (person is zoe)
        await person.tap_data(f"1:ics:{code}")  # an older card may still offer it
        (sent,) = person.called("sendDocument")
        assert sent.attachment is not None
        assert status in sent.attachment.content


async def test_at_the_door_a_party_hears_how_many_seats_there_are(conversation: Conversation) -> None:
    """A tap on “I’ll come” did nothing that could be seen."""
    _, code = await announced(conversation, "2")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2, "fr")
    for person, guests in ((zoe, 1), (mia, 2)):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
        await person.tap_data(f"1:guests:{code}:{guests}")
    conversation.clock.move(paris("2016-11-24T18:45"))
    await mia.tap_data(f"1:rsvp:{code}:yes")
    assert mia.toast == "Aucune place n’est libre pour l’instant. Vous gardez votre rang sur la liste."
    await zoe.tap_data(f"1:guests:{code}:0")
    await mia.tap_data(f"1:rsvp:{code}:yes")
    assert (
        mia.toast
        == "1 place libre : réduisez le nombre d’accompagnants, puis touchez à nouveau « Je viens »."
    )
    await mia.tap_data(f"1:guests:{code}:0")
    await mia.tap_data(f"1:rsvp:{code}:yes")
    assert "Vous venez" in mia.last.text


async def test_in_a_quiet_period_a_yes_that_became_a_place_on_the_list_is_told(
    conversation: Conversation,
) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    await zoe.send(f"/start ev_{code}")
    await zoe.tap("I’ll come")
    await mia.send(f"/start ev_{code}")
    conversation.clock.move(paris("2016-11-19T12:00"))
    await mia.tap_data(f"1:rsvp:{code}:yes")
    assert "Any answer you gave has been noted. You are on a waiting list." in mia.last.text
    await zoe.tap_data(f"1:rsvp:{code}:yes")
    assert "waitlist" not in zoe.last.text


async def test_whoever_stops_is_offered_to_leave_their_seats_to_others(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2, "fr")
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    paul = await signed_up(conversation, 3)
    await paul.send("/stop")
    assert "Free my seats at events" not in paul.last.buttons
    await zoe.send("/stop")
    await zoe.tap("Free my seats at events")
    assert zoe.last.text == "Done: your seats at 1 event are for others now."
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    assert call.chat == 2
    await mia.send("/stop")
    await mia.tap("Libérer mes places aux événements")
    (taken,) = await rows(conversation, seats)
    assert (taken.taken, taken.waiting, taken.offered) == (0, 0, 0)


async def test_an_invitation_that_leaves_late_says_that_it_is_full(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    await zoe.tap_data(f"1:rsvp:{code}:yes")
    person = await mia.stored()
    assert person is not None
    (invitation,) = [
        row for row in await rows(conversation, broadcasts) if row.template == "broadcasts/event_invitation"
    ]
    leased = Leased(id=99, broadcast=invitation.id, person=person.id, expires_at=None, attempts=0)
    async with conversation.database.read() as tx:
        (call,) = await a_departure(clock=conversation.clock).prepare(tx, [leased])
    assert isinstance(call, Call)
    assert "All seats are taken. Join the waiting list" in call.payload["text"]
    assert "Join the waiting list" in str(call.payload["reply_markup"])


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"callback_query": {"data": "1:rsvp:ab12:yes"}}', "ab12"),
        (b'{"callback_query":{"data":"1:guests:ab12:2"}}', "ab12"),
        (b'{"callback_query":{"data":"1:knock:12:3:opened:d"}}', " 0000000000000012"),
        (b'{"callback_query": {"data": "1:menu"}}', ""),
        (b'{"message": {"text": "rsvp"}}', ""),
    ],
)
def test_taps_of_one_batch_are_handled_event_by_event(body: bytes, event: str) -> None:
    """So that two processes lock the seats of two events in the same order."""
    assert locked(body) == event


async def test_a_full_event_invites_nobody_more(conversation: Conversation) -> None:
    _, code = await announced(conversation, "2")
    zoe, mia, paul = [await signed_up(conversation, number) for number in (1, 2, 3)]
    await zoe.send(f"/start ev_{code}")
    await zoe.tap_data(f"1:rsvp:{code}:yes")
    assert {"+1", "Invite a friend"} <= {*zoe.last.buttons, *zoe.last.urls}, zoe.last
    await mia.send(f"/start ev_{code}")
    await mia.tap_data(f"1:rsvp:{code}:yes")
    # All seats are taken: who comes is offered no more of them, and asked for no friend.
    assert not {"+1", "Invite a friend", "✓ Just me"} & {*mia.last.buttons, *mia.last.urls}, mia.last
    assert "better with a friend" not in mia.last.text
    await paul.send(f"/start ev_{code}")
    await paul.tap_data(f"1:rsvp:{code}:no")
    assert "just tap “Join the waiting list”" in paul.last.text
    assert "Join the waiting list" in paul.last.buttons
    await zoe.tap_data(f"1:rsvp:{code}:no")
    await paul.send(f"/start ev_{code}")
    assert "just tap “I’ll come”" in paul.last.text
