"""Shifts, as their organizer plans them and as people take them in the chat."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import db.seats
from bot.actions.shift_offers import tend
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from db.schema import audit, events, rsvps, shift_places, shifts
from tests.campaigning import rows, staff
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import announce_event
from tests.leaving import leaving_of


async def announced(conversation: Conversation) -> tuple[Talker, str]:
    """An organizer whose event is on Thursday 24 November at 19:00."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
    (event,) = await rows(conversation, events)
    begins = {"starts_at": paris("2016-11-24T19:00"), "ends_at": paris("2016-11-24T21:00")}
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(begins))
    return organizer, event.code


async def add(organizer: Talker, code: str, hours: str, places: str, role: str = "welcoming people") -> None:
    await organizer.tap_data(f"1:plan_shifts:{code}")
    await organizer.tap("Add a shift")
    await organizer.tap(role)
    await organizer.send(hours)
    await organizer.send(places)


async def helper(conversation: Conversation, number: int, language: str = "en") -> Talker:
    person = conversation.person(number, language=language)
    await person.sign_up()
    return person


async def offers(conversation: Conversation) -> list[Call | Stop]:
    async with conversation.database.write() as tx:
        await tend(tx, CAMPAIGN, conversation.clock.now())
    return await leaving_of(conversation, "shift:%:offer%")


async def test_a_shift_is_planned_taken_and_given_back(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Shifts")
    assert "No shifts yet" in organizer.last.text
    await add(organizer, code, "17h-19h", "1")
    assert "5 pm – 7 pm, welcoming people" in organizer.last.text or "17:00 – 19:00" in organizer.last.text
    assert "0 of 1 places taken" in organizer.last.text
    zoe, mia = await helper(conversation, 1), await helper(conversation, 2)
    await zoe.send(f"/start ev_{code}")
    await zoe.tap("Lend a hand: the shifts")
    (shift,) = await rows(conversation, shifts)
    await zoe.tap_data(f"1:shift:{shift.id}:yes")
    assert "✓ yours" in zoe.last.text
    (row,) = await rows(conversation, rsvps)
    assert row.answer == "yes"
    await mia.tap_data(f"1:shifts:{code}")
    assert "full" in mia.last.text
    await mia.tap_data(f"1:shift:{shift.id}:yes")
    assert "waiting list: no. 1" in mia.last.text
    await organizer.tap_data(f"1:plan_shift:{shift.id}")
    assert "1 of 1 places taken, 1 waiting" in organizer.last.text
    assert await offers(conversation) == []
    await zoe.tap_data(f"1:shift:{shift.id}:no")
    (call,) = await offers(conversation)
    assert isinstance(call, Call)
    mia.receive([call])
    assert mia.last.text.startswith("<b>A place in a shift has come free for you.</b>")
    await mia.tap("I’ll take the shift")
    assert "✓ yours" in mia.last.text
    # Who gave it back is the last on the list.
    await zoe.tap_data(f"1:shift:{shift.id}:yes")
    assert "waiting list: no. 1" in zoe.last.text
    assert await offers(conversation) == []


async def test_a_task_that_is_typed_in_two_lines_stands_in_one(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await organizer.tap_data(f"1:plan_shifts:{code}")
    await organizer.tap("Add a shift")
    await organizer.send("carry\nthe tables")
    await organizer.send("17h-19h")
    await organizer.send("2")
    assert ", carry the tables" in organizer.last.text
    (shift,) = await rows(conversation, shifts)
    assert shift.role == "carry the tables"
    await organizer.tap_data(f"1:plan_shift:{shift.id}")
    await organizer.tap("Change what there is to do")
    await organizer.send("carry the\nchairs")
    (shift,) = await rows(conversation, shifts)
    assert shift.role == "carry the chairs"


async def test_nobody_is_in_two_shifts_at_once(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "5")
    await add(organizer, code, "18h-20h", "5", role="setting up")
    await add(organizer, code, "19h-21h", "5", role="clearing up")
    first, second, third = [row.id for row in await rows(conversation, shifts)]
    zoe = await helper(conversation, 1, "fr")
    await zoe.tap_data(f"1:shift:{first}:yes")
    await zoe.tap_data(f"1:shift:{second}:yes")
    assert zoe.toast.startswith("Vous avez déjà un créneau à ce moment-là (17 h – 19 h, accueillir).")
    await zoe.tap_data(f"1:shift:{third}:yes")
    taken = {row.shift for row in await rows(conversation, shift_places) if row.answer == "yes"}
    assert taken == {first, third}
    # Other hours may bring two of one's shifts together: who has both is told, and gives back either.
    await organizer.tap_data(f"1:plan_shift:{third}")
    await organizer.tap("Change the hours")
    await organizer.send("18h30-21h")
    (told,) = await leaving_of(conversation, f"shift:{third}:change%")
    assert isinstance(told, Call)
    assert "un autre créneau au même moment" in told.payload["text"]
    assert "17 h – 19 h, accueillir" in told.payload["text"].replace("\N{NO-BREAK SPACE}", " ")
    assert "Rendre celui-ci" in str(told.payload["reply_markup"])


async def test_whoever_does_not_come_takes_no_shift_either(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "1")
    (shift,) = await rows(conversation, shifts)
    zoe = await helper(conversation, 1)
    await zoe.tap_data(f"1:shift:{shift.id}:yes")
    await zoe.tap_data(f"1:rsvp:{code}:no")
    (place,) = await rows(conversation, shift_places)
    assert place.answer == "no"


async def test_a_full_event_has_no_seat_for_who_takes_a_shift(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "2")
    (shift,) = await rows(conversation, shifts)
    zoe, mia = await helper(conversation, 1), await helper(conversation, 2)
    await zoe.tap_data(f"1:shift:{shift.id}:yes")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(capacity=1, counted=True))
    async with conversation.database.write() as tx:
        await db.seats.recount(tx, [row.id for row in await rows(conversation, events)])
    await mia.tap_data(f"1:shift:{shift.id}:yes")
    assert "join its waiting list first" in mia.toast
    assert [row.person for row in await rows(conversation, rsvps) if row.answer == "waiting"] == []


async def test_changes_are_told_to_those_who_took_it_and_no_one_else(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "1")
    (shift,) = await rows(conversation, shifts)
    zoe, mia, paul = [await helper(conversation, number) for number in (1, 2, 3)]
    for person in (zoe, mia, paul):
        await person.tap_data(f"1:shift:{shift.id}:yes")
    await paul.tap_data(f"1:shift:{shift.id}:no")
    await organizer.tap_data(f"1:plan_shift:{shift.id}")
    await organizer.tap("Change the hours")
    await organizer.send("16h-19h")
    assert "2 people are being told" in organizer.last.text
    told = await leaving_of(conversation, f"shift:{shift.id}:change%")
    texts = {call.chat: call.payload["text"] for call in told if isinstance(call, Call)}
    assert set(texts) == {1, 2}
    assert "It’s still yours" in texts[1]
    assert "You keep your place on its waiting list." in texts[2]
    await organizer.tap_data(f"1:plan_off:{shift.id}:ask")
    await organizer.tap("Yes, call it off")
    assert "2 people are being told" in organizer.last.text
    told = await leaving_of(conversation, f"shift:{shift.id}:off%")
    assert len(told) == 2
    for call in told:
        assert isinstance(call, Call)
        assert "1:shifts:" not in str(call.payload["reply_markup"]), "There is no other one."
    await add(organizer, code, "17h-19h", "1")
    for call in await leaving_of(conversation, f"shift:{shift.id}:off%"):
        assert isinstance(call, Call)
        assert "1:shifts:" in str(call.payload["reply_markup"])
    await paul.tap_data(f"1:shift:{shift.id}:yes")
    assert "isn’t offered any more" in paul.last.text
    # The list that they leafed to shows it as theirs no more.
    assert "✓" in zoe.last.text + str(zoe.last.buttons)
    await zoe.tap_data(f"1:shift:{shift.id}:no")
    assert "isn’t offered any more" in zoe.last.text
    assert "✓" not in zoe.last.text + str(zoe.last.buttons)
    assert "0 of 1 places taken" in zoe.last.text
    noted = [row.details["changed"] for row in await rows(conversation, audit) if "shift" in row.details]
    assert noted == ["added", "hours", "off", "added"]


async def test_the_event_s_messages_name_the_shift(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "2")
    (shift,) = await rows(conversation, shifts)
    zoe, mia = await helper(conversation, 1, "fr"), await helper(conversation, 2)
    await zoe.tap_data(f"1:shift:{shift.id}:yes")
    await mia.tap_data(f"1:rsvp:{code}:yes")
    (event,) = await rows(conversation, events)
    await organizer.tap_data(f"1:event_change:{code}:date:-")
    await organizer.send("25/11 20h")
    await organizer.tap_data("1:event_confirm:yes")
    told = await leaving_of(conversation, f"event:{event.id}:change%")
    texts = {call.chat: call.payload["text"] for call in told if isinstance(call, Call)}
    # It went along with its event, by a day and an hour.
    assert "Votre créneau" in texts[1]
    assert "18 h – 20 h, accueillir" in texts[1].replace("\u202f", " ").replace("\xa0", " ")
    assert "shift" not in texts[2].lower()


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("16h-14h", "A shift lasts from 15 minutes to 12 hours"),
        ("14h-14h", "A shift lasts from 15 minutes to 12 hours"),
        ("demain", "I didn’t understand these hours"),
    ],
)
async def test_hours_that_no_shift_has_are_asked_again(
    conversation: Conversation, hours: str, said: str
) -> None:
    organizer, code = await announced(conversation)
    await organizer.tap_data(f"1:plan_add:{code}")
    await organizer.send("tenir le stand")
    await organizer.send(hours)
    assert said in organizer.last.text
    for places in ("0", "-1", "1000000000", "beaucoup", "2,5", "2.5"):
        await organizer.send("14h-16h")
        await organizer.send(places)
        assert await rows(conversation, shifts) == []
    await organizer.send("3")
    (made,) = await rows(conversation, shifts)
    assert (made.role, made.capacity) == ("tenir le stand", 3)


async def test_nobody_else_plans_and_nothing_forged_is_taken(conversation: Conversation) -> None:
    organizer, code = await announced(conversation)
    await add(organizer, code, "17h-19h", "2")
    (shift,) = await rows(conversation, shifts)
    other, zoe = await staff(conversation, 8, "organizer", "69"), await helper(conversation, 1)
    for talker in (other, zoe):
        for data in (
            f"plan_shifts:{code}",
            f"plan_shift:{shift.id}",
            f"plan_off:{shift.id}:yes",
            f"plan_add:{code}",
        ):
            await talker.tap_data(f"1:{data}")
    for data in (
        "shift:999:yes",
        f"shift:{shift.id}:maybe",
        "shift:x:yes",
        "shifts:nothing",
        "plan_shift:999",
    ):
        await zoe.tap_data(f"1:{data}")
        await organizer.tap_data(f"1:{data}")
    (left,) = await rows(conversation, shifts)
    assert left.state == "open"
    assert await rows(conversation, shift_places) == []
