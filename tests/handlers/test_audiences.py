"""Whom a message is for, tapped and typed: each step says how many they are, and a slip is pointed at."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from bot.rules import blurring
from bot.rules.expression_text import expression_in
from bot.rules.expressions import as_json
from bot.rules.surveys import as_json as as_form
from db.schema import broadcasts, deliveries, people, rsvps, surveys
from tests.campaigning import recipients, rows, staff, supporter
from tests.choosing import LYON, PARIS, count, crowd, tell_vote, writing
from tests.conversation import Conversation, Talker
from tests.drafting import finish_broadcast, write_broadcast
from tests.reading import Reader
from tests.surveying import TRAINS

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


async def test_an_expression_is_typed(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("(in:75 or near:69123:20) and not rsvp:any:silent")
    assert "(people in Paris or within 20 km of Lyon), except those who have not answered an event" in (
        talker.last.text
    )
    assert count(talker) == "5"


DEEP = "(" * 500 + "staff" + ")" * 500


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("near:69123:20 and rsvp:nope:yes", "near:69123:20 and <b><u>rsvp:nope:yes</u></b>"),
        ("in:69 and lagnuage:fr", "<b><u>lagnuage:fr</u></b>\n\nThere is no such condition."),
        ("in:99 or staff", "<b><u>in:99</u></b> or staff\n\nThis is written like <code>in:69</code>"),
        ("near:69999:20", "I don’t know which commune this is"),
        ("in:69 and", "<b><u>and</u></b>\n\nSomething is missing after this"),
        ("in:69 staff", "in:69 <b><u>staff</u></b>\n\nNothing joins this"),
        (" or ".join(["in:69"] * 101), "or <b><u>in:69</u></b>\n\nThis is too long"),
        (f"in:69 and {DEEP}", "<b><u>(</u></b>"),
        (DEEP.replace("staff", "volunteers"), "<b><u>(</u></b>"),
        ("{}", "I can’t read this"),
        ("audience:nope", "<b><u>audience:nope</u></b>\n\nI can’t find that saved audience"),
        ("got:99", "I can’t find that message"),
        ("vote:9:voted", "<b><u>vote:9:voted</u></b>\n\nThere is no such round: write 1 or 2."),
        ("à 20 km de Qzxwvk, bénévoles", "à 20 km de <b><u>Qzxwvk</u></b>, bénévoles"),
        (
            "volunteers, who like cheese",
            "volunteers, <b><u>who like cheese</u></b>\n\nI don’t understand.",
        ),
        ("((((", "I don’t know any commune, département or region called “((((”"),
        ("Xyzzy-les-Bains, volunteers", "<b><u>Xyzzy-les-Bains</u></b>, volunteers"),
        ("said yes to the feast of May", "<b><u>feast of May</u></b>\n\nI can’t find that event among yours"),
    ],
)
async def test_a_slip_is_pointed_at_and_costs_nothing(
    conversation: Conversation, typed: str, said: str
) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("Lyon 20 km")
    await talker.send(typed)
    assert said in talker.last.text
    await talker.send("volunteers")
    assert "within 20 km of Lyon, volunteers" in talker.last.text


async def test_ten_thousand_conditions_are_refused_at_once(conversation: Conversation) -> None:
    talker = await writing(conversation)
    # Telegram brings at most 4,096 characters; the web and files bring more.
    await talker.send((" or ".join(["staff"] * 10_000))[:4096])
    assert "This is too long" in talker.last.text


async def test_events_of_others_are_not_asked_about(conversation: Conversation) -> None:
    """Nor by typing their code: who said yes elsewhere is not theirs to read."""
    await crowd(conversation)
    await conversation.add_event("bb22", commune=PARIS, titles={"fr": "Ailleurs", "en": "Elsewhere"})
    talker = await writing(conversation, role="organizer", area="69")
    await talker.tap("Answers to an event")
    assert not any("Elsewhere" in label for label in talker.last.buttons)
    for typed in ("rsvp:bb22:yes", "said yes to Elsewhere"):
        await talker.send(typed)
        assert "I can’t find that event among yours" in talker.last.text
    await talker.tap_data("1:audience_event:bb22")
    await talker.tap_data("1:audience_is:rsvp:bb22:yes")
    await talker.send("Lyon 20 km")
    assert "within 20 km of Lyon\n" in talker.last.text
    assert "Elsewhere" not in talker.last.text


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


def about(shown: str) -> int:
    """The number that staff of an area read."""
    sign, number = shown.split()
    assert sign == "≈"
    return int(number)


@pytest.mark.parametrize(
    "typed", ["in:75", "volunteer and in:75", "Paris, volunteers", "near:75056:20", "Ain"]
)
async def test_a_place_outside_of_ones_area_is_pointed_at(conversation: Conversation, typed: str) -> None:
    """Staff of Rhône who type it would write to nobody."""
    await crowd(conversation)
    talker = await writing(conversation, role="organizer", area="69")
    await talker.send(typed)
    assert "This lies outside your area (Rhône)" in talker.last.text
    assert re.search(r"<b><u>(in:75|Paris|near:75056:20|Ain)</u></b>", talker.last.text)
    await talker.send("Paris")
    await talker.tap("Paris (75)")
    await talker.tap("Only this commune")
    assert "This lies outside your area (Rhône)" in talker.last.text
    await talker.send("in:R84 and volunteer")
    assert about(count(talker)) >= 10
    await talker.send("volunteers, except Paris")
    assert "volunteers, except those in Paris" in talker.last.text


async def test_what_is_written_in_conditions_alone_is_an_expression(conversation: Conversation) -> None:
    await crowd(conversation)
    talker = await writing(conversation)
    await talker.send("volunteer and not (staff or named)")
    assert "volunteers, except" in talker.last.text
    await talker.send("volunteers and (Lyon or Ain)")
    assert "volunteers, (people in Lyon or people in Ain)" in talker.last.text


async def test_answers_to_a_colleagues_survey_are_no_condition(conversation: Conversation) -> None:
    """Who may not see its results does not count them by audiences either."""
    async with conversation.database.write() as tx:
        now = conversation.clock.now()
        dates = {"closes_at": now, "erase_at": now, "created_at": now}
        form = as_form(TRAINS)
        await tx.execute(
            sa.insert(surveys).values(code="trains", form=form, area="69", created_by=99, **dates)
        )
    talker = await writing(conversation, role="organizer", area="69")
    await talker.send("survey:trains:yes")
    assert "I can’t find that survey" in talker.last.text
    coordinator = await staff(conversation, 8, "coordinator", "69")
    await write_broadcast(coordinator)
    await coordinator.send("survey:trains:any")
    assert "I can’t find that survey" not in coordinator.last.text


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
