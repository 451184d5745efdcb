"""The transcripts of docs/: what the people of the mission, and those who try their rights, read and did.

`python -m tests.transcripts` plays all stories and writes them again (`… trust` only one); tests/test_mission.py,
tests/test_trust.py, tests/test_ballots.py and tests/test_measuring.py compare.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from db.engine import Database, open_database
from db.key import DatabaseKey
from db.upgrade import upgrade
from tests import ballots, measuring, mission, trust
from tests.frozen import SHIPPED
from tests.story import Teller, masked, telling

FOLDER = Path(__file__).parent.parent / "docs"
SHOWN = {"PORTEVOIX_CAMPAIGN": str(SHIPPED)}
"""Readers of docs/ see the campaign that is shipped."""
LANGUAGES = ("fr", "en")
REMEDY = "Read what changed, then write the transcripts again: python -m tests.transcripts"

INTRODUCTION = """\
# {title}

Played against the local Telegram by tests/mission.py, from /start to the thanks after the second round; the hours are \
those of Paris. Written by `python -m tests.transcripts`: do not edit.
"""
TITLES = {"fr": "Une conversation complète, en français", "en": "A whole conversation, in English"}

TRUST_INTRODUCTION = """\
# {title}

Every command that has to do with people’s data, tried by an outsider, a supporter, a coordinator of the Rhône and an \
admin, allowed or not; played by tests/trust.py. What stands in italics between brackets is data that no button \
offers, as a hostile client sends it. Here a second person looks at what is for more than five people. Random marks \
are shown as zeros. Written by `python -m tests.transcripts`: do not edit.
"""
TRUST_TITLES = {"fr": "La confiance, essayée en français", "en": "Trust, tried in English"}
ROLES = {
    "fr": ("n’a aucun rôle", "sympathisante de Villeurbanne", "coordinateur du Rhône", "administratrice"),
    "en": ("an outsider", "a supporter in Villeurbanne", "the coordinator of the Rhône", "the admin"),
}
MACHINE = {"fr": "Sur le serveur", "en": "On the machine"}


def path_of(language: str) -> Path:
    return FOLDER / f"transcript-{language}.md"


def trust_path_of(language: str) -> Path:
    return FOLDER / f"trust-transcript-{language}.md"


async def transcript(cast: mission.Cast, language: str) -> str:
    """The supporter's chat, then the organizer's, then the coordinator's."""
    people = (cast.supporter, cast.friend, cast.organizer, cast.coordinator)
    chats = [f"## {person.first_name}\n\n{await person.lived()}" for person in people]
    return "\n".join([INTRODUCTION.format(title=TITLES[language]), *chats])


async def trust_transcript(cast: trust.Cast, language: str) -> str:
    """Everybody's chat, then the machine."""
    people: tuple[Teller, ...] = (cast.outsider, cast.supporter, cast.coordinator, cast.admin)
    chats = [
        f"## {person.first_name}, {role}\n\n{await person.lived()}"
        for person, role in zip(people, ROLES[language], strict=True)
    ]
    machine = f"## {MACHINE[language]}\n\n```\n{cast.machine}```\n"
    return "\n".join([TRUST_INTRODUCTION.format(title=TRUST_TITLES[language]), *chats, machine])


async def write_mission(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
        async with telling(Path(folder), at=mission.START, more=SHOWN, unhurried=True) as story:
            text = await transcript(await mission.play(story, language), language)
    path_of(language).write_text(text, encoding="utf-8")
    print(path_of(language))


async def write_trust(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
        async with telling(
            Path(folder), at=trust.START, more=trust.campaign_in(Path(folder)), unhurried=True
        ) as story:
            text = await trust_transcript(await trust.play(story, language), language)
    trust_path_of(language).write_text(text, encoding="utf-8")
    print(trust_path_of(language))


BALLOTS = FOLDER / "other-ballots.md"
BALLOTS_INTRODUCTION = """\
# Votes of another kind

Three of the shipped campaigns as people meet them, played by tests/ballots.py: `campaigns/presidentielle-2027`, of \
the whole Republic, in both languages, `campaigns/municipales-2026`, of one commune, in French, and \
`campaigns/assemblee-generale`, of the members of an association, in English. The hours are \
those of Paris. [The campaign file](campaign-file.md) tells the keys. Written by `python -m tests.transcripts`: do \
not edit.
"""


async def ballot_transcript(campaign: str, database: Database) -> str:
    """The chats of one campaign, one after the other."""
    chats = await ballots.PLAYED[campaign](database)
    parts = (f"### {chat.name}\n\n" + "\n\n".join(chat.lines) + "\n" for chat in chats)
    return masked("\n".join([f"## {campaign}\n", *parts]))


async def write_ballots(language: str) -> None:
    """Both at once, each in its language."""
    if language != LANGUAGES[0]:
        return
    parts = [BALLOTS_INTRODUCTION]
    for campaign in ballots.PLAYED:
        with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
            database = await open_database(None, folder=Path(folder), key=DatabaseKey(hex="00" * 32))
            await upgrade(database)
            parts.append(await ballot_transcript(campaign, database))
            await database.close()
    BALLOTS.write_text("\n".join(parts), encoding="utf-8")
    print(BALLOTS)


EFFECT_INTRODUCTION = """\
# {title}

A message in two versions, and some people left out of it, as an admin, a supporter who drew the second version and \
one who was left out live it; played by tests/measuring.py, the hours are those of Paris. [Did it work](measuring.md) \
tells how it is counted. Written by `python -m tests.transcripts`: do not edit.
"""
EFFECT_TITLES = {"fr": "Est-ce que ça a marché ? En français", "en": "Did it work? In English"}


def effect_path_of(language: str) -> Path:
    return FOLDER / f"effect-transcript-{language}.md"


async def effect_transcript(database: Database, language: str) -> str:
    """One chat after the other."""
    chats = await measuring.play(database, language)
    parts = (f"## {chat.name}\n\n" + "\n\n".join(chat.lines) + "\n" for chat in chats)
    return masked("\n".join([EFFECT_INTRODUCTION.format(title=EFFECT_TITLES[language]), *parts]))


async def write_effect(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
        database = await open_database(None, folder=Path(folder), key=DatabaseKey(hex="00" * 32))
        await upgrade(database)
        text = await effect_transcript(database, language)
        await database.close()
    effect_path_of(language).write_text(text, encoding="utf-8")
    print(effect_path_of(language))


STORIES = {
    "mission": write_mission,
    "trust": write_trust,
    "ballots": write_ballots,
    "effect": write_effect,
}


async def main() -> None:
    for name in sys.argv[1:] or STORIES:
        for language in LANGUAGES:
            await STORIES[name](language)


if __name__ == "__main__":
    asyncio.run(main())
