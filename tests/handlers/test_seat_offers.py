"""A seat that is offered to who waits, as people meet it in the chat."""

from __future__ import annotations

import sqlalchemy as sa

import db.faces
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from bot.rules.faces import face
from db.deliveries import Leased
from db.schema import deliveries, people, rsvps
from tests.conversation import Conversation, paris
from tests.departure.test_decide import a_departure
from tests.hall import Hall
from tests.handlers.test_seats import announced, offer, signed_up


async def test_a_freed_seat_comes_with_two_buttons_and_a_time(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2, "fr")
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    assert "Vous êtes sur la liste d’attente, n° 1." in mia.last.text
    await zoe.tap("I can’t")
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    mia.receive([call])
    assert mia.last.text.startswith("<b>Une place s’est libérée pour vous.</b>")
    # Twelve hours of day: until 20:30, and from 9:00 on.
    assert "jusqu’au jeudi 17 novembre à 10 h 30" in mia.last.text
    assert list(mia.last.buttons)[:2] == ["Je prends la place", "Non merci"]
    await mia.tap("Je prends la place")
    assert "Vous venez : nous vous attendons" in mia.last.text
    assert await offer(conversation) == []


async def test_what_is_said_to_an_old_offer_is_answered_by_what_holds_now(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia, paul = [await signed_up(conversation, number) for number in (1, 2, 3)]
    for person in (zoe, mia, paul):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    await zoe.tap("I can’t")
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    mia.receive([call])
    conversation.clock.move(paris("2016-11-17T10:30"))
    await offer(conversation)
    await mia.tap("I’ll take the seat")
    assert "You’re on the waiting list: no. 1." in mia.last.text
    await mia.tap("Leave the waiting list")
    assert "You can’t come." in mia.last.text


async def test_an_offer_that_was_answered_meanwhile_does_not_leave(conversation: Conversation) -> None:
    hall = await Hall.open(conversation, capacity=1)
    await hall.come(1, 2)
    await hall.say(1, "no")
    await hall.look()
    await hall.say(2, "no")
    async with conversation.database.read() as tx:
        (row,) = (await tx.execute(sa.select(deliveries))).all()
        leased = Leased(
            id=row.id, broadcast=row.broadcast, person=row.person, expires_at=row.expires_at, attempts=0
        )
        (decision,) = await a_departure(clock=conversation.clock).prepare(tx, [leased])
    assert decision == Stop(state="cancelled", reason="offer_over")


async def test_a_party_is_offered_a_part_and_may_wait_for_all(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    await mia.tap("+2")
    assert "You need 3 seats." in mia.last.text
    await zoe.tap("I can’t")
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    mia.receive([call])
    assert "A seat has come free; you asked for 3." in mia.last.text
    assert list(mia.last.buttons)[:3] == ["I’ll take the seat", "Wait for all 3", "No, thank you"]
    await mia.tap("Wait for all 3")
    assert "You’re on the waiting list: no. 1." in mia.last.text
    # The seat that is too few for them is there for whoever comes new.
    paul = await signed_up(conversation, 3)
    assert "Seats: 1, 1 left" in (await paul.send(f"/start ev_{code}")).text.replace("</b>", "").replace(
        "<b>", ""
    )
    assert "All seats are taken" not in (await paul.send("/events")).text
    await paul.send(f"/start ev_{code}")
    await paul.tap("I’ll come")
    assert "You’re coming" in paul.last.text


async def test_a_part_that_was_not_taken_in_time_is_a_place_on_the_list_before_anybody_has_looked(
    conversation: Conversation,
) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), await signed_up(conversation, 2)
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    await mia.tap("+2")
    await zoe.tap("I can’t")
    await offer(conversation)
    conversation.clock.move(paris("2016-11-18T12:00"))
    assert "You’re on the waiting list: no. 1." in (await mia.send(f"/start ev_{code}")).text


async def test_an_offer_tells_the_time_by_the_clock_of_who_reads_it(conversation: Conversation) -> None:
    _, code = await announced(conversation, "1")
    zoe, mia = await signed_up(conversation, 1), conversation.person(2, language="fr")
    await mia.sign_up("Nouméa")
    for person in (zoe, mia):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    conversation.clock.move(paris("2016-11-17T06:00"))
    await zoe.tap_data(f"1:rsvp:{code}:no")
    (call,) = await offer(conversation)
    assert isinstance(call, Call)
    mia.receive([call])
    until = "jusqu’au vendredi 18 novembre à 16 h 30 (heure de chez vous)"
    assert f"Je vous la garde {until} ; ensuite" in mia.last.text
    card = await mia.send(f"/start ev_{code}")
    assert f"Je vous la garde {until}." in card.text


async def test_who_restricted_the_use_of_their_data_is_not_told_from_the_count(
    conversation: Conversation,
) -> None:
    organizer, code = await announced(conversation, "3")
    for number in (1, 2):
        person = await signed_up(conversation, number)
        await person.send(f"/start ev_{code}")
        await person.tap("I’ll come")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 2).values(state="restricted"))
    await organizer.tap("Manage the event")
    assert "Taken: <b>1</b> of 3" in organizer.last.text


async def test_a_seat_that_nobody_on_the_list_can_use_leaves_the_event_open(
    conversation: Conversation,
) -> None:
    """A party that waits for the whole of its seats keeps nobody else from the one that is free."""
    _, code = await announced(conversation, "2")
    zoe, mia, paul = [await signed_up(conversation, number) for number in (1, 2, 3)]
    for person in (zoe, mia, paul):
        await person.send(f"/start ev_{code}")
        await person.tap_data(f"1:rsvp:{code}:yes")
    await paul.tap_data(f"1:guests:{code}:2")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(rsvps).where(rsvps.c.answer == "waiting").values(whole=True))
        await db.faces.look(tx, conversation.clock.now())
    await zoe.tap("I can’t")
    async with conversation.database.write() as tx:
        (looks,) = (await db.faces.changed(tx, conversation.clock.now())).values()
    assert looks[0] == face(sequence=0, is_cancelled=False, is_full=False, is_over=False)
    nina = await signed_up(conversation, 4)
    await nina.send(f"/start ev_{code}")
    assert "I’ll come" in nina.last.buttons
