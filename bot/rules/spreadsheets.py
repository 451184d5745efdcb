"""A spreadsheet as people save it for a program: CSV in any usual encoding and separator, read row by row.

Commas, semicolons or tabs; UTF-8 with or without a mark, UTF-16, or the Windows and Latin-1 encodings.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from bot.errors import PortevoixError

SEPARATORS = MappingProxyType({",": "commas", ";": "semicolons", "\t": "tabs"})
WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0")
"""What .xlsx and .ods files begin with, and .xls ones."""
REMARK = "#"
"""A line that begins so is for the people who keep the file."""


class UnreadableSheet(PortevoixError):
    """A file that is no CSV at all."""


class BrokenRow(ValueError):
    """A row that cannot be read, with its line; nothing after it can be read either."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def decode(content: bytes, *, holds: str) -> tuple[str, str]:
    """The text of a file, and the name of its encoding; `holds` says what it is about. Raises UnreadableSheet."""
    if content.startswith(WORKBOOKS):
        raise UnreadableSheet(
            "The file is a workbook: choose “Save as” in Excel and there “CSV UTF-8” (in LibreOffice “Text CSV”, with"
            " UTF-8), then import what that makes."
        )
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if content.startswith(mark):
            return content.decode("utf-16", "replace"), "UTF-16"
    if b"\x00" in content:
        raise UnreadableSheet(f"The file is not text: save the {holds} as CSV, in UTF-8.")
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        _require_no_utf_8(content, error.start)
    try:
        return content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "Latin-1"


def is_almost_utf_8(content: bytes) -> bool:
    """Whether most letters with accents are UTF-8, and a few are not."""
    read = content.decode("utf-8", "replace")
    return sum(not letter.isascii() for letter in read) > 2 * read.count("\ufffd")


def _require_no_utf_8(content: bytes, broken_at: int) -> None:
    """Raises UnreadableSheet for a file that is UTF-8 but for a few bytes: read as anything else, every accent of it
    would become two other letters.
    """
    if is_almost_utf_8(content):
        line = content.count(b"\n", 0, broken_at) + 1
        raise UnreadableSheet(
            f"Line {line} is not in UTF-8, as the rest of the file is: type its accents anew, and save it as CSV UTF-8."
        )


def separator_of(text: str, *, such_as: str) -> str:
    """The separator of the header, the first line that is not blank; `such_as`: an example of one.

    Raises UnreadableSheet.
    """
    header = next((line for line in text.splitlines() if line.strip() and not line.startswith(REMARK)), "")
    if not header:
        raise UnreadableSheet(f"The file is empty: its first line names the columns, such as {such_as}.")
    separator = max(SEPARATORS, key=header.count)
    if not header.count(separator):
        raise UnreadableSheet(
            f"The first line has no comma, semicolon or tab: it names the columns, such as {such_as}."
        )
    return separator


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row with its line. Blank rows and remarks are passed over. Raises BrokenRow."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for row in reader:
            began, line = line, reader.line_num + 1
            if any(cell.strip() for cell in row) and not row[0].startswith(REMARK):
                yield began, row
    except csv.Error as error:
        raise BrokenRow(line, str(error)) from None


def cells_of(
    text: str,
    separator: str,
    *,
    columns: Callable[[int, list[str]], list[str | None]],
    clean: Callable[[str], str],
    fault: Callable[[int, str, str], None],
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The `clean` cells of each row by column, with its line. `columns`: what the header names, None for what is not
    read. `fault` is told the line, the problem and the remedy of what cannot be read.
    """
    names: list[str | None] | None = None
    try:
        for line, row in rows_of(text, separator):
            if names is None:
                names = columns(line, row)
            elif any(cell.strip() for cell in row[len(names) :]):
                fault(
                    line,
                    f"it has {len(row)} cells where the header has {len(names)}",
                    f"put quotes around a text that holds one of the {SEPARATORS[separator]}",
                )
            else:
                named = zip(names, row, strict=False)
                yield line, {name: clean(cell) for name, cell in named if name is not None}
    except BrokenRow as error:
        fault(error.line, f"the row cannot be read ({error})", "check its quotes")
