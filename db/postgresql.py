"""The PostgreSQL engine, and what to tell people when the server cannot be used."""

from __future__ import annotations

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.errors import CannotOpen
from db.json import to_json

CONNECTIONS = 10
_CONNECT_TIMEOUT = 10.0  # seconds


async def open_engine(url: sa.URL) -> AsyncEngine:
    """A pool of connections to the server, which has answered once. Raises CannotOpen."""
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        json_serializer=to_json,
        hide_parameters=True,  # an error's text may reach a log: what people wrote does not
        pool_pre_ping=True,  # a server that was restarted is noticed before the transaction, not in it
        connect_args={"timeout": _CONNECT_TIMEOUT, "server_settings": {"application_name": "portevoix"}},
    )
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
    except (OSError, sa.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        await engine.dispose()
        raise CannotOpen(_explain(error, url)) from None
    except BaseException:
        await engine.dispose()
        raise
    return engine


def _explain(error: BaseException, url: sa.URL) -> str:
    """One sentence; the password never stands in it."""
    place = f"{url.host or 'localhost'}:{url.port or 5432}"
    match _cause(error):
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return (
                f"PostgreSQL at {place} refuses the user {url.username or '(none)'}; correct the user and"
                " password in PORTEVOIX_DATABASE."
            )
        case asyncpg.InvalidCatalogNameError():
            return (
                f"PostgreSQL at {place} has no database {url.database}; create it (`createdb {url.database}`)"
                " or correct PORTEVOIX_DATABASE."
            )
        case asyncpg.TooManyConnectionsError():
            return (
                f"PostgreSQL at {place} has no connection left; raise its max_connections or run fewer"
                " processes."
            )
        case OSError() | TimeoutError() as cause:
            reason = cause.strerror or type(cause).__name__
            return (
                f"PostgreSQL at {place} cannot be reached ({reason}); check that it runs and the host and"
                " port in PORTEVOIX_DATABASE."
            )
        case cause:
            return (
                f"PostgreSQL at {place} cannot be used ({cause}); check PORTEVOIX_DATABASE and the server's"
                " log."
            )


def _cause(error: BaseException) -> BaseException:
    """The driver's own error inside SQLAlchemy's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
