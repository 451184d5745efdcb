"""A message to 2,000 people is taken back while the line is bad and the bot is killed (SIGKILL): nobody who can be
reached keeps it, nobody gets anything twice, and it leaves no faster than messages do.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bots import until
from tests.story import Story, telling
from tests.test_crash import FIRST, MANY, ORGANIZER, START, inviting, kill_when_arrived

RATE = 900.0
BLOCKING = range(FIRST, FIRST + 5)
"""Some who block the bot before it is taken back."""


async def test_nobody_who_can_be_reached_keeps_it(tmp_path: Path) -> None:
    async with telling(tmp_path, at=START, killable=True, rate=RATE, prepare=inviting(MANY)) as story:
        await kill_when_arrived(story, [MANY // 2])
        await story.settled()
        doubted = await in_doubt(story, "event:1:invite")
        await asyncio.gather(*[block(story, person) for person in BLOCKING])
        await story.settled()
        for kind in ("drop_before", "drop_after", "error_500", "error_500_after"):
            await story.simulator.fault(kind, method="deleteMessage", probability=0.02, seed=7)
        began = time.time()
        await take_back(story)
        sent = (await story.simulator.counters())["accepted"]
        await kill_when_arrived(story, [sent + MANY // 3, sent + MANY * 2 // 3])
        await at_the_end(story)
        arrived, deleted = await journal(story)
        assert max(arrived.values()) == 1, "Nobody has two."
        assert max(deleted.values()) == 1
        keep = set(arrived) - set(deleted)
        assert keep <= doubted | set(BLOCKING), "Nobody who can be reached keeps it."
        rows = await recalled(story)
        assert Counter(state for person, state in rows.items() if person not in doubted) == {
            "sent": MANY - len(doubted | set(BLOCKING)),
            "unreachable": len(set(BLOCKING) - doubted),
        }
        assert {rows[person] for person in doubted} <= {"in_doubt", "unreachable"}
        # It takes as long as so many messages may at this rate, however often it was killed and begun again.
        ended = max(entry["real"] for entry in await story.simulator.journal() if is_deletion(entry))
        assert ended - began >= sum(deleted.values()) / RATE


async def take_back(story: Story) -> None:
    """As the organizer does it in the chat."""
    await story.simulator.add_people([{"id": ORGANIZER, "first_name": "Claire", "started": True}])
    organizer = await story.simulator.existing_person(ORGANIZER)
    await organizer.send("/broadcasts")
    listed = await organizer.expect("Réunion publique")
    await organizer.tap("1. Réunion publique", message=listed)
    card = await organizer.expect("Écrit par")
    await organizer.tap("Retirer", message=card)
    await organizer.expect("Pour le retirer")
    await organizer.send("RETIRER")
    await organizer.expect("Retrait du n° 1")


async def block(story: Story, person: int) -> None:
    await (await story.simulator.existing_person(person)).block()


async def at_the_end(story: Story) -> None:
    """What got no answer is tried again after a while: the clock goes on until nothing is left."""

    async def is_over() -> bool:
        await story.settled()
        await story.simulator.advance(timedelta(seconds=30))
        return not set((await recalled(story)).values()) & {"queued", "leased", "sending"}

    await until(is_over, "everything was taken back")


async def recalled(story: Story) -> dict[int, str]:
    """What became of each person's part in the recall."""
    rows = await story.exported("deliveries")
    return {int(row["telegram_id"]): row["state"] for row in rows if row["broadcast"].startswith("mend:")}


async def in_doubt(story: Story, key: str) -> set[int]:
    rows = await story.exported("deliveries")
    return {int(row["telegram_id"]) for row in rows if row["broadcast"] == key and row["state"] == "in_doubt"}


async def journal(story: Story) -> tuple[Counter[int], Counter[int]]:
    """How often each supporter's chat got a message, and lost one."""
    entries = [entry for entry in await story.simulator.journal() if entry["chat_id"] != ORGANIZER]
    arrived = Counter(entry["chat_id"] for entry in entries if entry["method"].startswith("send"))
    deleted = Counter(entry["chat_id"] for entry in entries if is_deletion(entry))
    return arrived, deleted


def is_deletion(entry: Mapping[str, Any]) -> bool:
    return bool(entry["method"] == "deleteMessage")
