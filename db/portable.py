"""Every row of one database into another, of whichever engine: both have the tables of this version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from db.changes import FLOOR
from db.schema import changed_people, facts, metadata

AT_ONCE = 1_000

Tables = Sequence[sa.Table]
"""The tables of one version, parents first; what concerns one database alone is not among them."""
CURRENT: Tables = tuple(table for table in metadata.sorted_tables if table is not changed_people)


def _of_processes(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.or_(
        table.c.name.like("process:%"),
        table.c.name.in_(("leader", "pacing:next", "pacing:paused_until", FLOOR)),
    )


OF_PROCESSES = _of_processes(facts)
"""Facts of the processes that run now, which mean nothing anywhere else."""


async def tables_of_older(tx: AsyncConnection) -> Tables:
    """The tables as they stand in a database that an older version made."""
    found = sa.MetaData()
    await tx.run_sync(found.reflect, only=lambda name, _: name != "alembic_version")
    for table in found.sorted_tables:
        known = metadata.tables.get(table.name)
        for column in table.c:
            # What a server says of a column, as that it holds an instant, is less than what we know.
            if known is not None and column.name in known.c:
                column.type = known.c[column.name].type
    return [table for table in found.sorted_tables if table.name != changed_people.name]


async def copy_rows(source: AsyncConnection, target: AsyncConnection, tables: Tables = CURRENT) -> None:
    """Copies every row into tables that are empty; both databases have these tables."""
    for table in tables:
        query = sa.select(*(as_read(column) for column in table.c))
        if table.name == facts.name:
            query = query.where(sa.not_(_of_processes(table)))
        statement = sa.insert(table).values({column.name: _written(column, target) for column in table.c})
        async for rows in (await source.stream(query)).mappings().partitions(AT_ONCE):
            await target.execute(statement, [{_name(key): row[key] for key in row} for row in rows])
    await _set_numbers(target, await _numbers(source, numbered(tables)))


async def empty(tx: AsyncConnection, tables: Tables = CURRENT) -> None:
    """Deletes every row; numbers that were given are not given again."""
    for table in reversed(tables):
        await tx.execute(sa.delete(table))


async def holds_nothing(tx: AsyncConnection) -> bool:
    """Whether nobody ever used this database: neither people nor deeds stand in it."""
    for name in ("people", "audit", "suppressions", "staff"):
        table = metadata.tables[name]
        if (await tx.execute(sa.select(sa.literal(1)).select_from(table).limit(1))).first() is not None:
            return False
    return True


def _name(column: str) -> str:
    """What a column's value is called: its own name would mean the column."""
    return f"new_{column}"


def as_read(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """JSON as it is written: a null that stands in it is not the same as nothing."""
    return sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column


def _written(column: sa.Column[Any], target: AsyncConnection) -> sa.ColumnElement[Any]:
    if not isinstance(column.type, sa.JSON):
        return sa.bindparam(_name(column.name), type_=column.type)
    text = sa.bindparam(_name(column.name), type_=sa.Text())
    if target.dialect.name == "postgresql":
        return sa.cast(text, postgresql.JSONB)
    return sa.type_coerce(text, sa.Text())


def numbered(tables: Tables) -> list[str]:
    """Those of the tables that never give a number twice, on SQLite."""
    there = {table.name for table in tables}
    return [
        table.name
        for table in CURRENT
        if table.name in there and table.dialect_options["sqlite"]["autoincrement"]
    ]


async def _numbers(tx: AsyncConnection, numbered: Sequence[str]) -> dict[str, int]:
    """The last number that each of these tables gave."""
    if tx.dialect.name != "postgresql":
        found = await tx.execute(sa.text("SELECT name, seq FROM sqlite_sequence"))
        return {row.name: row.seq for row in found if row.name in numbered}
    last: dict[str, int] = {}
    for name in numbered:
        query = sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}_id_seq")
        last[name] = int((await tx.execute(query)).scalar_one())
    return last


async def _set_numbers(tx: AsyncConnection, numbers: dict[str, int]) -> None:
    """The next numbers follow the largest that was ever given, here or there."""
    if tx.dialect.name != "postgresql":
        for name, number in numbers.items():
            await tx.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            await tx.execute(
                sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"),
                {"name": name, "number": number},
            )
        return
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            sequence = f"{table.name}_{table.autoincrement_column.name}_seq"
            largest = sa.text(
                f"SELECT setval('{sequence}', greatest((SELECT last_value FROM {sequence}), :number,"
                f" (SELECT coalesce(max({table.autoincrement_column.name}), 1) FROM {table.name})))"
            )
            await tx.execute(largest, {"number": numbers.get(table.name, 1)})
