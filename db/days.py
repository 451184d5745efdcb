"""Instants cut to their day, in UTC, as the two engines spell it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.schema import Instant


def day_of(instant: datetime) -> date:
    """The day of an instant, in UTC."""
    return instant.astimezone(UTC).date()


def midnight(instant: datetime) -> datetime:
    """The one that began its day, in UTC."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def first_whole_day(instant: datetime) -> date:
    """The first day, in UTC, of which nothing lies before the instant."""
    return day_of(instant + timedelta(days=1, microseconds=-1))


def day_text(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[str]:
    """The day of an instant as ISO 8601: 2016-11-20."""
    return _DayText(column)


def hour_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The hour of an instant in UTC, as ISO 8601 begins: 2016-11-20T08."""
    return _HourText(column)


def start_of_day(column: sa.ColumnElement[Any]) -> sa.ColumnElement[datetime]:
    """The midnight that began the day of an instant."""
    return _StartOfDay(column)


class _DayText(FunctionElement[str]):
    inherit_cache = True
    type = sa.Text()


class _HourText(FunctionElement[str]):
    inherit_cache = True
    type = sa.Text()


class _StartOfDay(FunctionElement[datetime]):
    inherit_cache = True
    type = Instant()


# SQLite keeps instants as text: `2016-11-20 08:00:00.000000`.
@compiles(_DayText, "sqlite")
def _(element: _DayText, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(_DayText, "postgresql")
def _(element: _DayText, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


@compiles(_HourText, "sqlite")
def _(element: _HourText, compiler: SQLCompiler, **options: Any) -> str:
    return f"replace(substr({compiler.process(element.clauses, **options)}, 1, 13), ' ', 'T')"


@compiles(_HourText, "postgresql")
def _(element: _HourText, compiler: SQLCompiler, **options: Any) -> str:
    return (
        f"""to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')"""
    )


@compiles(_StartOfDay, "sqlite")
def _(element: _StartOfDay, compiler: SQLCompiler, **options: Any) -> str:
    return f"(substr({compiler.process(element.clauses, **options)}, 1, 10) || ' 00:00:00.000000')"


@compiles(_StartOfDay, "postgresql")
def _(element: _StartOfDay, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"(date_trunc('day', {column} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"
