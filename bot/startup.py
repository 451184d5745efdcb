"""What the bot and the commands begin with: the key, the open database, the time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

import db.due_rows
import db.retention
from bot.clock import Clock, MovableClock, RealClock
from bot.rules.suppression import SuppressionKey
from bot.setting_values import is_loopback
from bot.settings import Settings, suppression_key_beside
from db.engine import FILE_NAME, Database, open_database
from db.errors import CannotOpen, LostDatabase
from db.facts import get_fact, set_fact
from db.key import DatabaseKey, read_key, write_key
from db.keyring import find_key, key_that_opens
from db.moving import moved_to
from db.suppression_key import open_suppression_key, read_suppression_key, write_suppression_key
from db.unfinished import NOTES, remove_unfinished
from db.upgrade import revision
from db.upgrading import require_current, upgrade_alone
from db.urls import parse_url

log = structlog.get_logger(__name__)

TOLD_OF_KEY = "told:key_beside_the_data"


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None: PostgreSQL. Raises CannotOpen."""
    if settings.database is None:
        return settings.data / FILE_NAME
    url = parse_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def database_key(settings: Settings) -> DatabaseKey | None:
    """The key of the SQLite file, made at first use; None for PostgreSQL.

    Raises LostDatabase, MissingKey and UnsafeKey.
    """
    file = database_file(settings)
    if file is None:
        return None
    refuse_lost(file, settings)
    follow_moved(file, settings)
    return find_key(value=settings.database_key, file=settings.database_key_file, database=file)


def backup_key(settings: Settings) -> DatabaseKey:
    """The key of PostgreSQL's backups, made at the first one. Raises UnsafeKey."""
    return find_key(value=settings.database_key, file=settings.database_key_file, database=None)


def refuse_lost(file: Path, settings: Settings) -> None:
    """Raises LostDatabase where there was a database: its file is empty, or its keys are there without it."""
    if file.exists():
        if file.stat().st_size:
            return
        what = f"The database {file} is an empty file"
    else:
        left = keys_left(settings)
        if not left:
            return
        what = f"The database {file} is gone, though its key {left[0]} is there"
    raise LostDatabase(
        f"{what}: is a disk not mounted? Put it back, or a backup with `portevoix restore FILE`. To begin with an empty"
        " one, run `portevoix db new`."
    )


def keys_left(settings: Settings) -> list[Path]:
    """The key files that only a database can have left. One that is named may have been put there before the first
    start; but whoever named it did not make the other.
    """
    ours = [settings.suppression_key_file]
    if settings.database_key is None and settings.database_key_file in (
        settings.own_key_file,
        settings.data / "database.key",
    ):
        ours.insert(0, settings.database_key_file)
    return [file for file in ours if file.exists()]


def set_aside_what_is_left(settings: Settings, now: datetime) -> list[Path]:
    """Keys without their database, and an empty file in its place, under names of their own. Raises CannotOpen.

    The new names; nothing is deleted.
    """
    file = database_file(settings)
    if file is None:
        raise CannotOpen("PostgreSQL has no file that can be gone: make another database there.")
    if file.exists() and file.stat().st_size:
        raise CannotOpen(f"The database {file} is there, and is not replaced: move it away first.")
    around = [file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")]
    # The anchors of its log are no other log's.
    left = [*keys_left(settings), *(each for each in (*around, settings.audit_anchor) if each.exists())]
    return [each.rename(each.with_name(f"{each.name}.before-{now:%Y%m%d-%H%M%S}")) for each in left]


def follow_moved(file: Path, settings: Settings) -> None:
    """A database that was moved or copied on this machine is known by the key that opens it: its keys are copied."""
    own = settings.own_key_file
    if (
        settings.database_key is not None
        or settings.database_key_file != own
        or own.exists()
        or not file.exists()
    ):
        return
    candidates = [each for each in sorted(own.parent.glob("*.key")) if ".suppression" not in each.name]
    found = key_that_opens(file, candidates)
    if found is None:
        return
    write_key(own, read_key(found))
    sealed, new = suppression_key_beside(found), settings.suppression_key_file
    if sealed.exists() and not new.exists():
        write_suppression_key(new, read_suppression_key(sealed))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, made where there is none. Raises a DatabaseError: OlderTables where `upgraded` has
    to come first.
    """
    async with _open(settings) as database:
        await require_current(database)
        yield database


@asynccontextmanager
async def upgraded(settings: Settings, *, kept: Callable[[Path], None]) -> AsyncIterator[Database]:
    """The database of the settings, its tables brought to this version. Raises a DatabaseError.

    `kept` is told where the copy of an older one lies.
    """
    async with _open(settings) as database:
        copy = await upgrade_alone(
            database, notes=settings.data / NOTES, folder=settings.data, key=partial(backup_key, settings)
        )
        if copy is not None:
            kept(copy)
        yield database


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Database]:
    database = await open_database(
        settings.database, folder=settings.data, key=database_key(settings), here=settings.here
    )
    try:
        await _refuse_moved(database)
        yield database
    finally:
        await database.close()


async def _refuse_moved(database: Database) -> None:
    """Raises CannotOpen where everything was moved elsewhere: two bots must not go on from the same point."""
    if await revision(database) is None:
        return
    async with database.read() as tx:
        place = await moved_to(tx)
    if place is not None:
        raise CannotOpen(
            f"Everything in this database was moved to {place}: set PORTEVOIX_DATABASE to that one. To come back,"
            " run `portevoix db move` there, to an empty database."
        )


async def clock_of(settings: Settings) -> Clock:
    """Real time, a clock that starts at an instant, or one that a simulator serves. Raises SettingsError."""
    if settings.clock is None:
        return RealClock()
    if isinstance(settings.clock, str):
        # Imported here: aiohttp takes a tenth of the start of every command.
        from bot.served_clock import followed_clock

        return await followed_clock(settings.clock)
    return MovableClock(settings.clock.start, settings.clock.speed)


async def present(settings: Settings) -> datetime:
    """The instant by the clock of the settings, asked once. Raises SettingsError."""
    return (await clock_of(settings)).now()


async def suppression_key(database: Database, settings: Settings) -> SuppressionKey:
    """The key that seals what stands for people who left, made at first use. Raises MissingKey, WrongKey, UnsafeKey.

    An older database holds it itself, and answers that lead to nobody: the key is moved out, the answers are counted.
    """
    key = await open_suppression_key(database, settings.suppression_key_file)
    await db.due_rows.erase_each(database, db.retention.leftovers(key))
    return key


def remove_left_copies(settings: Settings) -> None:
    """Backups and restores that were killed left copies of everybody."""
    removed = remove_unfinished(settings.data / NOTES)
    if removed:
        log.info("unfinished_copies_removed", copies=removed)


async def tell_of_a_key_beside_the_data(database: Database, settings: Settings) -> None:
    """Once: whoever takes the folder of an older installation takes its key too, and how to mend that."""
    beside, own = settings.database_key_file, settings.own_key_file
    if database.file is None or settings.database_key is not None or beside.parent != settings.data:
        return
    async with database.write() as tx:
        if await get_fact(tx, TOLD_OF_KEY):
            return
        await set_fact(tx, TOLD_OF_KEY, True)
    sealed = settings.suppression_key_file
    moves = [f"mkdir -p -m 700 {own.parent}", f"mv {beside} {own}"]
    if sealed.parent == settings.data:
        moves.append(f"mv {sealed} {suppression_key_beside(own)}")
    log.warning(
        "key_beside_the_data",
        hint="Whoever copies the data folder has the key too. Stop the bot, then: " + " && ".join(moves),
    )


def links_to(settings: Settings, webhook_url: str | None) -> str | None:
    """The address under which people reach the web part; None where it is off, or would send files unencrypted.

    Plain http leads only from this machine to itself, where a simulator’s people are.
    """
    if settings.web is None:
        return None
    host, port = settings.web.host, settings.web.port
    own = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    address = settings.web_url or webhook_url or own
    rehearsed = is_loopback(address) and not settings.is_real_telegram
    if urlsplit(address).scheme != "https" and not rehearsed:
        log.info("no_download_links", remedy="set PORTEVOIX_WEB_URL to an https address")
        return None
    return address.rstrip("/")


def tell_of_the_copy(kept: Path) -> None:
    """Where a database lies that the start brought to this version."""
    log.warning("database_upgraded", kept=str(kept), hint="Delete it once all is well: no purge reaches it.")
