"""Two supporters host an event through the local Telegram, one in each language: nobody is invited before the team says
yes, and everybody once, although the bot is killed in between.
"""

from __future__ import annotations

from pathlib import Path

import db.people
import db.staff
from bot.settings import Settings
from bot.startup import opened
from simulator.client import Person, Simulator
from tests.bots import until
from tests.story import Story, telling
from tests.test_crash import FIRST, NOW, START, supporter

LANGUAGES = ("fr", "en", "fr", "fr")


async def prepared(settings: Settings, simulator: Simulator) -> None:
    """A host who reads French, one who reads English, an organizer of the Rhône, and a neighbour."""
    people = [{"id": FIRST + number, "first_name": f"P{number}", "started": True} for number in range(4)]
    await simulator.add_people(people)
    rows = [{**supporter(FIRST + number), "language": code} for number, code in enumerate(LANGUAGES)]
    async with opened(settings) as database, database.write() as tx:
        await db.people.add_many(tx, rows)
        await db.staff.add(tx, telegram_id=FIRST + 2, role="organizer", area="69", added_by=None, now=NOW)


async def proposes(story: Story, host: Person, title: str, acts: tuple[str, ...]) -> None:
    """By the questions of an organizer: what is typed stands for itself, what is tapped in brackets."""
    await host.send("/events")
    for act in acts:
        await story.settled()
        if act.startswith("["):
            await host.tap(act.strip("[]"))
        else:
            await host.send(act.format(title=title))
    await story.settled()


FRENCH = (
    *(
        "[Je veux organiser]",
        "{title}",
        "Chez moi",
        "{title}",
        "[Sans description]",
        "lyon",
        "3 rue Mercière",
    ),
    *("[Sans épingle]", "12/11 10h", "[2 h]", "[Il y en a assez]", "[L’envoyer à l’équipe]"),
)
ENGLISH = (
    *("[I’d like to host an event]", "{title}", "[Leave it out]", "{title}", "[Leave it out]", "lyon"),
    *(
        "3 rue Mercière",
        "[Without a pin]",
        "13/11 10:00",
        "[2 h]",
        "[There are enough]",
        "[Send it to the team]",
    ),
)


async def invitations(person: Person, title: str) -> int:
    messages = [message.text for message in await person.messages()]
    return sum("Nous vous invitons" in text and title in text for text in messages)


async def test_nobody_is_invited_before_the_team_says_yes(tmp_path: Path) -> None:
    async with telling(tmp_path, at=START, killable=True, prepare=prepared) as story:
        await story.settled()
        luc, zoe, olga, neighbour = [
            await story.simulator.existing_person(FIRST + number) for number in range(4)
        ]
        await proposes(story, luc, "Café", FRENCH)
        await luc.expect("C’est envoyé à l’équipe")
        await proposes(story, zoe, "Tea", ENGLISH)
        await zoe.expect("Sent to the team of the area")
        await olga.expect("voudrait organiser « Tea »")
        await story.process.kill()
        await story.process.start()
        assert [await invitations(neighbour, title) for title in ("Café", "Tea")] == [0, 0]

        await olga.tap("Voir la proposition")
        await olga.expect("Un sympathisant voudrait organiser cet événement")
        await olga.tap("Le renvoyer avec un motif")
        await olga.expect("Pourquoi le renvoyez-vous")
        await olga.send("C’est le jour de la brocante.")
        await zoe.expect("C’est le jour de la brocante.")
        first = next(
            message for message in await olga.messages() if "voudrait organiser « Café »" in message.text
        )
        await olga.tap("Voir la proposition", message=first)
        await story.settled()
        await olga.tap("Oui, l’annoncer")
        await luc.expect("« Café » est annoncé")

        async def is_invited() -> bool:
            return await invitations(neighbour, "Café") == 1

        await until(is_invited, "the neighbour is invited")
        await story.settled()
        assert [await invitations(neighbour, title) for title in ("Café", "Tea")] == [1, 0]
