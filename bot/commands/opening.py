"""What most commands begin with: the campaign, the clock and the open database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.clock import ClockStart, MovableClock, RealClock
from bot.errors import PortevoixError
from bot.rules.areas import normal_area
from bot.settings import Settings
from db.engine import FILE_NAME, Database, open_database, parse_url
from db.key import DatabaseKey, find_key
from db.upgrade import upgrade


class Refused(PortevoixError):
    """A command cannot do what its arguments say."""


def run(coroutine: Coroutine[Any, Any, int]) -> int:
    """Runs a command to its exit status."""
    return asyncio.run(coroutine)


def now(settings: Settings) -> datetime:
    """The present instant by the clock of the settings; a simulator's clock is followed by the bot only."""
    if isinstance(settings.clock, ClockStart):
        return MovableClock(settings.clock.start, settings.clock.speed).now()
    return RealClock().now()


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None: PostgreSQL."""
    if settings.database is None:
        return settings.data / FILE_NAME
    url = parse_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def database_key(settings: Settings) -> DatabaseKey | None:
    """The key of the SQLite file, made at first use; None for PostgreSQL."""
    file = database_file(settings)
    if file is None:
        return None
    return find_key(value=settings.database_key, file=settings.database_key_file, database=file)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, its tables at this version. Raises a DatabaseError."""
    database = await open_database(settings.database, folder=settings.data, key=database_key(settings))
    try:
        await upgrade(database)
        yield database
    finally:
        await database.close()


def area(text: str, settings: Settings) -> str:
    """The area code of an argument. Raises UnknownArea, and Refused for a commune that does not exist."""
    code = normal_area(text)
    if len(code) == 5 and code.isalnum() and code != "abroad":
        from bot.communes import load

        if load(settings.data).by_code(code) is None:
            raise Refused(f"There is no commune {code}: find its code with `portevoix communes search NAME`.")
    return code


def instant(text: str) -> datetime:
    """The instant of an argument: ISO 8601, a day meaning its start; UTC where no offset is given."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"“{text}” is not an instant: write 2016-11-20 or 2016-11-20T08:00:00+01:00.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
