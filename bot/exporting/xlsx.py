"""Excel workbooks, written from the first row to the last without going back.

Own code where a library would do the same, because of what it must not do: keep rows in memory, or in temporary
files that nobody encrypts. What is written is the smallest workbook of ECMA-376 part 1: text in its cells, no formulas.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from html import escape
from typing import IO, BinaryIO

from bot.exporting.cells import Values, each, flag, plain
from bot.exporting.tables import Column, ColumnKind

SHEET_ROWS = 1_048_576
"""What a sheet of an Excel workbook can hold; what is more goes to the next sheet."""
CELL_CHARACTERS = 32_767
"""What a cell can hold; Excel would refuse the whole workbook for one that holds more."""
# Of speed and size: 1 is twice as fast as zlib's default, and a tenth larger on rows that resemble each other.
_COMPRESSION = 1

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_BEGINS = (
    f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_ENDS = "</sheetData></worksheet>"
# Two cell styles: as it comes, and bold for the header.
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill'
    ' patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1">'
    '<border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class Xlsx:
    """An Excel workbook. Text is stored as text, so that no cell is ever run as a formula."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._zip = _Zip(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION)
        header = "".join(
            f'<c s="1" t="inlineStr"><is><t>{escape(column.name, quote=False)}</t></is></c>'
            for column in columns
        )
        self._header = f"<row>{header}</row>"
        self._sheets = 0
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        # Sizes are known at the end only: they follow the content, in 64 bits.
        self._sheet: IO[bytes] = self._zip.open(
            f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True
        )
        self._sheet.write((_SHEET_BEGINS + self._header).encode())
        self._room = SHEET_ROWS - 1

    def _end_sheet(self) -> None:
        self._sheet.write(_SHEET_ENDS.encode())
        self._sheet.close()

    def write(self, values: Sequence[Values]) -> None:
        cells = map(_cells, self._columns, plain(self._columns, values))
        rows = ["<row>" + "".join(row) + "</row>" for row in zip(*cells, strict=True)]
        while rows:
            if self._room == 0:
                self._end_sheet()
                self._begin_sheet()
            self._sheet.write("".join(rows[: self._room]).encode())
            rows, self._room = rows[self._room :], max(0, self._room - len(rows))

    def close(self) -> None:
        self._end_sheet()
        numbers = range(1, self._sheets + 1)
        for name, content in (
            ("xl/styles.xml", _STYLES),
            ("xl/workbook.xml", _workbook(numbers)),
            ("xl/_rels/workbook.xml.rels", _workbook_parts(numbers)),
            ("_rels/.rels", _relationships([("officeDocument", "xl/workbook.xml")])),
            ("[Content_Types].xml", _content_types(numbers)),
        ):
            self._zip.writestr(name, content)
        self._zip.close()


class _Zip(zipfile.ZipFile):
    """Left in its middle it is not ended by whoever collects garbage: there may be no room, and nobody reads it."""

    def __del__(self) -> None: ...


def _cells(column: Column, values: Values) -> list[str]:
    if column.kind is ColumnKind.NUMBER:
        return ["<c/>" if value is None else f"<c><v>{value}</v></c>" for value in values]
    if column.kind is ColumnKind.FLAG:
        values = each(flag, values)
    elif column.kind is not ColumnKind.INSTANT:
        values = _escaped(values)
    return [
        f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>' if value else "<c/>"
        for value in values
    ]


def _escaped(values: Values) -> Values:
    """Text as XML; one look at all of it tells that nearly always it is that already."""
    together = "".join([value for value in values if value])
    if len(max(values, key=_length, default="") or "") > CELL_CHARACTERS:
        values = each(lambda value: value[:CELL_CHARACTERS], values)
    if "&" in together or "<" in together or ">" in together or "\r" in together:
        # A bare carriage return would be read as a line feed.
        return each(lambda value: escape(value, quote=False).replace("\r", "&#13;"), values)
    return values


def _length(value: str | None) -> int:
    return len(value) if value else 0


def _workbook(numbers: range) -> str:
    sheets = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    return f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _workbook_parts(numbers: range) -> str:
    return _relationships(
        [*(("worksheet", f"worksheets/sheet{n}.xml") for n in numbers), ("styles", "styles.xml")]
    )


def _relationships(parts: Sequence[tuple[str, str]]) -> str:
    all_of_them = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{type_}" Target="{target}"/>'
        for number, (type_, target) in enumerate(parts, start=1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{all_of_them}</Relationships>'


def _content_types(numbers: range) -> str:
    parts = [("xl/workbook.xml", "sheet.main"), ("xl/styles.xml", "styles")]
    parts += [(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{_TYPES}.{type_}+xml"/>' for name, type_ in parts
    )
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>'
    )
