"""Pause, resume and cancel while hundreds of messages a second leave: each acts within a second’s worth of them."""

from __future__ import annotations

import re
import time
from pathlib import Path

from simulator.client import Person
from simulator.reading import as_read
from tests.bots import until
from tests.reading import Reader
from tests.story import Story, telling
from tests.test_crash import FIRST, ORGANIZER, START, inviting

PEOPLE = 3_000
RATE = 250.0
SOON = 1.0
"""Seconds within which an order takes effect, counted in messages: a busy machine holds up whoever it likes."""


class Record:
    """What the simulator received, with the real time of each."""

    def __init__(self, story: Story) -> None:
        self._story = story

    async def invitations(self) -> list[float]:
        entries = await self._story.simulator.journal()
        return [float(each["real"]) for each in entries if each["chat_id"] in range(FIRST, FIRST + PEOPLE)]

    async def edited(self, words: re.Pattern[str], *, since: float) -> float:
        """When the organizer's progress first said so: what it says was committed before."""
        found: list[float] = []
        (last,) = [each["number"] for each in (await self._story.simulator.journal())[-1:]]

        async def is_said() -> bool:
            entries = await self._story.simulator.journal(after=last - 100)
            found.extend(
                float(each["real"])
                for each in entries
                if each["chat_id"] == ORGANIZER
                and float(each["real"]) >= since
                and words.search(as_read(re.sub("<[^>]+>", "", str(each["html"]))))
            )
            return bool(found)

        await until(is_said, f"the progress says “{words.pattern}”")
        return found[0]

    async def passed(self, moment: float) -> None:
        async def is_past() -> bool:
            return time.time() > moment

        await until(is_past, "the second is over")

    async def at_least(self, count: int) -> None:
        async def arrived() -> bool:
            return bool((await self._story.simulator.counters())["accepted"] >= count)

        await until(arrived, f"{count} have arrived")


async def give(organizer: Person, record: Record, label: str, words: re.Pattern[str]) -> float:
    """Taps an order on the progress message; when it was carried out."""
    since = time.time()
    await organizer.tap(label)
    return await record.edited(words, since=since)


def later_than(moment: float, sent: list[float]) -> int:
    return sum(each > moment for each in sent)


async def test_orders_act_within_a_second(tmp_path: Path) -> None:
    read = Reader("fr")
    async with telling(
        tmp_path, at=START, killable=True, rate=RATE, prepare=inviting(PEOPLE), paced=True
    ) as story:
        record = Record(story)
        organizer = await story.simulator.person("Sophie", id=ORGANIZER, started=True)
        await record.at_least(200)
        await organizer.send("/broadcasts")
        await organizer.tap("Réunion publique")
        await organizer.expect(read.says("Going out…"))

        paused = await give(organizer, record, read.label("Pause"), read.says("Paused."))
        await record.passed(paused + 2 * SOON)
        sent = await record.invitations()
        assert len(sent) < PEOPLE, "The broadcast was too short to be paused."
        assert later_than(paused, sent) <= RATE * SOON

        await give(organizer, record, read.label("Resume"), read.says("Going out…"))
        await record.at_least(len(sent) + 200)
        await organizer.tap(read.label("Cancel"))
        await organizer.expect(read.says("Cancel what hasn’t gone out yet?"))
        cancelled = await give(
            organizer, record, read.label("Cancel for good"), read.says("Cancelled: nothing more goes out")
        )
        await record.passed(cancelled + 2 * SOON)
        sent = await record.invitations()
        assert later_than(cancelled, sent) <= RATE * SOON
        await story.settled()
        states = [row["state"] for row in await story.exported("deliveries")]
        assert sorted(set(states)) == ["cancelled", "sent"]
        assert (len(states), states.count("sent")) == (PEOPLE, len(sent))
        print(f"{later_than(cancelled, sent)} left after the order to cancel")
