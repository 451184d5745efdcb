"""The transcripts of docs/: what the people of the mission, and those who try their rights, read and did.

`python -m tests.transcripts` plays both stories and writes them again (`… trust` only one); tests/test_mission.py and
tests/test_trust.py compare.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests import mission, trust
from tests.frozen import SHIPPED
from tests.story import Teller, telling

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
        async with telling(Path(folder), at=mission.START, more=SHOWN) as story:
            text = await transcript(await mission.play(story, language), language)
    path_of(language).write_text(text, encoding="utf-8")
    print(path_of(language))


async def write_trust(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
        async with telling(Path(folder), at=trust.START, more=trust.campaign_in(Path(folder))) as story:
            text = await trust_transcript(await trust.play(story, language), language)
    trust_path_of(language).write_text(text, encoding="utf-8")
    print(trust_path_of(language))


STORIES = {"mission": write_mission, "trust": write_trust}


async def main() -> None:
    for name in sys.argv[1:] or STORIES:
        for language in LANGUAGES:
            await STORIES[name](language)


if __name__ == "__main__":
    asyncio.run(main())
