"""The question that a message of the campaign asked, and that nobody answered yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.personal_data
from db.people import Person

RECENT = timedelta(days=3)
"""After so long whoever types “yes” means something else."""


async def last_asked(tx: AsyncConnection, person: Person, now: datetime) -> int | None:
    """The Telegram id of the last message, where it is recent, asked something, and was not answered."""
    return await db.personal_data.open_question(tx, person.id, since=now - RECENT)
