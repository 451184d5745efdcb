"""`portevoix db`, `backup`, `restore`, `purge` and `audit`: looking after what is stored."""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
from bot.actions import audit, restores, retention
from bot.clock import RealClock
from bot.commands import drilling, moving, rekeying
from bot.commands.arguments import CommandRefused, SubCommands, group, typed
from bot.commands.reading import campaign_of
from bot.nightly import make_backup
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import (
    database_file,
    follow_moved,
    opened,
    present,
    set_aside_what_is_left,
    suppression_key,
    upgraded,
)
from db.anchors import read_anchors
from db.audit import Entry, Tail
from db.backup import Restored, Settle
from db.backup import restore as put_back
from db.keyring import find_key, old_keys
from db.server_backup import restore_server as put_back_on_server
from db.unfinished import NOTES, remove_unfinished
from db.upgrade import revision

NEW = "new"
"""The word that is typed where an empty database takes the place of one that is gone."""


def add_to(commands: SubCommands) -> None:
    db = group(commands, "db", "look after the database")
    db.add_parser(
        "upgrade",
        help="make or upgrade the tables",
        description="Make or upgrade the tables, as the bot does at its start; first a copy of an older one is"
        " kept. Refused while the bot runs on it.",
    ).set_defaults(run=upgrade)
    db.add_parser(
        "new",
        help="begin with an empty database where the old one is gone",
        description="Begin with an empty database where the old one is gone or empty, after a typed word. Keys that"
        " are left of it are kept under another name.",
    ).set_defaults(run=new)
    rekeying.add_to(db)
    moving.add_to(db)
    _add_backups(commands)
    purge_parser = commands.add_parser(
        "purge",
        help="erase what is kept no longer",
        description="Erase what the campaign file keeps no longer, as the bot does every day.",
    )
    purge_parser.add_argument("--dry-run", action="store_true", help="only tell what would be erased")
    purge_parser.set_defaults(run=purge)
    _add_audit(commands)


def _add_backups(commands: SubCommands) -> None:
    backup_parser = commands.add_parser(
        "backup",
        help="copy the database, encrypted, while the bot runs",
        description="Write an encrypted copy of the database. It opens with the same key; of PostgreSQL, with one that"
        " is made the first time. Either engine takes it back.",
    )
    backup_parser.add_argument("file", type=Path, metavar="FILE", help="a file that does not exist yet")
    backup_parser.set_defaults(run=backup)
    restore_parser = commands.add_parser(
        "restore",
        help="put a backup in the database’s place",
        description="Put a backup in the database’s place, which is kept under another name, of PostgreSQL in the data"
        " folder. Stop the bot first.",
    )
    restore_parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="a file made by `portevoix backup`; with --drill the last one that was made, unless it is named",
    )
    restore_parser.add_argument(
        "--drill",
        action="store_true",
        help="only try it: open a copy, count, verify the log, throw it away; the bot may run. Status 1 where the log"
        " is not whole",
    )
    restore_parser.add_argument(
        "--suppression-key-lost",
        action="store_true",
        help="begin a new suppression key, and do without the marks that the lost one made",
    )
    restore_parser.set_defaults(run=restore)


def _add_audit(commands: SubCommands) -> None:
    audit_parser = group(commands, "audit", "the log of what staff did")
    verify_parser = audit_parser.add_parser(
        "verify",
        help="find any altered, removed or reordered entry",
        description="Find any altered, removed or reordered entry of the audit log, and any head of it that was noted"
        " in the anchor file (PORTEVOIX_AUDIT_ANCHOR) and no longer fits.",
    )
    verify_parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="HASH",
        help="a last hash that was noted elsewhere and must stand in the log; may be given several times",
    )
    verify_parser.set_defaults(run=verify)
    audit_parser.add_parser(
        "head",
        help="the last hash, to be noted somewhere else",
        description="Print how many entries the audit log has, the hash of the last one and when it was written:"
        " noted elsewhere, it proves all before it (`portevoix audit verify --expect HASH`).",
    ).set_defaults(run=head)


def upgrade(arguments: Namespace, settings: Settings) -> int:
    async def work() -> None:
        async with upgraded(settings, kept=_tell_of_the_copy) as database:
            await suppression_key(database, settings)
            print(f"The tables are at revision {await revision(database)}.")

    asyncio.run(work())
    return 0


def _tell_of_the_copy(kept: Path) -> None:
    print(f"The database as it was is kept as {kept}. Delete it once all is well: no purge reaches it.")


def new(arguments: Namespace, settings: Settings) -> int:
    """Begins anew, knowingly: what was registered, consented to and sent is not known to the new database."""
    print(
        "A new database knows nobody: not who registered, nor who asked for silence or to be erased. Look for the old"
        " one, or a backup, first."
    )
    if (typed(f"Type {NEW} to begin with an empty database: ") or "").lower() != NEW:
        raise CommandRefused(f"Nothing was changed: the word was not “{NEW}”.")

    async def work() -> list[Path]:
        kept = set_aside_what_is_left(settings, await present(settings))
        async with opened(settings) as database:
            await suppression_key(database, settings)
        return kept

    for kept in asyncio.run(work()):
        print(f"Kept: {kept}")
    print("The new database is ready.")
    return 0


def backup(arguments: Namespace, settings: Settings) -> int:
    async def work() -> None:
        async with opened(settings) as database:
            await make_backup(database, arguments.file, settings=settings, now=await present(settings))

    asyncio.run(work())
    place = settings.database_key_file if settings.database_key is None else "PORTEVOIX_DATABASE_KEY"
    print(
        f"{arguments.file} is complete and opens with the database’s key ({place}). Keep that key somewhere else, and"
        f" beside it {settings.suppression_key_file}, which is in no backup."
    )
    return 0


def settling_log(file: Path, now: datetime) -> Settle:
    """What a restore of this backup does to the log."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        user = "?"

    async def settle(tx: AsyncConnection, replaced: AsyncConnection | None, made_at: datetime | None) -> int:
        source = restores.BackupSource(file=file.name, made_at=made_at, user=user)
        return await restores.settle_log(tx, replaced, source, now)

    return settle


def restore(arguments: Namespace, settings: Settings) -> int:
    if arguments.drill:
        return drilling.drill_backup(arguments.file, settings)
    if arguments.file is None:
        raise CommandRefused("Name the backup: `portevoix restore FILE`.")
    file = database_file(settings)
    restored = asyncio.run(
        _restore_server(arguments, settings) if file is None else _restore(arguments, settings, file)
    )
    print(f"{file or 'PostgreSQL'} is the backup {arguments.file} now.")
    if restored.older_key is not None:
        print(f"It opened with {restored.older_key}, an older key; the database has today’s.")
    if restored.kept is not None:
        print(f"What it replaced is kept as {restored.kept}.")
    if restored.erased:
        print(f"People who were erased since the backup, and were erased again: {restored.erased:,}.")
    if restored.entries:
        print(f"Entries of the team’s log since the backup, carried over: {restored.entries}.")
    if not restored.carried:
        print(
            "There was no database to read who was erased, fell silent or left the team since the backup:"
            " ask them again before you write, and withdraw roles with /staff.",
            file=sys.stderr,
        )
    if given_up := restored.foreign_marks + restored.given_up:
        print(
            "Marks of people who left that were made with another suppression key, and tell nothing any more:"
            f" {given_up:,}. Import your opt-out lists again.",
            file=sys.stderr,
        )
    if not restored.outbox:
        print(
            "Nothing tells what left since the backup: what was due before now does not leave by itself, and what"
            " somebody wrote waits until they resume it in /broadcasts.",
            file=sys.stderr,
        )
    if restored.in_doubt:
        print(
            "Messages that may have left since the backup, are in doubt and are not sent again:"
            f" {restored.in_doubt:,}."
        )
    if restored.paused:
        print(
            "Broadcasts that may have left, been changed or called off since the backup, or are not in it, and are"
            f" paused: {restored.paused:,}."
        )
    return 0


async def _restore(arguments: Namespace, settings: Settings, file: Path) -> Restored:
    # On a new machine there is no database yet, only the key that was kept: it must not be made anew.
    follow_moved(arguments.file, settings)
    key = find_key(value=settings.database_key, file=settings.database_key_file, database=arguments.file)
    now = await present(settings)
    return await put_back(
        arguments.file,
        file=file,
        key=key,
        kept_keys=old_keys(settings.database_key_file),
        suppression_key_file=settings.suppression_key_file,
        suppression_key_lost=arguments.suppression_key_lost,
        notes=settings.data / NOTES,
        settle=settling_log(arguments.file, now),
        now=now,
    )


async def _restore_server(arguments: Namespace, settings: Settings) -> Restored:
    now = await present(settings)
    async with opened(settings) as database:
        return await put_back_on_server(
            arguments.file,
            database=database,
            folder=settings.data,
            key=find_key(
                value=settings.database_key, file=settings.database_key_file, database=arguments.file
            ),
            kept_keys=old_keys(settings.database_key_file),
            suppression_key_file=settings.suppression_key_file,
            suppression_key_lost=arguments.suppression_key_lost,
            notes=settings.data / NOTES,
            settle=settling_log(arguments.file, now),
            now=now,
        )


def purge(arguments: Namespace, settings: Settings) -> int:
    campaign = campaign_of(settings)

    async def work() -> dict[str, int]:
        async with opened(settings) as database:
            now = await present(settings)
            return await retention.purge(
                database,
                campaign,
                key=await suppression_key(database, settings),
                actor=audit.COMMAND_LINE,
                now=now,
                dry_run=arguments.dry_run,
            )

    erased = asyncio.run(work())
    if not arguments.dry_run:
        erased["copies that were not finished"] = remove_unfinished(settings.data / NOTES)
    for what, count in erased.items():
        print(f"{'would erase' if arguments.dry_run else 'erased'} {count} {what}")
    return 0


def head(arguments: Namespace, settings: Settings) -> int:
    """One line: what to note of the log somewhere else."""

    async def work() -> tuple[Tail | None, Entry | None]:
        async with opened(settings) as database, database.read() as tx:
            return await db.audit.tail(tx), await db.audit.last(tx)

    tail, last = asyncio.run(work())
    if tail is None or last is None:
        print("The audit log is empty: there is nothing to note yet.", file=sys.stderr)
        return 0
    print(f"{tail.count} {last.hash} {last.at.isoformat(timespec='seconds')}")
    return 0


def verify(arguments: Namespace, settings: Settings) -> int:
    """Prints what was found; exit status 1 if the log was tampered with."""

    for each in arguments.expect:
        if re.fullmatch("[0-9a-f]{64}", each) is None:
            raise CommandRefused(
                f"“{each}” is no hash of the log, which has 64 characters, 0 to 9 and a to f: copy it whole."
            )
    anchors = read_anchors(settings.audit_anchor)

    async def work() -> audit.Verified:
        async with opened(settings) as database, database.read() as tx:
            return await audit.verify(tx, noted=arguments.expect, anchors=anchors, now=RealClock().now())

    verified = asyncio.run(work())
    for fault in verified.faults:
        print(fault)
    if verified.faults:
        print("The audit log was changed after it was written.", file=sys.stderr)
        return 1
    print(
        f"{counted(verified.entries, 'entry', 'entries')}, the chain is whole. Last hash: {verified.last_hash}"
    )
    if anchors:
        print(
            f"Heads in the anchor file: {len(anchors)}, the last of {anchors[-1].at:%Y-%m-%d %H:%M} UTC. All fit."
        )
    return 0
