"""Writing a message at the desk: the words, to whom, when; the same draft, rules and words as in the chat."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from bot.words.no_break import with_plain_spaces
from db.schema import broadcasts, deliveries, dialogs, events, people
from tests import choosing
from tests.campaigning import rows, staff, supporter, supporters
from tests.conversation import Conversation, Talker
from tests.drafting import announce_event, begin_broadcast
from tests.reading import ABOUT, Reader
from tests.web.browsing import Browser, signed_in

WORDS, WHOM, WHEN = (f"/console/messages/new{step}" for step in ("", "/whom", "/when"))
MARKET = {
    "title-fr": "Un marché",
    "description-fr": "",
    "title-en": "",
    "description-en": "",
    "place": "lyon",
    "address": "Quai",
    "starts": "2016-11-24T19:00",
    "ends": "2016-11-24T21:30",
    "seats": "",
    "guests": "0",
    "overbooking": "0",
    "repeat": "once",
    "until": "",
    "times": "",
}
TEXTS = {"text-A-fr": "Bonjour {{ first_name }}", "text-A-en": "Hello {{ first_name }}"}


def seen(visitor: Browser) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', visitor.page.text)
    assert found is not None
    return found[1]


async def write(visitor: Browser, **fields: str) -> None:
    """Up to the summary: for everybody in the area, now."""
    await visitor.open(WORDS)
    await visitor.send(WORDS, kind="persuasion", do="next", **{**TEXTS, **fields})
    await visitor.send(WHOM, expression="", do="next")
    await visitor.send(WHEN, when="now")


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    """An organizer of the Rhône, where twelve supporters live."""
    await supporters(conversation, range(100, 112), "69123", language="fr")
    return await staff(conversation, 11, "organizer", "69")


async def test_a_message_is_written_in_three_steps_and_leaves_by_the_word(
    conversation: Conversation, olga: Talker
) -> None:
    visitor = await signed_in(olga)
    await visitor.open("/console/messages")
    assert "Write a message" in visitor.text
    await visitor.open(WORDS)
    answer = await visitor.send(WORDS, kind="persuasion", do="next", **TEXTS)
    assert answer.url.path == WHOM
    assert re.search(f"Recipients: {ABOUT}", visitor.text)  # as an organizer reads counts
    answer = await visitor.send(WHOM, expression="", do="next")
    assert answer.url.path == WHEN
    assert "Bonjour" in visitor.text
    await visitor.send(WHEN, when="now")
    assert "To send it, type SEND" in visitor.text
    shown = seen(visitor)
    # A draft survives leaving, and the word alone sends, once, what was seen.
    await visitor.open(WHEN)
    # Another word is told beside the field, on the page itself.
    answer = await visitor.send(f"{WORDS}/send", seen=shown, word="yes")
    assert answer.url.path == f"{WORDS}/when"
    assert "Nothing was done: to confirm, type SEND" in visitor.text
    assert 'id="word" name="word" autocomplete="off" required aria-invalid="true"' in visitor.page.text
    assert 'aria-describedby="fault-word"' in visitor.page.text
    await visitor.open(WHEN)
    answer = await visitor.send(f"{WORDS}/send", seen=shown, word="envoyer")
    assert answer.url.path == "/console/messages/1"
    assert (await visitor.send(f"{WORDS}/send", seen=shown, word="SEND")).status_code == 409
    async with conversation.database.read() as tx:
        row = (await tx.execute(sa.select(broadcasts))).one()
        people = (await tx.execute(sa.select(sa.func.count()).select_from(deliveries))).scalar_one()
    assert (row.kind, row.area, people) == ("persuasion", "69", 12)


async def test_what_is_wrong_stands_beside_its_field_in_the_words_of_the_chat_and_is_not_lost(
    conversation: Conversation, olga: Talker
) -> None:
    visitor = await signed_in(olga)
    await visitor.open(WORDS)
    faulty = {
        "text-A-fr": "Venez {{ nobody }}",
        "text-A-en": "<b>Come & see 3 < 4",
        "text-B-fr": "x" * 4097,
        "text-B-en": "",
        "holdout": "10",
    }
    await visitor.send(WORDS, kind="persuasion", do="next", **faulty)
    for words in (
        "{{ nobody }} is not a placeholder",
        "never closed",
        "4,097",
        "This text is missing",
        "Choose before you send",
    ):
        assert words in visitor.text, words
    await visitor.open(WORDS)  # left and come back
    assert "Venez {{ nobody }}" in visitor.text
    assert "<b>Come & see 3 < 4" in visitor.text
    await visitor.send(WORDS, kind="persuasion", do="next", **{**TEXTS, "text-A-en": "3 < 4 & <b>so</b>"})
    assert visitor.page.url.path == WHOM
    await visitor.open(WORDS)
    assert "3 < 4 & <b>so</b>" in visitor.text  # as it was typed
    assert "<b>so</b>" in visitor.page.text  # as it looks
    await visitor.send(WHOM, expression="in:69 and voted", do="next")
    assert visitor.page.url.path == WHOM
    assert "There is no such condition" in visitor.text
    await visitor.send(WHOM, expression="in:13", do="next")
    assert "outside your area" in visitor.text
    await visitor.send(WHOM, expression="in:69", do="next")
    assert visitor.page.url.path == WHEN, visitor.text
    await visitor.send(WHEN, when="at", at="31/12/2016", whose="each")
    assert "Something is still missing" not in visitor.text
    assert "date" in visitor.text
    await visitor.send(WHEN, when="at", at="2016-11-10T10:00", whose="mine")
    assert "already passed" in visitor.text
    assert 'name="seen"' not in visitor.page.text


async def test_an_audience_is_built_of_choices_with_the_flow_of_each(
    conversation: Conversation, olga: Talker
) -> None:
    for number in range(30):
        await supporter(
            conversation, 300 + number, "69266", language="en" if number % 2 else "fr", volunteer=number < 15
        )
    karim = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await karim.open(WHOM)
    await karim.send(WHOM, do="add", join="and", choice="people:volunteer")
    await karim.send(WHOM, do="add", join="or", choice="", more="Lyon")
    assert "Which place do you mean" in karim.text
    await karim.send(WHOM, do="take area:69123", join="or")
    await karim.send(WHOM, do="add", join="except", choice="language:en")
    assert "Condition by condition" in karim.text
    assert re.search(r"volunteers 15 15", karim.text)
    await karim.send(WHOM, do="without 1")
    await karim.send(WHOM, do="undo")
    answer = await karim.open(f"{WHOM}/reach?expression=in:69266+and+language:en")
    assert "Recipients: 15" in karim.text
    assert "<html" not in answer.text
    assert "There is no such condition" in (await karim.open(f"{WHOM}/reach?expression=nowhere:69")).text
    for forged in ({"do": "explode"}, {"do": "without 99"}, {"do": "add", "choice": "people:x"}):
        await karim.open(WHOM)
        assert (await karim.send(WHOM, **forged)).status_code == 403, forged
    # Whoever answers for one area reads no number under ten, nor what would tell it.
    visitor = await signed_in(olga)
    await visitor.open(f"{WHOM}/reach?expression=in:69+and+not+in:69266")
    assert re.search(rf"{ABOUT}\b", visitor.text)
    assert not re.search(r"\b\d+–\d+\b", visitor.text.replace("Condition by condition", "")), "no exact tens"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "These are the people chosen before: what you typed is not counted yet."),
        ("fr", "Ce sont les personnes choisies auparavant : ce que vous avez écrit n’est pas encore compté."),
    ],
)
@pytest.mark.parametrize("typed", ["nowhere:69", "Saint-Denis"], ids=["a fault", "several places"])
async def test_a_count_below_what_was_not_understood_says_whose_it_is(
    conversation: Conversation, olga: Talker, language: str, said: str, typed: str
) -> None:
    visitor = await signed_in(conversation.person(olga.telegram_id, language=language))
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).values(language=language))
    # An event is asked for before it is asked whom it is for.
    await visitor.send("/console/events/new", **MARKET)
    for room in (WHOM, "/console/events/new/whom"):
        await visitor.send(room, expression="in:69266 and volunteer", do="expression")
        assert said not in with_plain_spaces(visitor.text)
        await visitor.send(room, expression=typed, do="expression")
        told = with_plain_spaces(visitor.text)
        assert said in told, room
        assert told.index(said) < told.rindex("Villeurbanne"), room
        await visitor.send(room, expression="in:69266", do="expression")
        assert said not in with_plain_spaces(visitor.text)


async def test_what_comes_in_and_falls_out_is_the_difference_of_the_numbers_beside_it(
    conversation: Conversation, olga: Talker
) -> None:
    """As somebody reads them who is told about how many; and those who come in are no more than have it."""
    for number in range(130):  # many, beside what is drawn: a dozen here or there
        await supporter(conversation, 300 + number, "69266", language="fr", volunteer=number < 100)
    visitor = await signed_in(olga)
    await visitor.open(WHOM)
    for join, more in (("and", "in:69123"), ("or", "in:69266"), ("except", "volunteer")):
        await visitor.send(WHOM, do="add", join=join, choice="", more=more)
    assert "≈: about so many" in visitor.text
    _, *lines = re.split(r"<tr>", visitor.page.text.partition('class="flow"')[2].partition("</table>")[0])
    cells = [re.findall(r'<td class="number">(?:<b>)?([^<]*)', line) for line in lines[1:]]
    number = [[int(re.sub(r"\D", "", cell) or 0) for cell in row] for row in cells]
    assert len(number) >= 3
    for (before, *_), (left, came, went, has) in pairwise(number):
        assert left == before + came - went
        assert came <= has
    assert any(came for _, came, _, _ in number)
    assert any(went for _, _, went, _ in number)


async def test_the_draft_is_the_one_of_the_chat(conversation: Conversation, olga: Talker) -> None:
    """Begun there, finished here; and what was written on here is shown there before anything typed counts."""
    await begin_broadcast(olga)
    await olga.send("Bonjour")
    visitor = await signed_in(olga)
    await visitor.open(WORDS)
    assert "Bonjour" in visitor.text
    await write(visitor)
    await olga.send("SEND")
    assert any("still here" in call.payload.get("text", "") for call in olga.calls)
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(broadcasts))).scalar_one() == 0
    # A photo for it is sent in the chat, and leaves from here too.
    await visitor.open(WORDS)
    await visitor.send(WORDS, kind="persuasion", do="next", **TEXTS)
    photo = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}
    await olga.send_message(photo=[photo])
    await visitor.open(WORDS)
    assert "Leave the photo out" in visitor.text
    await visitor.send(WORDS, kind="persuasion", do="next", photo="drop", **TEXTS)
    # What is changed in the chat is not sent by the page that showed something else.
    await olga.send("hm")
    await visitor.open(WHEN)
    shown = seen(visitor)
    await olga.tap("Change the text")
    answer = await visitor.send(f"{WORDS}/send", seen=shown, word="SEND")
    assert answer.status_code == 409
    assert "changed meanwhile" in visitor.text
    await visitor.open(WORDS)
    await visitor.send(f"{WORDS}/drop")
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(dialogs.c.flow))).scalar_one_or_none() is None


async def test_a_scheduled_one_is_written_anew_in_its_place_and_duplicated(
    conversation: Conversation, olga: Talker
) -> None:
    visitor = await signed_in(olga)
    await write(visitor)
    await visitor.send(WHEN, when="at", at="2016-11-17T18:00", whose="each")
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    page = "/console/messages/1"
    await visitor.send(f"{page}/rewrite")
    assert visitor.page.url.path == WHEN, visitor.text
    assert "Put it in the place of no. 1" in visitor.text
    await visitor.send(WHEN, when="at", at="2016-11-17T12:00", whose="each")
    await visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND")
    assert visitor.page.url.path == page
    await visitor.send(f"{page}/duplicate")
    assert "Bonjour" in visitor.text
    async with conversation.database.read() as tx:
        (row,) = (await tx.execute(sa.select(broadcasts))).all()
    assert row.starts_at.hour == 12


async def test_in_the_silence_before_the_vote_nothing_is_sent_that_would_expire(
    conversation: Conversation, olga: Talker
) -> None:
    conversation.clock.move(conversation.clock.now() + timedelta(days=2, hours=20))  # Saturday morning
    visitor = await signed_in(olga)
    await write(visitor)
    assert "quiet period" in visitor.text


async def test_nothing_that_begins_in_the_chat_loses_a_draft_of_the_desk(
    conversation: Conversation, olga: Talker
) -> None:
    """Going on duty asks for a name: the message and the event that were begun at the desk wait for its end."""
    visitor = await signed_in(olga)
    await visitor.open(WORDS)
    await visitor.send(WORDS, kind="persuasion", do="next", **{**TEXTS, "text-A-fr": "Précieux"})
    await visitor.open("/console/events/new")
    await visitor.send("/console/events/new", do="next", **MARKET)
    await visitor.open(WORDS)
    assert "Précieux" in visitor.text
    await olga.send("/inbox")
    assert "first name" in olga.last.text
    for address, words in ((WORDS, "Précieux"), ("/console/events/new", "Un marché")):
        await visitor.open(address)
        assert words in visitor.page.text, address
    # What is changed at the desk meanwhile is kept too, and the chat still waits for the name.
    await visitor.open(WORDS)
    await visitor.send(WORDS, kind="persuasion", do="next", **{**TEXTS, "text-A-fr": "Encore plus précieux"})
    await olga.send("Olga")
    assert any("is still here" in said.text for said in olga.screen[-2:])
    await visitor.open(WORDS)
    assert "Encore plus précieux" in visitor.text
    # In the chat each is taken up by its command, and giving one up keeps the other.
    await olga.send("/broadcast")
    assert "still here" in olga.screen[-2].text
    await olga.send("/cancel")
    assert "The event you were writing is still here" in olga.last.text
    await visitor.open(WORDS)
    assert "précieux" not in visitor.text
    await olga.send("hm")
    assert "still here" in olga.screen[-2].text
    await visitor.open("/console/events/new")
    assert "Un marché" in visitor.page.text
    await visitor.send("/console/events/new/drop")
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(dialogs.c.flow))).scalar_one_or_none() is None


def chosen(visitor: Browser) -> str:
    """The audience as its field has it."""
    found = re.search(r'id="expression"[^>]*>([^<]*)<|id="expression"[^>]*value="([^"]*)"', visitor.page.text)
    assert found is not None
    return found[1] or found[2]


async def test_those_who_come_are_written_to_from_the_event(conversation: Conversation, olga: Talker) -> None:
    """By an ordinary message: whom it is for is chosen already, and what is being written is not lost."""
    await announce_event(olga)
    (event,) = await rows(conversation, events)
    visitor, page = await signed_in(olga), f"/console/events/{event.code}"
    await visitor.open(page)
    assert "Write to those who come" in visitor.text
    answer = await visitor.send(f"{page}/write")
    assert answer.url.path == WORDS
    await visitor.open(WORDS)
    assert "To be put right" not in visitor.text, "nothing was done yet"
    await visitor.open(WHOM)
    assert chosen(visitor) == f"rsvp:{event.code}:yes"
    await visitor.send(WHOM, expression="in:69", do="next")
    await visitor.open(page)
    await visitor.send(f"{page}/write")
    await visitor.open(WHOM)
    assert chosen(visitor) == "in:69", "what is being written is taken up instead"
    other = await signed_in(await staff(conversation, 14, "organizer", "13"))
    await other.open("/console/events")
    assert (await other.send(f"{page}/write")).status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_messages_of_one_event_are_told_apart_where_people_are_chosen_by_them(
    conversation: Conversation, language: str
) -> None:
    """Its invitation, and that it is cancelled, bear one title."""
    talker = await choosing.writing(conversation, language)
    read = Reader(language)
    await talker.send("/cancel")
    await supporter(conversation, 20, "69123")
    await conversation.add_event("a1b2c3d4")
    async with conversation.database.write() as tx:
        (event,) = list(await tx.scalars(sa.select(events.c.id)))
        now = conversation.clock.now()
        for number, kind in ((1, "event_invite"), (2, "event_service")):
            made = {"id": number, "key": f"event:{number}", "kind": kind, "event": event, "audience": {}}
            values = {**made, "area": "69123", "state": "active", "starts_at": now, "created_at": now}
            await tx.execute(sa.insert(broadcasts).values(created_by=1, **values))
            await tx.execute(
                sa.insert(deliveries).values(
                    broadcast=number, person=2, state="sent", due_at=now, changed_at=now
                )
            )
    await talker.send("/broadcast")
    await talker.tap(read.label("News and arguments"))
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap(read.label("No photo"))
    visitor = await signed_in(talker)
    await visitor.open("/console/messages/new/whom")
    await talker.tap_data("1:audience:message")
    for kind in ("Invitation to an event", "News of an event"):
        assert f" – {read.label(kind)}" in " ".join(talker.last.buttons)
        assert f" – {read.label(kind)}" in visitor.text
