"""When somebody gets a message that waits: Today, its page and its card say the same, and look at the whole queue."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.broadcasts
from bot.actions.planning import plan
from db.schema import deliveries, people
from tests.campaigning import staff, supporter, supporters
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import send_broadcast
from tests.leaving import let_arrive
from tests.reading import Reader
from tests.web.browsing import signed_in

TITLE = re.compile(r"1\s?: (Hello|Bonjour)")


HELD = {
    "en": re.compile(
        r"Held back: (\d+) \([^)]*\)\. They get it from [^.]* on \(Paris time\), as hours and caps allow\."
    ),
    "fr": re.compile(
        r"Envoi retenu\s: (\d+) \([^)]*\)\. Réception à partir du [^.]* \(heure de Paris\), selon les heures"
    ),
}
"""How many wait, why, and when they get it: the same everywhere."""
FIRST = {
    "en": re.compile(r"It waits\. The first ones get it from (.+?) on \(Paris time\)"),
    "fr": re.compile(
        r"Il attend encore\. Les premières personnes le recevront à partir du (.+?) \(heure de Paris\)"
    ),
}
BEHIND = "Another message goes out to them first"


async def with_a_message(conversation: Conversation, language: str = "en") -> Talker:
    """Who runs the campaign, has written to its four supporters, and reads this language."""
    await supporters(conversation, range(100, 104), "69123")
    talker = await staff(conversation, 8, "admin", "FR")
    await send_broadcast(talker)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 8).values(language=language))
    return talker


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_another_message_leaves_before_is_not_said_to_go_on_when_that_one_does(
    conversation: Conversation, language: str
) -> None:
    """Two messages that a cap holds for the same people until tomorrow morning: of each, one a day leaves."""
    await supporters(conversation, range(100, 112), "69123")
    talker = await staff(conversation, 8, "admin", "FR")
    for _ in range(2):
        await send_broadcast(talker)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
        # Of two people the second message alone is held.
        theirs = sa.select(deliveries.c.id).where(deliveries.c.broadcast == 1).limit(2)
        await tx.execute(sa.delete(deliveries).where(deliveries.c.id.in_(theirs)))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 8).values(language=language))
    read = Reader(language)
    page = await signed_in(talker)
    await page.open("/console/")
    assert sorted(HELD[language].findall(page.text)) == ["10", "2"], page.text
    assert len(read.says(BEHIND).findall(page.text)) == 1, "Ten get the other one first."
    for number, held, behind in ((1, "10", None), (2, "2", "10")):
        await page.open(f"/console/messages/{number}")
        assert HELD[language].findall(page.text) == [held], page.text
        first = read.says(BEHIND).findall(page.text)
        assert len(first) == (behind is not None), page.text
    await talker.send("/broadcasts")
    await talker.tap(next(iter(talker.last.buttons)))
    assert HELD[language].search(talker.last.text), talker.last.text
    assert read.says(BEHIND).search(talker.last.text), talker.last.text
    async with conversation.database.write() as tx:
        for number, hours in ((1, 2), (2, 3)):
            mine = sa.update(deliveries).where(deliveries.c.broadcast == number)
            await tx.execute(mine.values(expires_at=until + timedelta(hours=hours)))
    for path in ("/console/", "/console/messages/2"):
        await page.open(path)
        assert len(read.says("This one may expire before its turn").findall(page.text)) == 1, page.text
        assert not read.says("This one follows on a later day").search(page.text), page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_held_for_everybody_waits_wherever_it_is_read(
    conversation: Conversation, language: str
) -> None:
    talker, read = await with_a_message(conversation, language), Reader(language)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
    page = await signed_in(talker)
    await page.open("/console/")
    assert read.label("Waiting for their hour or their turn") in page.text
    assert read.label("Under way") not in page.text
    await page.open("/console/messages/1")
    card = await talker.send("/broadcasts")
    assert read.label("waits for its hour") in card.text
    await talker.tap(next(iter(talker.last.buttons)))
    for shown in (page.text, talker.last.text):
        assert read.says("It waits.").search(shown), shown
        assert not read.says("Going out…").search(shown), shown


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_expires_before_its_hour_is_not_said_to_arrive_then(
    conversation: Conversation, language: str
) -> None:
    """As invitations that a cap holds until 9:00, to an event that was moved to 5:00."""
    talker = await with_a_message(conversation, language)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        held = {"state": "withheld", "reason": "cap_day", "due_at": until}
        await tx.execute(sa.update(deliveries).values(**held, expires_at=until - timedelta(hours=4)))
    read = Reader(language)
    page = await signed_in(talker)
    for path in ("/console/", "/console/messages/1"):
        await page.open(path)
        assert len(read.says("This one may expire before its turn").findall(page.text)) == 1, page.text
        assert not HELD[language].search(page.text), page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_waits_is_in_the_calendar_and_on_today_also_once_some_of_it_has_left(
    conversation: Conversation, language: str
) -> None:
    """Its own time is past: it is there with when it goes on, and no more once it is over."""
    talker = await with_a_message(conversation, language)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
    conversation.clock.move(conversation.clock.now() + timedelta(hours=1))
    page = await signed_in(talker)
    for waiting in (4, 2):
        await talker.send("/calendar")
        assert HELD[language].findall(talker.last.text) == [str(waiting)], talker.last.text
        assert len(TITLE.findall(talker.last.text)) == 1, "Not at the time that is past as well."
        await page.open("/console/")
        assert HELD[language].findall(page.text) == [str(waiting)], page.text
        async with conversation.database.write() as tx:
            some = sa.select(deliveries.c.id).where(deliveries.c.state == "withheld").limit(2)
            left = sa.update(deliveries).where(deliveries.c.id.in_(some))
            await tx.execute(left.values(state="sent", sent_at=conversation.clock.now(), reason=None))
    await talker.send("/calendar")
    assert not TITLE.search(talker.last.text)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_of_what_is_only_looked_at_again_no_instant_is_told_at_which_anybody_gets_it(
    conversation: Conversation, language: str
) -> None:
    """What leaves first may have left already: this one expires then, at an instant in the middle of the night."""
    talker = await with_a_message(conversation, language)
    again = conversation.clock.now() + timedelta(hours=10)
    async with conversation.database.write() as tx:
        behind = {"state": "withheld", "reason": "cap_behind", "due_at": again}
        await tx.execute(sa.update(deliveries).values(**behind, expires_at=again + timedelta(hours=10)))
    read, page = Reader(language), await signed_in(talker)
    for path in ("/console/", "/console/messages/1"):
        await page.open(path)
        assert not HELD[language].search(page.text), page.text
        assert not FIRST[language].search(page.text), page.text
        assert read.says("Another message comes first").search(page.text), page.text
        assert read.says("This one may expire before its turn").search(page.text), page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_while_a_message_is_paused_no_instant_is_told_at_which_anybody_gets_it(
    conversation: Conversation, language: str
) -> None:
    """What it waits for may pass meanwhile: it stays where it is until somebody resumes it."""
    talker = await with_a_message(conversation, language)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=10)
        held = {"state": "withheld", "reason": "courtesy_hours", "due_at": until}
        await tx.execute(sa.update(deliveries).values(**held))
    page = await signed_in(talker)
    waits = Reader(language).says("it is too early or too late in the day")
    for paused in (False, True):
        if paused:
            async with conversation.database.write() as tx:
                await db.broadcasts.pause(tx, 1)
        await page.open("/console/messages/1")
        assert len(waits.findall(page.text)) == 1, page.text
        assert bool(HELD[language].search(page.text)) is not paused, page.text
        await talker.send("/calendar")
        assert len(waits.findall(talker.last.text)) == 1, talker.last.text
        assert bool(HELD[language].search(talker.last.text)) is not paused, talker.last.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_first_who_get_what_was_written_for_later_may_be_those_who_are_held(
    conversation: Conversation, language: str
) -> None:
    """At each one's own hour: where it was that already, it was too late in the day, and their morning comes first."""
    talker = await with_a_message(conversation, language)
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        due = sa.update(deliveries).values(state="queued", due_at=now + timedelta(hours=6))
        await tx.execute(due)
    page = await signed_in(talker)

    async def first() -> str:
        await page.open("/console/messages/1")
        found = FIRST[language].search(page.text)
        assert found, page.text
        return found.group(1)

    own = await first()
    async with conversation.database.write() as tx:
        some = sa.select(deliveries.c.id).limit(2)
        held = sa.update(deliveries).where(deliveries.c.id.in_(some))
        until = now + timedelta(hours=4)
        await tx.execute(held.values(state="withheld", reason="courtesy_hours", due_at=until))
    held_until = await first()
    assert held_until != own, "Two get it before."
    assert held_until in HELD[language].search(page.text).group(), page.text  # type: ignore[union-attr]
    await talker.send("/broadcasts")
    await talker.tap(next(iter(talker.last.buttons)))
    assert FIRST[language].search(talker.last.text).group(1) == held_until  # type: ignore[union-attr]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_reminder_that_is_held_is_in_the_calendar_and_on_today(
    conversation: Conversation, language: str
) -> None:
    """Nobody of the team wrote it, and its hour is past: whoever asks why nobody has it finds it all the same."""
    for one in range(4):
        await supporter(conversation, 100 + one, "69123")
    talker, local = (
        await staff(conversation, 8, "admin", "FR"),
        await staff(conversation, 9, "coordinator", "69"),
    )
    for member in (talker, local):
        await member.send("/calendar")
        assert "Held back" not in member.last.text
    now, until = conversation.clock.now(), conversation.clock.now() + timedelta(hours=20)
    step = {"key": "step:1:plan", "step": "plan", "ballot": 1, "kind": "gotv", "audience": {}, "area": "FR"}
    async with conversation.database.write() as tx:
        number = await db.broadcasts.create(
            tx, step | {"state": "active", "starts_at": now, "created_at": now}
        )
        assert number is not None
        theirs = sa.select(people.c.id).where(people.c.telegram_id >= 100)
        await db.broadcasts.queue_deliveries(tx, broadcast=number, people=theirs, due_at=now, now=now)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
        await tx.execute(sa.update(people).values(language=language))
    conversation.clock.move(now + timedelta(hours=1))
    read, page = Reader(language), await signed_in(talker)
    await talker.send("/calendar")
    assert HELD[language].findall(talker.last.text) == ["4"], talker.last.text
    called = {"en": "When will you go?", "fr": "Quand irez-vous voter"}[language]
    assert called in talker.last.text, talker.last.text
    await talker.tap(f"{number}. ")
    assert HELD[language].search(talker.last.text), talker.last.text
    await page.open("/console/")
    assert HELD[language].findall(page.text) == ["4"], page.text
    assert page.text.count(called) >= 2, page.text
    await local.send("/calendar")
    assert not read.says("Held back").search(local.last.text), "It is not theirs to control."


@pytest.mark.parametrize(
    ("at", "says", "hour"),
    [
        (
            "2016-11-16T18:30",
            "When will you vote?",
            "Tuesday 15 November at 22:00",
        ),  # partisan, and first in Nouméa
        ("2016-11-20T12:00", "Today is polling day.", "Sunday 20 November at 06:00"),  # neutral
    ],
)
async def test_the_page_of_a_reminder_shows_what_it_says_and_from_which_hour_of_ones_own(
    conversation: Conversation, at: str, says: str, hour: str
) -> None:
    await supporter(conversation, 100, "69123")
    talker = await staff(conversation, 8, "admin", "FR")
    conversation.clock.move(paris(at))
    async with conversation.database.write() as tx:
        await plan(tx, CAMPAIGN, conversation.clock.now())
    page = await signed_in(talker)
    await page.open("/console/messages/1")
    assert says in page.text
    assert f"When: from {hour} on (Paris time), by each person’s own clock" in page.text
    # The campaign file words it: nobody writes it anew, or one like it.
    assert "Rewrite it" not in page.text
    assert "Duplicate" not in page.text
    await talker.tap_data("1:broadcast:1")
    assert any(says in each.text for each in talker.screen)


async def test_what_nobody_is_known_to_have_got_is_not_listed_as_sent(conversation: Conversation) -> None:
    talker = await with_a_message(conversation)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="in_doubt", sent_at=None))
    page = await signed_in(talker)
    await page.open("/console/messages")
    assert "in doubt Sent: 0 of 4" in page.text
    await talker.send("/broadcasts")
    assert "in doubt" in talker.last.text
    async with conversation.database.write() as tx:
        one = sa.select(deliveries.c.id).limit(1).scalar_subquery()
        left = sa.update(deliveries).where(deliveries.c.id == one)
        await tx.execute(left.values(state="sent", sent_at=conversation.clock.now()))
    await page.open("/console/messages")
    assert "sent Sent: 1 of 4" in page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_of_few_staff_of_an_area_are_not_told_that_they_wait_nor_until_when(
    conversation: Conversation, language: str
) -> None:
    """When the first of four may be written to again tells of what one of them got."""
    await supporters(conversation, range(100, 104), "69123")
    talker, read = await staff(conversation, 8, "organizer", "69"), Reader(language)
    await send_broadcast(talker)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 8).values(language=language))
    page = await signed_in(talker)
    await page.open("/console/messages/1")
    card = await talker.send("/broadcasts")
    assert read.label("waits for its hour") not in card.text
    await talker.tap(next(iter(talker.last.buttons)))
    for shown in (page.text, talker.last.text):
        assert not read.says("It waits.").search(shown), shown
        assert not FIRST[language].search(shown), shown


async def test_between_two_mornings_today_the_page_the_list_and_the_chat_say_when_the_next_ones_get_it(
    conversation: Conversation,
) -> None:
    """At nine by each one’s own clock: Réunion has it, Lyon and Tahiti sleep."""
    conversation.clock.move(paris("2016-10-25T10:00"))  # no reminder of the calendar is near
    for number, commune in enumerate(("97411", "69123", "98735")):
        await supporter(conversation, 100 + number, commune, language="en")
    talker = await staff(conversation, 8, "admin", "FR")
    page = await signed_in(talker)
    new, words = "/console/messages/new", {"text-A-fr": "Bonjour", "text-A-en": "Hello"}
    await page.open(new)
    await page.send(new, kind="persuasion", do="next", **words)
    await page.send(f"{new}/whom", expression="", do="next")
    await page.send(f"{new}/when", when="at", at="2016-10-26T09:00", whose="each")
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page.page.text)
    assert seen is not None
    await page.send(f"{new}/send", seen=seen[1], word="SEND")
    conversation.clock.move(paris("2016-10-26T06:30"))
    await let_arrive(conversation, conversation.person(100))
    page = await signed_in(talker)
    told = "The next ones get it from Wednesday 26 October at 09:00 on (Paris time)"
    await page.open("/console/")
    assert "Waiting for their hour or their turn" in page.text
    assert told in page.text
    # It is to come until it has left where its hour comes last.
    assert "Hello Wednesday 26 October at 09:00 local time" in page.text.split("In the next 24 hours")[1]
    await page.open("/console/messages/1")
    assert f"Going out… {told}" in page.text
    await page.open("/console/messages")
    assert "waits for its hour Sent: 1 of 3" in page.text
    shown = await talker.send("/broadcasts")
    assert "waits for its hour" in shown.text
    assert f"Going out… {told}" in (await talker.tap("1. Hello")).text
    # Once it has begun to leave there too it is going out, and the last ones are told of.
    conversation.clock.move(paris("2016-10-26T09:30"))
    await page.open("/console/messages")
    assert "going out Sent: 1 of 3" in page.text
    await let_arrive(conversation, conversation.person(101))
    await page.open("/console/messages/1")
    assert "The next ones get it from Wednesday 26 October at 21:00 on" in page.text
