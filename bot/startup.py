"""What the bot and the commands begin with: the key, the open database, the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import db.retention
from bot.clock import ClockStart, MovableClock, RealClock
from bot.rules.suppression import SuppressionKey
from bot.served_clock import followed_clock
from bot.settings import Settings
from db.engine import FILE_NAME, Database, open_database, parse_url
from db.key import DatabaseKey, find_key
from db.suppression_key import open_suppression_key
from db.upgrade import upgrade


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None: PostgreSQL. Raises CannotOpen."""
    if settings.database is None:
        return settings.data / FILE_NAME
    url = parse_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def database_key(settings: Settings) -> DatabaseKey | None:
    """The key of the SQLite file, made at first use; None for PostgreSQL. Raises MissingKey and UnsafeKey."""
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


async def present(settings: Settings) -> datetime:
    """The instant by the clock of the settings, asked once. Raises SettingsError."""
    if isinstance(settings.clock, ClockStart):
        return MovableClock(settings.clock.start, settings.clock.speed).now()
    if isinstance(settings.clock, str):
        return (await followed_clock(settings.clock)).now()
    return RealClock().now()


async def suppression_key(database: Database, settings: Settings) -> SuppressionKey:
    """The key that seals what stands for people who left, made at first use. Raises MissingKey, WrongKey, UnsafeKey.

    An older database holds it itself, and answers that lead to nobody: the key is moved out, the answers are counted.
    """
    key = await open_suppression_key(database, settings.suppression_key_file)
    for leftovers in db.retention.leftovers(key):
        await leftovers.erase_all(database)
    return key
