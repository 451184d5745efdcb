"""INSERT … ON CONFLICT, which both engines have and SQLAlchemy spells once for each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

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


async def put(
    tx: AsyncConnection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """The row of a key has these values from now on; it is made where there was none."""
    await tx.execute(_putting(tx.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


# Put together anew for each row it takes longer than to be executed.
@lru_cache(maxsize=128)
def _putting(dialect: str, table: sa.Table, key: tuple[str, ...], columns: tuple[str, ...]) -> sa.Insert:
    row = insert_of(dialect, table)
    given = {name: row.excluded[name] for name in columns}
    return row.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=given)
