"""The mission of issue 2, played by people: one supporter, her friend, an organizer and a coordinator, in one language.

Labels and sentences are named by their English words; each person reads them in their language.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace

from tests.reading import ABOUT, Reader
from tests.story import Story, Teller, answer_of

ADDRESS, PIN = "Café de la Place, 2 place des Terreaux", (45.7676, 4.8344)
START = "2016-10-29T10:00+02:00"
TITLES = {"fr": "Café-débat avec Camille Durand", "en": "Coffee with Camille Durand"}
DESCRIPTIONS = {
    "fr": "Venez poser vos questions, amenez qui vous voulez.",
    "en": "Come with your questions and with whom you like.",
}
NEWS = {
    "fr": "Bonjour {{ first_name }}, notre programme est en ligne.",
    "en": "Hello {{ first_name }}, our programme is online.",
}


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who plays, and the event's code."""

    supporter: Teller
    friend: Teller
    organizer: Teller
    coordinator: Teller
    event: str


async def play(story: Story, language: str) -> Cast:
    """The whole mission, from /start to the thanks after round 2; begins at `START`."""
    read = Reader(language)
    name, friends_name = ("Claire", "Paul") if language == "fr" else ("Emily", "Paul")
    supporter = await story.person(name, language=language)
    await sign_up(supporter, read)
    await story.jump("2016-10-30T18:00+01:00")
    await supporter.tell(read.label("I’ll vote"), "pledge", "will", about="1")

    organizer = await appoint(story, "Sophie", "organizer", "69", read)
    coordinator = await appoint(story, "Karim", "coordinator", "69", read)
    await story.jump("2016-11-02T10:00+01:00")
    event = await announce_event(organizer, read)
    await accept_invitation(story, supporter, read, event)
    progress = await organizer.expect(read.says("Answers to this message: "))
    assert re.search(r": [1-9<]", progress.text.splitlines()[-1]), "It counts the answer."
    friend = await story.person(friends_name, language=language)
    await join_by_link(friend, read, event)
    story.unname(friend)  # the team was not spoken of: it is not to know who they are
    await story.jump("2016-11-08T10:00+01:00")
    await write_to_supporters(organizer, read)
    progress = await organizer.expect(read.says("Finished."))
    assert re.search(r"\d+–\d+ (of|sur) \d+–\d+", progress.text), (
        "Who is known is counted exactly, all others in tens."
    )
    await supporter.expect(NEWS[language].replace("{{ first_name }}", name))
    await attend(story, supporter, read, event)

    await story.jump("2016-11-12T18:00+01:00")
    await supporter.tell(read.label("I know my polling station"), "place", "known", about="1")
    await plan_first_round(story, supporter, read)
    await keep_silence(story, supporter, read)
    await vote_in_first_round(story, supporter, read)
    await vote_in_second_round(story, supporter, read)
    await export_in_chat(story, coordinator, read)
    await friend.write("STOP", "consent", "no", about="contact")
    story.unname(friend)
    await friend.expect(read.says("Done: we won’t message"))
    return Cast(supporter=supporter, friend=friend, organizer=organizer, coordinator=coordinator, event=event)


async def sign_up(person: Teller, read: Reader) -> None:
    """Each choice apart, a commune that does not exist, one that several share, the confirmation."""
    await person.start()
    await consent(person, read)
    await person.send("Xyzzyville")
    await person.expect(read.says("I don’t know any commune"))
    await person.send("st genis")
    await person.expect(read.says("Which one do you vote in?"))
    await person.tell("Saint-Genis-Laval", "commune", "69204")
    await confirm(person, read)


async def consent(person: Teller, read: Reader) -> None:
    """Yes to the first question: 17 or over, and written to."""
    person.note("age", "old_enough")
    await person.tell(read.label("I’m 17 or over: yes, write to me"), "consent", "yes", about="contact")
    await person.expect(read.says("In which commune do you vote?"))


async def sign_up_in(person: Teller, read: Reader, typed: str, code: str) -> None:
    """Without detours, in a commune that what is typed names for certain; known to the team, and kept."""
    await person.start()
    await consent(person, read)
    await person.write(typed, "commune", code)
    await confirm(person, read)
    await choose(person, read, "The local team", "Yes, introduce me", "team")
    await choose(person, read, "After the vote", "Yes, keep in touch", "keep")


async def choose(person: Teller, read: Reader, choice: str, label: str, purpose: str) -> None:
    """Yes to one of the choices that /consent shows."""
    await person.send("/consent")
    await person.tap(read.label(choice))
    await person.tell(read.label(label), "consent", "yes", about=purpose)


async def sign_up_abroad(person: Teller, read: Reader, typed: str, code: str) -> None:
    """In a country, whose hours are kept."""
    await person.start()
    await consent(person, read)
    await person.tap(read.label("I live abroad"))
    await person.expect(read.says("In which country do you live?"))
    await person.write(typed, "country", code)
    await welcome(person, read)


async def confirm(person: Teller, read: Reader) -> None:
    """The commune that was understood is right, and messages may be chosen by it."""
    await person.expect(read.says("May I choose your messages by where you vote?"))
    await person.tell(read.label("Yes, by where I vote"), "consent", "yes", about="commune")
    await welcome(person, read)


async def welcome(person: Teller, read: Reader) -> None:
    person.note("registration", "confirmed")
    await person.expect(read.says("Welcome, you"))


async def join_by_link(person: Teller, read: Reader, event: str) -> None:
    """Signing up through a link to an event ends at its card."""
    await person.start(f"ev_{event}")
    await consent(person, read)
    await person.write("villeurbanne", "commune", "69266")
    person.note("registration", "confirmed")
    await person.tell(read.label("Yes, by where I vote"), "consent", "yes", about="commune")
    await person.expect(TITLES[read.language])
    await person.tell(read.label("Maybe"), "rsvp", "maybe", about=event)
    await person.expect(read.says("You said maybe"))


async def appoint(story: Story, name: str, role: str, territory: str, read: Reader) -> Teller:
    """A member of staff, who joins by a one-time link."""
    made = await story.command("staff", "link", "--role", role, "--territory", territory)
    assert made.status == 0, made.err
    member = await story.person(name, language=read.language)
    await member.start(made.out.strip().partition("?start=")[2])
    await member.expect(re.compile(r"/(export|new_event)"))
    return member


async def announce_event(organizer: Teller, read: Reader, *, on: str = "10/11 19:00") -> str:
    """/new_event from its title to the typed confirmation; the event's code."""
    await organizer.send("/new_event")
    for language in TITLES:
        await organizer.asked(read.says("What is the event called? – "))
        await organizer.send(TITLES[language])
        await organizer.asked(read.says("What will happen there? – "))
        await organizer.send(DESCRIPTIONS[language])
    for question, answer in (("In which commune?", "Lyon"), ("At what address?", ADDRESS)):
        await organizer.asked(read.says(question))
        await organizer.send(answer)
    await organizer.asked(read.says("Where exactly on the map?"))
    await organizer.share_location(*PIN)
    for question, answer in (("On what day", on), ("How long will it last?", "2h")):
        await organizer.asked(read.says(question))
        await organizer.send(answer)
    await organizer.asked(read.says("How many seats are there?"))
    await organizer.tap(read.label("There are enough"))
    await organizer.expect(read.says("within %(km)s"))
    await organizer.tap(read.label("That’s it"))
    summary = await organizer.expect(read.says("Ready to announce"))
    assert re.search(ABOUT, summary.text), "Who looks after an area is told about how many they are."
    await organizer.send(read.label("SEND"))
    link = await organizer.expect(re.compile(r"start=ev_\w+"))
    progress = await organizer.expect(read.says("Finished."))
    assert read.says("Sent: ").search(progress.text)
    code = re.search(r"start=ev_(\w+)", link.text)
    assert code is not None  # just found
    return code[1]


async def accept_invitation(story: Story, supporter: Teller, read: Reader, event: str) -> None:
    """Yes, then maybe, then yes again, on one message; the place and the calendar file."""
    await supporter.expect(TITLES[read.language])
    await supporter.tell(read.label("I’ll come"), "rsvp", "yes", about=event)
    await supporter.expect(read.says("You’re coming: "))
    await supporter.expect(read.says("May we introduce you to the local team?"))
    await supporter.tell(read.label("Yes, introduce me"), "consent", "yes", about="team")
    await supporter.expect(read.says("Thank you! The local team will know who you are."))
    await supporter.tell(read.label("Maybe"), "rsvp", "maybe", about=event)
    await supporter.expect(read.says("You said maybe"))
    await supporter.tell(read.label("I’ll come"), "rsvp", "yes", about=event)
    card = await supporter.expect(read.says("You’re coming: "))
    assert card.edits == 3, "The answers edit the invitation in place."
    await supporter.tap(read.label("Show the place"))
    await supporter.tap(read.label("Add to my calendar"))
    await story.settled()
    venue, calendar = (await supporter.messages())[-2:]
    assert venue.venue is not None
    assert venue.venue["title"] == TITLES[read.language]
    assert calendar.document is not None
    content = await story.simulator.file(calendar.document["file_id"])
    assert b"DTSTART" in content
    assert b"20161110T190000" in content or b"20161110T180000Z" in content


async def write_to_supporters(organizer: Teller, read: Reader) -> None:
    """/broadcast from its kind to the typed confirmation."""
    await organizer.send("/broadcast")
    await organizer.tap(read.label("News and arguments"))
    for language in NEWS:
        await organizer.asked(read.says("Write the message – "))
        await organizer.send(NEWS[language])
    for label in ("No photo", "That’s it", "Now"):
        await organizer.tap(read.label(label))
    await organizer.expect(read.says("Ready to send"))
    await organizer.send(read.label("SEND"))


async def attend(story: Story, supporter: Teller, read: Reader, event: str) -> None:
    """The eve's question, the morning's reminder, and whether one came."""
    await story.jump("2016-11-09T11:00+01:00")
    await supporter.tell(read.label("Yes, I’ll be there"), "attendance", "confirm", about=event)
    await supporter.expect(read.says("You have confirmed"))
    await story.jump("2016-11-10T09:00+01:00")
    await story.jump("2016-11-11T10:00+01:00")
    await supporter.tell(read.label("I came"), "came", "yes", about=event)
    await supporter.expect(read.says("Thank you for coming"))


async def plan_first_round(story: Story, supporter: Teller, read: Reader) -> None:
    """When, from where, with whom; two days before the plan holds."""
    await story.jump("2016-11-16T18:00+01:00")
    await supporter.expect(read.says("When will you vote?"))
    await supporter.tell(read.label("Around midday"), "plan.slot", "midday", about="1")
    await supporter.tell(read.label("From home"), "plan.departure", "home", about="1")
    await supporter.tell(read.label("With my family"), "plan.company", "family", about="1")
    await supporter.expect(read.says("It’s all set"))
    await story.jump("2016-11-18T18:00+01:00")
    await supporter.expect(read.says("Is your plan still on?"))
    await supporter.tell(read.label("Yes, still on"), "echo", "ok", about="1")
    await supporter.expect(read.says("Would you send this to three friends?"))


async def keep_silence(story: Story, supporter: Teller, read: Reader) -> None:
    """In the quiet period events are not talked about, nobody can have voted yet, and words get an answer."""
    await story.jump("2016-11-19T12:00+01:00")
    await supporter.send("/events")
    await supporter.expect(read.says("The vote is about to take place"))
    await supporter.send("Xyzzy")
    await supporter.expect(read.says("I’m an automated assistant"))
    early = await supporter.forge("1:step:1:turnout:voted")
    assert early.alert is not None
    assert read.says("Voting hasn’t begun").search(early.alert)


async def vote_in_first_round(story: Story, supporter: Teller, read: Reader) -> None:
    """An hour before the plan, again in the afternoon, and the thanks after the embargo."""
    await story.jump("2016-11-20T11:00+01:00")
    await supporter.expect(read.says("Today is polling day"))
    await supporter.tell(read.label("I’ll go later"), "turnout", "later", about="1")
    await supporter.expect(read.says("All right, later then."))
    await story.jump("2016-11-20T16:30+01:00")
    asked = await supporter.expect(read.says("Have you voted"))
    await supporter.tell(read.label("I’ve voted"), "last_call", "voted", about="1", message=asked)
    await supporter.expect(read.says("Thank you! I’ve noted"))
    await story.jump("2016-11-20T20:30+01:00")
    await supporter.expect(read.says("Thank you for voting"))
    await supporter.tell(read.label("Keep my plan"), "keep_plan", "keep", about="1")
    await supporter.expect(read.says("Your plan stays as it is"))


async def vote_in_second_round(story: Story, supporter: Teller, read: Reader) -> None:
    """The plan that was kept, confirmed; "I've voted" at the first reminder of the day; the last thanks."""
    await story.jump("2016-11-23T18:00+01:00")
    await story.jump("2016-11-25T18:00+01:00")
    await supporter.expect(read.says("Is your plan still on?"))
    await supporter.tell(read.label("Yes, still on"), "echo", "ok", about="2")
    await story.jump("2016-11-27T11:00+01:00")
    asked = await supporter.expect(read.says("Today is polling day"))
    await supporter.tell(read.label("I’ve voted"), "turnout", "voted", about="2", message=asked)
    await supporter.expect(read.says("Thank you! I’ve noted"))
    await story.jump("2016-11-27T16:30+01:00")
    await story.jump("2016-11-27T20:30+01:00")
    thanks = await supporter.expect(read.says("Thank you for voting"))
    assert read.says("The vote is over.").search(thanks.text)
    await supporter.tap(read.label("Stay in touch after the vote?"))
    await supporter.expect(read.says("May we stay in touch after the vote?"))
    await supporter.tell(read.label("Yes, keep in touch"), "consent", "yes", about="keep")
    await supporter.expect(read.says("Thank you, we’ll keep in touch."))


async def export_in_chat(story: Story, coordinator: Teller, read: Reader) -> None:
    """/export gives a file of every answer so far."""
    await coordinator.send("/export")
    await coordinator.tap(read.label("Answers"))
    await coordinator.tap("CSV")
    await coordinator.expect(read.says("This file holds personal data"))
    document = (await coordinator.last()).document
    assert document is not None
    content = (await story.simulator.file(document["file_id"])).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    # A file for a team: row by row who agreed to be known to it, without a number; all others are counts in tens.
    known = [replace(each, telegram_id=0) for each in story.told if each.telegram_id]
    assert sorted(answer_of({**row, "telegram_id": ""}) for row in rows if row["supporter"]) == sorted(known)
