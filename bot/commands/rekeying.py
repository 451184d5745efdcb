"""`portevoix db rekey`: new keys, and the old ones for as long as a backup needs them."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path

import db.processes
from bot.actions import erasure
from bot.commands.arguments import CommandRefused, SubCommands
from bot.settings import Settings
from bot.startup import database_file, opened, present
from db.engine import Database
from db.keyring import kept_until, old_key_file, old_keys, rekey_with_file
from db.suppression_key import change_suppression_key


def add_to(commands: SubCommands) -> None:
    rekey_parser = commands.add_parser(
        "rekey",
        help="change the keys: encrypt the database anew, seal anew what stands for people who left",
        description="Encrypt the SQLite database anew with a new key, and seal anew what stands for people who left."
        " Stop the bot first; older backups need the old database key, which is kept with its date, and understand the"
        " new suppression key.",
    )
    rekey_parser.add_argument(
        "--suppression-key-lost",
        action="store_true",
        help="only begin a new suppression key, and erase what the lost one sealed",
    )
    rekey_parser.add_argument(
        "--forget-old-keys",
        action="store_true",
        help="change nothing, and delete the old database keys that are kept: no backup needs them any more",
    )
    rekey_parser.set_defaults(run=rekey)


def rekey(arguments: Namespace, settings: Settings) -> int:
    """New keys in the key files. A database key that comes from the environment cannot be changed from here."""
    if arguments.forget_old_keys:
        return _forget_old_keys(settings)
    if arguments.suppression_key_lost:
        return _begin_suppressions_anew(settings)
    file = database_file(settings)
    if file is not None and settings.database_key is not None:
        raise CommandRefused(
            "The key comes from PORTEVOIX_DATABASE_KEY, which cannot be changed from here: save it in a file of"
            " mode 0600, set PORTEVOIX_DATABASE_KEY_FILE to that file instead, then run this again."
        )

    async def seal_anew() -> datetime:
        async with opened(settings) as database:
            await _refuse_while_running(database)
            await change_suppression_key(database, settings.suppression_key_file)
        return await present(settings)

    now = asyncio.run(seal_anew())
    print(
        f"What stands for people who left is sealed by a new key, in {settings.suppression_key_file}: copy it to where"
        " you keep it."
    )
    if file is None:
        print("PostgreSQL is encrypted by its host, not by Portevoix: there is no database key to change.")
        return 0
    rekey_with_file(file, settings.database_key_file, kept=old_key_file(settings.database_key_file, now))
    print(f"{file} is encrypted with a new key, in {settings.database_key_file}: copy it too.")
    for old in old_keys(settings.database_key_file):
        print(f"Backups made until {_instant(old)} need {old}.")
    print("Once none of them is left, `portevoix db rekey --forget-old-keys` deletes what only they need.")
    return 0


def _forget_old_keys(settings: Settings) -> int:
    """Deletes what the backups that are gone needed."""
    found = old_keys(settings.database_key_file)
    for old in found:
        old.unlink()
        print(
            f"{old} is gone: a backup made until {_instant(old)} can be read by nobody who has no copy of it."
        )
    if not found:
        print(f"No older key is kept beside {settings.database_key_file}.", file=sys.stderr)
    return 0


def _instant(old: Path) -> str:
    return f"{kept_until(old):%Y-%m-%d %H:%M:%S} UTC"


async def _refuse_while_running(database: Database) -> None:
    """A process that runs has the old key in its memory. Raises InUse and CommandRefused."""
    database.claim()
    async with database.read() as tx:
        if await db.processes.living(tx, "rekey") != ["rekey"]:
            raise CommandRefused(
                "The bot is running on this database: stop every `portevoix run`, then try again."
            )


def _begin_suppressions_anew(settings: Settings) -> int:
    async def work() -> int:
        async with opened(settings) as database:
            await _refuse_while_running(database)
            now = await present(settings)
            async with database.write() as tx:
                return await erasure.begin_suppressions_anew(tx, settings.suppression_key_file, now)

    marks = asyncio.run(work())
    print(
        f"A new suppression key is in {settings.suppression_key_file}. Marks of people who left that were made with"
        f" the lost one, and are erased: {marks:,}. An import can no longer tell who they are."
        " Look in your opt-out lists again."
    )
    return 0
