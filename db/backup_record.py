"""What the database remembers of its last backup: when it was made, where it is, how large it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.facts import get_fact, set_fact

LAST = "backup:last"


class Record(Frozen):
    """A backup that was made and verified."""

    at: datetime
    file: str
    size: int


async def note(tx: AsyncConnection, record: Record) -> None:
    """Remembers a backup as the last one."""
    value = {"at": record.at.isoformat(timespec="seconds"), "file": record.file, "size": record.size}
    await set_fact(tx, LAST, value)


async def last(tx: AsyncConnection) -> Record | None:
    """The last backup; None: none was made since the database remembers them."""
    found = await get_fact(tx, LAST)
    if found is None:
        return None
    return Record(at=datetime.fromisoformat(found["at"]), file=found["file"], size=found["size"])
