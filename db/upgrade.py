"""Bring the tables to this version, and back.

An empty database is made as `db.schema` says, which the tests hold equal to what climbing every revision makes.
Alembic is imported only where there is something to climb: it takes longer to load than all the rest of `db`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine.mock import MockConnection

from db import changes, experiments
from db.engine import Database
from db.errors import CannotOpen, UnknownRevision
from db.schema import facts, metadata

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it: the revision that the tables are at."""
_made: dict[str, list[str]] = {}
"""What makes the tables in each dialect."""


async def upgrade(database: Database, *, to: str = "head") -> None:
    """Climb to the revision `to`, in one transaction; where others do the same, wait and find it done.

    Raises UnknownRevision where a newer Portevoix made the tables, and CannotOpen where somebody else did.
    """
    if to == "head" and await revision(database) == revisions()[-1]:
        return
    async with database.migrate() as connection:
        await connection.run_sync(_bring, to)


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


def _bring(connection: sa.Connection, to: str) -> None:
    found = _revision(connection)
    if found is not None:
        refuse_newer(found)
    if found is None and to == "head":
        _make(connection)
    else:
        _climb(connection, to)


def _make(connection: sa.Connection) -> None:
    """Every table at once, in a database that has none, with what is there from the start. Raises CannotOpen."""
    others = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
    if others:
        raise CannotOpen(
            f"The database holds tables that Portevoix did not make ({', '.join(others[:3])}): give it an empty one,"
            " and leave this one to what made it."
        )
    for statement in _tables(connection.dialect):
        connection.exec_driver_sql(statement)
    connection.execute(sa.insert(facts), experiments.new_key())
    _VERSIONS.create(connection, checkfirst=True)  # it stays where every revision was descended
    connection.execute(sa.insert(_VERSIONS), {"version_num": revisions()[-1]})
    changes.watch(connection)


def _tables(dialect: sa.Dialect) -> list[str]:
    """What makes every table and index: put together once in a process, which takes as long as to execute it."""
    if dialect.name not in _made:
        made: list[str] = []

        def note(statement: sa.schema.ExecutableDDLElement, *_: object, **__: object) -> None:
            made.append(str(statement.compile(dialect=dialect)))

        metadata.create_all(MockConnection(dialect, note), checkfirst=False)
        _made[dialect.name] = made
    return _made[dialect.name]


def _climb(connection: sa.Connection, to: str) -> None:
    from alembic import command

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
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    return connection.scalar(sa.select(_VERSIONS.c.version_num))
