"""What staff write in the chat, up to where a test begins: a message to everybody, or a meeting in Lyon."""

from __future__ import annotations

from tests.conversation import Talker
from tests.remembering import remembered

MEETING = ("Réunion", "Venez", "Meeting", "Come", "lyon", "Salle Molière")
"""Title and description in French and English, the commune, the address."""


async def begin_broadcast(talker: Talker, *, kind: str = "News and arguments") -> None:
    """Up to the first text."""
    await talker.send("/broadcast")
    await talker.tap(kind)


@remembered
async def write_broadcast(talker: Talker, *texts: str, kind: str = "News and arguments") -> None:
    """Up to the audience, without a photo."""
    await begin_broadcast(talker, kind=kind)
    for text in texts or ("Bonjour {{ first_name }}", "Hello {{ first_name }}"):
        await talker.send(text)
    await talker.tap("No photo")


@remembered
async def finish_broadcast(talker: Talker) -> None:
    """From the audience up to the summary: for everybody in the area, now."""
    await talker.tap("That’s it")
    await talker.tap("Now")


@remembered
async def send_broadcast(talker: Talker) -> None:
    """From the first question to the word that sends."""
    await write_broadcast(talker)
    await finish_broadcast(talker)
    await talker.send("SEND")


@remembered
async def begin_event(talker: Talker) -> None:
    """Up to the pin."""
    for words in ("/new_event", *MEETING):
        await talker.send(words)


@remembered
async def finish_event(talker: Talker, *, hosting: bool = False, day: str = "24/11") -> None:
    """From the pin up to the summary: at 19:00, for people around, which a host is not asked."""
    await talker.tap("Without a pin")
    await talker.send(f"{day} 19h")
    await talker.tap("2 h")
    await talker.tap("There are enough")
    if not hosting:
        await talker.tap("That’s it")


@remembered
async def write_event(talker: Talker) -> None:
    """Up to the summary."""
    await begin_event(talker)
    await finish_event(talker)


@remembered
async def announce_event(talker: Talker) -> None:
    """From the first question to the word that announces it."""
    await write_event(talker)
    await talker.send("SEND")
