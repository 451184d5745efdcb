"""What people type or share while nothing waits for an answer, and while something does."""

from __future__ import annotations

import pytest

from db.rsvps import Rsvp
from db.schema import dialogs, people, rsvps
from tests.campaigning import rows, staff
from tests.conversation import Conversation, Talker, paris

POLLING_DAY = paris("2016-11-20T12:00")


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


# -- stop --


@pytest.mark.parametrize("typed", ["Arrêtez de m’écrire svp", "STOP svp", "Please stop texting me", "sotp"])
async def test_whoever_wants_no_message_says_so_in_any_words(zoe: Talker, typed: str) -> None:
    assert "we won’t message you again" in (await zoe.send(typed)).text
    stored = await zoe.stored()
    assert stored is not None
    assert not stored.consent_contact


async def test_where_it_may_be_about_something_else_a_button_asks(zoe: Talker) -> None:
    shown = await zoe.send("stop à la casse des hôpitaux")
    assert list(shown.buttons) == ["Yes, stop everything", "No, that’s not it"]
    stored = await zoe.stored()
    assert stored is not None
    assert stored.consent_contact
    assert "nothing changes" in (await zoe.tap("No, that’s not it")).text
    await zoe.send("comment me désinscrire ?")
    assert "we won’t message you again" in (await zoe.tap("Yes, stop everything")).text
    stored = await zoe.stored()
    assert stored is not None
    assert not stored.consent_contact


async def test_stop_is_obeyed_in_the_middle_of_signing_up(conversation: Conversation) -> None:
    person = conversation.person(7)
    await person.send("/start")
    await person.tap("yes, write to me")
    assert "we won’t message you again" in (await person.send("désinscrivez-moi")).text
    assert await rows(conversation, dialogs) == []


async def test_staff_may_write_that_others_should_stop(conversation: Conversation) -> None:
    """In what they write for the campaign a sentence is its text; the word alone is still obeyed."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await organizer.send("/new_event")
    await organizer.send("Arrêtez de m’envoyer des messages : le débat")
    assert "we won’t message you again" not in organizer.last.text
    assert await rows(conversation, dialogs)
    assert "we won’t message you again" in (await organizer.send("Stop !")).text


# -- everyday words --


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("merci !", "You’re welcome"),
        ("❤️", "You’re welcome"),
        ("bonjour", "Hello!"),
        ("help", "What I can do"),
        ("je comprends pas", "What I can do"),
        ("où je vote ?", "First round"),
        ("événement", "No event is planned"),
        ("can I volunteer?", "How would you like to help?"),
        ("je peux aider ?", "How would you like to help?"),
        ("je ne viens plus", "You haven’t said yes to any event"),
        ("oui", "I hadn’t asked you anything"),
    ],
)
async def test_everyday_words_are_understood(zoe: Talker, typed: str, said: str) -> None:
    assert said in (await zoe.send(typed)).text


async def test_words_alone_make_nobody_a_volunteer(conversation: Conversation, zoe: Talker) -> None:
    """A sentence may be read wrongly: a tap says with what they help, and is what is noted."""
    before = await conversation.answers()
    await zoe.send("can I volunteer?")
    assert await conversation.answers() == before
    assert [each.volunteer for each in await rows(conversation, people)] == [False]
    await zoe.tap("Go door to door")
    assert (await conversation.answers())[len(before) :]
    assert [each.volunteer for each in await rows(conversation, people)] == [True]


@pytest.mark.parametrize("typed", ["je ne veux pas être bénévole", "I don’t want to volunteer"])
async def test_who_does_not_want_to_help_is_not_thanked_for_it(zoe: Talker, typed: str) -> None:
    assert "How would you like to help?" not in (await zoe.send(typed)).text


async def test_having_voted_is_told_in_words_as_by_the_button(
    conversation: Conversation, zoe: Talker
) -> None:
    """Before it opens it says what the button says, and nothing is kept."""
    before = len(await conversation.answers())
    assert "Voting hasn’t begun where you vote" in (await zoe.send("j’ai voté")).text
    assert len(await conversation.answers()) == before
    conversation.clock.move(POLLING_DAY)
    typed = (await zoe.send("ça y est, j’ai voté !")).text
    assert (await conversation.answers())[before:] == [("turnout", "1", "voted")]
    assert typed == (await zoe.tap_data("1:step:1:turnout:voted")).text


async def test_whom_one_votes_for_is_never_taken_for_having_voted(
    zoe: Talker, conversation: Conversation
) -> None:
    conversation.clock.move(POLLING_DAY)
    before = len(await conversation.answers())
    await zoe.send("j’ai voté Dupont")
    await zoe.send("je n’ai pas voté")
    assert len(await conversation.answers()) == before


async def test_who_cannot_come_any_more_gets_the_events_they_said_yes_to(
    conversation: Conversation, zoe: Talker
) -> None:
    await conversation.add_event("lyon1", titles={"en": "Debate"})
    await conversation.add_event("lyon2", titles={"en": "Picnic"})
    await zoe.tap_data("1:rsvp:lyon1:yes")
    shown = await zoe.send("désolée je peux plus venir")
    assert list(shown.buttons) == ["I can’t come: Debate"]
    await zoe.tap("I can’t come: Debate")
    assert [row.answer for row in await answers_to(conversation)] == ["no"]


async def answers_to(conversation: Conversation) -> list[Rsvp]:
    return await rows(conversation, rsvps)


async def test_where_one_is_tells_what_is_near_and_is_forgotten(
    conversation: Conversation, zoe: Talker
) -> None:
    await conversation.add_event("lyon1", titles={"en": "In Lyon"})
    await conversation.add_event("paris1", commune="75056", titles={"en": "In Paris"})
    before = await zoe.stored()
    shown = await zoe.share_location(48.8566, 2.3522)
    assert "already forgotten" in shown.text
    assert shown.text.index("In Paris") < shown.text.index("In Lyon")
    after = await zoe.stored()
    assert before is not None
    assert after == before._replace(newest_message=shown.id)


# -- what nobody understands --


async def test_what_means_nothing_twice_in_a_row_gets_a_shorter_answer(zoe: Talker) -> None:
    first = await zoe.send("blablabla")
    assert "Here is what I can do" in first.text
    second = await zoe.send("patati patata")
    assert len(second.text) < len(first.text) / 2
    assert {"Events", "My vote"} <= set(second.buttons)
    await zoe.send("merci")
    assert "Here is what I can do" in (await zoe.send("blablabla")).text


# -- while a question is open --


@pytest.mark.parametrize("typed", ["/foo", "/foo@portevoix_bot bar", "/n1mporte"])
async def test_a_command_that_is_none_is_named_with_what_there_is(zoe: Talker, typed: str) -> None:
    """It is no message to anybody: nothing offers to hand it to the team."""
    shown = await zoe.send(typed)
    assert shown.text.startswith(f"There is no command {typed.split('@')[0]}. Here is what I can do:")
    assert "/events – events near you" in shown.text
    assert list(shown.buttons) == ["Events", "My vote"]
    assert "I didn’t understand that" in (await zoe.send("/ foo")).text


@pytest.mark.parametrize("typed", ["merci", "bonjour", "oui", "ok", "pourquoi ?", "où je vote ?"])
async def test_while_the_place_is_asked_everyday_words_are_none(
    conversation: Conversation, typed: str
) -> None:
    person = conversation.person(7)
    await person.send("/start")
    await person.tap("yes, write to me")
    shown = await person.send(typed)
    assert "The question above is still open" in shown.text
    assert "\n" not in shown.text
    assert len(person.called("sendMessage")) == 1
    assert typed not in shown.text
    assert "You vote in <b>Lyon</b>" in (await person.send("je vote à Lyon")).text


async def test_what_was_never_meant_as_a_name_is_not_repeated(conversation: Conversation) -> None:
    person = conversation.person(7)
    await person.send("/start")
    await person.tap("yes, write to me")
    assert "called “Xyzzyville”" in (await person.send("Xyzzyville")).text
    assert "zzzz" not in (await person.send("qqqq wwww zzzz xxxx vvvv kkkk")).text


async def test_a_question_answered_in_words_loses_its_buttons(conversation: Conversation) -> None:
    """Also one that was sent anew, and the last one, whose answer ends the dialog."""
    person = conversation.person(7)
    await person.send("/start")
    question = await person.tap("yes, write to me")
    assert question.buttons
    await person.send("merci")
    assert question.buttons, "It is still open."
    candidates = await person.send("Saint-Denis")
    assert not question.buttons
    confirm = await person.send("Villeurbanne")
    assert candidates is not confirm
    assert not candidates.buttons
    await person.send("oui")
    assert not confirm.buttons


async def test_a_no_in_words_is_one(conversation: Conversation) -> None:
    person = conversation.person(7)
    await person.send("/start")
    assert "tap one of its buttons" in (await person.send("oui")).text
    assert "nothing about you is kept" in (await person.send("non merci")).text
    assert await rows(conversation, dialogs) == []


async def test_a_territory_may_be_all_that_is_said(conversation: Conversation) -> None:
    person = conversation.person(7)
    await person.send("/start")
    await person.tap("yes, write to me")
    await person.send("îles Marquises")
    await person.tap("Just say: Marquesas Islands")
    stored = await person.stored()
    assert stored is not None
    assert stored.territory == "987-marquises"


async def test_a_city_typed_abroad_is_not_asked_again(conversation: Conversation) -> None:
    person = conversation.person(7, language="fr")
    await person.send("/start")
    await person.tap_data("1:consent:contact:yes")
    await person.send("j’habite à Londres")
    await person.tap_data("1:country:GB")
    stored = await person.stored()
    assert stored is not None
    assert (stored.country, stored.is_registered) == ("GB", True)


async def test_a_command_that_is_written_into_an_old_message_runs_not_but_for_stop(
    conversation: Conversation,
) -> None:
    person = conversation.person(7)
    await person.sign_up("Lyon")
    number = person.last_sent
    shown = len(person.screen)
    await person.edit(number, "/mydata")
    assert len(person.screen) == shown
    await person.edit(number, "/stop")
    stored = await person.stored()
    assert stored is not None
    assert stored.state == "stopped"


async def test_stop_under_a_picture_is_one_and_what_telegram_notes_itself_is_answered_by_nothing(
    conversation: Conversation,
) -> None:
    person = conversation.person(7)
    await person.sign_up("Lyon")
    shown = len(person.screen)
    await person.send_message(write_access_allowed={"from_request": True})
    assert len(person.screen) == shown
    picture = {"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}
    await person.send_message(photo=[picture], caption="STOP")
    stored = await person.stored()
    assert stored is not None
    assert stored.state == "stopped"
