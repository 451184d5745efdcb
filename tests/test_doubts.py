"""In doubt, as an organizer lives it: the line broke after the message arrived, and they decide what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.mission import NEWS, START, appoint, sign_up_in
from tests.reading import Reader
from tests.story import Story, Teller, telling

NAMES = {"Emily": "en", "Nora": "fr", "Paul": "fr"}


async def arrived(story: Story, people: Sequence[Teller]) -> list[int]:
    """How often each of them was sent the news, in the language that they read."""
    texts = {person.id: NEWS[NAMES[person.first_name]].partition("}}")[2] for person in people}
    journal = await story.simulator.journal()
    chats = Counter(
        chat for entry in journal if texts.get(chat := entry["chat_id"], "\0") in str(entry["html"])
    )
    return [chats[person.id] for person in people]


async def write_for_later(organizer: Teller, read: Reader) -> None:
    """/broadcast to everybody in the area, at 18:00."""
    await organizer.send("/broadcast")
    await organizer.tap(read.label("News and arguments"))
    for language in NEWS:
        await organizer.asked(read.says("Write the message – "))
        await organizer.send(NEWS[language])
    for label in ("No photo", "That’s it"):
        await organizer.tap(read.label(label))
    await organizer.expect(read.says("When should it go out?"))
    await organizer.send("29/10 18:00")
    await organizer.tap(read.label("My clock (%(zone)s)") % {"zone": "Europe/Paris"})
    await organizer.expect(read.says("Ready to send"))
    await organizer.send(read.label("SEND"))


async def test_the_organizer_decides_to_send_again(tmp_path: Path) -> None:
    """Who reads French about people of whom one reads English."""
    read = Reader("fr")
    async with telling(tmp_path, at=START) as story:
        people = [await story.person(name, language=language) for name, language in NAMES.items()]
        for person in people:
            await sign_up_in(person, Reader(NAMES[person.first_name]), "villeurbanne", "69266")
        organizer = await appoint(story, "Sophie", "organizer", "69", read)
        await write_for_later(organizer, read)
        await story.settled()
        # Two of the three messages arrive, and the line breaks before the answer.
        await story.simulator.fault("drop_after", method="sendMessage", count=2)
        await story.jump("2016-10-29T18:00+02:00")
        assert await arrived(story, people) == [1, 1, 1]

        progress = await organizer.expect(read.says("In doubt (sent, but no answer came"))
        await organizer.tap(read.label("Who may not have got it?"), message=progress)
        shown = await organizer.expect(read.says("In doubt:"))
        doubtful = [person for person in people if f"• {person.first_name}, Villeurbanne" in shown.text]
        assert len(doubtful) == 2
        one, gone = doubtful
        await gone.send("STOP")
        await gone.expect(Reader(NAMES[gone.first_name]).says("Done: we won’t message"))

        await organizer.tap(read.label("Send again to these…"), message=shown)
        risk = await organizer.expect(read.says("Quiet periods, courtesy hours and opt-outs apply"))
        assert "deux fois" in risk.text
        await organizer.send(read.label("SEND"))
        await organizer.expect(read.says("It goes out once more. Recipients"))
        await story.settled()
        assert await arrived(story, people) == [1 + (person is one) for person in people]
        states = Counter(row["state"] for row in await story.exported("deliveries"))
        assert states == {"sent": 2, "in_doubt": 1}
        audited = [row["action"] for row in await story.exported("audit")]
        assert audited.count("send_again") == 1
