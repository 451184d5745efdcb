"""INSERT … ON CONFLICT, which both engines have and SQLAlchemy spells once for each."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert of the connection's dialect, with `on_conflict_do_update` and `on_conflict_do_nothing`.

    Both take `index_elements=[column, …]`; the row that was refused is `.excluded`.
    """
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert of the dialect that is called so."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
