"""The proof of issue 2: the whole mission over HTTP, in both languages, and whatever happens to the bot meanwhile."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from simulator.reading import as_read
from tests import transcripts
from tests.mission import START, appoint, play, sign_up, sign_up_abroad, sign_up_in, write_to_supporters
from tests.reading import Reader
from tests.spaces import may_break
from tests.story import Answer, Story, Teller, telling


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_whole_mission(tmp_path: Path, language: str) -> None:
    """From /start to the exported row of "I've voted" in round 2; the export holds what was answered, and no more."""
    async with telling(tmp_path, at=START, more=transcripts.SHOWN, unhurried=True) as story:
        cast = await play(story, language)
        voted = Answer(telegram_id=cast.supporter.id, question="turnout", about="2", answer="voted")
        exported = await story.exported_answers()
        assert voted in exported
        assert exported == sorted(story.told)
        for person in (cast.supporter, cast.friend, cast.organizer, cast.coordinator):
            for message in await person.messages():
                if message.sender == "bot":
                    labels = [button["label"] for row in message.raw["keyboard"] for button in row]
                    # What stands in code is copied, and has plain spaces.
                    text = re.sub(r"<code>.*?</code>", "", message.html)
                    assert [found for said in (text, *labels) for found in may_break(said, language)] == []
        written = as_read(transcripts.path_of(language).read_text(encoding="utf-8"))
        assert await transcripts.transcript(cast, language) == written, transcripts.REMEDY


async def test_the_bot_is_killed_at_every_step(tmp_path: Path) -> None:
    """SIGKILL after every tap, and a bot that is down while people write: nothing is lost, nothing is kept twice."""
    read = Reader("en")
    async with telling(tmp_path, at=START, killable=True) as story:
        person = Mortal(story, await story.person("Emily", language="en"))
        await sign_up(person, read)
        await story.jump("2016-11-16T18:00+01:00")
        await person.tell(read.label("Around midday"), "plan.slot", "midday", about="1")
        await person.tell(read.label("From home"), "plan.departure", "home", about="1")
        await person.tell(read.label("On my own"), "plan.company", "alone", about="1")
        for day, round_ in (("20", "1"), ("27", "2")):
            await story.jump(f"2016-11-{day}T11:00+01:00")
            asked = await person.expect(read.says("Today is polling day"))
            await person.tell(read.label("I’ve voted"), "turnout", "voted", about=round_, message=asked)
            await person.expect(read.says("Thank you! I’ve noted"))
        await story.settled()
        story.unname(person)
        assert story.process.kills >= 11
        assert await story.exported_answers() == sorted(story.told)


class Mortal(Teller):
    """A person in whose hands the bot dies: while it handles a tap, and before it sees a text."""

    def __init__(self, story: Story, person: Teller) -> None:
        super().__init__(story, person.id, person.first_name)

    async def _act(self, act: str, content: dict[str, object]) -> dict[str, object]:
        if act == "tap":
            # Its answer is not waited for: the bot is killed while it handles the tap, or before.
            done = await super()._act(act, {**content, "wait": 0})
            await self._story.process.kill()
        else:
            await self._story.process.kill()
            done = await super()._act(act, content)
        await self._story.process.start()
        return done


async def test_everybody_is_reminded_in_their_own_hours(tmp_path: Path) -> None:
    """Saturday in Guadeloupe, Sunday in Nouméa, by Paris time but at a decent hour in Tokyo."""
    read = Reader("en")
    async with telling(tmp_path, at="2016-11-14T10:00+01:00") as story:
        people = await three_people(story, read)
        await story.jump("2016-11-14T21:00+01:00")
        for name, hour in PLAN.items():
            asked = "When will you vote online?" if name == "Tokyo" else "When will you vote?"
            assert read.says(asked).search(await what_leaves_at(story, people[name], hour))
        for name, hour in GO.items():
            said = "Online voting is open." if name == "Tokyo" else "Today is polling day."
            assert read.says(said).search(await what_leaves_at(story, people[name], hour))


async def test_nothing_partisan_leaves_in_a_quiet_period(tmp_path: Path) -> None:
    """News written on the eve wait until the polling places of metropolitan France have closed."""
    read = Reader("en")
    async with telling(tmp_path, at="2016-11-14T10:00+01:00") as story:
        people = await three_people(story, read)
        organizer = await appoint(story, "Sophie", "organizer", "FR", read)
        await story.jump("2016-11-19T00:30+01:00")
        before = (await story.simulator.counters())["accepted"]
        await write_to_supporters(organizer, read)
        await organizer.expect(read.says("Held back"))
        for hour in ("2016-11-19T16:00+01:00", "2016-11-20T01:00+01:00", "2016-11-20T11:00+01:00"):
            await story.jump(hour)
        await story.jump("2016-11-20T18:59+01:00")
        ids = {person.id for person in people.values()}
        quiet = [each for each in await story.simulator.journal(before) if each["chat_id"] in ids]
        assert len(quiet) >= len(ids), "Neutral reminders may leave, and did."
        for message in quiet:
            assert "programme" not in message["html"]
            assert "Camille Durand" not in message["html"]
        await story.jump("2016-11-20T19:00+01:00")
        await people["Guadeloupe"].expect("our programme is online")


# The instants at which each should hear from the bot, by their own clocks.
PLAN = {
    "Guadeloupe": "2016-11-15T18:00-04:00",
    "Nouméa": "2016-11-16T18:00+11:00",
    "Tokyo": "2016-11-17T09:00+09:00",
}
GO = {
    "Guadeloupe": "2016-11-19T11:00-04:00",
    "Nouméa": "2016-11-20T11:00+11:00",
    "Tokyo": "2016-11-20T11:00+01:00",
}


async def three_people(story: Story, read: Reader) -> dict[str, Teller]:
    """Somebody in Guadeloupe, in Nouméa and in Tokyo."""
    people = {name: await story.person(name, language="en") for name in PLAN}
    await sign_up_in(people["Guadeloupe"], read, "pointe a pitre", "97120")
    await sign_up_in(people["Nouméa"], read, "noumea", "98818")
    await sign_up_abroad(people["Tokyo"], read, "Tokyo", "JP")
    return people


async def what_leaves_at(story: Story, person: Teller, hour: str) -> str:
    """What the person gets at this instant, and not a minute earlier."""
    due = datetime.fromisoformat(hour)
    await story.jump((due - timedelta(minutes=1)).isoformat())
    before = (await story.simulator.counters())["accepted"]
    await story.jump(hour)
    (message,) = [each for each in await story.simulator.journal(before) if each["chat_id"] == person.id]
    assert datetime.fromisoformat(message["at"]) == due
    return str(message["html"])
