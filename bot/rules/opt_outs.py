"""Reading a list of people who do not want to hear from the campaign: Telegram ids, one a line or in a CSV column."""

import csv
from collections.abc import Iterable, Sequence

from bot.frozen import Frozen

COLUMNS = ("telegram_id", "telegram id", "telegram", "chat_id", "user_id", "id")
"""What the column of ids may be called, the first of them that is there."""
LARGEST_ID = 2**52
"""Telegram's numbers of people have at most 52 significant bits (Bot API, `User.id`)."""


class LineFault(Frozen):
    """A line (from 1) that cannot be read, and why. What stands in it is not repeated: it may name somebody."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class OptOuts(Frozen):
    """The ids of a list, each once, in its order; how many were there more than once; what could not be read."""

    ids: tuple[int, ...]
    repeated: int
    faults: tuple[LineFault, ...]


def read_opt_outs(lines: Iterable[str], *, column: str | None = None) -> OptOuts:
    """Reads the list; empty lines and those that begin with # say nothing.

    With several columns the first line names them, and the ids are in `column`, or in the first of COLUMNS.
    """
    rows = _rows(lines)
    if not rows:
        return OptOuts(ids=(), repeated=0, faults=())
    first_line, first = rows[0]
    is_header = column is not None or len(first) > 1 or not _is_number(first[0])
    place = _place(first, column) if is_header else 0
    if place is None:
        wanted = (
            f"no column is called {column}"
            if column
            else "this is no Telegram id, and no column is called "
            f"{', '.join(COLUMNS[:-1])} or {COLUMNS[-1]}: name it with --column"
        )
        return OptOuts(ids=(), repeated=0, faults=(LineFault(line=first_line, reason=wanted),))
    return _ids(rows[1:] if is_header else rows, place)


def _rows(lines: Iterable[str]) -> list[tuple[int, list[str]]]:
    """The cells of each line that says something, with its number."""
    told = []
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("\ufeff").strip()
        if text and not text.startswith("#"):
            told.append((number, text))
    delimiter = _delimiter(told[0][1]) if told else ","
    return [(number, [cell.strip() for cell in _cells(text, delimiter)]) for number, text in told]


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error:
        return [text]


def _place(header: Sequence[str], column: str | None) -> int | None:
    names = [cell.casefold() for cell in header]
    wanted = (column.casefold(),) if column is not None else COLUMNS
    return next((names.index(name) for name in wanted if name in names), None)


def _ids(rows: Iterable[tuple[int, Sequence[str]]], place: int) -> OptOuts:
    found: dict[int, None] = {}
    faults: list[LineFault] = []
    repeated = 0
    for line, cells in rows:
        text = cells[place] if place < len(cells) else ""
        if not text:
            faults.append(LineFault(line=line, reason="the id is missing"))
        elif not _is_number(text):
            faults.append(LineFault(line=line, reason="this is no Telegram id: they are whole numbers"))
        elif not 0 < int(text) < LARGEST_ID:
            faults.append(LineFault(line=line, reason="no person has this Telegram id"))
        elif int(text) in found:
            repeated += 1
        else:
            found[int(text)] = None
    return OptOuts(ids=tuple(found), repeated=repeated, faults=tuple(faults))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20
