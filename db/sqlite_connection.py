"""A connection to SQLite as SQLAlchemy uses it: one visit of its thread for a statement, and one to commit.

aiosqlite runs every call of a connection in that connection's thread. Each visit costs about 0.1 ms, and
SQLAlchemy makes four for a statement (open a cursor, execute, fetch, close) and more to begin and to clean up.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlcipher3 import dbapi2 as sqlcipher

T = TypeVar("T")

SAVEPOINT, RELEASE, ROLL_BACK = "SAVEPOINT ours", "RELEASE ours", "ROLLBACK TO ours"

# Rows fetched together with the execution; a longer result costs further calls, and can be streamed.
_PREFETCH = 512


class Connection(aiosqlite.Connection):
    """Begins a transaction with its first statement; visits the thread only if there is work.

    It stands in `alive` until its thread has ended.
    """

    def __init__(
        self,
        connector: Callable[[], sqlite3.Connection],
        begin: str,
        alive: set[Connection],
        *,
        always_here: bool = False,
    ) -> None:
        super().__init__(connector, _PREFETCH)
        self._begin = begin
        # It waits for nobody: only those who write take a lock with it.
        self._begins_at_once = begin == "BEGIN"
        self._alive = alive
        self._always_here = always_here
        alive.add(self)
        self._abandoned = False
        # What the next visit does before its own work, so that a savepoint costs no visit of its own.
        self._due: list[str] = []
        self.is_here = False
        """Whether what is executed within a transaction is so in the thread of whoever asks."""
        self.unread: set[_Cursor] = set()
        """Results that end in the middle of their rows unless somebody reads on."""
        # Each is counted by one thread alone. Whoever waited for a visit may have been cancelled: the thread goes on.
        self._visits_begun = 0
        self._visits_ended = 0
        self._given_up = 0
        self._is_stopped = False
        self._stopping: asyncio.Future[Any] | None = None

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        if self._always_here:
            return self._opened_here().__await__()
        return super().__await__()

    async def _opened_here(self) -> aiosqlite.Connection:
        """Without a thread: none is begun for what is opened, used and closed in this one."""
        try:
            self._connection = self._connector()
        except BaseException:
            self._close_here()
            raise
        return self

    def _close_here(self) -> None:
        self._is_stopped, self._running = True, False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._alive.discard(self)

    def stop(self) -> asyncio.Future[Any] | None:
        """A second call, by whoever is cancelled while they close, waits for the first: the thread ends with that one,
        and would never answer another.
        """
        if self._always_here:
            self._close_here()
        elif not self._is_stopped:
            self._is_stopped = True
            self._visits_begun += 1  # the last one: whoever asks from now on is told that it is closed
            self._stopping = super().stop()
            if self._stopping is None:  # no event loop is left to wait in
                self._alive.discard(self)
            else:
                self._stopping.add_done_callback(lambda _: self._alive.discard(self))
        return None if self._stopping is None else asyncio.shield(self._stopping)

    def begin(self) -> None:
        """In the connection's thread: begin a transaction unless one is open, or each statement is one."""
        if self._begin and not self._conn.in_transaction:
            self._conn.execute(self._begin).close()
        due, self._due = self._due, []
        for statement in due:
            self._conn.execute(statement).close()

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self.is_here and self._is_thread_idle and (self._begins_at_once or self.in_transaction):
            return fn(*args, **kwargs)
        if self._always_here and self._running and self._connection is not None:
            try:
                return fn(*args, **kwargs)
            finally:
                await asyncio.sleep(0)  # as while a thread is waited for

        visiting = super()._execute(self._counted(fn), *args, **kwargs)  # type: ignore[no-untyped-call]  # aiosqlite's
        number = self._visits_begun
        try:
            result: T = await visiting
        except asyncio.CancelledError:
            self._given_up = number
            raise
        return result

    @property
    def _is_thread_idle(self) -> bool:
        """Two threads in one connection are a crash."""
        return self._visits_begun == self._visits_ended

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more for what is executed."""
        return self._given_up == self._visits_ended + 1

    def _counted(self, function: Callable[..., T]) -> Callable[..., T]:
        """A visit of the thread, which begins to count now."""
        self._visits_begun += 1

        def visit(*args: Any, **kwargs: Any) -> T:
            try:
                return function(*args, **kwargs)
            finally:
                self._visits_ended += 1

        return visit

    def leave(self, cursor: sqlite3.Cursor) -> None:
        """Have a cursor closed before anything else that is asked for from now on; nobody waits for it.

        One that still holds a statement must not be left to whoever collects garbage: that may be another thread,
        and to reset a statement while its own thread executes or frees it is a crash.
        """
        if self._is_thread_idle and (self.is_here or self._always_here):
            with contextlib.suppress(sqlcipher.ProgrammingError):  # the connection is closed
                cursor.close()
        else:
            self._tx.put_nowait((None, self._counted(cursor.close)))

    def save(self) -> None:
        """A savepoint: what is done from here on can be undone alone. Each is kept or undone, the last first."""
        self._due.append(SAVEPOINT)

    def keep(self) -> None:
        """Keeps what was done since the last savepoint."""
        if self._due[-1:] == [SAVEPOINT]:
            self._due.pop()  # nothing was done
        else:
            self._due.append(RELEASE)

    async def undo(self) -> None:
        """Undoes what was done since the last savepoint."""
        if not self._running:
            return  # a cancellation closed the connection, which undid everything
        if self._due[-1:] == [SAVEPOINT]:
            self._due.pop()
        else:
            self._due += [ROLL_BACK, RELEASE]
            try:
                await self.visit(lambda _thread: None)
            except sqlcipher.Error as error:  # a full disk makes SQLite undo the whole transaction by itself
                raise sa.exc.OperationalError(
                    ROLL_BACK, None, error, hide_parameters=True, connection_invalidated=True
                ) from error

    async def visit(self, work: Callable[[sqlite3.Connection], T], *, and_commit: bool = False) -> T:
        """Run `work` in the connection's thread, inside a transaction."""

        def begun() -> T:
            self.begin()
            done = work(self._conn)
            if and_commit:
                self._conn.commit()
            return done

        try:
            return await self._execute(begun)
        except asyncio.CancelledError:  # the thread goes on, or has yet to begin
            self._abandoned = True
            raise

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy only enters it as a context
        return _Cursor(self)

    @property
    def _may_be_in_transaction(self) -> bool:
        """SQLite is not asked while its thread executes: that holds a lock of SQLite's, and may wait for Python's,
        which whoever asks would hold.
        """
        return not self._is_thread_idle or bool(self.in_transaction)

    async def commit(self) -> None:
        self._due.clear()  # releases: a commit ends savepoints too
        if self._may_be_in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        # SQLAlchemy's pool asks for one after every commit.
        self._due.clear()
        for cursor in self.unread:
            self.leave(cursor._cursor)
        self.unread.clear()
        if self._abandoned or self._may_be_in_transaction:
            await super().rollback()
            self._abandoned = False


def connection_of(tx: AsyncConnection) -> Connection:
    """The driver's own connection below a transaction."""
    assert tx.sync_connection is not None  # a transaction has begun
    connection = tx.sync_connection.connection.driver_connection
    assert isinstance(connection, Connection)
    return connection


class _Cursor(aiosqlite.Cursor):
    """Executes and fetches in one visit of the connection's thread, and closes without another."""

    _conn: Connection

    def __init__(self, connection: Connection) -> None:
        self.iter_chunk_size = _PREFETCH
        self._conn = connection
        self._rows: deque[Any] = deque()
        self._exhausted = True

    async def __aenter__(self) -> _Cursor:
        self._cursor = self._conn._conn.cursor()
        return self

    async def _execute(self, fn: Callable[..., T], *args: Any, **_: Any) -> T:
        try:
            done = await self._conn._execute(fn, *args)
        except BaseException:
            self._end()
            self._conn.leave(self._cursor)
            raise
        if self._exhausted:
            self._end()
        else:
            self._conn.unread.add(self)
        return done

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> _Cursor:
        await self._execute(self._execute_and_fetch, sql, parameters or ())
        return self

    def _execute_and_fetch(self, sql: str, parameters: Any) -> None:
        self._conn.begin()
        self._cursor.execute(sql, parameters)
        self._fetch_more()

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _Cursor:
        await self._execute(self._execute_many, sql, parameters)
        return self

    def _execute_many(self, sql: str, parameters: Iterable[Any]) -> None:
        self._conn.begin()
        self._cursor.executemany(sql, parameters)
        self._cursor.close()  # its statement is the next one's too

    def _fetch_more(self, size: int = _PREFETCH) -> None:
        rows = self._cursor.fetchmany(size) if self._cursor.description else []
        self._rows.extend(rows)
        self._exhausted = len(rows) < size

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        size = size or _PREFETCH
        while len(self._rows) < size and not self._exhausted:
            await self._execute(self._fetch_more, max(size - len(self._rows), _PREFETCH))
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        if not self._exhausted:
            rows.extend(await super().fetchall())
            self._end()
        return rows

    async def close(self) -> None:
        # A statement that ran to its end is reset already; one left in the middle would keep its snapshot.
        if not self._exhausted:
            await super().close()
            self._end()

    def _end(self) -> None:
        self._exhausted = True
        self._conn.unread.discard(self)
