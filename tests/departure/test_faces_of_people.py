"""Cards that say how their reader stands: an offer that is over, a recall, an answer that was given elsewhere."""

from __future__ import annotations

import sqlalchemy as sa

import db.broadcasts
import db.faces
import db.mends
from bot.actions import event_cards
from bot.delivery.calls import Call
from bot.rules.mends import RECALLED
from bot.rules.sending import INVITATION, SHIFT_OFFER
from db.schema import broadcasts, deliveries, events, people, seats
from simulator.reading import as_read
from tests.cards import Shown
from tests.conversation import CAMPAIGN


async def test_an_offer_that_lapsed_says_so_in_its_own_message(shown: Shown) -> None:
    for number in (1, 2, 3):
        await shown.hall.say(number, "yes")
    await shown.faces.catch_up()
    await shown.hall.say(1, "no")
    await shown.hall.look()
    async with shown.hall.database.write() as tx:
        waiting = sa.update(deliveries).where(deliveries.c.state == "queued")
        await tx.execute(waiting.values(state="sent", message_id=777, sent_at=shown.hall.now))
    await shown.faces.catch_up()
    shown.posts.calls.clear()
    shown.hall.pass_time(days=2)
    await shown.hall.look()
    await shown.faces.catch_up()
    lapsed = [call for call in shown.posts.calls if call.payload["message_id"] == 777]
    assert len(lapsed) == 1
    assert "n’avez pas répondu à temps" in as_read(lapsed[0].payload["text"])


async def test_an_offer_of_a_shift_that_lapsed_says_so_and_a_change_of_the_event_leaves_it(
    shown: Shown,
) -> None:
    shown.posts.told()
    await shown.invite(1, 2, template=SHIFT_OFFER, add=False)
    async with shown.hall.database.write() as tx:
        await db.faces.shift_offer_over(tx, 1, f"event:{shown.hall.event}:{SHIFT_OFFER[-8:]}")
    assert await shown.faces.catch_up() == 1
    (call,) = shown.posts.calls
    assert "est passée à la personne suivante" in as_read(call.payload["text"])
    assert CAMPAIGN.sender.name in as_read(call.payload["text"])
    assert "1:optout:events" in str(call.payload["reply_markup"])
    shown.posts.told()
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 3  # the invitations alone


async def recalled(shown: Shown, state: str = "sent") -> int:
    """The invitation was taken back two days later, where it could only be edited; the recall's number."""
    async with shown.hall.database.write() as tx:
        values = {
            "key": "mend:1",
            "kind": "service",
            "template": RECALLED,
            "audience": {},
            "area": "FR",
            "starts_at": shown.hall.now,
            "created_at": shown.hall.now,
            "mends": 1,
        }
        number = await db.broadcasts.create(tx, values, {})
        assert number is not None
        await db.mends.queue(tx, number, 1, expires_at=None, now=shown.hall.now)
        of_it = sa.update(deliveries).where(deliveries.c.broadcast == number)
        await tx.execute(of_it.values(state=state, sent_at=shown.hall.now))
        await tx.execute(
            sa.update(broadcasts).where(broadcasts.c.id == number).values(finished_at=shown.hall.now)
        )
    return number


async def test_what_was_taken_back_is_no_card_any_more(shown: Shown) -> None:
    await recalled(shown)
    await shown.change(address="3 rue Neuve")
    assert await shown.faces.catch_up() == 0
    assert shown.posts.told() == {}


async def test_an_edit_that_lands_on_a_recall_is_taken_back_once_more(shown: Shown) -> None:
    """Another process takes it back while the edit waits for its slot of the budget that they share."""
    await shown.change(address="3 rue Neuve")
    recalls: list[int] = []

    async def meanwhile(_call: Call) -> None:
        recalls.append(await recalled(shown))

    shown.posts.before = meanwhile
    await shown.faces.catch_up()
    (overwritten,) = shown.posts.told()
    async with shown.hall.database.read() as tx:
        query = sa.select(people.c.telegram_id, deliveries.c.state).join(
            people, people.c.id == deliveries.c.person
        )
        found = await tx.execute(query.where(deliveries.c.broadcast == recalls[0]))
        states = {row.telegram_id: row.state for row in found}
        finished = await tx.scalar(sa.select(broadcasts.c.finished_at).where(broadcasts.c.id == recalls[0]))
    assert states.pop(overwritten) == "queued"
    assert set(states.values()) == {"sent"}
    assert finished is None, "The sender looks at what is not finished alone."


async def test_a_card_that_somebody_opened_is_edited_as_others_are(shown: Shown) -> None:
    """By a link and from the list; not once they have leafed on in it."""
    conversation = shown.hall.conversation
    while conversation.number() < 50:
        pass  # newer than their invitations
    by_link, from_list, gone = [conversation.person(number) for number in (1001, 1002, 1003)]
    for number in (1001, 1002, 1003):
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(people).where(people.c.telegram_id == number).values(language="en"))
    await by_link.send("/start ev_hall")
    (call,) = by_link.called("sendMessage")
    assert call.remember == "card:hall:0"
    sent = {"chat": {"id": 1001}, "message_id": 901}
    await event_cards.remember_card(conversation.database, str(call.remember), sent)
    await from_list.send("/events")
    await from_list.tap_data("1:event:hall", on=from_list.last)
    await gone.send("/start ev_hall")
    (call,) = gone.called("sendMessage")
    await event_cards.remember_card(
        conversation.database, str(call.remember), {"chat": {"id": 1003}, "message_id": gone.last.id}
    )
    await gone.tap("All events")
    await shown.change(address="Salle Rameau")
    await shown.faces.catch_up()
    edited = {
        (call.payload["chat_id"], call.payload["message_id"])
        for call in shown.posts.calls
        if "Salle Rameau" in call.payload["text"]
    }
    assert {(1001, 901), (1002, from_list.last.id)} <= edited
    assert (1003, gone.last.id) not in edited
    shown.posts.calls.clear()
    assert await shown.faces.catch_up() == 0


async def test_who_answers_elsewhere_while_their_card_waits_to_leave_reads_it_there_too(shown: Shown) -> None:
    """A tap does not wait for what is new in its chat."""
    hall = shown.hall
    talker = hall.conversation.person(1001)
    await talker.send("/start ev_hall")
    (call,) = talker.called("sendMessage")
    await hall.say(1, "yes")
    sent = {"chat": {"id": 1001}, "message_id": 901}
    await event_cards.remember_card(hall.database, str(call.remember), sent)
    await shown.faces.catch_up()
    edited = [each.payload["message_id"] for each in shown.posts.calls if each.payload["chat_id"] == 1001]
    assert 901 in edited
    await talker.send("/start ev_hall")
    call = talker.called("sendMessage")[-1]
    await event_cards.remember_card(hall.database, str(call.remember), sent | {"message_id": 902})
    shown.posts.calls.clear()
    assert await shown.faces.catch_up() == 0, "it shows what was answered"


async def test_every_card_of_somebody_tells_how_they_stand_wherever_it_changed(shown: Shown) -> None:
    """The invitation was edited to an offer; the offer is over, or was taken in another message."""
    hall = shown.hall
    await hall.say(1, "yes")
    await hall.say(2, "yes")
    await hall.say(3, "yes")  # who waits
    await shown.faces.catch_up()
    shown.posts.told()
    await hall.say(2, "no")
    await hall.tend()
    assert await shown.faces.catch_up() > 0
    assert "Une place s’est libérée pour vous" in shown.posts.told()[1003]
    hall.pass_time(days=2)
    await hall.look()
    await shown.faces.catch_up()
    told = shown.posts.told()[1003]
    assert "Une place s’est libérée" not in told
    # Whoever answers in one message finds all others true; the one that was tapped is answered by itself.
    await hall.say(3, "yes")
    assert await shown.faces.catch_up() > 0
    assert "Vous venez" in shown.posts.told()[1003]
    async with hall.database.write() as tx:
        await db.faces.stand_otherwise(tx, hall.event, [3], but=10 * 3 + len(INVITATION) % 7)
    assert await shown.faces.catch_up() == 0


async def test_what_changes_while_a_card_is_edited_is_edited_once_more(shown: Shown) -> None:
    await shown.hall.say(1, "yes")

    async def again(_call: Call) -> None:
        async with shown.hall.database.write() as tx:
            await db.faces.stand_otherwise(tx, shown.hall.event, [1])

    async with shown.hall.database.write() as tx:
        await db.faces.look(tx, shown.hall.now)
        await db.faces.stand_otherwise(tx, shown.hall.event, [1])
    shown.posts.before = again
    assert await shown.faces.catch_up() == 1
    assert await shown.faces.catch_up() == 1, "it was marked anew on the way"
    assert await shown.faces.catch_up() == 0


async def test_where_seats_are_not_counted_another_answer_is_on_every_card_too(shown: Shown) -> None:
    hall = shown.hall
    async with hall.database.write() as tx:
        await tx.execute(sa.update(events).values(counted=False, capacity=None))
        await tx.execute(sa.delete(seats))
    await hall.say(1, "yes")
    assert await shown.faces.catch_up() == 0, "what is said first is on the card that was tapped"
    await hall.say(1, "no")
    assert await shown.faces.catch_up() == 1
    assert "Vous ne pouvez pas venir" in shown.posts.told()[1001]
    await hall.say(1, "no")
    assert await shown.faces.catch_up() == 0
    await shown.change(address="Ailleurs")
    await shown.faces.catch_up()
    assert shown.posts.told().keys() == {1001, 1002, 1003}, "and it is looked after as before"


async def test_whoever_moves_the_clock_has_it_catch_up_and_no_look_does_so_beside_them(shown: Shown) -> None:
    """As a rehearsal does; else each look that finds an event begins it."""
    await shown.change(address="Place Bellecour")
    shown.faces.hold()
    async with shown.hall.database.read() as tx:
        await shown.faces.look(tx)
    assert shown.faces.is_current
    assert await shown.faces.catch_up() == 3
