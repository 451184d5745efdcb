"""What commands share: the campaign file, a look into the database, the faults of a file to be imported."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaign.campaign import Campaign, load_campaign
from bot.commands.arguments import CommandRefused
from bot.settings import Settings
from bot.startup import opened
from db.engine import Database
from locales import LANGUAGES

T = TypeVar("T")
MOST_SHOWN = 40


def campaign_of(settings: Settings) -> Campaign:
    """The campaign that the settings name. Raises a PortevoixError where it cannot be read, or none is named."""
    return load_campaign(settings.required_campaign, languages=LANGUAGES)


def shown_campaign(settings: Settings) -> Path:
    """The campaign that is shown or played: the example unless one is named, which is said, lest somebody take it for
    their own.
    """
    if settings.named_campaign is None:
        print(
            f"PORTEVOIX_CAMPAIGN is not set: this is about the example, {settings.campaign}. `export"
            " PORTEVOIX_CAMPAIGN=FOLDER` names yours.",
            file=sys.stderr,
        )
    return settings.campaign


def shown_campaign_of(settings: Settings) -> Campaign:
    """The campaign of `shown_campaign`, read. Raises a PortevoixError where it cannot be."""
    return load_campaign(shown_campaign(settings), languages=LANGUAGES)


def run_once(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """What comes of `work` on the database, which is open meanwhile."""

    async def running() -> T:
        async with opened(settings) as database:
            return await work(database)

    return asyncio.run(running())


def read_once(settings: Settings, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` finds in one transaction that changes nothing."""

    async def reading(database: Database) -> T:
        async with database.read() as tx:
            return await work(tx)

    return run_once(settings, reading)


class FileRead(Protocol):
    """A file that is to be imported, once read."""

    @property
    def faults(self) -> Sequence[object]: ...
    @property
    def is_broken(self) -> bool: ...


def show_faults(file: Path, reading: FileRead) -> None:
    """Every fault and warning, by its line. Raises CommandRefused where nothing may be imported."""
    for fault in reading.faults[:MOST_SHOWN]:
        print(fault, file=sys.stderr)
    if len(reading.faults) > MOST_SHOWN:
        print(f"and {len(reading.faults) - MOST_SHOWN:,} more", file=sys.stderr)
    if reading.is_broken:
        raise CommandRefused(
            f"{file} has faults: nothing was imported. Mend these lines, then import it again."
        )
