"""One's own events: changed or cancelled, and those who accepted are told."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Call
from bot.rules.permissions import Role
from db.deliveries import release_withheld
from db.engine import Database
from db.schema import approvals, audit, broadcasts, event_texts, events, people, rsvps
from tests.campaigning import answer, named, recipients, revoke, rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import announce_event
from tests.leaving import leaving

LYON, NANTES = "69123", "44109"


async def announced(talker: Talker) -> str:
    """An event in Lyon on 24 November at 19:00; gives its code."""
    await announce_event(talker)
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


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            r"8</a> \(coordinator, Auvergne-Rhône-Alpes\) changed this event on Wednesday 16 November at 10:00\.",
        ),
        (
            "fr",
            r"8</a> \([^()]+, Auvergne-Rhône-Alpes\) a modifié cet événement mercredi 16 novembre à 10\sh\.",
        ),
    ],
)
async def test_two_changes_at_once_do_not_overwrite_each_other(
    conversation: Conversation, language: str, said: str
) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    coordinator = await staff(conversation, 8, "coordinator", "R84")
    code = await announced(organizer)
    for talker, date in ((organizer, "25/11 20h"), (coordinator, "26/11 15h")):
        await talker.tap_data(f"1:event_change:{code}:date:-")
        await talker.send(date)
    await coordinator.tap("Change it and tell them")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(language=language))
    await organizer.tap(next(iter(organizer.last.buttons)))
    assert re.search(said, organizer.last.text), organizer.last.text
    (event,) = await rows(conversation, events)
    assert (event.starts_at, event.sequence) == (paris("2016-11-26T15:00"), 1)


async def test_an_hour_of_the_night_is_asked_about(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await announced(organizer)
    await organizer.tap("Manage the event")
    await organizer.tap("Change the date")
    await organizer.send("25/11 5h")
    assert "⚠ It begins at night: on Friday 25 November at 05:00." in organizer.last.text
    await organizer.tap("Leave it as it was")
    (event,) = await rows(conversation, events)
    await organizer.tap_data(f"1:event_change:{event.code}:date:-")
    await organizer.send("25/11 17h")
    assert "⚠" not in organizer.last.text


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
    spans = {"20": "From Saturday 19 November at 00:00 to Sunday 20 November at 19:00 no invitation"}
    assert spans.get(date[:2], "") in organizer.last.text, organizer.last.text


async def test_who_said_yes_reads_why(conversation: Conversation) -> None:
    """The organizer says why it moves, sees it as it will be read, and it is sent so."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
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
    assert [each.details["words"] for each in told] == ["La salle est <prise>"]


async def coming_to(conversation: Conversation, code: str, *people: int) -> None:
    (event,) = [each for each in await rows(conversation, events) if each.code == code]
    for person in people:
        await answer(conversation, person, event.id, "yes")


async def moved(talker: Talker, code: str, date: str, *, why: str = "") -> None:
    await talker.tap_data(f"1:event_change:{code}:date:-")
    await talker.send(date)
    if why:
        await talker.tap("Say why")
        await talker.send(why)
    await talker.tap("Change it and tell them")


async def heard(conversation: Conversation) -> list[str]:
    """What leaves at this moment of news of an event."""
    async with conversation.database.write() as tx:
        await release_withheld(tx, conversation.clock.now())
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    return [each.payload["text"] for each in calls if "has changed" in each.payload["text"]]


async def test_changes_wake_nobody_up_and_are_told_together(conversation: Conversation) -> None:
    """An organizer who changes it by night, and again: one message in the morning, which says the last of it."""
    organizer = await staff(conversation, 7, "organizer", "69")
    coming = await supporter(conversation, 1, LYON, language="en")
    code = await announced(organizer)
    await coming_to(conversation, code, coming)
    await leaving(conversation)
    conversation.clock.move(paris("2016-11-15T02:00"))
    for minute in range(1, 7):
        await organizer.tap_data(f"1:event_change:{code}:date:-")
        await organizer.send(f"24/11 19h{minute:02d}")
        assert "They get it from Tuesday 15 November at 09:00 on" in organizer.last.text
        await moved(organizer, code, f"24/11 19h{minute:02d}", why=f"Number {minute}" if minute < 6 else "")
        assert await heard(conversation) == []
    conversation.clock.move(paris("2016-11-15T09:00"))
    (told,) = await heard(conversation)
    assert "19:06" in told
    assert "Number 5" in told, "what was said last stays, though the next change says nothing"

    # Told an hour ago at the earliest, and three times a day: whoever changes it reads when the next one leaves.
    for hour, said in ((9, "10:00"), (10, "11:00")):
        conversation.clock.move(paris(f"2016-11-15T{hour:02d}:30"))
        await moved(organizer, code, f"24/11 18h{hour:02d}")
        assert f"this one is told on Tuesday 15 November at {said}" in organizer.last.text
        conversation.clock.move(paris(f"2016-11-15T{said}"))
        assert len(await heard(conversation)) == 1
    conversation.clock.move(paris("2016-11-15T15:00"))
    await moved(organizer, code, "24/11 17h")
    assert "told on Wednesday 16 November at 09:00" in organizer.last.text
    assert await heard(conversation) == []

    # So near that nobody would know in time, it leaves at once; a cancellation always does.
    conversation.clock.move(paris("2016-11-24T06:00"))
    await heard(conversation)
    await organizer.tap_data(f"1:event_change:{code}:date:-")
    await organizer.send("24/11 10h")
    told = organizer.last.text
    assert "It will be night where these live: ≈ " in told
    assert "They get it from Thursday 24 November at 06:00 on" in told
    assert "It does not wait for the morning" in told
    assert "too early for that.\n\nNumbers are approximate" in told, "Two paragraphs."
    await moved(organizer, code, "24/11 10h")
    assert len(await heard(conversation)) == 1
    await organizer.tap_data(f"1:event_change:{code}:cancel:-")
    assert "That it is cancelled does not wait for the morning" in organizer.last.text
    assert "set out for nothing.\n\nNumbers are approximate" in organizer.last.text
    await organizer.tap("Cancel it and tell them")
    assert [each for each in await leaving(conversation) if isinstance(each, Call)]


async def test_free_words_for_many_wait_for_a_second_person(sqlite_database: Database) -> None:
    """The news itself leaves, without them; so it is of a cancellation."""
    conversation = Conversation(
        sqlite_database, paris("2016-11-14T10:00"), campaign=replace(CAMPAIGN, approval_above=1)
    )
    organizer = await named(conversation, 7, Role.ORGANIZER, "69")
    second = await named(conversation, 8, Role.COORDINATOR, "69")
    people = [await supporter(conversation, number, LYON, language="en") for number in (1, 2)]
    code = await announced(organizer)
    (event,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(state="open"))
    await coming_to(conversation, code, *people)
    await moved(organizer, code, "25/11 19h", why="Bring five friends")
    assert "wait for a second person" in organizer.last.text
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    news = [each for each in calls if each.chat in (1, 2)]
    assert len(news) == 2
    assert all("has changed" in each.payload["text"] and "friends" not in str(each) for each in news), str(
        news
    )
    assert "Venez" not in str(news), "nor what was written of it at leisure"

    (words,) = [each for each in await rows(conversation, broadcasts) if ":why:" in each.key]
    assert words.state == "unapproved"
    (approval,) = [each for each in await rows(conversation, approvals) if each.broadcast == words.id]
    await organizer.tap_data(f"1:broadcast_decide:{approval.id}:yes")
    assert [each for each in await leaving(conversation) if isinstance(each, Call)] == []
    await second.tap_data(f"1:broadcast_decide:{approval.id}:yes")
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    assert sum("Bring five friends" in str(each) for each in calls if each.chat in (1, 2)) == 2

    # Other words for the event itself wait as a whole; what is off is told at once, and why later.
    await organizer.tap_data(f"1:event_change:{code}:description:en")
    await organizer.send("Vote for Camille")
    await organizer.tap("Change it and tell them")
    assert [each for each in await leaving(conversation) if isinstance(each, Call) and each.chat < 3] == []
    await organizer.tap_data(f"1:event_change:{code}:cancel:-")
    await organizer.tap("Say why")
    await organizer.send("Vote for Camille all the same")
    await organizer.tap("Cancel it and tell them")
    calls = [each for each in await leaving(conversation) if isinstance(each, Call) and each.chat < 3]
    assert len(calls) == 2
    assert all("is cancelled" in str(each) and "Camille all" not in str(each) for each in calls)
    waiting = [each for each in await rows(conversation, broadcasts) if each.state == "unapproved"]
    (approval,) = [
        each
        for each in await rows(conversation, approvals)
        if each.broadcast in {row.id for row in waiting if row.event == event.id and ":why:" in row.key}
    ]
    await second.tap_data(f"1:broadcast_decide:{approval.id}:yes")
    calls = [each for each in await leaving(conversation) if isinstance(each, Call) and each.chat < 3]
    assert len(calls) == 2
    assert all("is cancelled" in str(each) and "Camille all the same" in str(each) for each in calls)
