"""Files hold what they should and nothing that a reader chokes on or runs, whatever people typed."""

from __future__ import annotations

import csv
import errno
import gc
import importlib
import io
import json
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exporting import xlsx
from bot.exporting.cells import FORMULA_STARTS, SIGNS, clean, harmless
from bot.exporting.formats import FORMATS, FormatMissing
from bot.exporting.tables import Column, ColumnKind

COLUMNS = (
    Column(name="text", kind=ColumnKind.TEXT),
    Column(name="number", kind=ColumnKind.NUMBER),
    Column(name="at", kind=ColumnKind.INSTANT),
    Column(name="flag", kind=ColumnKind.FLAG),
    Column(name="object", kind=ColumnKind.OBJECT),
)
AT = "2016-11-20T08:00:00.000Z"
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# Surrogates too: none reaches the database, and none may break a file if it ever does.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


def written(format_: str, *texts: str | None) -> bytes:
    stream = io.BytesIO()
    writer = FORMATS[format_].open(stream, COLUMNS)
    for text in texts:
        writer.write([[text], [-5], [AT], [True], [{"b": text, "a": 1}]])
    writer.write([[None]] * len(COLUMNS))
    writer.close()
    return stream.getvalue()


def cells(book: bytes, sheet: int = 1) -> list[list[str]]:
    """The cells of a sheet, as its XML has them."""
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        assert opened.testzip() is None
        root = ElementTree.fromstring(opened.read(f"xl/worksheets/sheet{sheet}.xml"))
    assert not list(root.iter(f"{CELL}f"))
    rows = root.iter(f"{CELL}row")
    return [["".join(cell.itertext()) for cell in row.iter(f"{CELL}c")] for row in rows]


TROUBLE = (
    "=HYPERLINK(1)",
    "+33",
    "@x",
    "-1",
    "\tx",
    "\rx",
    "＝1",
    "NUL \x00 here",
    "half \ud83d a pair",
    "two\nlines",
    "two\r\nlines",
    'a "quoted", part',
    "<b>&amp;</b>",
    "]]>",
    "\ufffe\uffff",
    "é 🗳 ‮",
    " spaces ",
    "",
)


@pytest.mark.parametrize("text", TROUBLE)
def test_csv_reads_back_and_runs_nothing(text: str) -> None:
    header, row, empty = csv.reader(io.StringIO(written("csv", text).decode(), newline=""))
    assert header == [column.name for column in COLUMNS]
    assert row[0].removeprefix("'") == clean(text)
    assert row[0][:1] not in FORMULA_STARTS
    assert row[1:4] == ["-5", AT, "true"]
    assert json.loads(row[4]) == {"a": 1, "b": clean(text)} or "\\ud83d" in row[4] or "\\u0000" in row[4]
    assert empty == [""] * len(COLUMNS)


@pytest.mark.parametrize("blank", [" ", "  ", "\u00a0", "\x0b", "\u200b", "\ufeff", "a\n\u00a0"])
def test_blanks_before_a_sign_hide_no_formula(blank: str) -> None:
    assert harmless(f"{blank}=1+1") == f"{blank}'=1+1"


@given(ANY_TEXT)
def test_no_text_breaks_or_runs_in_csv(text: str) -> None:
    content = written("csv", text).decode()
    _, row, _ = csv.reader(io.StringIO(content, newline=""))
    assert row[0][:1] not in FORMULA_STARTS
    assert not re.search("[\x00\ud800-\udfff]", content)


@pytest.mark.parametrize("text", TROUBLE)
def test_json_lines_are_one_object_a_line(text: str) -> None:
    line, empty = written("jsonl", text).splitlines()
    assert json.loads(line)["text"] == clean(text)
    assert json.loads(line)["flag"] is True
    assert json.loads(empty) == dict.fromkeys(column.name for column in COLUMNS)


@given(ANY_TEXT)
def test_no_text_breaks_a_workbook(text: str) -> None:
    _, row, empty = cells(written("xlsx", text))
    # A reader of XML takes \r\n and \r for \n, but for a \r that is spelled out.
    assert row[0] == clean(text)
    assert row[1:4] == ["-5", AT, "true"]
    assert empty == [""] * len(COLUMNS)


def test_a_cell_longer_than_excel_allows_is_cut() -> None:
    _, row, _ = cells(written("xlsx", "é" * 40_000))
    assert len(row[0]) == 32_767


def test_what_a_sheet_cannot_hold_goes_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 3)
    stream = io.BytesIO()
    writer = FORMATS["xlsx"].open(stream, COLUMNS[:1])
    writer.write([["a", "b", "c", "d"]])
    writer.write([["e"]])
    writer.close()
    sheets = [cells(stream.getvalue(), number) for number in (1, 2, 3)]
    assert sheets == [[["text"], ["a"], ["b"]], [["text"], ["c"], ["d"]], [["text"], ["e"]]]
    with zipfile.ZipFile(stream) as book:
        assert book.read("xl/workbook.xml").count(b"<sheet ") == 3


@pytest.mark.parametrize("text", TROUBLE)
def test_parquet_is_typed_and_keeps_text(text: str) -> None:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    row, empty = parquet.read_table(io.BytesIO(written("parquet", text))).to_pylist()
    assert row["text"] == clean(text)
    assert (row["number"], row["flag"], row["at"].isoformat()) == (-5, True, "2016-11-20T08:00:00+00:00")
    assert set(empty.values()) == {None}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_goes_into_a_pipe(format_: str) -> None:
    """Standard output and a download cannot be gone back to."""

    class Pipe(io.RawIOBase):
        content = b""

        def writable(self) -> bool:
            return True

        def write(self, part: Any) -> int:
            self.content += bytes(part)
            return len(part)

    pipe: Any = Pipe()
    writer = FORMATS[format_].open(pipe, COLUMNS)
    writer.write([["a"], [1], [AT], [False], [{}]])
    writer.close()
    assert pipe.content


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_not_installed_is_said_with_what_to_do(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.exporting.formats.find_spec", lambda _name: None)
    if FORMATS[format_].package is None:
        FORMATS[format_].require()
        return
    with pytest.raises(FormatMissing, match=r"portevoix\[parquet\], or choose csv, jsonl or xlsx"):
        FORMATS[format_].require()


CUTS = [
    (",", csv.QUOTE_MINIMAL),
    *((delimiter, quoting) for delimiter in ";\t" for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)),
]


@given(st.lists(st.text(alphabet="ab=+-@;,\t\r\n \"'＝"), min_size=1, max_size=3))
def test_no_way_to_cut_a_csv_finds_a_formula(cells: list[str]) -> None:
    """However a spreadsheet cuts the line: at commas or semicolons or tabs, with quotes understood or not."""
    stream = io.BytesIO()
    columns = [Column(name=f"c{number}", kind=ColumnKind.TEXT) for number in range(len(cells))]
    writer = FORMATS["csv"].open(stream, columns)
    writer.write([[cell] for cell in cells])
    written = stream.getvalue().decode()
    for delimiter, quoting in CUTS:
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, quoting=quoting):
            for cell in row:
                assert cell[:1] not in set(SIGNS), (delimiter, quoting)


class FullDisk(io.BytesIO):
    """One that takes nothing any more."""

    def write(self, _content: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_workbook_for_which_there_is_no_room_is_left_without_another_word() -> None:
    """Whoever collects it as garbage would try to end it, and Python print how that failed below what is told."""
    with pytest.raises(OSError, match="No space"):
        xlsx.Xlsx(FullDisk(), [Column(name="a", kind=ColumnKind.TEXT)])
    gc.collect()
