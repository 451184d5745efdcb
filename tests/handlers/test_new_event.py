"""/new_event, from the title to the queued invitations."""

from __future__ import annotations

import re

import pytest

from db.schema import audit, broadcasts, event_texts, events
from tests.campaigning import recipients, revoke, rows, staff, supporter, supporters
from tests.conversation import Conversation, Talker, paris
from tests.drafting import MEETING, begin_event, finish_event
from tests.reading import ABOUT

LYON, VILLEURBANNE, PARIS = "69123", "69266", "75056"


async def written(talker: Talker) -> None:
    """Everything said up to the summary: a meeting in Lyon, for people within 30 km."""
    for words in ("/new_event", "Réunion publique", "Venez nombreux !", "Public meeting"):
        await talker.send(words)
    await talker.tap("Leave it out")
    for words in ("lyon", "Salle Molière, 20 quai de Bondy"):
        await talker.send(words)
    await finish_event(talker)


async def test_an_event_is_announced_to_those_around(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    near = await supporter(conversation, 1, VILLEURBANNE)
    await supporter(conversation, 2, PARIS)
    await supporter(conversation, 3, LYON, consent_commune=False)  # chosen by nobody for where they live
    await supporter(conversation, 4, LYON, mutes_events=True)

    await written(organizer)
    french, english, summary = organizer.screen[-3:]
    assert "<b>Réunion publique</b>" in french.text
    assert "Venez nombreux !" in french.text
    assert "jeudi 24 novembre, de 19 h à 21 h" in french.text
    assert "<b>Public meeting</b>" in english.text
    assert "Venez nombreux !" in english.text  # the description left out falls back
    assert list(french.buttons)[:3] == ["Je viens", "Peut-être", "Je ne peux pas"]
    assert "optout:events" in french.buttons["Ne plus m’inviter"]
    # The few in an area are not counted out.
    assert re.search(rf"<b>Recipients:</b> {ABOUT}", summary.text)
    assert await rows(conversation, events) == []

    await organizer.send("maybe")
    assert "Nothing was sent" in organizer.last.text
    await organizer.send(" send! ")
    (event,) = await rows(conversation, events)
    assert event.starts_at == paris("2016-11-24T19:00")
    assert event.ends_at == paris("2016-11-24T21:00")
    assert (event.commune, event.zone, event.pinned) == (LYON, "Europe/Paris", False)
    assert len(await rows(conversation, event_texts)) == 2
    invited = await recipients(conversation, f"event:{event.id}:invite")
    assert list(invited) == [near]
    assert invited[near].expires_at == event.starts_at
    (entry,) = await rows(conversation, audit)
    assert (entry.actor, entry.action) == ("staff:7", "create_event")
    remembered = [call.remember for call in organizer.called("sendMessage")]
    (broadcast,) = await rows(conversation, broadcasts)
    assert f"progress:{broadcast.id}" in remembered

    # The word typed once more answers nothing.
    await organizer.send("SEND")
    assert len(await rows(conversation, events)) == 1


async def test_a_text_in_one_language_falls_back_and_the_summary_says_so(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "admin", "FR")
    for words in ("/new_event", "Réunion publique", "Venez !"):
        await organizer.send(words)
    await organizer.tap("No title in this language")
    for words in ("lyon", "Salle Molière"):
        await organizer.send(words)
    await finish_event(organizer)
    _, english, summary = organizer.screen[-3:]
    assert "<b>Réunion publique</b>" in english.text
    assert "When:" in english.text
    assert "No text in English" in summary.text


async def test_who_typed_a_postcode_that_is_none_is_not_asked_for_a_postcode(
    conversation: Conversation,
) -> None:
    organizer = await staff(conversation, 8, "organizer", "FR")
    for words in ("/new_event", *MEETING[:4]):
        await organizer.send(words)
    await organizer.send("99999")
    assert "commune with the postcode 99999. Check it" in organizer.last.text
    await organizer.send("((((")
    assert "Check the spelling, or type its postcode" in organizer.last.text


@pytest.mark.parametrize("typed", ["demain 19h", "vendredi", "dimanche", "tomorrow", "now"])
async def test_a_date_is_no_commune_whatever_it_sounds_like(conversation: Conversation, typed: str) -> None:
    organizer = await staff(conversation, 8, "organizer", "FR")
    for words in ("/new_event", *MEETING[:4]):
        await organizer.send(words)
    await organizer.send(typed)
    assert f"I don’t know any commune called “{typed}”" in organizer.last.text


async def test_a_commune_that_is_called_like_a_day_is_found(conversation: Conversation) -> None:
    organizer = await staff(conversation, 8, "organizer", "FR")
    for words in ("/new_event", *MEETING[:4], "mer"):  # Wednesday for short, and a town on the Loire
        await organizer.send(words)
    assert organizer.last.text.startswith("<b>At what address?</b>")


async def test_one_title_at_least_is_needed(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/new_event")
    await organizer.tap("No title in this language")
    assert "English" in organizer.last.text
    assert organizer.last.buttons == {}
    await organizer.tap_data("1:event_skip:title:en")
    assert "English" in organizer.last.text


@pytest.mark.parametrize(
    ("typed", "explained"),
    [
        ("31/02 19h", "that day does not exist"),
        ("15/11 19h", "already passed"),
        ("hier 10h", "already passed: Tuesday 15 November at 10:00"),
        ("yesterday 10am", "already passed: Tuesday 15 November at 10:00"),
        ("un de ces jours", "I can’t read"),
    ],
)
async def test_a_bad_date_loses_nothing(conversation: Conversation, typed: str, explained: str) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_event(organizer)
    await organizer.tap("Without a pin")
    await organizer.send(typed)
    assert explained in organizer.last.text
    await organizer.send("24/11 19h")
    assert "How long" in organizer.last.text


async def test_too_long_a_title_is_refused(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/new_event")
    await organizer.send("x" * 121)
    assert "121 characters; at most 120" in organizer.last.text
    await organizer.send("Réunion")
    assert "What will happen there?" in organizer.last.text


async def test_an_organizer_stays_in_their_area(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    for words in ("/new_event", "Réunion", "Venez", "Meeting", "Come", "nantes"):
        await organizer.send(words)
    assert "outside your area (Rhône)" in organizer.last.text
    await organizer.send("villeurbanne")
    assert "At what address?" in organizer.last.text


async def test_a_field_is_changed_from_the_summary(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await written(organizer)
    await organizer.tap("Change the date")
    await organizer.send("demain 18h30")
    assert "Thursday 17 November, from 18:30 to 20:30" in organizer.last.text
    # Another commune takes its address, pin and people around with it.
    await organizer.tap("Change the commune")
    await organizer.send("villeurbanne")
    await organizer.send("Place Lazare-Goujon")
    await organizer.share_location(43.2965, 5.3698)
    assert re.search(r"This pin is 27\d km from Villeurbanne", organizer.last.text), "it is in Marseille"
    await organizer.share_location(45.7669, 4.8799)
    assert "within 30 km of Villeurbanne" in organizer.last.text
    await organizer.tap("That’s it")
    await organizer.send("SEND")
    (event,) = await rows(conversation, events)
    assert (event.commune, event.pinned, event.latitude) == (VILLEURBANNE, True, 45.7669)
    assert event.starts_at == paris("2016-11-17T18:30")


async def test_the_quiet_period_is_told(conversation: Conversation) -> None:
    conversation.clock.move(paris("2016-11-19T10:00"))
    organizer = await staff(conversation, 7, "admin", "FR")
    await supporters(conversation, range(100, 112), LYON)
    await written(organizer)
    assert "<b>Recipients:</b> 12" in organizer.last.text
    told = "A quiet period keeps it at first from: 12. They get it from Sunday 20 November at 19:00"
    assert told in organizer.last.text


async def test_leaving_and_coming_back_continues(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/new_event")
    await organizer.send("Réunion")
    await organizer.send("/new_event")
    assert "still here" in organizer.screen[-2].text
    assert "What will happen there?" in organizer.last.text
    await organizer.send("/cancel")
    await organizer.send("/new_event")
    assert "What is the event called?" in organizer.last.text


async def test_a_role_revoked_in_the_middle_announces_nothing(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await written(organizer)
    await revoke(conversation, 7)
    await organizer.send("SEND")
    assert "Your role does not allow this" in organizer.last.text
    assert await rows(conversation, events) == []
    assert await rows(conversation, broadcasts) == []


async def test_buttons_of_earlier_questions_change_nothing(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await written(organizer)
    await organizer.tap_data("1:event_duration:180")
    assert "already" in organizer.toast
    for forged in (
        "1:event_duration:7",
        "1:event_commune:99999",
        "1:audience_is:area:69",
        "1:event_skip:title",
    ):
        await organizer.tap_data(forged)
        assert organizer.toast
    await organizer.tap_data("1:event_back:nonsense")
    await organizer.send("SEND")
    (event,) = await rows(conversation, events)
    assert event.ends_at == paris("2016-11-24T21:00")


async def test_supporters_may_not(conversation: Conversation) -> None:
    await supporter(conversation, 9, LYON)
    person = conversation.person(9)
    await person.send("/new_event")
    assert await rows(conversation, events) == []
    await person.tap_data("1:event_audience")
    assert await rows(conversation, broadcasts) == []


async def test_a_time_that_is_probably_a_slip_is_told_before_the_word(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await begin_event(organizer)
    await organizer.tap("Without a pin")
    await organizer.send("24/11/2018 19h")
    await organizer.tap("2 h")
    await organizer.tap("There are enough")
    await organizer.tap("That’s it")
    assert "⚠ It begins in more than a year: on 24 November 2018" in organizer.last.text
    await organizer.tap("Change the date")
    await organizer.send("1/12 19h")
    assert "On 1 December 2016 this campaign is over" in organizer.last.text
    await organizer.tap("Change the date")
    await organizer.send("24/11 19h")
    assert "⚠" not in organizer.last.text
