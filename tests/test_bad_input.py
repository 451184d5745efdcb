"""Bad input gets a clear sentence in the person's language and loses nothing; a bad start, a sentence and status 2."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

from bot.settings import Settings
from bot.startup import opened
from simulator.server import running
from tests.mission import (
    ADDRESS,
    START,
    TITLES,
    announce_event,
    appoint,
    consent,
    sign_up_in,
)
from tests.reading import Reader
from tests.story import Teller, command, environment_of, telling

READ = Reader("en")
SORRY = READ.says("Sorry, something went wrong")


async def is_sorry(person: Teller) -> bool:
    """Whether the code failed on something: then the person reads an apology instead of a reason."""
    return any(SORRY.search(message.text) for message in await person.messages())


# -- words --


async def test_what_is_typed_where_a_commune_is_asked(tmp_path: Path) -> None:
    """What is no commune is told to be none, and the question stays open."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await person.start()
        await consent(person, READ)
        await person.send("Xyzzyville")
        await person.expect(READ.says("I don’t know any commune"))
        await person.send("x" * 5_000)  # leaves in two messages, as from Telegram's own applications
        await person.expect(READ.says("I found no commune in that"))
        await person.expect(READ.says("I found no commune in that"))
        await person.send_photo()
        await person.expect(READ.says("The question above is still open: type your answer"))
        await person.share_location(0, 0)
        await person.expect(READ.says("There is no French commune near this place"))
        await person.send("/nonsense")
        await person.expect(READ.says("The question above is still open: type your answer"))
        await person.write("villeurbanne", "commune", "69266")
        await person.expect(READ.says("May I choose your messages by where you vote?"))
        assert not await is_sorry(person)
        story.unname(person)
        assert await story.exported_answers() == sorted(story.told)


async def test_long_words_outside_any_question(tmp_path: Path) -> None:
    """A helpful answer for each message that arrives, the second shorter than the first."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await sign_up_in(person, READ, "villeurbanne", "69266")
        await person.send("y" * 5_000)
        await person.expect(READ.says("I’m an automated assistant"))
        await person.expect(READ.says("Sorry, I still don’t follow"))


# -- taps --

FORGED = (
    "",
    "x",
    "1",
    "1:",
    "1:unknown:1",
    "0:rsvp:1a2b3c4d:yes",  # an older version
    "2:rsvp:1a2b3c4d:yes",
    "1:rsvp",
    "1:rsvp:zz",
    "1:rsvp:zz:yes:no",
    "1:event",
    "1:events_page:-1",
    "1:events_page:99999999999999999999",
    "1:events_page:9999",
    "1:attend:zz:confirm",
    "1:consent:contact",
    "1:consent:contact:yes",
    "1:consent:everything:yes",
    "1:choice:everything:yes",
    "1:choice:contact:perhaps",
    "1:age",
    "1:age:yes",
    "1:language",
    "1:language:xx",
    "1:settings_language:xx",
    "1:messages:everything:off",
    "1:place",
    "1:place:99999",
    "1:place_by:nowhere",
    "1:territory:zz",
    "1:country:ZZ",
    "1:home",
    "1:home:US:losangeles",
    "1:agree",
    "1:agree:contact:yes",
    "1:agree:team:perhaps",
    "1:begin:nowhere",
    "1:menu",
    "1:menu:staff",
    "1:step",
    "1:step:9:plan:midday",
    "1:step:x:plan:midday",
    "1:step:1:plan:never",
    "1:step:1:everything:yes",
    "1:delete:perhaps",
    "1:optout:everything",
    "1:volunteer:perhaps",
    "1:" + "z" * 62,
)

STAFF_ONLY = (
    "1:offer:open:1",
    "1:offer:take:1",
    "1:broadcast:1",
    "1:broadcast_do:cancel:1",
    "1:broadcast_kind:persuasion",
    "1:broadcast_now",
    "1:my_event:zz",
    "1:seats:zz",
    "1:seats_number:zz",
    "1:seats_enough:zz",
    "1:seats_over:zz:10",
    "1:seats_guests:zz:1",
    "1:attendees:zz:coming:0",
    "1:attendees_search:zz:coming",
    "1:attendees_file:zz",
    "1:attendees_write:zz",
    "1:event_back:date",
    "1:event_duration:60",
    "1:event_audience",
    "1:audience:where",
    "1:audience_is:all",
    "1:export:FR",
    "1:export:FR:responses:all:-:csv",
    "1:stats",
    "1:stats:FR",
    "1:staff",
    "1:staff_invite",
    "1:staff_role:admin",
    "1:staff_revoke:1",
    "1:staff_unlink:1",
)


async def test_taps_that_no_version_offered(tmp_path: Path) -> None:
    """Forged and outdated data are refused one by one: each tap is answered, nothing is logged, nothing fails."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await sign_up_in(person, READ, "villeurbanne", "69266")
        ignored = [data for data in (*FORGED, *STAFF_ONLY) if not (await person.forge(data)).answered]
        await story.settled()
        assert not ignored
        assert not await is_sorry(person), "The log names the line that failed."
        assert await story.exported_answers() == sorted(story.told)


async def test_two_taps_at_once(tmp_path: Path) -> None:
    """Two fingers on one question: one answer is kept."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await person.start()
        await consent(person, READ)
        await person.write("villeurbanne", "commune", "69266")
        await person.expect(READ.says("May I choose your messages by where you vote?"))
        label = READ.label("Yes, by where I vote")
        person.note("consent", "yes", about="commune")
        person.note("registration", "confirmed")
        taps = await asyncio.gather(*(person.tap(label) for _ in range(3)))
        assert all(tap.answered for tap in taps)
        assert [tap.toast for tap in taps].count(READ.label("This question has already been answered.")) == 2
        await person.expect(READ.says("Welcome, you"))
        await story.settled()
        story.unname(person)
        welcomes = [m for m in await person.messages() if READ.says("Welcome, you").search(m.text)]
        assert len(welcomes) == 1
        assert await story.exported_answers() == sorted(story.told)


async def test_a_button_of_a_cancelled_event(tmp_path: Path) -> None:
    """Whoever taps an old invitation is told, and no answer is kept."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await sign_up_in(person, READ, "villeurbanne", "69266")
        organizer = await appoint(story, "Sophie", "organizer", "69", READ)
        event = await announce_event(organizer, READ)
        invitation = await person.expect(TITLES["en"])
        await person.tell(READ.label("I’ll come"), "rsvp", "yes", about=event)
        await cancel_event(organizer, event)
        await person.expect(READ.says("This event is cancelled."))
        await person.forge(f"1:rsvp:{event}:no", message=invitation)
        await story.settled()
        shown = next(m for m in await person.messages() if m.message_id == invitation.message_id)
        assert READ.says("This event is cancelled.").search(shown.text), "The card says why nothing is noted."
        assert await story.exported_answers() == sorted(story.told)


async def cancel_event(organizer: Teller, event: str) -> None:
    """From the list of one's own events to the confirmation."""
    await organizer.tap(READ.label("Manage the event"))
    await organizer.tap(READ.label("Cancel the event"))
    await organizer.tap(READ.label("Cancel it and tell them"))


# -- staff --


async def test_what_is_not_for_supporters(tmp_path: Path) -> None:
    """Staff commands, a link used twice, one that was made up."""
    async with telling(tmp_path, at=START) as story:
        person = await story.person("Emily", language="en")
        await sign_up_in(person, READ, "villeurbanne", "69266")
        for name in ("new_event", "broadcast", "broadcasts", "stats", "calendar", "export", "staff"):
            await person.send(f"/{name}")
            await person.expect(READ.says("This command is for the campaign team."))
        made = await story.command("staff", "link", "--role", "organizer", "--territory", "69")
        link = made.out.strip().partition("?start=")[2]
        sophie = await story.person("Sophie", language="en")
        await sophie.start(link)
        await sophie.expect("/new_event")
        for payload, refusal in (
            (link, "This invitation was used already"),
            ("s_madeup", "I don’t know this invitation"),
        ):
            await person.start(payload)
            await person.expect(READ.says(refusal))
        await person.send("/new_event")
        await person.expect(READ.says("This command is for the campaign team."))
        assert not await is_sorry(person)


async def test_what_organizers_mistype(tmp_path: Path) -> None:
    """Each mistake is named, and the dialog stays where it was."""
    async with telling(tmp_path, at="2016-11-02T10:00+01:00") as story:
        organizer = await appoint(story, "Sophie", "organizer", "69", READ)
        await mistype_an_event(organizer)
        await organizer.send("/cancel")
        await organizer.expect(READ.says("Cancelled:"))
        await mistype_a_message(organizer)
        assert not await is_sorry(organizer)


async def mistype_an_event(organizer: Teller) -> None:
    await organizer.send("/new_event")
    await organizer.send("z" * 500)
    await organizer.expect(READ.says("That is "))
    await organizer.send("Réunion")
    await organizer.tap(READ.label("Leave it out"))
    await organizer.expect(READ.says("What is the event called? – "))
    await organizer.tap(READ.label("No title in this language"))
    await organizer.expect(READ.says("In which commune?"))
    await organizer.send("Xyzzyville")
    await organizer.expect(READ.says("I don’t know any commune called “%(typed)s”. Check"))
    await organizer.send("Marseille")
    await organizer.expect(READ.says("That is outside your area"))
    await organizer.send("Lyon")
    await organizer.expect(READ.says("At what address?"))
    await organizer.send(ADDRESS)
    await organizer.tap(READ.label("Without a pin"))
    for typed, sentence in (
        ("31/02 19:00", ": that day does not exist"),
        ("1/11/2016 19:00", "That time has already passed"),
        ("whenever", "I can’t read"),
        ("10/11", "At what time?"),
        ("10/11 25:00", " is not a time of day"),
    ):
        await organizer.send(typed)
        await organizer.expect(sentence)
    await organizer.send("10/11 19:00")
    await organizer.expect(READ.says("How long will it last?"))
    await organizer.send("a while")
    await organizer.expect("as a duration")


async def mistype_a_message(organizer: Teller) -> None:
    await organizer.send("/broadcast")
    await organizer.tap(READ.label("News and arguments"))
    await organizer.expect(READ.says("Write the message – "))
    for typed, sentence in (
        ("Bonjour <b>à tous", "is opened but never closed"),
        ("Bonjour {{ surname }}", "is not a placeholder"),
        ("Bonjour {{ first_name", None),
        ("Bonjour <blink>vous</blink>", "Telegram knows no tag"),
        ("z" * 4_096, "A message has at most"),
    ):
        await organizer.send(typed)
        if sentence is not None:
            await organizer.expect(sentence)
    await organizer.send("Bonjour.")
    await organizer.expect(READ.says("Write the message – "))


# -- a start that cannot be --


async def refused(environment: Mapping[str, str], *arguments: str) -> str:
    """The one sentence that a command ends with."""
    finished = await command(environment, *arguments)
    assert finished.status == 2, finished
    assert "Traceback" not in finished.err
    (sentence,) = finished.err.strip().splitlines()
    assert sentence.startswith("portevoix: ")
    return sentence


async def test_starts_that_cannot_be(tmp_path: Path) -> None:
    """Each ends at once with one sentence that names what is wrong; tests/commands/test_running.py tries others."""
    async with running() as served:
        good = environment_of(served.base_url, tmp_path)
        async with opened(Settings.from_environment(good)):
            pass  # There is a database, with a key of its own.
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = f"127.0.0.1:{taken.getsockname()[1]}"
            assert port in await refused({**good, "PORTEVOIX_WEB": port}, "run")
        assert "does not know this token" in await refused({**good, "PORTEVOIX_TOKEN": "12345:WRONG"}, "run")
        assert "key" in await refused({**good, "PORTEVOIX_DATABASE_KEY": "00" * 32}, "run")
