"""The formats of exports, one table. Each writes as it is given rows, and holds few of them in memory."""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, BinaryIO, Protocol

import orjson

from bot.errors import PortevoixError
from bot.exporting.tables import Column, Kind

Row = Sequence[Any]
Convert = Callable[[Any], Any]


class FormatMissing(PortevoixError):
    """A format needs a package that is not installed."""

    default_message = "errors/format_missing"


class Writer(Protocol):
    """Writes rows to the stream it was opened on, in the order of the columns; leaves the stream open."""

    def write(self, rows: Sequence[Row]) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format's name, which is also the file's extension, and what opens a writer.

    `package`: what must be installed besides Portevoix. `sequential`: the file can be written to a pipe.
    """

    name: str
    open: Callable[[BinaryIO, Sequence[Column]], Writer]
    package: str | None = None
    sequential: bool = False

    def require(self) -> None:
        """Raises FormatMissing where the package is not installed."""
        if self.package is not None and find_spec(self.package) is None:
            raise FormatMissing(
                f"The format {self.name} needs the package {self.package}: install it with"
                f" `pip install {self.package}`, or choose csv or jsonl.",
                format=self.name,
            )


def instant(value: datetime) -> str:
    """ISO 8601 in UTC to the millisecond: 2016-11-20T08:00:00.000Z."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def compact(value: object) -> str:
    """JSON on one line, keys in order."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# What makes a spreadsheet take a cell for a formula; the wide forms are what some input methods type.
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text[:1] in FORMULA_STARTS else text


def _flag(value: bool) -> str:
    return "true" if value else "false"


class _Converter:
    """Turns a row's values into a format's, leaving what is empty empty."""

    def __init__(self, columns: Sequence[Column], by_kind: Mapping[Kind, Convert]) -> None:
        self._conversions = [
            (place, by_kind[column.kind]) for place, column in enumerate(columns) if column.kind in by_kind
        ]

    def __call__(self, row: Row) -> list[Any]:
        values = list(row)
        for place, convert in self._conversions:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values


class _Csv:
    """RFC 4180: UTF-8, commas, a header. Formulas are made harmless."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._convert = _Converter(
            columns,
            {
                Kind.TEXT: harmless,
                Kind.INSTANT: instant,
                Kind.FLAG: _flag,
                Kind.OBJECT: lambda value: harmless(compact(value)),
            },
        )
        self._text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        self._csv = csv.writer(self._text)
        self._csv.writerow(column.name for column in columns)

    def write(self, rows: Sequence[Row]) -> None:
        self._csv.writerows(map(self._convert, rows))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class _JsonLines:
    """One object a line, UTF-8; what is empty is null."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._names = [column.name for column in columns]
        self._convert = _Converter(columns, {Kind.INSTANT: instant})

    def write(self, rows: Sequence[Row]) -> None:
        lines = (
            orjson.dumps(
                dict(zip(self._names, self._convert(row), strict=True)), option=orjson.OPT_APPEND_NEWLINE
            )
            for row in rows
        )
        self._stream.write(b"".join(lines))

    def close(self) -> None:
        self._stream.flush()


SHEET_ROWS = 1_048_576
"""What a sheet of an Excel workbook can hold; what is more goes to the next sheet."""


class _Xlsx:
    """An Excel workbook. Text is stored as text, so that no cell is ever run as a formula."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        # Imported by name: it has no types.
        xlsxwriter: Any = importlib.import_module("xlsxwriter")
        # Rows go to temporary files as they come. Instants are text: Excel knows no time zones.
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(stream, options)
        self._bold = self._book.add_format({"bold": True})
        self._columns = columns
        by_kind: dict[Kind, Convert] = {Kind.INSTANT: instant, Kind.FLAG: _flag, Kind.OBJECT: compact}
        self._convert = _Converter(columns, by_kind)
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.name, self._bold)
        self._row = 1

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._row == SHEET_ROWS:
                self._begin_sheet()
            for place, value in enumerate(self._convert(row)):
                if isinstance(value, str):
                    self._sheet.write_string(self._row, place, value)
                elif value is not None:
                    self._sheet.write_number(self._row, place, value)
            self._row += 1

    def close(self) -> None:
        self._book.close()


PARQUET_ROWS = 65_536
"""Rows that are gathered before they are written: readers want large groups."""


class _Parquet:
    """Apache Parquet, typed: instants are timestamps in UTC to the microsecond."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        # Imported by name: it is optional, and has no types.
        self._arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        types = {
            Kind.TEXT: self._arrow.string(),
            Kind.NUMBER: self._arrow.int64(),
            Kind.INSTANT: self._arrow.timestamp("us", tz="UTC"),
            Kind.FLAG: self._arrow.bool_(),
            Kind.OBJECT: self._arrow.string(),
        }
        self._schema = self._arrow.schema([(column.name, types[column.kind]) for column in columns])
        self._writer = parquet.ParquetWriter(stream, self._schema, compression="zstd")
        self._convert = _Converter(columns, {Kind.OBJECT: compact})
        self._waiting: list[list[Any]] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._waiting.extend(map(self._convert, rows))
        if len(self._waiting) >= PARQUET_ROWS:
            self._flush()

    def _flush(self) -> None:
        by_column = zip(*self._waiting, strict=True)
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(by_column, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format(name="csv", open=_Csv, sequential=True),
        Format(name="jsonl", open=_JsonLines, sequential=True),
        Format(name="xlsx", open=_Xlsx, package="xlsxwriter"),
        Format(name="parquet", open=_Parquet, package="pyarrow"),
    )
}
