"""The forum group of the team: whoever administers the campaign adds the bot to it, or takes it out again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.inbox_topics
import db.staff
from bot.actions import audit
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Role


async def joined(tx: AsyncConnection, telegram_id: int, chat: int, now: datetime) -> bool:
    """The bot was added to a forum; it is used where an admin of the whole campaign did it. Whether it is."""
    roles = await db.staff.roles_of(tx, telegram_id)
    if not any(held.role == Role.ADMIN and held.area == EVERYWHERE for held in roles):
        return False
    if await db.inbox_topics.group(tx) != chat:
        await db.inbox_topics.use_group(tx, chat)
        actor = audit.staff_actor(telegram_id)
        await audit.note(tx, actor=actor, action="use_inbox_group", details={"chat": chat}, now=now)
    return True


async def left(tx: AsyncConnection, chat: int) -> None:
    """The bot was taken out of a group: nothing is shown there any more."""
    if await db.inbox_topics.group(tx) == chat:
        await db.inbox_topics.use_group(tx, None)
