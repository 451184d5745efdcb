"""`portevoix restore --drill`: whether a backup could be put back, tried on a copy that is thrown away."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import db.backup_record
from bot.actions import audit
from bot.actions.audit import Verified
from bot.commands.arguments import CommandRefused
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import follow_moved, opened
from db.drill import Drilled, drill
from db.keyring import find_key, old_keys
from db.unfinished import NOTES

SHOWN = ("people", "consents", "events", "broadcasts", "deliveries", "responses", "staff")
"""The tables whose rows are told: what somebody would miss."""


def drill_backup(file: Path | None, settings: Settings) -> int:
    """Prints what the backup holds; status 1 where its log was tampered with."""
    backup = file or asyncio.run(_last(settings))
    drilled = asyncio.run(_drill(backup, settings))
    made = f", made on {drilled.made_at:%Y-%m-%d at %H:%M} UTC" if drilled.made_at is not None else ""
    print(f"{backup} opens{made}, and can be brought to this version.")
    if drilled.older_key is not None:
        print(f"It needs {drilled.older_key}, the key that was in use when it was made: keep that too.")
    for name in SHOWN:
        print(f"{name:12} {drilled.rows[name]:>9,}")
    verified = drilled.found
    for fault in verified.faults:
        print(fault)
    if verified.faults:
        print("Its log was changed after it was written.", file=sys.stderr)
        return 1
    print(f"Its log has {counted(verified.entries, 'entry', 'entries')}, the chain is whole.")
    print("The copy was thrown away; nothing was changed.")
    return 0


async def _last(settings: Settings) -> Path:
    async with opened(settings) as database, database.read() as tx:
        last = await db.backup_record.last(tx)
    if last is None:
        raise CommandRefused("No backup is known: name the file, `portevoix restore FILE --drill`.")
    return Path(last.file)


async def _drill(file: Path, settings: Settings) -> Drilled[Verified]:
    async def look(tx: AsyncConnection) -> Verified:
        # Without the anchor file: it knows later entries than an older backup has.
        return await audit.verify(tx)

    follow_moved(file, settings)
    return await drill(
        file,
        folder=settings.data,
        key=find_key(value=settings.database_key, file=settings.database_key_file, database=file),
        kept_keys=old_keys(settings.database_key_file),
        notes=settings.data / NOTES,
        look=look,
    )
