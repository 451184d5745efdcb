"""The two transcripts of docs/: what the people of the mission read and did.

`python -m tests.transcripts` plays the mission and writes them again; tests/test_mission.py compares.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.mission import START, Cast, play
from tests.story import telling

FOLDER = Path(__file__).parent.parent / "docs"
LANGUAGES = ("fr", "en")
REMEDY = "Read what changed, then write the transcripts again: python -m tests.transcripts"

INTRODUCTION = """\
# {title}

Played against the local Telegram by tests/mission.py, from /start to the thanks after the second round; the hours are \
those of Paris. Written by `python -m tests.transcripts`: do not edit.
"""
TITLES = {"fr": "Une conversation complète, en français", "en": "A whole conversation, in English"}


def path_of(language: str) -> Path:
    return FOLDER / f"transcript-{language}.md"


async def transcript(cast: Cast, language: str) -> str:
    """The supporter's chat, then the organizer's, then the coordinator's."""
    people = (cast.supporter, cast.friend, cast.organizer, cast.coordinator)
    chats = [f"## {person.first_name}\n\n{await person.lived()}" for person in people]
    return "\n".join([INTRODUCTION.format(title=TITLES[language]), *chats])


async def write(language: str) -> None:
    with tempfile.TemporaryDirectory(prefix="portevoix-transcript-") as folder:
        async with telling(Path(folder), at=START) as story:
            cast = await play(story, language)
            text = await transcript(cast, language)
    path_of(language).write_text(text, encoding="utf-8")
    print(path_of(language))


async def main() -> None:
    for language in LANGUAGES:
        await write(language)


if __name__ == "__main__":
    asyncio.run(main())
