"""An event over HTTP, from its shifts to its figures: for its organizer and a supporter in French, and for a walk-in in
English who joins at the door.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from bot.rules.check_ins import DoorKey, door_key, minute_of
from bot.settings import Settings
from bot.startup import opened, suppression_key
from simulator.client import Person
from simulator.reading import as_read
from tests.bots import until
from tests.story import Story, telling
from tests.test_crash import FIRST, ORGANIZER, START, inviting

# Ten days after the invitation, nine o'clock in Paris.
AT_THE_DOOR, THE_DAY_AFTER = "2016-11-07T08:30+01:00", "2016-11-08T12:00+01:00"


async def key_of(story: Story) -> DoorKey:
    """The key of the bot's codes: in its place a phone reads them off the picture."""
    settings = Settings.from_environment(story.environment)
    async with opened(settings) as database:
        return door_key(await suppression_key(database, settings))


async def digits_of(host: Person) -> str:
    """The six digits on the host's phone."""
    (screen,) = [message for message in await host.messages() if message.photo]
    found = re.search(r"(\d{3}) (\d{3})", as_read(screen.text))
    assert found is not None, screen.text
    return found[1] + found[2]


async def test_from_the_shift_to_the_figures(tmp_path: Path) -> None:
    async with telling(tmp_path, at=START, prepare=inviting(3)) as story:
        await story.simulator.add_people([{"id": ORGANIZER, "first_name": "Hélène", "started": True}])
        host = await story.simulator.existing_person(ORGANIZER)
        zoe, luc, _silent = [await story.simulator.existing_person(FIRST + number) for number in range(3)]
        await story.settled()

        # The organizer plans a shift, and the invitation leads to it.
        await host.send("/events")
        await host.tap("Vos événements")
        await host.tap("Réunion publique")
        await host.tap("Créneaux")
        await host.tap("Ajouter un créneau")
        await host.tap("accueillir")
        await host.send("8h30-9h30")
        await host.send("1")
        await host.expect("Places prises : 0 sur 1")
        await zoe.tap("Je viens")
        await zoe.tap("Donner un coup de main")
        await zoe.tap("accueillir")
        await zoe.expect("vous y êtes")
        await luc.tap("Je viens")
        await luc.tap("Donner un coup de main")
        await luc.tap("accueillir")
        await luc.expect("liste d’attente : n° 1")

        # At the door: a code that changes every minute, in one message.
        await story.jump(AT_THE_DOOR)
        await until(lambda: reads(zoe, "Votre créneau"), "the reminder names the shift")
        await host.send("/events")
        await host.tap("Vos événements")
        await host.tap("Réunion publique")
        await host.tap("Accueil")
        await host.tap("Montrer le QR code")
        await host.expect("tapez ces six chiffres")
        before = await digits_of(host)
        await zoe.send(before)
        await zoe.expect("est notée. Bienvenue")
        await story.simulator.set_clock(datetime.fromisoformat(AT_THE_DOOR) + timedelta(minutes=3))
        await until(lambda: is_another(host, before), "the code on the phone is another")
        await luc.send(before)
        await luc.expect("Aucun événement n’a ce code")

        # Somebody who is not signed up scans the code, and joins.
        now = datetime.fromisoformat(AT_THE_DOOR) + timedelta(minutes=3)
        shown = json.loads((await story.command("events", "list", "--json")).out)
        walk_in = await story.person("Ann", language="en")
        token = (await key_of(story)).token(shown[0]["code"], minute_of(now))
        await walk_in.start(f"ci_{token}")
        await until(lambda: reads(walk_in, "You’re counted as present, without a name"), "a welcome")
        await walk_in.tap("17 or over")
        await walk_in.send("Lyon")
        await walk_in.tap("Yes, by where I vote")
        await until(lambda: reads(walk_in, "You’re checked in at “Réunion publique”"), "they are checked in")

        # The list is ticked for who has no phone.
        await host.tap("Cocher la liste")
        await host.tap(f"P{FIRST + 1}")
        await until(lambda: has_button(host, f"☑ P{FIRST + 1}"), "they are ticked")

        # Afterwards those who came say how it was, and the organizer reads sums.
        await story.jump(THE_DAY_AFTER)
        await zoe.expect("Merci de votre venue")
        await zoe.tap("4")
        await zoe.tap("L’heure")
        await walk_in.expect("Thank you for coming")
        await walk_in.tap("5")
        await walk_in.expect("You gave 5 out of 5")
        await host.send("/events")
        await host.tap("Vos événements")
        await host.tap("Événements passés")
        await host.tap("Réunion publique")
        await host.expect("Note : 4,5 sur 5 (2 réponses)")
        told = await story.command("events", "show", shown[0]["code"], "--json")
        figures = json.loads(told.out)
        assert (figures["checked_in"], figures["attended"], figures["absent"]) == (3, 3, 0)
        (shift,) = figures["shifts"]
        assert (shift["role"], shift["taken"], shift["waitlisted"]) == ("welcome", 1, 1)


async def reads(person: Person, words: str) -> bool:
    return any(words in as_read(message.text) for message in await person.messages())


async def is_another(host: Person, before: str) -> bool:
    return await digits_of(host) != before


async def has_button(person: Person, label: str) -> bool:
    return any(label in as_read(each) for message in await person.messages() for each in message.labels)
