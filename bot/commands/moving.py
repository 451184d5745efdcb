"""`portevoix db move`: everything into another database, of whichever engine."""

from __future__ import annotations

import asyncio
import shutil
import sys
from argparse import Namespace
from pathlib import Path

from bot.commands.arguments import CommandRefused, SubCommands
from bot.overview import place_of
from bot.settings import Settings
from bot.startup import database_file, opened, suppression_key
from db.engine import open_database
from db.errors import UnsafeKey
from db.folders import make_private
from db.keyring import find_key
from db.moving import Digest, move
from db.upgrade import upgrade


def add_to(db: SubCommands) -> None:
    parser = db.add_parser(
        "move",
        help="move everything to another database, SQLite or PostgreSQL",
        description="Copy every row into an empty database, of SQLite or PostgreSQL, compare both table by table, and"
        " have this one refuse to be used from then on. Refused while the bot runs. Make a backup first.",
    )
    parser.add_argument(
        "url",
        metavar="URL",
        help="as PORTEVOIX_DATABASE: sqlite:////FOLDER/FILE or postgresql://USER@HOST/NAME; - reads it from standard"
        " input, so that no list of processes shows its password",
    )
    parser.set_defaults(run=move_all)


def move_all(arguments: Namespace, settings: Settings) -> int:
    """Prints what arrived, and what to set."""
    there = settings.at(_typed() if arguments.url == "-" else arguments.url)
    if place_of(there) == place_of(settings):
        raise CommandRefused("That is the database itself: name another one.")
    moved = asyncio.run(_move(settings, there))
    rows = sum(count for count, _digest in moved.values())
    print(
        f"{rows:,} rows of {len(moved)} tables were moved to {place_of(there)}, and compared: all are there."
    )
    print(
        "Set PORTEVOIX_DATABASE to the same address before you start the bot again; the old one refuses to be used."
    )
    if there.database_key is None and database_file(there) is not None:
        print(f"Its key is {there.database_key_file}. Keep it somewhere else.")
    if there.suppression_key_file != settings.suppression_key_file:
        print(f"Its suppression key is {there.suppression_key_file}.")
    return 0


def _typed() -> str:
    """The address that standard input holds. Raises CommandRefused."""
    found = sys.stdin.readline().strip()
    if not found:
        raise CommandRefused(
            "Standard input is empty: give it the address of the other database, on one line."
        )
    return found


async def _move(settings: Settings, there: Settings) -> dict[str, Digest]:
    file = database_file(there)
    if file is not None and file.exists():
        raise CommandRefused(f"{file} exists already: name a file that does not.")
    async with opened(settings) as source:
        await suppression_key(source, settings)
        _take_along(settings.suppression_key_file, there.suppression_key_file)
        key = None
        if file is not None:
            key = find_key(value=there.database_key, file=there.database_key_file, database=file)
        target = await open_database(there.database, folder=there.data, key=key)
        try:
            await upgrade(target)
            moved = await move(source, target, named=place_of(there))
        finally:
            await target.close()
    _take_along(settings.audit_anchor, there.audit_anchor)
    return moved


def _take_along(file: Path, to: Path) -> None:
    """Copies what belongs to the database and lies outside of it. Raises UnsafeKey where another one is there."""
    if not file.exists() or file == to:
        return
    if to.exists():
        if to.read_bytes() != file.read_bytes():
            raise UnsafeKey(f"{to} belongs to another database: move it away first.")
        return
    make_private(to.parent)
    shutil.copy2(file, to)
