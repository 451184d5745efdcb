"""What a file's cells may hold: nothing that a spreadsheet runs, and no character that a reader chokes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.exporting.tables import Column, ColumnKind

Values = Sequence[Any]
"""The values of one column, None where there is none."""

# What makes a spreadsheet take a cell for a formula; the wide forms are what some input methods type.
SIGNS = "=+-@＝＋－＠"
FORMULA_STARTS = frozenset(SIGNS + "\t\r\n")
# A cell begins where its text does, and after whatever may be taken for the end of a cell: a spreadsheet set to French
# cuts a file of commas at its semicolons, and knows no quotes in the middle of a cell. Blanks before a sign may be
# trimmed, also those that nobody sees.
_BEGINS_A_FORMULA = re.compile(
    rf'(?:\A|[;\t\r\n])[\s\u200b\u2060\ufeff"]*(?=[{re.escape(SIGNS)}])|\A(?=[\t\r\n])'
)

# XML 1.0 has no place for these, PostgreSQL none for NUL, and UTF-8 none for half a surrogate pair.
_UNWELCOME = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text with U+FFFD in place of what no file can hold; tabs and line breaks stay."""
    return _UNWELCOME.sub("\ufffd", text)


def harmless(text: str) -> str:
    """The text, with an apostrophe before whatever a spreadsheet would run as a formula, however it cuts the line."""
    return _BEGINS_A_FORMULA.sub(r"\g<0>'", text)


def compact(value: object) -> str:
    """JSON on one line, keys in order."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def flag(value: bool) -> str:
    return "true" if value else "false"


def each(change: Callable[[Any], Any], values: Values) -> list[Any]:
    """The values changed one by one; what is empty stays empty."""
    return [None if value is None else change(value) for value in values]


def cleaned(values: Values) -> Values:
    """A column of text, cleaned. Nearly always there is nothing to do, which one look at all of it tells."""
    if "".join([value for value in values if value]).isprintable():
        return values
    return each(clean, values)


def made_harmless(values: Values) -> Values:
    """A column of text in which no cell begins as a formula does. Nearly always there is nothing to do."""
    if not _BEGINS_A_FORMULA.search("\n" + "\n".join([value for value in values if value])):
        return values
    return each(harmless, values)


def plain(columns: Sequence[Column], values: Sequence[Values]) -> list[Values]:
    """Every column as text, numbers and flags that any file can hold: objects as JSON, text cleaned."""
    return [_plain(column.kind, column_values) for column, column_values in zip(columns, values, strict=True)]


def _plain(kind: ColumnKind, values: Values) -> Values:
    if kind is ColumnKind.OBJECT:
        return cleaned(each(compact, values))
    return cleaned(values) if kind is ColumnKind.TEXT else values
