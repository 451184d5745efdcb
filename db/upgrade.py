"""Bring the tables to this version, and back.

Alembic is imported only where there is something to do: it takes longer to load than all the rest of `db`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from db import changes
from db.engine import Database
from db.errors import UnknownRevision

if TYPE_CHECKING:
    from alembic.config import Config

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))


async def upgrade(database: Database, *, to: str = "head") -> None:
    """Climb to the revision `to`, in one transaction; where others do the same, wait and find it done.

    Raises UnknownRevision where a newer Portevoix made the tables.
    """
    if to == "head" and await revision(database) == revisions()[-1]:
        return
    async with database.migrate() as connection:
        await connection.run_sync(_climb, to)


async def downgrade(database: Database, *, to: str) -> None:
    """Descend to the revision `to`, `base` being no table at all. What the tables held is lost."""
    async with database.migrate() as connection:
        await connection.run_sync(_descend, to)


async def revision(database: Database) -> str | None:
    """The revision that the tables are at; None where there are none."""
    async with database.read() as connection:
        return await connection.run_sync(_revision)


@cache
def revisions() -> tuple[str, ...]:
    """Every revision of this version, oldest first: the numbers that their files' names begin with."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return tuple(sorted(file.name.partition("_")[0] for file in folder.glob("[0-9]*.py")))


def refuse_newer(found: str) -> None:
    """Raises UnknownRevision for tables that a newer Portevoix made."""
    if found not in revisions():
        raise UnknownRevision(
            f"The database was made by a newer Portevoix (revision {found});"
            " install that version or a later one."
        )


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's settings; there is no alembic.ini."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", "db:migrations")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _climb(connection: sa.Connection, to: str) -> None:
    from alembic import command

    found = _revision(connection)
    if found is not None:
        refuse_newer(found)
    changes.unwatch(connection)
    command.upgrade(config(connection), to)
    _watch(connection)


def _descend(connection: sa.Connection, to: str) -> None:
    from alembic import command

    changes.unwatch(connection)
    command.downgrade(config(connection), to)
    _watch(connection)


def _watch(connection: sa.Connection) -> None:
    """The triggers, which a table that was made anew has lost."""
    if sa.inspect(connection).has_table(changes.TABLE):
        changes.watch(connection)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))
