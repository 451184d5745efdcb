"""The database that a restore replaces, attached as `replaced` beside the restored one: what both have, row by row.

It may be older than this version, and lack columns and tables.
"""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection


def columns_of_both(connection: Connection, table: str) -> list[str]:
    """The columns that both have; none where the replaced database is older than the table."""
    theirs = {row[1] for row in connection.execute(f"PRAGMA replaced.table_info({table})")}
    own = connection.execute(f"PRAGMA main.table_info({table})").fetchall()
    return [row[1] for row in own if row[1] in theirs]


def take_over(
    connection: Connection, table: str, keys: Collection[str], names: Collection[str], where: str = "true"
) -> None:
    """The values that the replaced database has, in rows of the same keys (`own` and `newer`)."""
    there = columns_of_both(connection, table)
    taken = ", ".join(f"{name} = newer.{name}" for name in names if name in there)
    if taken:
        same = " AND ".join(f"newer.{key} IS own.{key}" for key in keys)
        connection.execute(
            f"UPDATE main.{table} AS own SET {taken} FROM replaced.{table} AS newer WHERE {same} AND {where}"
        )


def take_texts(connection: Connection, table: str, of: str, owners: str) -> None:
    """The words that the replaced database has for what is in both."""
    columns = ", ".join(columns_of_both(connection, table))
    both = f"{of} IN (SELECT id FROM main.{owners}) AND {of} IN (SELECT id FROM replaced.{owners})"
    connection.execute(f"DELETE FROM main.{table} WHERE {both}")
    connection.execute(
        f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM replaced.{table} WHERE {both}"
    )


def drop_what_is_gone(connection: Connection, table: str, keys: Collection[str], where: str) -> None:
    """Deletes the rows that the replaced database no longer has."""
    if columns_of_both(connection, table):
        kept = " AND ".join(f"kept.{key} = {table}.{key}" for key in keys)
        connection.execute(
            f"""DELETE FROM main.{table} WHERE ({where})
                AND NOT EXISTS (SELECT 1 FROM replaced.{table} AS kept WHERE {kept})"""
        )


def keep_numbers(connection: Connection) -> None:
    """Numbers that were given since are not given again: a button in a chat never means another thing."""
    connection.execute(
        """UPDATE main.sqlite_sequence SET seq = max(sqlite_sequence.seq, newer.seq)
            FROM replaced.sqlite_sequence AS newer WHERE newer.name = sqlite_sequence.name"""
    )
    connection.execute(
        """INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM replaced.sqlite_sequence
            WHERE name IN (SELECT name FROM main.sqlite_master)
              AND name NOT IN (SELECT name FROM main.sqlite_sequence)"""
    )
