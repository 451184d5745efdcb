"""Bring the tables to this version, and back: the only caller of Alembic in the running program."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db.engine import Database
from db.errors import UnknownRevision


async def upgrade(database: Database, *, to: str = "head") -> None:
    """Climb to the revision `to`, in one transaction; where others do the same, wait and find it done.

    Raises UnknownRevision where a newer Portevoix made the tables.
    """
    if to == "head" and await revision(database) == _scripts().get_current_head():
        return
    async with database.migrate() as connection:
        await connection.run_sync(_climb, to)


async def downgrade(database: Database, *, to: str) -> None:
    """Descend to the revision `to`, `base` being no table at all. What the tables held is lost."""
    async with database.migrate() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), to))


async def revision(database: Database) -> str | None:
    """The revision that the tables are at; None where there are none."""
    async with database.read() as connection:
        return await connection.run_sync(_revision)


async def require_current(database: Database) -> None:
    """For commands that only read: raises UnknownRevision unless the tables are at this version."""
    found = await revision(database)
    if found is None:
        raise UnknownRevision("The database is empty; run `portevoix db upgrade` first.")
    _refuse_newer(found)
    if found != _scripts().get_current_head():
        raise UnknownRevision("The database is older than this Portevoix; run `portevoix db upgrade` first.")


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings; there is no alembic.ini."""
    settings = Config()
    settings.set_main_option("script_location", "db:migrations")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _climb(connection: Connection, to: str) -> None:
    found = _revision(connection)
    if found is not None:
        _refuse_newer(found)
    command.upgrade(config(connection), to)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(found: str) -> None:
    if found not in {script.revision for script in _scripts().walk_revisions()}:
        raise UnknownRevision(
            f"The database was made by a newer Portevoix (revision {found});"
            " install that version or a later one."
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())
