"""The formats of exports, one table. Each writes as it is given rows, and holds few of them in memory.

Rows come column by column, a few thousand at a time, instants as text already: what is done once for a column
instead of once for a cell is what makes a million rows a matter of seconds.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, BinaryIO, Protocol

import orjson

from bot.errors import PortevoixError
from bot.exporting.cells import Values, clean, cleaned, compact, each, flag, made_harmless, plain
from bot.exporting.tables import Column, ColumnKind
from bot.exporting.xlsx import Xlsx
from bot.frozen import Frozen


class FormatMissing(PortevoixError):
    """A format needs a package that is not installed. Only the command line offers such formats."""


class Writer(Protocol):
    """Writes rows to the stream it was opened on, from the first to the last; leaves the stream open.

    `write` takes the values of each column in turn, all of the same length.
    """

    def write(self, values: Sequence[Values]) -> None: ...

    def close(self) -> None: ...


class Format(Frozen):
    """A format's name, which is also the file's extension, its media type, and what opens a writer.

    `package`: what must be installed besides Portevoix. `heavy`: it takes so much memory that the database gets less.
    """

    name: str
    media_type: str
    open: Callable[[BinaryIO, Sequence[Column]], Writer]
    package: str | None = None
    heavy: bool = False

    def require(self) -> None:
        """Raises FormatMissing where the package is not installed."""
        if self.package is not None and find_spec(self.package) is None:
            raise FormatMissing(
                f"The format {self.name} needs the package {self.package}, which is not installed: install"
                f" portevoix[{self.name}], or choose csv, jsonl or xlsx."
            )


class _Csv:
    """RFC 4180: UTF-8, commas, a header. Formulas are made harmless."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._columns = columns
        self._put([[column.name for column in columns]])

    def write(self, values: Sequence[Values]) -> None:
        safe = map(self._safe, self._columns, plain(self._columns, values))
        self._put(zip(*safe, strict=True))

    @staticmethod
    def _safe(column: Column, values: Values) -> Values:
        if column.kind is ColumnKind.FLAG:
            return each(flag, values)
        return made_harmless(values) if column.kind in (ColumnKind.TEXT, ColumnKind.OBJECT) else values

    def _put(self, rows: Any) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._stream.write(text.getvalue().encode())

    def close(self) -> None:
        self._stream.flush()


class _JsonLines:
    """One object a line, UTF-8; what is empty is null."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._columns = columns
        self._names = [column.name for column in columns]

    def write(self, values: Sequence[Values]) -> None:
        safe = [
            cleaned(column_values) if column.kind is ColumnKind.TEXT else column_values
            for column, column_values in zip(self._columns, values, strict=True)
        ]
        try:
            lines = self._lines(safe)
        except orjson.JSONEncodeError:  # half a surrogate pair, inside an object
            lines = self._lines(
                [_cleaned_objects(*column) for column in zip(self._columns, safe, strict=True)]
            )
        self._stream.write(b"".join(lines))

    def _lines(self, values: Sequence[Values]) -> list[bytes]:
        names, option = self._names, orjson.OPT_APPEND_NEWLINE
        rows = zip(*values, strict=True)
        return [orjson.dumps(dict(zip(names, row, strict=True)), option=option) for row in rows]

    def close(self) -> None:
        self._stream.flush()


def _cleaned_objects(column: Column, values: Values) -> Values:
    if column.kind is not ColumnKind.OBJECT:
        return values
    return each(lambda value: json.loads(clean(compact(value))), values)


PARQUET_ROWS = 20_000
"""Rows that are gathered before they are written: readers want large groups."""


class _Parquet:
    """Apache Parquet, typed: instants are timestamps in UTC."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        # Imported by name: it takes long, and has no types.
        self._arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        types = {
            ColumnKind.TEXT: self._arrow.string(),
            ColumnKind.NUMBER: self._arrow.int64(),
            ColumnKind.INSTANT: self._arrow.timestamp("us", tz="UTC"),
            ColumnKind.FLAG: self._arrow.bool_(),
            ColumnKind.OBJECT: self._arrow.string(),
        }
        self._columns = columns
        self._schema = self._arrow.schema([(column.name, types[column.kind]) for column in columns])
        self._writer = parquet.ParquetWriter(stream, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._rows = 0

    def write(self, values: Sequence[Values]) -> None:
        arrays = [
            self._array(column, column_values, field.type)
            for column, column_values, field in zip(
                self._columns, plain(self._columns, values), self._schema, strict=True
            )
        ]
        batch = self._arrow.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= PARQUET_ROWS:
            self._flush()

    def _array(self, column: Column, values: Values, type_: Any) -> Any:
        if column.kind is ColumnKind.INSTANT:
            return self._arrow.array(values, type=self._arrow.string()).cast(type_)
        return self._arrow.array(values, type=type_)

    def _flush(self) -> None:
        table = self._arrow.Table.from_batches(self._waiting, schema=self._schema)
        self._writer.write_table(table.combine_chunks(), row_group_size=max(self._rows, 1))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()


FORMATS: Mapping[str, Format] = {
    each_.name: each_
    for each_ in (
        Format(name="csv", media_type="text/csv; charset=utf-8", open=_Csv),
        Format(name="jsonl", media_type="application/x-ndjson", open=_JsonLines),
        Format(
            name="xlsx",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            open=Xlsx,
        ),
        Format(
            name="parquet",
            media_type="application/vnd.apache.parquet",
            open=_Parquet,
            package="pyarrow",
            heavy=True,
        ),
    )
}
