"""The PostgreSQL engine, and what to tell people when the server cannot be used."""

from __future__ import annotations

import ssl
import time
from functools import partial
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from db.errors import Away, CannotOpen
from db.json import to_json
from db.late_savepoints import follow

CONNECTIONS = 10
_CONNECT_TIMEOUT = 10.0  # seconds
# A line that was used so long ago may be dead without anybody having been told.
_REST_SECONDS = 1.0
_USED_AT = "used_at"
# Of each connection: the bot has some hundreds that it executes again and again.
_PREPARED = 400
_SESSION = {
    "application_name": "portevoix",
    # A process that freezes within a transaction, or whose machine is gone, keeps the rows and locks that the others
    # wait for: the server ends its transaction before the others take it for dead.
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
}


async def open_engine(url: sa.URL, *, size: int = CONNECTIONS) -> AsyncEngine:
    """A pool of connections to the server, which has answered once. Raises CannotOpen; Away, if it may answer later."""
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        json_serializer=to_json,
        hide_parameters=True,  # an error's text may reach a log: what people wrote does not
        connect_args={
            "timeout": _CONNECT_TIMEOUT,
            "server_settings": _SESSION,
            "prepared_statement_cache_size": _PREPARED,
            "async_creator_fn": partial(_connect, url),
        },
    )
    _notice_restarts(engine)
    follow(engine)
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
    except TypeError:
        # The driver takes each option of the URL as an argument of its own.
        await engine.dispose()
        raise CannotOpen(
            f"PORTEVOIX_DATABASE has options that are not known ({', '.join(url.query)}): keep only"
            " ?ssl=verify-full or what the driver asyncpg knows."
        ) from None
    except sa.exc.DBAPIError as error:
        await engine.dispose()
        raise _explained(_cause(error), url) from None
    except BaseException:
        await engine.dispose()
        raise
    return engine


async def _connect(url: sa.URL, *arguments: Any, **more: Any) -> asyncpg.Connection:
    """A new connection, also long after the first one. The driver's own errors are none of SQLAlchemy's, which whoever
    waits for a database that is away expects.
    """
    try:
        return await asyncpg.connect(*arguments, **more)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _explained(error, url) from error


def _notice_restarts(engine: AsyncEngine) -> None:
    """A server that was restarted is noticed before the transaction, not in it: that the line was closed is known, and
    after a rest the server is asked. SQLAlchemy's own look asks before each transaction, in three statements.
    """

    def used(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_USED_AT] = time.monotonic()

    def look(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.InvalidatePoolError
        if time.monotonic() < record.info[_USED_AT] + _REST_SECONDS:
            return
        try:
            connection.ping()
        except engine.dialect.loaded_dbapi.Error:
            raise sa.exc.InvalidatePoolError from None

    sa.event.listen(engine.sync_engine, "connect", used)
    sa.event.listen(engine.sync_engine, "checkin", used)
    sa.event.listen(engine.sync_engine, "checkout", look)


def to_read(engine: AsyncEngine) -> AsyncEngine:
    """An engine for readers: REPEATABLE READ gives them the single snapshot that SQLite gives them."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _explained(cause: BaseException, url: sa.URL) -> CannotOpen:
    """One sentence; the password never stands in it."""
    place = f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432}"
    match cause:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return CannotOpen(
                f"{place} refuses the user {url.username or '(none)'}; correct the user and password in"
                " PORTEVOIX_DATABASE."
            )
        case asyncpg.InvalidCatalogNameError():
            return CannotOpen(
                f"{place} has no database {url.database}; create it (`createdb {url.database}`) or correct"
                " PORTEVOIX_DATABASE."
            )
        case asyncpg.TooManyConnectionsError():
            return Away(f"{place} has no connection left; raise its max_connections or run fewer processes.")
        case asyncpg.CannotConnectNowError() | asyncpg.AdminShutdownError():
            return Away(f"{place} takes nobody now ({cause}); try again in a moment.")
        case ssl.SSLError():
            return CannotOpen(
                f"{place} is not trusted ({cause.reason or cause}); correct `ssl` in PORTEVOIX_DATABASE, the"
                " certificate, or PGSSLROOTCERT."
            )
        case OSError():  # a TimeoutError too
            reason = cause.strerror or type(cause).__name__
            return Away(
                f"{place} cannot be reached ({reason}); check that it runs and the host and port in"
                " PORTEVOIX_DATABASE."
            )
        case _:
            return CannotOpen(
                f"{place} cannot be used ({cause}); check PORTEVOIX_DATABASE and the server's log."
            )


def _cause(error: BaseException) -> BaseException:
    """The driver's own error inside SQLAlchemy's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
