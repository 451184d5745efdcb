"""One's own events: changed or cancelled, and those who accepted are told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from db.schema import audit, broadcasts, event_texts, events, rsvps
from tests.campaigning import answer, recipients, revoke, rows, staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.drafting import write_event

LYON, NANTES = "69123", "44109"


async def announced(talker: Talker) -> str:
    """An event in Lyon on 24 November at 19:00; gives its code."""
    await write_event(talker)
    await talker.send("SEND")
    return next(
        data.split(":")[-1]
        for shown in talker.screen
        for data in shown.buttons.values()
        if "my_event:" in data
    )


async def test_a_new_date_is_told_to_those_who_accepted(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    people = [await supporter(conversation, number, LYON) for number in range(1, 5)]
    code = await announced(organizer)
    (event,) = await rows(conversation, events)
    for person, said in zip(people, ("yes", "maybe", "no"), strict=False):
        await answer(conversation, person, event.id, said)

    await organizer.tap("Manage the event")
    assert "Coming: <b>1</b>, maybe: 1" in organizer.last.text  # the announcement stands above its progress
    await organizer.tap("Change the date")
    await organizer.send("31/02 19h")
    assert "does not exist" in organizer.last.text
    await organizer.send("25/11 20h")
    french, english, question = organizer.screen[-3:]
    assert "vendredi 25 novembre, de 20 h à 22 h" in french.text
    assert "Friday 25 November, from 20:00 to 22:00" in english.text
    assert "Change this event?" in question.text
    assert (await rows(conversation, events))[0].starts_at == paris("2016-11-24T19:00")

    await organizer.tap("Change it and tell them")
    (event,) = await rows(conversation, events)
    assert (event.starts_at, event.ends_at) == (paris("2016-11-25T20:00"), paris("2016-11-25T22:00"))
    assert event.sequence == 1
    told = await recipients(conversation, f"event:{event.id}:change:%")
    assert set(told) == set(people[:2])
    # Useful until the new end, should the law or the hour hold it back beyond the old one.
    assert {each.expires_at for each in told.values()} == {paris("2016-11-25T22:00")}

    # Tapped twice.
    await organizer.tap_data("1:event_confirm:yes")
    assert "already" in organizer.toast
    assert len(await rows(conversation, broadcasts)) == 2
    assert [row.action for row in await rows(conversation, audit)] == ["create_event", "change_event"]
    assert code == event.code


async def test_words_and_place_change(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await announced(organizer)
    await organizer.tap("Manage the event")
    await organizer.tap("Change the text")
    await organizer.tap("Title (English)")
    await organizer.send("Great meeting")
    await organizer.tap("Change it and tell them")
    titles = {row.language: (row.title, row.description) for row in await rows(conversation, event_texts)}
    assert titles == {"fr": ("Réunion", "Venez"), "en": ("Great meeting", "Come")}

    await organizer.tap("Your events")
    await organizer.tap("Great meeting")
    await organizer.tap("Change the place")
    await organizer.tap("In another commune")
    await organizer.send("nantes")
    assert "outside your area" in organizer.last.text
    await organizer.send("villeurbanne")
    await organizer.send("Place Lazare-Goujon")
    await organizer.tap("Change it and tell them")
    (event,) = await rows(conversation, events)
    assert (event.commune, event.address, event.sequence) == ("69266", "Place Lazare-Goujon", 2)


async def test_a_cancellation_stops_the_invitation_and_is_told(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    # She wants no more invitations, but she said yes to this one.
    coming = await supporter(conversation, 1, LYON, mutes_events=True)
    await announced(organizer)
    (event,) = await rows(conversation, events)
    await answer(conversation, coming, event.id, "yes")
    # In the quiet period, when only a cancellation may leave.
    conversation.clock.move(paris("2016-11-19T10:00"))
    await organizer.tap("Manage the event")
    await organizer.tap("Cancel the event")
    assert "<b>This event is cancelled.</b>" in organizer.screen[-2].text
    assert "quiet period" not in organizer.last.text
    await organizer.tap("Cancel it and tell them")
    (event,) = await rows(conversation, events)
    assert event.state == "cancelled"
    told = await recipients(conversation, f"event:{event.id}:cancel")
    assert list(told) == [coming]
    states = {row.key: row.state for row in await rows(conversation, broadcasts)}
    assert states == {f"event:{event.id}:invite": "cancelled", f"event:{event.id}:cancel": "active"}

    # A button of the cancelled event.
    await organizer.tap_data(f"1:event_change:{event.code}:date:-")
    assert "was cancelled" in organizer.last.text
    await organizer.tap_data(f"1:event_change:{event.code}:cancel:-")
    assert "was cancelled" in organizer.last.text
    assert len(await rows(conversation, broadcasts)) == 2


async def test_two_changes_at_once_do_not_overwrite_each_other(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    coordinator = await staff(conversation, 8, "coordinator", "R84")
    code = await announced(organizer)
    for talker, date in ((organizer, "25/11 20h"), (coordinator, "26/11 15h")):
        await talker.tap_data(f"1:event_change:{code}:date:-")
        await talker.send(date)
    await coordinator.tap("Change it and tell them")
    await organizer.tap("Change it and tell them")
    assert "Somebody changed this event in the meantime" in organizer.last.text
    (event,) = await rows(conversation, events)
    assert (event.starts_at, event.sequence) == (paris("2016-11-26T15:00"), 1)


async def test_leaving_it_as_it_was(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    code = await announced(organizer)
    await organizer.tap_data(f"1:event_change:{code}:cancel:-")
    await organizer.tap("Leave it as it was")
    (event,) = await rows(conversation, events)
    assert (event.state, event.sequence) == ("open", 0)


async def test_others_events_are_for_coordinators_of_the_area(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    colleague = await staff(conversation, 8, "organizer", "69")
    elsewhere = await staff(conversation, 9, "coordinator", "R11")
    code = await announced(organizer)
    await colleague.tap_data(f"1:my_event:{code}")
    assert "Only whoever organizes this event" in colleague.last.text
    await elsewhere.tap_data(f"1:event_change:{code}:cancel:-")
    assert "outside your area" in elsewhere.last.text
    await elsewhere.tap_data("1:my_events")
    assert "no event to come" in elsewhere.last.text
    await organizer.tap_data("1:my_events")
    assert "Réunion" in organizer.last.text or "Meeting" in organizer.last.text


async def test_a_role_revoked_in_the_middle_changes_nothing(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    code = await announced(organizer)
    await organizer.tap_data(f"1:event_change:{code}:cancel:-")
    await revoke(conversation, 7)
    await organizer.tap("Cancel it and tell them")
    assert "Your role does not allow this" in organizer.last.text
    assert (await rows(conversation, events))[0].state == "open"


@pytest.mark.parametrize(("date", "warned"), [("26/11 15h", True), ("20/11 10h", True), ("25/11 20h", False)])
async def test_a_date_in_a_quiet_period_is_warned_of(
    conversation: Conversation, date: str, warned: bool
) -> None:
    """The eve and the day of a round: no word of the event could leave."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await announced(organizer)
    await organizer.tap("Manage the event")
    await organizer.tap("Change the date")
    await organizer.send(date)
    assert "Change this event?" in organizer.last.text
    assert ("Careful: it begins in a quiet period." in organizer.last.text) is warned


async def test_who_said_yes_reads_why(conversation: Conversation) -> None:
    """The organizer says why it moves, sees it as it will be read, and it is sent so."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await write_event(organizer)
    await organizer.send("SEND")
    (event,) = await rows(conversation, events)
    coming = await supporter(conversation, 1, "69123")
    async with conversation.database.write() as tx:
        now = conversation.clock.now()
        await tx.execute(sa.insert(rsvps).values(event=event.id, person=coming, answer="yes", at=now))
    await organizer.tap_data(f"1:event_change:{event.code}:date:-")
    await organizer.send("25/11 20:00")
    await organizer.tap("Say why")
    await organizer.send("La salle est <prise>")
    assert any("La salle est &lt;prise&gt;" in each.text for each in organizer.screen)
    await organizer.tap("Change it and tell them")
    told = [
        each for each in await rows(conversation, broadcasts) if each.template == "broadcasts/event_changed"
    ]
    assert [each.details for each in told] == [{"words": "La salle est <prise>"}]
