"""How `portevoix-0.1.0.db` and `portevoix-0.1.0.sql` were made: by the code of 0.1.0, played by invented people.

In a checkout of 0.1.0 (the commit d640985) with its requirements installed, this file copied beside its README:

    python make_0_1_0.py FOLDER           # FOLDER/portevoix-0.1.0.db, encrypted with the key of the tests
    python make_0_1_0.py FOLDER URL       # fills an empty PostgreSQL: pg_dump --inserts --no-owner --no-privileges URL,
                                          # without comments and lines that begin with a backslash

It stops at two in the night, with a message queued that waits for the morning.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.mission import (
    START,
    accept_invitation,
    announce_event,
    appoint,
    attend,
    join_by_link,
    sign_up,
    write_to_supporters,
)
from tests.reading import Reader
from tests.story import telling

KEY = "5e" * 32
READ = Reader("fr")


async def make(folder: Path, url: str | None) -> None:
    more = {"PORTEVOIX_DATABASE": url} if url else {"PORTEVOIX_DATABASE_KEY": KEY}
    async with telling(folder, at=START, more=more) as story:
        claire = await story.person("Claire")
        await sign_up(claire, READ)
        await story.jump("2016-10-30T18:00+01:00")
        await claire.tell(READ.label("I’ll vote"), "pledge", "will", about="1")
        sophie = await appoint(story, "Sophie", "organizer", "69", READ)
        await appoint(story, "Karim", "coordinator", "69", READ)
        await story.jump("2016-11-02T10:00+01:00")
        event = await announce_event(sophie, READ)
        await accept_invitation(story, claire, READ, event)
        paul = await story.person("Paul")
        await join_by_link(paul, READ, event)
        await story.jump("2016-11-08T10:00+01:00")
        await write_to_supporters(sophie, READ)
        await story.settled()
        await attend(story, claire, READ, event)
        await story.jump("2016-11-12T18:00+01:00")
        await claire.tell(READ.label("I know my polling place"), "place", "known", about="1")
        await story.jump("2016-11-16T18:00+01:00")
        await claire.tell(READ.label("Around midday"), "plan.slot", "midday", about="1")
        await claire.tell(READ.label("From home"), "plan.departure", "home", about="1")
        await claire.tell(READ.label("With my family"), "plan.company", "family", about="1")
        await story.jump("2016-11-17T02:00+01:00")
        await write_to_supporters(sophie, READ)
        await story.settled()
        if url is None:
            made = await story.command("backup", str(folder / "portevoix-0.1.0.db"))
            assert made.status == 0, made.err
        for person in (claire, paul, sophie):
            print(person.first_name, person.id, len(await person.messages()))


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
