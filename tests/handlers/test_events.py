"""Events as a supporter meets them: list, card, answers, place, calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

import db.events
import db.people
import db.rsvps
import db.staff
from db.schema import events
from tests.campaigning import rows, staff
from tests.conversation import Conversation, Shown, Talker, paris
from tests.drafting import announce_event
from tests.leaving import let_arrive

HOST = "I’d like to host an event"
LYON, VILLEURBANNE, PARIS, POINTE_A_PITRE = "69123", "69266", "75056", "97120"


async def supporter(conversation: Conversation, *, language: str = "en", place: str = "Lyon") -> Talker:
    person = conversation.person(7, language=language)
    await person.sign_up(place)
    return person


async def rsvp_of(conversation: Conversation, person: Talker, code: str) -> db.rsvps.Rsvp | None:
    stored = await person.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        found = await db.events.find(tx, code)
        assert found is not None
        return await db.rsvps.get(tx, event=found.event.id, person=stored.id)


async def test_the_nearest_event_comes_first_with_its_distance(conversation: Conversation) -> None:
    await conversation.add_event("far", commune=PARIS, starts="2016-11-16T18:00", titles={"fr": "À Paris"})
    await conversation.add_event("near", commune=LYON, starts="2016-11-18T18:00", titles={"fr": "À Lyon"})
    await conversation.add_event("off", state="cancelled", titles={"fr": "Annulée"})
    await conversation.add_event("past", starts="2016-11-10T18:00", titles={"fr": "Passée"})
    zoe = await supporter(conversation)
    listed = await zoe.send("/events")
    assert list(listed.buttons) == ["À Lyon", "À Paris", HOST]
    assert "Lyon, close to you" in listed.text
    assert "Paris (Île-de-France)" in listed.text


async def test_nothing_near_is_said_and_the_rest_is_told_by_region(conversation: Conversation) -> None:
    await conversation.add_event("far", titles={"fr": "À Paris"}, commune=PARIS)
    zoe = await supporter(conversation)
    listed = await zoe.send("/events")
    assert "Nothing near you for now." in listed.text
    assert "Paris (Île-de-France)" in listed.text
    assert "km" not in listed.text


async def test_without_a_commune_the_soonest_event_comes_first(conversation: Conversation) -> None:
    await conversation.add_event("later", starts="2016-11-18T18:00", titles={"fr": "Vendredi"})
    await conversation.add_event("sooner", starts="2016-11-17T18:00", titles={"fr": "Jeudi"}, commune=PARIS)
    zoe = conversation.person(7)
    await zoe.send("/start")
    for data in ("consent:contact:yes", "place_by:unsaid", "territory:FR"):
        await zoe.tap_data(f"1:{data}")
    listed = await zoe.send("/events")
    assert list(listed.buttons) == ["Jeudi", "Vendredi", HOST]
    assert "km" not in listed.text


async def test_many_events_come_in_pages(conversation: Conversation) -> None:
    for number in range(7):
        await conversation.add_event(f"e{number}", titles={"fr": f"Réunion {number}"})
    zoe = await supporter(conversation)
    first = await zoe.send("/events")
    assert "Page 1 of 2" in first.text
    assert list(first.buttons) == [*(f"Réunion {number}" for number in range(5)), "Next", HOST]
    second = await zoe.tap("Next")
    assert second is first  # turned in place
    assert list(second.buttons) == ["Réunion 5", "Réunion 6", "Previous", HOST]


async def test_no_event_is_said_and_not_shown_as_an_empty_list(conversation: Conversation) -> None:
    zoe = await supporter(conversation)
    assert "No event is planned" in (await zoe.send("/events")).text


async def test_staff_see_the_list_without_signing_up_and_find_their_own_events(
    conversation: Conversation,
) -> None:
    await conversation.add_event("lyon1")
    organizer = conversation.person(7)
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=7, role="organizer", area="69", added_by=None, now=paris("2016-11-16T09:00")
        )
    assert list((await organizer.send("/events")).buttons) == ["Public meeting", "Your events"]


@pytest.mark.parametrize(
    ("language", "when", "where"),
    [
        ("en", "Thursday 17 November, from 19:00 to 21:00", "Salle Molière, 18 quai de Bondy, Lyon"),
        ("fr", "jeudi 17 novembre, de 19 h à 21 h", "Salle Molière, 18 quai de Bondy, Lyon"),
    ],
)
async def test_a_link_shows_the_event_in_the_person_s_language(
    conversation: Conversation, language: str, when: str, where: str
) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation, language=language)
    card = await zoe.send("/start ev_lyon1")
    assert when in card.text
    assert where in card.text
    assert f"Avec &lt;Camille&gt; &amp; co. ({language})" in card.text  # what organizers type is no markup


async def test_who_is_not_registered_signs_up_and_then_sees_the_event(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = conversation.person(7)
    await zoe.send("/start ev_lyon1")
    teaser, question = zoe.screen
    assert "Public meeting" in teaser.text
    assert "political communication" in question.text
    await zoe.tap("yes, write to me")
    await zoe.send("Lyon")
    await zoe.tap("Yes, by where I vote")
    assert "Will you come?" in zoe.last.text
    assert not any("Welcome" in shown.text for shown in zoe.screen), "The card is what they came for."
    await zoe.tap("I’ll come")
    assert "local team" in zoe.last.text
    await zoe.tap("Yes, introduce me")
    person = await zoe.stored()
    assert person is not None
    assert person.consent_team


async def test_an_invitation_that_was_answered_keeps_the_way_out(conversation: Conversation) -> None:
    """At once, and not from the next change of the event on: what was sent to many keeps its end."""
    zoe = await supporter(conversation)
    organizer = await staff(conversation, 8, "organizer", "69")
    await announce_event(organizer)
    shown = await let_arrive(conversation, zoe)
    assert "Stop these invitations" in shown.buttons
    for said in ("I’ll come", "Maybe"):
        await zoe.tap_data(next(data for name, data in zoe.last.buttons.items() if said in name))
        assert "Stop these invitations" in zoe.last.buttons
    (code,) = [row.code for row in await rows(conversation, events)]
    await zoe.send(f"/start ev_{code}")
    await zoe.tap_data(next(data for name, data in zoe.last.buttons.items() if "I’ll come" in name))
    assert "Stop these invitations" not in zoe.last.buttons, "what answers somebody has none"


async def test_the_team_is_asked_about_once(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = conversation.person(7)
    await zoe.send("/start")
    for data in ("consent:contact:yes", "place_by:unsaid", "territory:FR"):
        await zoe.tap_data(f"1:{data}")
    for said, asks in (("maybe", False), ("yes", True), ("no", False), ("yes", False)):
        await zoe.tap_data(f"1:rsvp:lyon1:{said}")
        assert any("local team" in call.payload.get("text", "") for call in zoe.calls) == asks, said


@pytest.mark.parametrize(
    ("code", "said"),
    [("off", "This event is cancelled"), ("past", "This event is over"), ("none", "I don’t know this event")],
)
async def test_a_link_to_an_event_one_cannot_join_says_why(
    conversation: Conversation, code: str, said: str
) -> None:
    await conversation.add_event("off", state="cancelled")
    await conversation.add_event("past", starts="2016-11-10T18:00")
    zoe = await supporter(conversation)
    card = await zoe.send(f"/start ev_{code}")
    assert said in card.text
    assert "I’ll come" not in card.buttons


async def test_an_answer_is_changed_at_will_in_place(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    card = await zoe.send("/start ev_lyon1")
    for label, answer, said in (
        ("I’ll come", "yes", "we look forward to it"),
        ("Maybe", "maybe", "You said maybe"),
        ("I can’t", "no", "You can’t come"),
        ("I’ll come", "yes", "we look forward to it"),
    ):
        shown = await zoe.tap(label)
        assert shown is card
        assert said in shown.text
        assert f"✓ {label}" in shown.buttons
        assert not zoe.toast, "The card says it."
        rsvp = await rsvp_of(conversation, zoe, "lyon1")
        assert rsvp is not None
        assert rsvp.answer == answer
    rsvps = [row for row in await conversation.answers() if row[0] == "rsvp"]
    assert rsvps == [("rsvp", "lyon1", answer) for answer in ("yes", "maybe", "no", "yes")]


async def test_each_reads_the_card_from_where_they_are_and_in_their_language(
    conversation: Conversation,
) -> None:
    """A card is worded once for all who see the same, and for nobody else."""
    await conversation.add_event("lyon1")
    for number, language, place, said in (
        (7, "en", "Lyon", "Close to you"),
        (8, "en", "Marseille", "About 278 km"),
        (9, "fr", "Marseille", "À environ 278 km"),
        (10, "en", "Lyon", "Close to you"),
    ):
        person = conversation.person(number, language=language)
        await person.sign_up(place)
        await person.send("/start ev_lyon1")
        assert said in (await person.tap_data("1:rsvp:lyon1:yes")).text


async def test_what_shows_two_people_the_same_is_rendered_once(conversation: Conversation) -> None:
    """A card that named its reader would be rendered for each of them: that doubled the price of a tap."""
    await conversation.add_event("lyon1")
    rendered = conversation.services.texts.render_once
    rendered.cache_clear()
    for number in (7, 8):
        person = conversation.person(number, language="en")
        await person.sign_up("Lyon")
        before = rendered.cache_info().misses
        conversation.clock.move(conversation.clock.now() + timedelta(seconds=number))
        await person.tap_data("1:rsvp:lyon1:maybe")
        assert (rendered.cache_info().misses == before) is (number == 8)


async def test_the_answer_to_an_invitation_with_a_photo_comes_below_it(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    invitation = Shown(id=conversation.number(), text="", photo=True)
    shown = await zoe.tap_data("1:rsvp:lyon1:yes", on=invitation)
    assert zoe.called("editMessageText") == []
    assert "we look forward to it" in shown.text


@pytest.mark.parametrize(
    ("event", "said"), [("off", "is cancelled"), ("past", "is over"), ("gone", "no longer exists")]
)
async def test_a_button_of_an_event_one_cannot_join_explains(
    conversation: Conversation, event: str, said: str
) -> None:
    await conversation.add_event("off", state="cancelled")
    await conversation.add_event("past", starts="2016-11-10T18:00")
    zoe = await supporter(conversation)
    before = await conversation.answers()
    shown = await zoe.tap_data(f"1:rsvp:{event}:yes")
    assert said in (zoe.toast or shown.text)
    assert await conversation.answers() == before


@pytest.mark.parametrize(
    "data", ["1:rsvp:lyon1:perhaps", "1:rsvp:lyon1", "1:events_page:x", "0:rsvp:lyon1:yes"]
)
async def test_a_forged_or_older_button_is_refused(conversation: Conversation, data: str) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    before = await conversation.answers()
    await zoe.tap_data(data)
    assert "no longer works" in zoe.toast
    assert await conversation.answers() == before


async def test_the_place_is_a_venue(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    await zoe.send("/start ev_lyon1")
    await zoe.tap("Show the place")
    (venue,) = zoe.called("sendVenue")
    assert venue.payload["title"] == "Public meeting"
    assert venue.payload["address"] == "Salle Molière, 18 quai de Bondy, Lyon"
    assert venue.payload["latitude"] == pytest.approx(45.76, abs=0.05)


async def test_a_place_without_coordinates_is_an_address_with_a_map(conversation: Conversation) -> None:
    await conversation.add_event("lyon1", place=False)
    zoe = await supporter(conversation)
    await zoe.send("/start ev_lyon1")
    shown = await zoe.tap("Show the place")
    assert "query=Salle+Moli%C3%A8re" in shown.urls["Open the map"]


async def test_the_calendar_file_holds_the_event_in_its_zone(conversation: Conversation) -> None:
    await conversation.add_event("gwada", commune=POINTE_A_PITRE)
    zoe = await supporter(conversation)
    await zoe.send("/start ev_gwada")
    await zoe.tap("Add to my calendar")
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    assert call.attachment.name == "Public-meeting.ics"
    calendar = Calendar.from_ical(call.attachment.content)
    (entry,) = calendar.walk("VEVENT")
    assert entry["UID"] == "gwada@portevoix"
    assert entry["SEQUENCE"] == 0
    assert entry["DTSTART"].params["TZID"] == "America/Guadeloupe"
    assert entry["DTSTART"].dt == paris("2016-11-17T19:00")
    assert entry["DTEND"].dt - entry["DTSTART"].dt == timedelta(hours=2)
    assert entry["SUMMARY"] == "Public meeting"
    assert entry["LOCATION"] == "Salle Molière, 18 quai de Bondy, Pointe-à-Pitre"
    assert entry["URL"] == "https://t.me/portevoix_bot?start=ev_gwada"
    assert entry["GEO"].to_ical().startswith("16.")
    assert calendar.walk("VTIMEZONE")


async def test_an_event_elsewhere_says_that_its_hours_are_local(conversation: Conversation) -> None:
    await conversation.add_event("gwada", commune=POINTE_A_PITRE)
    zoe = await supporter(conversation)
    card = await zoe.send("/start ev_gwada")
    assert "from 14:00 to 16:00\n(local time of the place)" in card.text


@pytest.mark.parametrize(
    ("tapped", "answer", "confirmed", "said"),
    [("confirm", "yes", True, "You have confirmed"), ("cancel", "no", False, "You can’t come")],
)
async def test_the_eve_s_question_confirms_or_cancels(
    conversation: Conversation, tapped: str, answer: str, confirmed: bool, said: str
) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    await zoe.send("/start ev_lyon1")
    await zoe.tap("I’ll come")
    shown = await zoe.tap_data(f"1:attend:lyon1:{tapped}")
    assert said in shown.text
    rsvp = await rsvp_of(conversation, zoe, "lyon1")
    assert rsvp is not None
    assert (rsvp.answer, rsvp.confirmed) == (answer, confirmed)
    assert (await conversation.answers())[-1] == ("attendance", "lyon1", tapped)


async def test_afterwards_one_tells_whether_one_came_and_may_correct_it(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation)
    await zoe.send("/start ev_lyon1")
    await zoe.tap("I’ll come")
    conversation.clock.move(paris("2016-11-17T22:00"))
    shown = await zoe.tap_data("1:came:lyon1:yes")
    assert "Thank you for coming" in shown.text
    await zoe.tap("Actually, I couldn’t")
    rsvp = await rsvp_of(conversation, zoe, "lyon1")
    assert rsvp is not None
    assert (rsvp.answer, rsvp.attended) == ("yes", False)
    assert [row[2] for row in await conversation.answers() if row[0] == "came"] == ["yes", "no"]


@pytest.mark.parametrize(
    "change",
    [
        {"consent_contact": False},  # the text changed, and the person has not answered yet
        {"mutes_events": True},
    ],
)
async def test_nobody_is_promised_an_invitation_that_cannot_be_sent(
    conversation: Conversation, change: dict[str, bool]
) -> None:
    zoe = await supporter(conversation)
    promise = "I’ll write to you when there is one near you."
    assert promise in (await zoe.send("/events")).text
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.write() as tx:
        await db.people.change(tx, stored.id, **change)
    listed = (await zoe.send("/events")).text
    assert "No event is planned for now." in listed
    assert promise not in listed
