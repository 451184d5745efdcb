"""Versions of a message, in tests: written by an organizer, sent, and who drew which."""

from __future__ import annotations

from typing import Any

from tests.campaigning import recipients, staff, supporters
from tests.conversation import Conversation, Talker, paris
from tests.drafting import begin_broadcast, finish_broadcast
from tests.remembering import remembered

LYON = "69123"


NOW = paris("2016-11-02T10:00")


MANY = 60


async def organizer_of(conversation: Conversation, area: str = "FR", people: int = MANY) -> Talker:
    await supporters(conversation, range(100, 100 + people), LYON)
    return await staff(conversation, 7, "coordinator", area)


@remembered
async def write_two(talker: Talker, *, share: str = "Leave out 20%") -> None:
    """Two versions in two languages, some people left out, so that more say yes; up to the audience."""
    await begin_broadcast(talker)
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap("Try another version?")
    await talker.tap("Write version B")
    for text in ("Salut", "Hi"):
        await talker.send(text)
    if share:
        await talker.tap(share)
    await talker.tap("That’s it")
    await talker.tap("Say yes to an event")
    await talker.tap("No photo")


@remembered
async def send_two(talker: Talker, **options: Any) -> None:
    await write_two(talker, **options)
    await finish_broadcast(talker)
    await talker.send("SEND")


async def variants(conversation: Conversation) -> dict[int, str]:
    return {person: row.variant for person, row in (await recipients(conversation, "staff:%")).items()}
