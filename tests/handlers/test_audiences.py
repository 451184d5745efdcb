"""Whom a message is for, tapped and typed: each step says how many they are, and a slip is pointed at."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.rules import blurring
from bot.rules.expression_text import expression_in
from bot.rules.expressions import as_json
from db.schema import broadcasts, deliveries, people, rsvps
from tests.campaigning import recipients, rows, staff, supporter
from tests.choosing import LYON, PARIS, about, count, crowd, tell_vote, writing
from tests.conversation import Conversation, Talker
from tests.drafting import finish_broadcast, write_broadcast
from tests.reading import Reader

SENTENCES = {
    "fr": "à 20 km de Lyon, ont dit oui à la réunion de jeudi, sauf ceux qui ont voté",
    "en": "within 20 km of Lyon, who said yes to the meeting of Thursday, minus those who have voted",
}
WORDS = {
    "fr": "à moins de 20 km de Lyon, ont dit oui à « Réunion publique », sauf ceux qui ont voté (tour 1)",
    "en": "within 20 km of Lyon, said yes to “Public meeting”, except those who have voted (round 1)",
}


async def sent_to(conversation: Conversation, talker: Talker, read: Reader) -> list[int]:
    await talker.tap(read.label("That’s it"))
    await talker.tap(read.label("Now"))
    await talker.send(read.label("SEND"))
    return list(await recipients(conversation, "staff:%"))


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_sentence_is_typed(conversation: Conversation, language: str) -> None:
    meant = await crowd(conversation)
    talker, read = await writing(conversation, language), Reader(language)
    await talker.send(SENTENCES[language])
    assert WORDS[language] in talker.last.text
    assert count(talker) == "2"
    assert await sent_to(conversation, talker, read) == meant
    (broadcast,) = await rows(conversation, broadcasts)
    tree = as_json(expression_in("near:69123:20 and rsvp:aa11:yes and not vote:1:voted"))
    assert (broadcast.audience, broadcast.area) == (tree, "FR")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_sentence_is_tapped(conversation: Conversation, language: str) -> None:
    meant = await crowd(conversation)
    talker, read = await writing(conversation, language), Reader(language)
    assert count(talker) == "6"
    await talker.send("Lyon 20 km")
    assert count(talker) == "5"
    assert read.says("Your last change: ").search(talker.last.text)
    assert "6 → 5" in talker.last.text
    await talker.tap(read.label("Answers to an event"))
    title = {"fr": "Réunion publique", "en": "Public meeting"}[language]
    await talker.tap(next(label for label in talker.last.buttons if title in label))
    await talker.tap_data("1:audience_is:rsvp:aa11:yes")
    assert "5 → 3" in talker.last.text
    await talker.tap(read.label("Except…"))
    await talker.tap(read.label("Vote"))
    await talker.tap_data("1:audience_is:vote:1:voted")
    assert WORDS[language] in talker.last.text
    assert "3 → 2" in talker.last.text
    assert await sent_to(conversation, talker, read) == meant


async def test_what_was_added_is_taken_back(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("Lyon")
    await talker.tap("Only this commune")
    await talker.tap("Or…")
    await talker.send("Paris")
    await talker.tap("Paris (75)")
    await talker.tap("Only this commune")
    assert "people in Lyon or people in Paris" in talker.last.text
    assert count(talker) == "5"
    await talker.tap("Except…")
    await talker.send("have voted")
    assert "(people in Lyon or people in Paris), except those who have voted (round 1)" in talker.last.text
    assert count(talker) == "4"
    for words, left in (
        ("people in Lyon or people in Paris", "5"),
        ("people in Lyon", "4"),
        ("everybody", "6"),
    ):
        await talker.tap("Take back")
        assert f"\n{words}\n" in talker.last.text
        assert count(talker) == left
    assert "Take back" not in talker.last.buttons


async def test_parts_that_overlap_are_counted_once(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("Lyon 20 km, Villeurbanne 20 km, Rhône")
    assert count(talker) == "5"


async def test_staff_of_an_area_read_no_number_that_tells_of_few(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty-five people, three of whom have voted: no skill tells who. Who asks very much reads in hundreds."""
    monkeypatch.setattr(blurring, "FINE", 4)
    for number in range(101, 126):
        person = await supporter(conversation, number, LYON)
        if number <= 103:
            await tell_vote(conversation, person, "voted")
    talker = await writing(conversation, role="organizer", area="69")
    everybody = count(talker)
    assert about(everybody) % 10 == 0
    assert "Numbers are approximate" in talker.last.text
    await talker.tap("Except…")
    await talker.send("have voted")
    assert f"{everybody} → {count(talker)}" in talker.last.text
    await talker.send("everybody")
    await talker.send("vote:1:voted")
    voted = count(talker)
    assert about(voted) >= 10, "no number under ten"
    await talker.send("everybody")
    assert count(talker) == everybody, "asked again it is the same"
    await talker.send("volunteers or Lyon")
    await talker.send("Lyon or have voted")
    assert about(count(talker)) % 10 == 0
    assert "Until tomorrow new numbers may be off by two or three hundred" in talker.last.text
    await talker.send("everybody")
    await talker.send("vote:1:voted")
    assert count(talker) == voted
    boss = await staff(conversation, 8, "admin", "FR")
    await write_broadcast(boss)
    await boss.send("vote:1:voted")
    assert count(boss) == "3"


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_narrower_choice_never_shows_more_nor_a_wider_one_less(
    conversation: Conversation, language: str
) -> None:
    """Many steps, by very few people each, whose noise alone would go up and down."""
    for number in range(101, 161):
        await supporter(
            conversation, number, LYON, volunteer=number > 102, language="fr" if number > 103 else "en"
        )
    talker, read = await writing(conversation, language, role="organizer", area="69"), Reader(language)
    told = [count(talker)]
    for leaf in (
        "volunteer",
        "language:fr",
        "not staff",
        "not recruiter",
        "not vote:1:voted",
        "not joined:<1d",
    ):
        await talker.send(leaf)
        told.append(count(talker))
        assert read.says("Your last change: ").search(talker.last.text)
        assert f"{told[-2]} → {told[-1]}" in talker.last.text
    assert told == sorted(told, reverse=True, key=about)
    for before in reversed(told[:-1]):
        await talker.tap(read.label("Take back"))
        assert count(talker) == before


async def test_past_events_are_asked_about(conversation: Conversation) -> None:
    event = await conversation.add_event("old1", starts="2016-11-10T19:00")
    person = await supporter(conversation, 1, LYON)
    await supporter(conversation, 2, LYON)
    async with conversation.database.write() as tx:
        row = {"event": event, "person": person, "answer": "yes", "attended": True}
        await tx.execute(sa.insert(rsvps).values(at=conversation.clock.now(), **row))
    talker = await writing(conversation)
    await talker.tap("Answers to an event")
    await talker.tap("Past events")
    await talker.tap("10 Nov · Public meeting")
    await talker.tap("came")
    assert "came to “Public meeting”" in talker.last.text
    assert count(talker) == "1"


async def test_what_is_left_out_is_said_last(conversation: Conversation) -> None:
    """“Except those who have voted, Lyon” would be read as without Lyon."""
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("tous ceux qui n’ont pas voté à Lyon")
    assert "\npeople in Lyon, except those who have voted (round 1)\n" in talker.last.text


async def test_yes_or_maybe_to_an_event_is_said_once(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("rsvp:aa11:yes or rsvp:aa11:maybe")
    assert "\nsaid yes or maybe to “Public meeting”\n" in talker.last.text
    await talker.send("everybody")
    await talker.send("volunteer and not (rsvp:aa11:yes or rsvp:aa11:maybe)")
    assert "volunteers, except those who said yes or maybe to “Public meeting”" in talker.last.text


async def test_everybody_in_my_area_is_one_tap(conversation: Conversation) -> None:
    first = await supporter(conversation, 1, LYON)
    await supporter(conversation, 2, PARIS)
    talker = await staff(conversation, 7, "organizer", "69")
    await write_broadcast(talker)
    await finish_broadcast(talker)
    await talker.send("SEND")
    assert list(await recipients(conversation, "staff:%")) == [first]


async def test_by_commune_only_who_agreed_whatever_the_expression_says(conversation: Conversation) -> None:
    await crowd(conversation)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 1).values(consent_commune=False))
    talker = await writing(conversation)
    for typed, left in (
        ("in:69", "4"),
        ("not in:69", "1"),
        ("in:69 or not in:69", "5"),
        ("in:69 or staff", "4"),
    ):
        await talker.send("everybody")
        await talker.send(typed)
        assert count(talker) == left, typed


async def test_who_got_a_message_is_tapped(conversation: Conversation) -> None:
    """A message that was sent to one's area: who received it, except who answered it."""
    organizer = await staff(conversation, 7, "organizer", "69")
    persons = [await supporter(conversation, number, LYON) for number in (1, 2, 3)]
    await write_broadcast(organizer, "Venez", "Come along")
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    async with conversation.database.write() as tx:
        now = conversation.clock.now()
        got = sa.update(deliveries).where(deliveries.c.person.in_(persons[:2]))
        await tx.execute(got.values(state="sent", sent_at=now))
        await tx.execute(got.where(deliveries.c.person == persons[0]).values(answered_at=now))
    await write_broadcast(organizer)
    await organizer.tap("A message")
    await organizer.tap("1. Come along")
    assert "No. 1, “Come along”: those who…" in organizer.last.text
    await organizer.tap("received it")
    assert "received message no. 1" in organizer.last.text
    await organizer.tap("Except…")
    await organizer.tap("A message")
    await organizer.tap("1. Come along")
    await organizer.tap("answered it")
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    *_, second = await rows(conversation, broadcasts)
    assert second.audience == {"all": ["got:1", {"not": "answered:1"}]}


async def test_a_message_of_another_area_is_not_offered(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "75")
    await supporter(conversation, 1, PARIS)
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    other = await staff(conversation, 8, "organizer", "69")
    await write_broadcast(other)
    before = other.last.text
    await other.tap("A message")
    assert "No message was sent in your area yet." in other.last.text
    await other.tap("Back")
    for forged in ("1:audience_message:1", "1:audience_is:got:1", "1:audience_message:x"):
        await other.tap_data(forged)
        assert other.last.text == before


async def test_whoever_goes_on_while_a_place_is_open_is_asked_again(conversation: Conversation) -> None:
    karim = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(karim)
    screen = karim.last
    (settle,) = [data for name, data in screen.buttons.items() if name == "That’s it"]
    await karim.send("Bretagne")
    assert "Which place do you mean?" in karim.last.text
    open_question = karim.last.buttons
    await karim.tap_data(settle, on=screen)
    assert "Which place do you mean?" in karim.last.text
    assert karim.last.buttons == open_question
    await karim.tap("Region: Bretagne")
    await karim.tap("That’s it")
    assert "Now" in karim.last.buttons


async def test_a_condition_that_was_cut_short_is_meant_before_one_that_looks_alike(
    conversation: Conversation,
) -> None:
    karim = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(karim)
    await karim.send("in:69 and lang:en")
    assert "Did you mean one like <code>language:fr</code>?" in karim.last.text
