"""What waits for a second person, in tests: its team, and what became of it."""

from __future__ import annotations

from bot.delivery.calls import Call
from tests.campaigning import staff, written
from tests.conversation import Conversation, Talker, paris
from tests.leaving import leaving

LYON = "69123"
NOW = paris("2016-11-16T10:00")


async def member(conversation: Conversation, telegram_id: int, role: str, area: str) -> Talker:
    """Of the team, and known to the bot as everybody is who ever wrote to it."""
    talker = await staff(conversation, telegram_id, role, area)
    await talker.send("/help")
    return talker


async def states(conversation: Conversation) -> list[str]:
    return [row.state for row in await written(conversation)]


async def leave_for_supporters(conversation: Conversation) -> list[int]:
    """The supporters whom something reaches now."""
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    return sorted(call.chat for call in calls if call.chat is not None and call.chat >= 100)
