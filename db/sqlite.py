"""Connections to one SQLite file, encrypted by SQLCipher when there is a key.

What SQLAlchemy asks of one is in `db.sqlite_connection`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlcipher3 import dbapi2 as sqlcipher

from db.caches import cache_kib, memory_of_the_machine, reader_cache_kib
from db.errors import CannotOpen, DatabaseError, InUse, WrongKey
from db.folders import make_private
from db.json import to_json
from db.key import DatabaseKey
from db.sqlite_connection import Connection

Error: type[Exception] = sqlcipher.Error

BUSY_TIMEOUT = 10.0  # seconds that a connection waits for another process to finish writing
FURTHER_BACK = 9
"""So much nicer than its process is whoever counts for seconds while somebody waits: a seventh of the processor where
both want the same.
"""

LOOKED_AT = 100_000
"""After so many of its instructions SQLite asks whether anybody still waits: some milliseconds."""

_CACHE_KIB, _READER_CACHE_KIB = (kib_of(memory_of_the_machine()) for kib_of in (cache_kib, reader_cache_kib))
SMALL_CACHE = f"PRAGMA cache_size = -{min(_READER_CACHE_KIB, 8192)}"  # for one pass through a table

COMMON_PRAGMAS = (
    f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",  # temporary files would not be encrypted
    f"PRAGMA cache_size = -{_CACHE_KIB}",
)
WRITER_PRAGMAS: tuple[str, ...] = (
    *COMMON_PRAGMAS,
    "PRAGMA journal_mode = WAL",
    # FULL: a commit reaches the disk before it is acknowledged, also when the power fails.
    "PRAGMA synchronous = FULL",
    # What is erased is overwritten: whoever has the key finds nothing of it in pages that are free.
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 67108864",
)
# The log goes into the file beside those who write (`db.checkpoints`); only where that fails, by whoever commits.
BOT_PRAGMAS = (*WRITER_PRAGMAS, "PRAGMA wal_autocheckpoint = 65536")
CHECKPOINT_PRAGMAS = (SMALL_CACHE, "PRAGMA synchronous = FULL")
READER_PRAGMAS = (
    *COMMON_PRAGMAS,
    f"PRAGMA cache_size = -{_READER_CACHE_KIB}",
    "PRAGMA query_only = ON",
)
# Of a process beside the bot's own, which has as many readers again.
BESIDE_PRAGMAS = (*READER_PRAGMAS, SMALL_CACHE)
# Changing a table on SQLite means copying it and dropping the old one, which would cascade to its children.
MIGRATION_PRAGMAS = (*WRITER_PRAGMAS, "PRAGMA foreign_keys = OFF")


def connect(
    path: Path, key: DatabaseKey | None, pragmas: Iterable[str] = (), *, to_read: bool = False
) -> sqlite3.Connection:
    """Open `path` in this thread, in autocommit mode; `to_read`: the file itself is opened for reading alone.

    Raises sqlcipher3's DatabaseError ("file is not a database") where the key does not fit.
    """
    connection: sqlite3.Connection = sqlcipher.connect(
        f"{path.absolute().as_uri()}?mode=ro" if to_read else str(path),
        timeout=BUSY_TIMEOUT,
        check_same_thread=False,
        isolation_level=None,
        uri=to_read,
    )
    try:
        # A wrong key is told by an exception; SQLCipher need not write to standard error too.
        connection.execute("PRAGMA cipher_log_level = NONE")
        if key is not None:
            connection.execute(f"PRAGMA key = \"x'{key.hex}'\"")
        for pragma in pragmas:
            connection.execute(pragma).close()
        connection.execute("SELECT count(*) FROM sqlite_master").close()
    except BaseException:
        connection.close()
        raise
    return connection


def create_engine(
    path: Path,
    key: DatabaseKey | None,
    *,
    pragmas: Iterable[str],
    begin: str,
    size: int,
    to_read: bool = False,
    here: bool = False,
    in_thread: Callable[[], object] | None = None,
) -> AsyncEngine:
    """An engine of at most `size` connections whose transactions begin by the statement `begin`; "": each statement is
    one. `here`: everything is executed in the thread that asks, and what else runs there has its turn after each.
    `in_thread`: called in the thread of each before anything else. Without `begin` a statement ends early where whoever
    asked for it does not wait any more.
    """
    pragmas = tuple(pragmas)
    alive: set[Connection] = set()

    async def open_connection() -> aiosqlite.Connection:
        def opened() -> sqlite3.Connection:
            if in_thread is not None:
                in_thread()
            made = connect(path, key, pragmas, to_read=to_read)
            if not begin:  # each statement is a transaction: nothing is left half done
                made.set_progress_handler(lambda: connection.is_given_up, LOOKED_AT)
            return made

        connection = Connection(opened, begin, alive, always_here=here)
        connection._thread.daemon = True  # a forgotten connection must not keep the process alive
        return await connection

    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",  # tells SQLAlchemy to use a pool; the creator opens the file
        module=_Driver(aiosqlite, sqlcipher),
        async_creator=open_connection,
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,  # each connection has a cache of its own: those that are not needed stay empty
        json_serializer=to_json,
        hide_parameters=True,  # an error's text may reach a log: what people wrote does not
    )
    return _Engine(engine, alive)


def step_back() -> None:
    """Of this thread alone: Linux counts the niceness of each by itself. Elsewhere all is as it would be without."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.nice(FURTHER_BACK)


def step_aside() -> None:
    """This thread takes what all others leave of the processors (`SCHED_IDLE`): whoever wakes has the processor at
    once, and not after the time that would be this one's by its niceness.
    """
    if sys.platform == "linux":
        try:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        except (OSError, AttributeError):  # a sandbox forbids it, or the C library knows of no such thing
            step_back()


def create_file(path: Path, key: DatabaseKey | None) -> None:
    """A new database for its owner alone. It appears whole: no crash leaves a file of 0 bytes behind.

    One that appeared meanwhile stays. Raises CannotOpen.
    """
    begun = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        make_private(path.parent)
        os.close(os.open(begun, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            connect(begun, key, WRITER_PRAGMAS).close()
            with contextlib.suppress(FileExistsError):
                os.link(begun, path)
        finally:
            begun.unlink()
    except OSError as error:
        raise cannot_write(path, error) from None
    except Error as error:
        raise explain(error, path, key) from None


def prepare_file(file: Path, key: DatabaseKey | None) -> None:
    """Create the file where there is none, and prove that it opens and can be written."""
    if not file.exists():
        create_file(file, key)
    try:
        os.close(os.open(file, os.O_RDWR))
    except OSError as error:
        raise cannot_write(file, error) from None
    try:
        connect(file, key, WRITER_PRAGMAS).close()
    except Error as error:
        raise explain(error, file, key) from None


def cannot_write(path: Path, error: OSError) -> CannotOpen:
    """The sentence for a file that cannot be made or written."""
    return CannotOpen(
        f"The database {path} cannot be opened ({error.strerror}); make the folder and the file writable"
        " or set PORTEVOIX_DATA to another folder."
    )


def explain(error: Exception, path: Path, key: DatabaseKey | None) -> DatabaseError:
    """The sentence for an error of connect()."""
    text = str(error)
    if "not a database" in text:
        with path.open("rb") as stream:
            plain = stream.read(16) == b"SQLite format 3\x00"
        if plain and key is not None:
            return WrongKey(
                f"The database {path} is not encrypted but a key was given; name it in"
                " PORTEVOIX_DATABASE without a key, or move it away."
            )
        if key is None:
            return WrongKey(f"The database {path} is encrypted, or is not a database; give its key.")
        return WrongKey(
            f"The database {path} does not open with this key; give the key it was made with"
            " (PORTEVOIX_DATABASE_KEY or PORTEVOIX_DATABASE_KEY_FILE). Nothing was changed."
        )
    if "locked" in text:
        return InUse(f"Another process keeps the database {path} locked; stop it, then try again.")
    if tells_damage(error):
        return CannotOpen(damaged(path, error))
    return CannotOpen(
        f"The database {path} cannot be opened ({text}); check the file, its folder and the disk."
    )


def tells_damage(error: Exception) -> bool:
    """Whether what is wrong is what stands in the file, and not the disk that it lies on."""
    return "malformed" in str(error) or "not a database" in str(error)


def damaged(path: Path, error: Exception | str) -> str:
    """The sentence for a file whose content is damaged."""
    return (
        f"The database {path} is damaged ({error}): stop the bot, keep the file, and put the newest backup in its place"
        " with `portevoix restore FILE`."
    )


def claim(path: Path) -> sqlite3.Connection:
    """Lock `<name>.lock` beside the database; the system unlocks it when this process ends, however it ends.

    SQLite's own locking is used because it works on every system. Raises InUse.
    """
    lock = None
    try:
        lock = sqlite3.connect(f"{path}.lock", timeout=0, isolation_level=None, check_same_thread=False)
        lock.execute("PRAGMA journal_mode = MEMORY").close()
        lock.execute("BEGIN EXCLUSIVE").close()
    except sqlite3.OperationalError as error:
        if lock is not None:
            lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise CannotOpen(f"{path}.lock cannot be written ({error}); make the folder writable.") from None
        raise InUse(
            f"Another Portevoix is running on {path}, and an SQLite database serves one; stop it first, or"
            " use PostgreSQL (PORTEVOIX_DATABASE) to run several."
        ) from None
    return lock


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    """Lets SQLAlchemy recognise sqlcipher3's exceptions, which are not those of the standard library."""

    def _init_dbapi_attributes(self) -> None:
        super()._init_dbapi_attributes()
        for name in (
            "DatabaseError",
            "Error",
            "IntegrityError",
            "NotSupportedError",
            "OperationalError",
            "ProgrammingError",
            "sqlite_version",
            "sqlite_version_info",
        ):
            setattr(self, name, getattr(self.sqlite, name))


class _Engine(AsyncEngine):
    """Whoever disposes of it waits for the threads of all of its connections.

    The pool does not know those that a cancellation closed: their threads would answer an event loop that may have
    ended meanwhile.
    """

    def __init__(self, engine: AsyncEngine, alive: set[Connection]) -> None:
        super().__init__(engine.sync_engine)
        self._alive = alive

    def execution_options(self, **opt: Any) -> AsyncEngine:
        return _Engine(super().execution_options(**opt), self._alive)

    async def dispose(self, close: bool = True) -> None:
        await super().dispose(close)
        await asyncio.gather(*filter(None, [connection.stop() for connection in list(self._alive)]))


@contextlib.asynccontextmanager
async def small_cache(tx: AsyncConnection) -> AsyncIterator[None]:
    """Within the block a connection to SQLite remembers less of what it read: for one pass through a table."""
    if tx.dialect.name != "sqlite":
        yield
        return
    usual = await tx.scalar(sa.text("PRAGMA cache_size"))
    await tx.exec_driver_sql(SMALL_CACHE)
    try:
        yield
    finally:
        # What a cancellation left cannot be asked for anything more: that must not take the cancellation's place.
        with contextlib.suppress(sa.exc.PendingRollbackError):
            await tx.exec_driver_sql(f"PRAGMA cache_size = {usual}")
