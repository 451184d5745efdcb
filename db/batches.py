"""Many rows in one statement, on both engines: they go in as one JSON parameter and come out as one value.

Python's SQLite driver hands the interpreter lock over once per statement and once per row that it
returns. While the event loop is busy with posts each of these hand-overs may wait for milliseconds, so
256 rows one by one would take longer than all else together. One statement, one parameter and one value
make it one hand-over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from itertools import groupby
from typing import Any, Protocol, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db import sqlite
from db.schema import Instant
from db.schema.columns import read_instant as read_instant
from db.sqlite_connection import connection_of


class Spelling(Frozen):
    """How one engine spells what the two spell differently.

    each: a table `each` of the JSON arrays in the parameter `rows`; `each.value ->> 0` is the first member.
    collect: the aggregate that makes one JSON array of rows. array: the function that makes one of columns.
    lock: appended to a SELECT of rows to be changed, so that processes do not wait for each other's.
    to_bytes, to_text: UTF-8 bytes from text and back. holds: whether the first bytes have the second in them.
    to_json: a JSON column from text. json: a JSON column as JSON.
    keep: appended to a SELECT of rows that nobody may change before the transaction ends.
    and_among: beside the equality of a column with a member of `rows`, where that alone finds no index.
    """

    each: str
    collect: str
    array: str
    lock: str
    instant: str
    to_bytes: str
    to_text: str
    holds: str
    to_json: str
    json: str
    among: str
    keep: str
    and_among: str

    def at(self, expression: str) -> str:
        """An instant from its text (`instant_text`)."""
        return self.instant.format(expression)


SQLITE = Spelling(
    each="json_each(:rows) AS each",
    collect="json_group_array",
    array="json_array",
    lock="",
    instant="({})",
    to_bytes="CAST({} AS BLOB)",
    to_text="CAST({} AS TEXT)",
    holds="instr({}, {}) > 0",
    to_json="({})",
    json="json({})",
    among="IN ({})",
    keep="",
    # Told twice, it would look through all of `rows` for each of them.
    and_among="",
)
POSTGRESQL = Spelling(
    each="json_array_elements(CAST(:rows AS json)) AS each(value)",
    collect="json_agg",
    array="json_build_array",
    lock="FOR UPDATE SKIP LOCKED",
    instant="(CAST({} AS timestamp) AT TIME ZONE 'UTC')",
    to_bytes="convert_to({}, 'UTF8')",
    to_text="convert_from({}, 'UTF8')",
    holds="position({1} in {0}) > 0",
    to_json="CAST({} AS jsonb)",
    json="({})",
    # It takes an array for short, and the index; for a list from JSON it would rather read all of a table of 20,000.
    among="= ANY(ARRAY({}))",
    keep="FOR SHARE",
    and_among="AND {} = ANY(ARRAY({}))",
)


class Statement:
    """One SQL statement in both spellings.

    The parameters `now`, `before` and `until` are instants, `rows` is a list of rows.
    """

    def __init__(self, spell: Callable[[Spelling], str]) -> None:
        self.sqlite = spell(SQLITE)
        self.postgresql = _text(spell(POSTGRESQL))

    async def run(self, tx: AsyncConnection, **parameters: Any) -> int:
        """Execute it; how many rows changed."""
        return await together(tx, lambda visit: visit.run(self, **parameters))

    async def rows(self, tx: AsyncConnection, **parameters: Any) -> list[Any]:
        """Execute a statement whose one value is a JSON array; its members."""
        return await together(tx, lambda visit: visit.rows(self, **parameters))


class Columns:
    """Columns of one table as the members of a JSON array, and what they are in Python."""

    def __init__(self, columns: Iterable[sa.Column[Any]]) -> None:
        columns = tuple(columns)
        self._names = ", ".join(column.name for column in columns)
        # JSON has no instants, and SQLite's no booleans. Neighbours of one type are read together.
        self._runs: list[tuple[slice, Callable[[Any], Any]]] = []
        start = 0
        for kind, run in groupby(columns, lambda column: type(column.type)):
            end = start + len(list(run))
            if kind in _READERS:
                self._runs.append((slice(start, end), _READERS[kind]))
            start = end

    def __str__(self) -> str:
        return self._names

    def read(self, row: list[Any]) -> list[Any]:
        """The array, changed into the values of the columns."""
        for run, read in self._runs:
            row[run] = map(read, row[run])
        return row


class DatabaseVisit(Protocol):
    """Statements executed one after the other in one stay with the database."""

    def run(self, statement: Statement, **parameters: Any) -> int:
        """Execute it; how many rows changed."""

    def rows(self, statement: Statement, **parameters: Any) -> list[Any]:
        """Execute a statement whose one value is a JSON array; its members."""


T = TypeVar("T")


async def together(tx: AsyncConnection, work: Callable[[DatabaseVisit], T], *, and_commit: bool = False) -> T:
    """The result of `work`, which executes statements in the transaction `tx`. `and_commit`: nothing follows in it.

    On SQLite it runs in the connection's thread from the first statement to the last: each change of
    threads would wait for a turn of the event loop, which at full speed takes longer than the statement.
    It must not touch what belongs to the loop.
    """
    # PostgreSQL commits when the block of the transaction ends, as SQLite would without `and_commit`.
    if tx.dialect.name == "postgresql":
        return await tx.run_sync(lambda connection: work(_PostgreSQLVisit(connection)))
    connection = connection_of(tx)
    try:
        return await connection.visit(lambda thread: work(_SQLiteVisit(thread)), and_commit=and_commit)
    except sqlite.Error as error:
        raise sa.exc.DBAPIError.instance(
            None,
            None,
            error,
            sqlite.Error,
            hide_parameters=True,
        ) from error


class _SQLiteVisit:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: Statement, **parameters: Any) -> int:
        return self._execute(statement, parameters).rowcount

    def rows(self, statement: Statement, **parameters: Any) -> list[Any]:
        found = self._execute(statement, parameters).fetchone()
        return [] if found is None or found[0] is None else list(orjson.loads(found[0]))

    def _execute(self, statement: Statement, parameters: dict[str, Any]) -> sqlite3.Cursor:
        for name, value in parameters.items():
            if isinstance(value, datetime):
                parameters[name] = instant_text(value)
        return self._connection.execute(statement.sqlite, _packed(parameters))


class _PostgreSQLVisit:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def run(self, statement: Statement, **parameters: Any) -> int:
        return self._connection.execute(statement.postgresql, _packed(parameters)).rowcount

    def rows(self, statement: Statement, **parameters: Any) -> list[Any]:
        value = self._connection.execute(statement.postgresql, _packed(parameters)).scalar()
        if value is None:
            return []
        found: list[Any] = value if isinstance(value, list) else orjson.loads(value)
        return found


def _packed(parameters: dict[str, Any]) -> dict[str, Any]:
    if "rows" in parameters:
        parameters["rows"] = json_rows(parameters["rows"])
    return parameters


def json_rows(rows: Iterable[Sequence[Any]]) -> str:
    return orjson.dumps(list(rows), default=_instant).decode()


_ZONELESS = len("2016-11-16 09:00:00.000000")


def instant_text(moment: datetime) -> str:
    """As SQLite keeps it, and as `Spelling.at` reads it."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:_ZONELESS]


def read_flag(value: bool | int | None) -> bool | None:
    """A boolean as it stands in a JSON value of either engine; None: nothing is known, which is not no."""
    return None if value is None else bool(value)


def read_time(text: str | None) -> time | None:
    """A time of day as it stands in a JSON value of either engine."""
    return None if text is None else time.fromisoformat(text)


_READERS: dict[type[Any], Callable[[Any], Any]] = {
    Instant: read_instant,
    sa.Boolean: read_flag,
    sa.Time: read_time,
}


def members(numbers: Iterable[int]) -> list[tuple[int]]:
    """Rows of one number each, for the parameter `rows`."""
    return [(number,) for number in numbers]


def given_texts(spelling: Spelling) -> str:
    """The first members of `rows`, as a subquery of texts."""
    return f"(SELECT each.value ->> 0 FROM {spelling.each})"


def given_ids(spelling: Spelling, place: int = 0) -> str:
    """The first members of `rows`, or those at another place, as a subquery of numbers."""
    return f"(SELECT CAST(each.value ->> {place} AS BIGINT) FROM {spelling.each})"


def _instant(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} cannot go into a batch")


def _text(sql: str) -> sa.TextClause:
    statement = sa.text(sql)
    instants = [sa.bindparam(name, type_=Instant) for name in ("now", "before", "until") if f":{name}" in sql]
    return statement.bindparams(*instants)
