"""Encrypted copies of the SQLite database, made while the bot runs, and their way back.

A backup opens with the same key as the database. It holds no free pages, so nothing that was erased before
it. For PostgreSQL: `db.server_backup`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.sending import ON_THE_WAY
from db import console, filling, sqlite
from db.carried_outbox import RESTORED, RESTORED_AT, Outbox
from db.carrying import carry, erase_again
from db.days import day_of
from db.engine import Database, open_database
from db.erasing import Sealing
from db.errors import BackupFailed
from db.facts import forget_fact, get_fact, set_fact
from db.folders import make_private
from db.key import DatabaseKey, read_key
from db.keyring import encrypt_anew, key_that_opens, opens
from db.schema import broadcasts, deliveries, downloads, updates
from db.secret_files import sync_folder
from db.suppression_key import begin_anew, open_suppression_key
from db.unfinished import remove_unfinished, unfinished
from db.upgrade import upgrade

BACKED_UP_AT = "backed_up_at"
"""The fact, in a backup alone, of when it was made: an instant in ISO 8601."""
THE_BEGINNING = datetime.min.replace(tzinfo=UTC)

Settle = Callable[[AsyncConnection, AsyncConnection | None, datetime | None], Awaitable[int]]
"""Brings the log of a restored database up to what the replaced one held (None: it cannot be read), and notes the
restore of a backup that was made at an instant (None: by an older version); how many entries were carried over.
"""


class Restored(Frozen):
    """The effects of a restore."""

    in_doubt: int  # deliveries that may have left after the backup was made
    paused: (
        int  # broadcasts that somebody wrote, and of which nobody knows what became, or that are not in it
    )
    erased: int  # people who were erased after it, and were erased again
    carried: bool  # whether what people asked for since could be read
    outbox: bool  # whether it could be read what left since
    # Marks of people who left that were made with another suppression key: in what was replaced, and in the backup.
    foreign_marks: int = 0
    given_up: int = 0
    entries: int = 0  # of the log since the backup, carried over
    kept: Path | None = None  # where the database that was replaced is now
    older_key: Path | None = None  # the kept key that the backup opened with, where it was not today's


async def backup(database: Database, target: Path, *, notes: Path, now: datetime | None = None) -> None:
    """Write the database as it is now into the new file `target`; writers need not wait.

    `target` appears only once it is complete and verified. `notes`: where unfinished copies are noted. `now`: the date
    that it bears, if any. Raises
    BackupFailed.
    """
    assert database.file is not None  # PostgreSQL: db.server_backup
    await asyncio.to_thread(_backup, database.file, database.key, target, notes, now)


async def restore(
    source: Path,
    *,
    file: Path,
    key: DatabaseKey | None,
    kept_keys: Sequence[Path] = (),
    suppression_key_file: Path,
    suppression_key_lost: bool = False,
    notes: Path,
    settle: Settle,
    now: datetime,
) -> Restored:
    """Put the backup `source` in the place of the database `file`, which is kept under another name.

    It opens with the `key`, or with one of the `kept_keys`, and is encrypted with the `key` afterwards.

    What left since the backup was made is never sent again: what the database that is replaced knows of messages
    stays so (`db.carried_outbox`). Where it does not tell, due deliveries become in doubt, what somebody wrote is
    paused, and the fact `restored_at` tells the planner not to start what was due before it. Who was erased since is
    erased again; silences, withdrawn consents and withdrawn roles are carried over, as far as it can be read; so is
    the log, by `settle`. `suppression_key_lost`: a new one is made, and the marks of people who left are given up.
    Raises InUse, UnknownRevision, BackupFailed, and what `open_suppression_key` raises; then nothing was changed.
    """
    make_folder(file.parent)
    remove_unfinished(notes)
    claim = sqlite.claim(file)
    try:
        with unfinished(file, notes) as copy:
            older = await asyncio.to_thread(open_backup, source, copy, key, kept_keys)
            restored = await prepare(
                copy, file, key, suppression_key_file, lost=suppression_key_lost, settle=settle, now=now
            )
            kept = await asyncio.to_thread(_swap, copy, file)
    finally:
        claim.close()
    return replace(restored, kept=kept, older_key=older)


def _backup(file: Path, key: DatabaseKey | None, target: Path, notes: Path, now: datetime | None) -> None:
    remove_unfinished(notes)
    refuse_existing(target)
    with unfinished(target, notes) as copy:
        try:
            with closing(sqlite.connect(file, key, sqlite.COMMON_PRAGMAS)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            if now is not None:
                _date(copy, key, now)
        except sqlite.Error as error:
            raise BackupFailed(_why_not_written(error, file)) from None
        try:
            verify(copy, key, target)
        except BackupFailed:
            raise BackupFailed(sqlite.damaged(file, "its tables do not agree")) from None
        sync(copy)
        copy.rename(target)
    sync_folder(target.parent)


def refuse_existing(target: Path) -> None:
    """Raises BackupFailed."""
    _require(not target.exists(), f"{target} exists already and is not overwritten; choose another name.")


def _date(copy: Path, key: DatabaseKey | None, now: datetime) -> None:
    """Says in a backup when it was made: a file's own date changes when it is copied."""
    with closing(sqlite.connect(copy, key, sqlite.COMMON_PRAGMAS)) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
            (BACKED_UP_AT, json.dumps(now.isoformat(timespec="seconds"))),
        )


def _why_not_written(error: Exception, file: Path) -> str:
    if sqlite.tells_damage(error):
        return sqlite.damaged(file, error)
    return f"The backup could not be written ({error}); make room on the disk and try again."


def verify(copy: Path, key: DatabaseKey | None, name: Path) -> None:
    """Read every page: each must be authentic, sound, and agree with the others."""
    try:
        with closing(sqlite.connect(copy, key)) as connection:
            faults = connection.execute("PRAGMA cipher_integrity_check").fetchall() if key else []
            faults += [row for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
            faults += connection.execute("PRAGMA foreign_key_check").fetchall()
            has_tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,)
    except sqlite.Error as error:
        raise BackupFailed(
            f"{name} is damaged, is no backup, or was made with another key ({error}); give the key it was"
            " made with, or use another backup."
        ) from None
    _require(not faults and has_tables, f"{name} is damaged or empty; use another backup.")


async def prepare(
    copy: Path,
    replaced: Path,
    key: DatabaseKey | None,
    suppression_key_file: Path,
    *,
    lost: bool,
    settle: Settle,
    now: datetime,
) -> Restored:
    """Bring the copy to this version, hold what may have left, and carry what people asked for since."""
    database = await open_database(f"sqlite+aiosqlite:///{copy}", folder=copy.parent, key=key)
    try:
        await upgrade(database)
        given_up = await _begin_anew(database, suppression_key_file) if lost else 0
        suppression_key = await open_suppression_key(database, suppression_key_file)
        async with database.write() as transaction:
            await doubt_what_was_due(transaction, now)
        carried = await asyncio.to_thread(carry, copy, replaced, key, suppression_key)
        # Where the campaign file wants no proof, the next purge takes it away.
        sealing = Sealing(key=suppression_key, today=day_of(now), keeps_proof=True)
        async with database.write() as transaction:
            in_doubt = await _count_in_doubt(transaction, now)
            paused = await pause_what_was_written(transaction, carried.outbox, now)
            await _note_restored_at(transaction, carried.outbox, now)
            # A link that was used since would work again.
            await transaction.execute(sa.delete(downloads))
            await console.forget_all(transaction)
            erased = await erase_again(transaction, carried, sealing)
            made_at = await get_fact(transaction, BACKED_UP_AT)
            await forget_fact(transaction, BACKED_UP_AT)
            async with _reading(replaced if carried.known else None, key) as before:
                entries = await settle(
                    transaction, before, None if made_at is None else datetime.fromisoformat(made_at)
                )
        return Restored(
            in_doubt=in_doubt,
            paused=paused,
            erased=erased,
            carried=carried.known,
            outbox=carried.outbox is not None and carried.outbox.whole,
            foreign_marks=carried.foreign_marks,
            given_up=given_up,
            entries=entries,
        )
    except sa.exc.DBAPIError as error:
        raise BackupFailed(f"The backup cannot be brought to this version ({error.orig}).") from None
    finally:
        await database.close()


@asynccontextmanager
async def _reading(file: Path | None, key: DatabaseKey | None) -> AsyncIterator[AsyncConnection | None]:
    """A snapshot of the database that is replaced, if there is one."""
    if file is None:
        yield None
        return
    database = await open_database(f"sqlite+aiosqlite:///{file}", folder=file.parent, key=key)
    try:
        async with database.read() as tx:
            yield tx
    finally:
        await database.close()


async def _begin_anew(database: Database, suppression_key_file: Path) -> int:
    async with database.write() as transaction:
        return await begin_anew(transaction, suppression_key_file)


async def doubt_what_was_due(transaction: AsyncConnection, now: datetime) -> None:
    """After the database went back in time: nothing that was due until `now` leaves by itself.

    Nor is anything answered again: the effects of an answer are in the backup, its replies have been posted since.
    """
    # For whom a message was still to be queued, it may have left as for everybody.
    await filling.fill_up(transaction, now)
    waiting = deliveries.c.state.in_(ON_THE_WAY)
    await transaction.execute(
        deliveries.update()
        .where(sa.or_(deliveries.c.state == "sending", sa.and_(waiting, deliveries.c.due_at <= now)))
        .values(state="in_doubt", reason=RESTORED, lease_owner=None, changed_at=now)
    )
    await transaction.execute(
        updates.update()
        .where(updates.c.state == "answered")
        .values(state="done", body=None, replies=sa.null(), lease_owner=None)
    )


async def _count_in_doubt(transaction: AsyncConnection, now: datetime) -> int:
    """How many of them the replaced database did not know better."""
    doubted = sa.and_(
        deliveries.c.state == "in_doubt", deliveries.c.reason == RESTORED, deliveries.c.changed_at == now
    )
    query = sa.select(sa.func.count()).select_from(deliveries).where(doubted)
    return int((await transaction.execute(query)).scalar_one())


async def pause_what_was_written(transaction: AsyncConnection, outbox: Outbox | None, now: datetime) -> int:
    """Pauses what somebody wrote and may have begun, changed or called off since, but for what is known to go on; how
    many.
    """
    may_leave = sa.or_(
        sa.and_(broadcasts.c.created_by.is_not(None), broadcasts.c.finished_at.is_(None)),
        sa.and_(broadcasts.c.state == "scheduled", broadcasts.c.starts_at <= now),
    )
    going = frozenset() if outbox is None else outbox.going
    paused = await transaction.execute(
        broadcasts.update()
        .where(broadcasts.c.state.in_(["scheduled", "active"]), may_leave, broadcasts.c.id.not_in(going))
        .values(state="paused")
    )
    return paused.rowcount


async def _note_restored_at(transaction: AsyncConnection, outbox: Outbox | None, now: datetime) -> None:
    """From when on it is known what left: the replaced database may come from a backup itself, and so may this one."""
    earlier = [await get_fact(transaction, RESTORED_AT), None if outbox is None else outbox.restored_at]
    known = [datetime.fromisoformat(each) for each in earlier if each is not None]
    if outbox is None or not outbox.whole:
        known.append(now)
    if known:
        await set_fact(transaction, RESTORED_AT, max(known).isoformat())


async def restored_at(tx: AsyncConnection) -> datetime | None:
    """Until when it is not known what left: what the calendar plans for an instant before does not leave by itself."""
    found = await get_fact(tx, RESTORED_AT)
    return None if found is None else datetime.fromisoformat(found)


async def told_after(tx: AsyncConnection) -> datetime:
    """After a restore it may not be known what left: what was due before does not leave again."""
    return await restored_at(tx) or THE_BEGINNING


def _swap(copy: Path, file: Path) -> Path | None:
    """Give `copy` the name of `file`. The new name of what was there, if anything was."""
    sync(copy)
    kept = None
    if file.exists():
        kept = next(name for name in replaced_names(file) if not name.exists())
        # The log goes first: beside another file it would be replayed into that.
        for suffix in ("-wal", "-shm", ""):
            part = file.with_name(file.name + suffix)
            if part.exists():
                part.rename(kept.with_name(kept.name + suffix))
    copy.rename(file)
    sync_folder(file.parent)
    return kept


def replaced_names(file: Path) -> Iterator[Path]:
    yield file.with_name(f"{file.name}.replaced")
    for number in itertools.count(2):
        yield file.with_name(f"{file.name}.replaced-{number}")


def make_folder(folder: Path) -> None:
    try:
        make_private(folder)
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be made ({error.strerror}); choose another folder.") from None


def open_backup(source: Path, copy: Path, key: DatabaseKey | None, kept: Sequence[Path]) -> Path | None:
    """Copies a backup and verifies it; the copy opens with `key`.

    `kept` are the files of keys that were in use before: the one that it was made with, where it was one of these.
    Raises BackupFailed.
    """
    copy_backup(source, copy)
    older = None
    if key is not None and kept and not opens(copy, key):
        older = key_that_opens(copy, kept)
        if older is not None:
            encrypt_anew(copy, read_key(older), key)
    verify(copy, key, source)
    return older


def copy_backup(source: Path, copy: Path) -> None:
    _require(source.is_file(), f"There is no backup {source}; check its name.")
    try:
        shutil.copyfile(source, copy)
    except OSError as error:
        raise BackupFailed(
            f"{source} cannot be copied ({error.strerror}); check the file and the disk."
        ) from None


def sync(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise BackupFailed(sentence)
