"""A board looks by itself, as it does at a tick."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.line import DeliveryLine
from db.engine import Database
from db.looks import Work, look_in_turn


class LookAt(Protocol):
    """What a board looks at."""

    async def __call__(self, tx: AsyncConnection, line: DeliveryLine, now: datetime) -> Work | None: ...


async def look_at(database: Database, line: DeliveryLine, now: datetime, *looks: LookAt) -> None:
    """One look after the other; raises what kept any from its turn."""
    for failed in await look_in_turn(database, [partial(look, line=line, now=now) for look in looks]):
        raise failed
