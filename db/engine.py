"""The open database: transactions to write and to read, on SQLite or PostgreSQL.

SQLite has one writer: writing transactions wait for their turn, and take SQLite's write lock when they
begin, so that none fails in the middle. Readers each see one snapshot and never wait. PostgreSQL needs no
turns.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db import sqlite
from db.checkpoints import Checkpoints
from db.errors import DatabaseError, InUse, MadeElsewhere, MissingKey, was_in_the_way
from db.key import DatabaseKey
from db.late_savepoints import late_savepoint
from db.postponed import postponed, wait_again, write_postponed
from db.snapshots import Asked, Snapshots
from db.sqlite_connection import connection_of
from db.turns import Turns
from db.urls import parse_url
from db.waiting import is_waited_for

FILE_NAME = "portevoix.db"
READERS = 4
COUNTERS = 2
"""Connections that count beside the readers, and as many where nobody waits: for what takes seconds, and others."""
MOST_ASIDE = 120.0
"""Seconds in which something is counted that nobody waits for. Where others want all of the processors it would hold
what it reads, and with it SQLite's log, for hours.
"""
MIGRATION_LOCK = 0x504F5254
"""Any number, the same in every process: taken on a server while the tables are changed."""

ONLY_READS = "only_reads"
"""Said of every connection of `Database.read`."""

Dialect = Literal["sqlite", "postgresql"]


class Database:
    """One open database. `write()` and `read()` each give a connection inside a transaction; without a `writer` it is
    only read.

    The transaction is committed when the block ends and rolled back when it raises. Inside it,
    `async with savepoint(connection):` undoes alone what raises.
    """

    def __init__(
        self,
        *,
        dialect: Dialect,
        writer: AsyncEngine | None,
        reader: AsyncEngine,
        counters: tuple[AsyncEngine, ...] = (),
        file: Path | None = None,
        key: DatabaseKey | None = None,
        here: bool = False,
    ) -> None:
        self.dialect: Dialect = dialect
        self.file = file
        self.key = key
        self._here = here
        self._engine = writer
        self._reader = reader.execution_options(**{ONLY_READS: True})
        self._counters = [each.execution_options(**{ONLY_READS: True}) for each in counters]
        self._turns = Turns()
        self._snapshots = Snapshots(partial(self.read, briefly=True))
        # The pool gives a connection to whoever asks at that moment: who asks for page after page would have them all.
        self._in_order = asyncio.Semaphore(READERS)
        self._checkpoints = None if file is None or writer is None else Checkpoints(file, key, self._turns)
        self._holder: asyncio.Task[object] | None = None
        self._claim: sqlite3.Connection | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self.written = 0
        """How many writing transactions of this process have ended: whoever read since then has missed none of them."""

    @property
    def _writer(self) -> AsyncEngine:
        if self._engine is None:
            raise MadeElsewhere
        return self._engine

    @asynccontextmanager
    async def write(self, *, ahead: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that may change things. Raises InUse where another process writes for too long; MadeElsewhere
        where this one only reads.

        `ahead`: somebody waits for it, so that on SQLite its turn comes before what nobody waits for.
        """
        try:
            if self.dialect == "postgresql":
                async with self._writer.begin() as connection:
                    yield connection
                    await write_postponed(connection, and_commit=True)
                return
            async with (
                self._my_turn(ahead=ahead),
                _explaining_locks(self.file),
                self._writer.begin() as connection,
            ):
                yield connection
                await write_postponed(connection, and_commit=True)
        finally:
            self.written += 1  # also where it failed: a commit may succeed and seem not to
        if self._checkpoints is not None:
            self._checkpoints.wrote()

    @asynccontextmanager
    async def read(
        self, *, briefly: bool = False, at_once: bool = False, asked: Asked | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """One unchanging snapshot; the database refuses to change anything through it.

        `briefly`: nothing asked in it takes long. In a process that only reads it is `here` from its beginning to its
        end: there a visit of another thread waits, each time, until whatever page is being worded lets Python go.
        `at_once`: so it is in one that also writes: whoever sends would come before each of a dozen statements.
        `asked`: it may be one that was taken since then for somebody else.
        """
        if asked is not None:
            async with self._snapshots.read(asked) as connection:
                yield connection
            return
        is_here = briefly and (at_once or self._engine is None)
        async with self._in_order if is_here else nullcontext(), self._reader.connect() as connection:
            with here(connection) if is_here else nullcontext():
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def count(self, *, each_alone: bool = False) -> AsyncIterator[AsyncConnection]:
        """As `read`, for what may take seconds. In a process that only reads it steps back behind the pages, and few
        count at a time; within `nobody_waits` it takes what all others leave of the processors. Raises TimeoutError
        where they leave it too little.

        `each_alone`: each statement sees what was committed when it began, so that SQLite's log can begin anew between
        two of them. On PostgreSQL, which has no such log, all of them see the same.
        """
        if not self._counters:
            async with self.read() as tx:
                yield tx
            return
        counter, aside = self._counters
        engine, most = (counter, None) if is_waited_for() else (aside, MOST_ASIDE)
        async with asyncio.timeout(most), engine.begin() as connection:
            if not each_alone:
                await connection.exec_driver_sql("BEGIN")
            yield connection

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[AsyncConnection]:
        """Each statement is a transaction of its own, one way to the server and back. PostgreSQL only."""
        async with self._writer.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            yield connection

    @asynccontextmanager
    async def migrate(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may change the tables, one at a time even if several processes start at once."""
        if self.file is None:
            async with self._writer.begin() as connection:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                yield connection
            return
        opened = partial(sqlite.create_engine, self.file, self.key, pragmas=sqlite.MIGRATION_PRAGMAS)
        engine = opened(begin="BEGIN IMMEDIATE", size=1, here=self._here)
        try:
            async with self._my_turn(), _explaining_locks(self.file), engine.begin() as connection:
                yield connection
                broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise RuntimeError(f"a migration left rows without their parent: {tuple(broken)}")
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def _my_turn(self, *, ahead: bool = False) -> AsyncIterator[None]:
        if self._holder is not None and self._holder is asyncio.current_task():
            raise RuntimeError("write() inside write() would wait for itself; pass the connection on")
        async with self._turns.mine(ahead=ahead):
            self._holder = asyncio.current_task()
            try:
                yield
            finally:
                self._holder = None

    async def hold(self, number: int) -> AsyncConnection | None:
        """A connection that holds this lock until it is invalidated or the process ends; None: another has it.

        PostgreSQL only.
        """
        connection = await self._writer.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if (await connection.execute(sa.select(sa.func.pg_try_advisory_lock(number)))).scalar_one():
                return connection
        except BaseException:
            await connection.close()
            raise
        await connection.close()
        return None

    def claim(self) -> None:
        """Make this process the only one that runs the bot on this file, until close() or its end.

        Other processes can still read. PostgreSQL serves any number. Raises InUse.
        """
        if self.file is not None and self._claim is None:
            self._claim = sqlite.claim(self.file)

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin what nobody may wait for; it ends with the database at the latest."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def close(self) -> None:
        """Close every connection; SQLite then folds its write-ahead log into the file."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        await self._snapshots.end()
        if self._checkpoints is not None:
            await self._checkpoints.end()
        await self._reader.dispose()
        for counter in self._counters:
            await counter.dispose()
        if self._engine is not None:
            await self._engine.dispose()
        if self._claim is not None:
            self._claim.close()
            self._claim = None


class savepoint:
    """Undoes what the block did in the transaction, and nothing else, where it raises.

    The savepoint waits for the first statement: SQLAlchemy's own takes as long as two more.
    """

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx
        self._waiting = postponed(tx)
        self._late = late_savepoint(tx) if tx.dialect.name == "postgresql" else None

    async def __aenter__(self) -> None:
        if self._late is not None:
            await self._late.__aenter__()
        else:
            self._connection = connection_of(self._tx)
            self._connection.save()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._late is not None:
                await self._late.__aexit__(kind, error, trace)
            elif error is None:
                self._connection.keep()
            else:
                await self._connection.undo()
        finally:
            if error is not None:
                wait_again(self._tx, self._waiting)


@contextmanager
def here(tx: AsyncConnection) -> Iterator[None]:
    """What the block asks of SQLite is executed in the thread that asks, where nothing else runs meanwhile.

    It is for what is so quick that to visit the connection's own thread, and to come back, takes longer.

    A transaction that writes begins and ends in that other thread all the same: either may wait, for another process
    or the disk. One that reads waits for nobody.
    """
    if tx.dialect.name == "postgresql":
        yield
        return
    connection = connection_of(tx)
    before, connection.is_here = connection.is_here, True
    try:
        yield
    finally:
        connection.is_here = before


def require_writer(tx: AsyncConnection) -> None:
    """Raises MadeElsewhere within a transaction that only reads."""
    if tx.sync_connection is not None and tx.sync_connection.get_execution_options().get(ONLY_READS):
        raise MadeElsewhere


def is_to_begin_again(error: BaseException) -> bool:
    """Whether an error is about the whole transaction, and nothing in it is to blame: it may succeed the next time."""
    return bool(getattr(error, "connection_invalidated", False)) or was_in_the_way(error)


UNREACHED = (sa.exc.OperationalError, DatabaseError, OSError)
"""The database is away or in the way: no row is to blame, and the same may succeed later."""
AWAY = (*UNREACHED, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""What it may say besides of a statement that does not depend on what is written."""
OVERDUE = (sa.exc.TimeoutError, TimeoutError)
"""No connection was free in time, or others left what is counted too little of the processors."""
TROUBLES = (sa.exc.SQLAlchemyError, DatabaseError, OSError)
"""Whatever it may say."""


def blames_the_data(error: BaseException) -> bool:
    """Whether an error is about what was to be written, and not about a database that is away or in the way."""
    return not (isinstance(error, UNREACHED) or is_to_begin_again(error))


async def open_database(
    url: str | None, *, folder: Path, key: DatabaseKey | None = None, here: bool = False
) -> Database:
    """Open the database at `url`, or create it; None: `portevoix.db`, encrypted, in `folder`.

    A `sqlite+aiosqlite:///` URL is encrypted too when there is a key. Raises a DatabaseError.
    The tables are made by `db.upgrade.upgrade`. `here`: SQLite works in the thread that asks. To visit another for each
    statement takes time, which is worth it where somebody waits for something else meanwhile.
    """
    if url is None:
        if key is None:
            raise MissingKey("The database is encrypted and needs its key; set PORTEVOIX_DATABASE_KEY_FILE.")
        return await _open_sqlite(folder / FILE_NAME, key, here)
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await _open_sqlite(Path(parsed.database or ""), key, here)
    # Imported here: most need no driver of a server, and it takes its time.
    from db import postgresql

    writer = await postgresql.open_engine(parsed)
    return Database(dialect="postgresql", writer=writer, reader=postgresql.to_read(writer))


async def open_to_read(url: str | None, *, file: Path | None, key: DatabaseKey | None) -> Database:
    """The database that another process has open, for reading alone: the SQLite `file`, or PostgreSQL at `url`."""
    if file is not None:
        opened = partial(sqlite.create_engine, file, key, pragmas=sqlite.BESIDE_PRAGMAS, to_read=True)
        reader = opened(begin="BEGIN", size=READERS)
        steps = (sqlite.step_back, sqlite.step_aside)
        counters = tuple(opened(begin="", size=COUNTERS, in_thread=step) for step in steps)
        return Database(dialect="sqlite", writer=None, reader=reader, counters=counters, file=file, key=key)
    from db import postgresql

    return Database(
        dialect="postgresql",
        writer=None,
        reader=postgresql.to_read(await postgresql.open_engine(parse_url(url or ""), size=READERS)),
    )


async def _open_sqlite(file: Path, key: DatabaseKey | None, here: bool) -> Database:
    if here:
        sqlite.prepare_file(file, key)
    else:
        await asyncio.to_thread(sqlite.prepare_file, file, key)
    return prepared(file, key, here=here)


def prepared(file: Path, key: DatabaseKey | None, *, here: bool) -> Database:
    """The database of a file that is known to be there and to open with the key."""
    return Database(
        dialect="sqlite",
        writer=sqlite.create_engine(
            file, key, pragmas=sqlite.BOT_PRAGMAS, begin="BEGIN IMMEDIATE", size=1, here=here
        ),
        reader=sqlite.create_engine(
            file, key, pragmas=sqlite.READER_PRAGMAS, begin="BEGIN", size=READERS, here=here
        ),
        file=file,
        key=key,
        here=here,
    )


@asynccontextmanager
async def _explaining_locks(file: Path | None) -> AsyncIterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        if "database is locked" not in str(error.orig):
            raise
        raise InUse(
            f"Another process has been writing to {file} for {sqlite.BUSY_TIMEOUT:.0f} seconds; try again"
            " when it is done."
        ) from error
