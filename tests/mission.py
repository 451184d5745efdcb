"""The mission of issue 2, played by people: one supporter, her friend, an organizer and a coordinator, in one language.

Labels are named by their English words; `FRENCH` says what a French speaker reads instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.story import Story, Teller

FRENCH: Mapping[str, str] = {
    "Yes, write to me": "Oui, écrivez-moi",
    "Yes, use my commune": "Oui, selon ma commune",
    "Yes, share with my team": "Oui, avec mon équipe",
    "Yes, keep in touch": "Oui, gardons contact",
    "I’m 17 or over": "J’ai 17 ans ou plus",
    "I know no commune": "Je ne connais aucune commune",
    "Which one do you vote in": "Dans laquelle votez-vous",
    "Is this right": "Est-ce bien cela",
    "That’s right": "C’est bien ça",
    "Welcome": "Bienvenue",
    "I’ll vote": "J’irai",
    "I know my polling place": "Je connais mon bureau",
    "I’ll come": "Je viens",
    "Maybe": "Peut-être",
    "You said maybe": "Vous avez répondu «\u202fpeut-être\u202f»",
    "You’re coming": "Vous venez",
    "Show the place": "Voir le lieu",
    "Add to my calendar": "Ajouter à mon agenda",
    "Yes, I’ll be there": "Oui, je serai là",
    "You have confirmed": "Vous avez confirmé",
    "I came": "Je suis venu",
    "Thank you for coming": "Merci de votre venue",
    "When will you vote": "Quand irez-vous voter",
    "Around midday": "Vers midi",
    "From home": "De chez moi",
    "With my family": "En famille",
    "It’s all set": "C’est prêt",
    "Does your plan still hold": "Votre plan tient-il toujours",
    "Yes, it holds": "Oui, il tient",
    "three friends": "trois proches",
    "Campaigns have to keep silent": "la campagne doit garder le silence",
    "I didn’t understand": "je n’ai pas compris",
    "Voting hasn’t begun": "Le vote n’a pas commencé",
    "Today is polling day": "C’est aujourd’hui que l’on vote",
    "I’ll go later": "J’irai plus tard",
    "later then": "plus tard",
    "Have you voted": "Avez-vous voté",
    "I’ve voted": "J’ai voté",
    "you have voted": "vous avez voté",
    "Thank you for voting": "Merci d’avoir voté",
    "Keep my plan": "Garder mon plan",
    "Your plan is kept": "Votre plan est gardé",
    "The vote is over": "Le vote est terminé",
    "we won’t write to you any more": "nous ne vous écrirons plus",
}
ENGLISH: Mapping[str, str] = {words: words for words in FRENCH}
WORDS = {"fr": FRENCH, "en": ENGLISH}

CONFIRMATION = re.compile(r"\bSEND\b")
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
    words = WORDS[language]
    name, friends_name = ("Claire", "Paul") if language == "fr" else ("Emily", "Paul")
    supporter = await story.person(name, language=language)
    await sign_up(supporter, words)
    await story.jump("2016-10-30T18:00+01:00")
    await supporter.tell(words["I’ll vote"], "pledge", "will", about="1")

    organizer = await appoint(story, "Sophie", "organizer", "69")
    coordinator = await appoint(story, "Karim", "coordinator", "69")
    await story.jump("2016-11-02T10:00+01:00")
    event = await announce_event(story, organizer)
    await accept_invitation(story, supporter, words, event, language)
    friend = await story.person(friends_name, language=language)
    await join_by_link(friend, words, event, language)
    await story.jump("2016-11-08T10:00+01:00")
    await write_to_supporters(story, organizer)
    await supporter.expect(NEWS[language].replace("{{ first_name }}", name))
    await attend(story, supporter, words, event)

    await story.jump("2016-11-12T18:00+01:00")
    await supporter.tell(words["I know my polling place"], "place", "known", about="1")
    await plan_first_round(story, supporter, words)
    await keep_silence(story, supporter, words)
    await vote_in_first_round(story, supporter, words)
    await vote_in_second_round(story, supporter, words)
    return Cast(supporter=supporter, friend=friend, organizer=organizer, coordinator=coordinator, event=event)


async def sign_up(person: Teller, words: Mapping[str, str]) -> None:
    """Each choice apart, a commune that does not exist, one that several share, the confirmation."""
    await person.start()
    await consent(person, words)
    await person.send("Xyzzyville")
    await person.expect(words["I know no commune"])
    await person.send("st genis")
    await person.expect(words["Which one do you vote in"])
    await person.tell("Saint-Genis-Laval", "commune", "69204")
    await person.expect(words["Is this right"])
    await person.tell(words["That’s right"], "registration", "confirmed")
    await person.expect(words["Welcome"])


async def consent(person: Teller, words: Mapping[str, str]) -> None:
    """Yes to all four, and old enough."""
    for label, purpose in (
        ("Yes, write to me", "contact"),
        ("Yes, use my commune", "commune"),
        ("Yes, share with my team", "team"),
        ("Yes, keep in touch", "keep"),
    ):
        await person.tell(words[label], "consent", "yes", about=purpose)
    await person.tell(words["I’m 17 or over"], "age", "old_enough")


async def join_by_link(person: Teller, words: Mapping[str, str], event: str, language: str) -> None:
    """Signing up through a link to an event ends at its card."""
    await person.start(f"ev_{event}")
    await consent(person, words)
    await person.write("villeurbanne", "commune", "69266")
    await person.tell(words["That’s right"], "registration", "confirmed")
    await person.expect(TITLES[language])
    await person.tell(words["Maybe"], "rsvp", "maybe", about=event)
    await person.expect(words["You said maybe"])


async def appoint(story: Story, name: str, role: str, territory: str) -> Teller:
    """A member of staff, who joins by a one-time link."""
    made = await story.command("staff", "link", "--role", role, "--territory", territory)
    assert made.status == 0, made.err
    member = await story.person(name, language="en")
    await member.start(made.out.strip().partition("?start=")[2])
    await member.expect(re.compile(r"/(export|new_event)"))
    return member


async def announce_event(story: Story, organizer: Teller) -> str:
    """/new_event from its title to the typed confirmation; the event's code."""
    await organizer.send("/new_event")
    for language, name in (("fr", "Français"), ("en", "English")):
        await organizer.expect(f"called? – {name}")
        await organizer.send(TITLES[language])
        await organizer.expect(f"happen there? – {name}")
        await organizer.send(DESCRIPTIONS[language])
    for question, answer in (("which commune", "Lyon"), ("what address", ADDRESS)):
        await organizer.expect(question)
        await organizer.send(answer)
    await organizer.expect("on the map")
    await organizer.share_location(*PIN)
    for question, answer in (("what day", "10/11 19:00"), ("How long", "2h")):
        await organizer.expect(question)
        await organizer.send(answer)
    await organizer.expect("within 30 km of Lyon")
    await organizer.tap("That’s it")
    summary = await organizer.expect(CONFIRMATION)
    assert "< 10" in summary.text, "So few people are not counted for staff of one area."
    await organizer.send("SEND")
    link = await organizer.expect(re.compile(r"start=ev_\w+"))
    await organizer.expect("1 of 1")
    code = re.search(r"start=ev_(\w+)", link.text)
    assert code is not None  # just found
    return code[1]


async def accept_invitation(
    story: Story, supporter: Teller, words: Mapping[str, str], event: str, language: str
) -> None:
    """Yes, then maybe, then yes again, on one message; the place and the calendar file."""
    await supporter.expect(TITLES[language])
    await supporter.tell(words["I’ll come"], "rsvp", "yes", about=event)
    await supporter.expect(words["You’re coming"])
    await supporter.tell(words["Maybe"], "rsvp", "maybe", about=event)
    await supporter.expect(words["You said maybe"])
    await supporter.tell(words["I’ll come"], "rsvp", "yes", about=event)
    card = await supporter.expect(words["You’re coming"])
    assert card.edits == 3, "The answers edit the invitation in place."
    await supporter.tap(words["Show the place"])
    await supporter.tap(words["Add to my calendar"])
    await story.settled()
    venue, calendar = (await supporter.messages())[-2:]
    assert venue.venue is not None
    assert venue.venue["title"] == TITLES[language]
    assert calendar.document is not None
    content = await story.simulator.file(calendar.document["file_id"])
    assert b"DTSTART" in content
    assert b"20161110T190000" in content or b"20161110T180000Z" in content


async def write_to_supporters(story: Story, organizer: Teller) -> None:
    """/broadcast from its kind to the progress message that says it is finished."""
    await organizer.send("/broadcast")
    await organizer.tap("News and arguments")
    for language, name in (("fr", "Français"), ("en", "English")):
        await organizer.expect(f"Write the message – {name}")
        await organizer.send(NEWS[language])
    for label in ("No photo", "That’s it", "Now"):
        await organizer.tap(label)
    await organizer.expect(CONFIRMATION)
    await organizer.send("SEND")
    await organizer.expect("2 of 2")


async def attend(story: Story, supporter: Teller, words: Mapping[str, str], event: str) -> None:
    """The eve's question, the morning's reminder, and whether one came."""
    await story.jump("2016-11-09T11:00+01:00")
    await supporter.tell(words["Yes, I’ll be there"], "attendance", "confirm", about=event)
    await supporter.expect(words["You have confirmed"])
    await story.jump("2016-11-10T09:00+01:00")
    await story.jump("2016-11-11T10:00+01:00")
    await supporter.tell(words["I came"], "came", "yes", about=event)
    await supporter.expect(words["Thank you for coming"])


async def plan_first_round(story: Story, supporter: Teller, words: Mapping[str, str]) -> None:
    """When, from where, with whom; two days before the plan holds."""
    await story.jump("2016-11-16T18:00+01:00")
    await supporter.expect(words["When will you vote"])
    await supporter.tell(words["Around midday"], "plan.slot", "midday", about="1")
    await supporter.tell(words["From home"], "plan.departure", "home", about="1")
    await supporter.tell(words["With my family"], "plan.company", "family", about="1")
    await supporter.expect(words["It’s all set"])
    await story.jump("2016-11-18T18:00+01:00")
    await supporter.expect(words["Does your plan still hold"])
    await supporter.tell(words["Yes, it holds"], "echo", "ok", about="1")
    await supporter.expect(words["three friends"])


async def keep_silence(story: Story, supporter: Teller, words: Mapping[str, str]) -> None:
    """In the quiet period events are not talked about, nobody can have voted yet, and words get an answer."""
    await story.jump("2016-11-19T12:00+01:00")
    await supporter.send("/events")
    await supporter.expect(words["Campaigns have to keep silent"])
    await supporter.send("???")
    await supporter.expect(words["I didn’t understand"])
    early = await supporter.forge("1:step:1:turnout:voted")
    assert early.alert is not None
    assert words["Voting hasn’t begun"] in early.alert


async def vote_in_first_round(story: Story, supporter: Teller, words: Mapping[str, str]) -> None:
    """An hour before the plan, again in the afternoon, and the thanks after the embargo."""
    await story.jump("2016-11-20T11:00+01:00")
    await supporter.expect(words["Today is polling day"])
    await supporter.tell(words["I’ll go later"], "turnout", "later", about="1")
    await supporter.expect(words["later then"])
    await story.jump("2016-11-20T16:30+01:00")
    asked = await supporter.expect(words["Have you voted"])
    await supporter.tell(words["I’ve voted"], "last_call", "voted", about="1", message=asked)
    await supporter.expect(words["you have voted"])
    await story.jump("2016-11-20T20:30+01:00")
    await supporter.expect(words["Thank you for voting"])
    await supporter.tell(words["Keep my plan"], "keep_plan", "keep", about="1")
    await supporter.expect(words["Your plan is kept"])


async def vote_in_second_round(story: Story, supporter: Teller, words: Mapping[str, str]) -> None:
    """The plan that was kept, confirmed; "I've voted" at the first reminder of the day; the last thanks."""
    await story.jump("2016-11-23T18:00+01:00")
    await story.jump("2016-11-25T18:00+01:00")
    await supporter.expect(words["Does your plan still hold"])
    await supporter.tell(words["Yes, it holds"], "echo", "ok", about="2")
    await story.jump("2016-11-27T11:00+01:00")
    asked = await supporter.expect(words["Today is polling day"])
    await supporter.tell(words["I’ve voted"], "turnout", "voted", about="2", message=asked)
    await supporter.expect(words["you have voted"])
    await story.jump("2016-11-27T16:30+01:00")
    await story.jump("2016-11-27T20:30+01:00")
    thanks = await supporter.expect(words["Thank you for voting"])
    assert words["The vote is over"] in thanks.text
