"""How the two engines spell what exports ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.rules.small_counts import LEAST
from db.schema import Instant


class _InstantText(FunctionElement[str]):
    """An instant as ISO 8601 in UTC to the millisecond: 2016-11-20T08:00:00.000Z."""

    inherit_cache = True
    type = sa.Text()


@compiles(_InstantText, "sqlite")
def _(element: _InstantText, compiler: SQLCompiler, **options: Any) -> str:
    # It is kept as text: `2016-11-20 08:00:00.000000`.
    column = compiler.process(element.clauses, **options)
    return f"(substr({column}, 1, 10) || 'T' || substr({column}, 12, 12) || 'Z')"


@compiles(_InstantText, "postgresql")
def _(element: _InstantText, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


class _Hour(FunctionElement[str]):
    """The hour in which an instant lies, spelled like one."""

    inherit_cache = True
    type = sa.Text()


@compiles(_Hour, "sqlite")
def _(element: _Hour, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"(substr({column}, 1, 10) || 'T' || substr({column}, 12, 2) || ':00:00.000Z')"


@compiles(_Hour, "postgresql")
def _(element: _Hour, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24":00:00.000Z"')"""


def hour(column: sa.ColumnElement[Any]) -> sa.Label[str]:
    """The column, an instant, as text cut to the hour; empty where it is."""
    return _Hour(column).label(column.key)


class _InRowOrder(FunctionElement[Any]):
    """A column that SQLite is kept from looking up by its index."""

    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_InRowOrder, "sqlite")
def _(element: _InRowOrder, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(_InRowOrder, "postgresql")
def _(element: _InRowOrder, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


def in_row_order(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column for a condition on rows that are read in their own order.

    By the column's index SQLite would find them in another order, and sort all of them in memory first.
    """
    return _InRowOrder(column)


def instants_as_text(query: sa.Select[Any]) -> sa.Select[Any]:
    """The query with its instants as text, ISO 8601 in UTC to the millisecond."""
    columns = [
        _InstantText(column).label(column.key) if isinstance(column.type, Instant) else column
        for column in query.selected_columns
    ]
    return query.with_only_columns(*columns, maintain_column_froms=True)


def in_whole_tens(number: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """As `bot.rules.small_counts.in_tens` does."""
    return number - number % LEAST


def counted_rows(
    query: sa.Select[Any], *, by: Sequence[str], person: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """How many people of a query share the values of some columns, in whole tens, in the columns of the query.

    The others are empty; fewer than ten are not told of. Where `person` is empty each row counts: who that was cannot
    be told any more.
    """
    kept = [column for column in query.selected_columns if column.key in by]
    rows = query.with_only_columns(*kept, person.label("person"), maintain_column_froms=True).subquery()
    number = sa.func.count(sa.distinct(rows.c.person)) + sa.func.count().filter(rows.c.person.is_(None))

    def cell(name: str) -> sa.ColumnElement[Any]:
        if name == "people":
            return in_whole_tens(number)
        return rows.c[name] if name in by else sa.null()

    columns = (cell(str(column.key)).label(str(column.key)) for column in query.selected_columns)
    shared = [rows.c[name] for name in by]
    return sa.select(*columns).group_by(*shared).having(number >= LEAST).order_by(*shared)
