"""Reading a TOML file for people: every fault at once, each with its line and its remedy."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from bot.errors import CampaignError
from bot.frozen import Frozen

TomlPath = tuple[str | int, ...]
Words = Mapping[str, str]
"""One text in several languages, by language code."""


class Fault(Frozen):
    """A fault on a line of the file (1 is the first) and what to do; a warning does not stop
    anything.
    """

    line: int
    problem: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        prefix = "warning, " if self.warning else ""
        return f"{prefix}line {self.line}: {self.problem}: {self.remedy}."


def text_of(content: bytes) -> str:
    """The text of a file, without the mark that Windows’ Notepad puts before it. Raises CampaignError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CampaignError(
            f"line {line}: this is not UTF-8 (the byte 0x{content[error.start]:02x}): save the file as UTF-8."
        ) from None
    return text.replace("\r\n", "\n")


class Source:
    """A TOML text, its values, the line of each key, the keys asked for and the faults found so far."""

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self._missing: list[tuple[TomlPath, Fault]] = []
        self.asked: set[str] = set()
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            raise CampaignError(_syntax_fault(str(fault), text)) from None
        self._lines = find_lines(text)

    def line_of(self, path: TomlPath) -> int:
        """The line of a key, or of the nearest table around a key that is not written."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def fault(self, path: TomlPath, problem: str, remedy: str, *, warning: bool = False) -> None:
        """Notes a fault."""
        self.faults.append(
            Fault(line=self.line_of(path), problem=problem, remedy=remedy, warning=warning),
        )

    def missing(self, path: TomlPath, problem: str, remedy: str) -> None:
        """Notes a key that is not there."""
        self.fault(path, problem, remedy)
        self._missing.append((path, self.faults[-1]))

    def is_misspelt(self, path: TomlPath) -> None:
        """What is not there, or in a table that is not, stands under a name that is told of: it is told once."""
        told_of = [fault for missing, fault in self._missing if missing[: len(path)] == path]
        self.faults = [fault for fault in self.faults if not any(fault is each for each in told_of)]

    @property
    def root(self) -> "TomlTable":
        """The whole file as a table."""
        return TomlTable(self, self.data, ())


def _syntax_fault(message: str, text: str) -> str:
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    line = int(place[1]) if place else max(1, len(text.splitlines()))  # “at end of document”
    what = message[: place.start()].strip() if place else message.removesuffix("(at end of document)").strip()
    if said := _twice(what, text.splitlines(), line) or _unquoted(text.splitlines()[line - 1 : line]):
        return f"line {line}: {said}."
    remedy = "write a date that exists, such as 2016-11-20" if "date" in what.lower() else "correct it"
    return f"line {line}: this is not TOML ({what}): {remedy}."


def _twice(what: str, lines: list[str], line: int) -> str | None:
    """What is there for the second time on a line, where that is the fault."""
    if what.startswith("Cannot declare"):
        table = ".".join(re.findall(r"'([^']*)'", what))
        return f"[{table}] is there twice: keep one of them"
    here = _KEY.match(lines[line - 1]) if what == "Cannot overwrite a value" else None
    if here is None:
        return None
    for number in range(line - 1, 0, -1):
        if _HEADER.fullmatch(lines[number - 1]):
            break
        above = _KEY.match(lines[number - 1])
        if above is not None and above[1] == here[1]:
            return f"{here[1]} is there twice, on line {number} too: keep one of them"
    return f"{here[1]} is there twice: keep one of them"


def _unquoted(written: list[str]) -> str | None:
    """What to write where a text stands without its quotes, the one line of `written`."""
    found = _UNQUOTED.fullmatch(written[0]) if written else None
    return found and f'{found[1]} is written without quotes: write {found[1]} = "{found[2]}"'


_UNQUOTED = re.compile(
    r"""\s*([A-Za-z0-9_-]+)\s*=\s*((?!true\b|false\b|\d{4}-\d\d-\d\d)[^\s"'\[\]{},=#][^"'\[\]{}=#]{0,60}?)\s*(?:\#.*)?"""
)
_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?")
_NAME = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_KEY_PART = re.compile(r"""["']([^"']*)["']|([A-Za-z0-9_-]+)""")


def _key_parts(dotted: str) -> list[str]:
    return [match[1] if match[1] is not None else match[2] for match in _KEY_PART.finditer(dotted)]


def find_lines(text: str) -> dict[TomlPath, int]:
    """The line of every table and key of a valid TOML text; items of arrays of tables have their index in
    the path.
    """
    lines = text.splitlines()
    found: dict[TomlPath, int] = {}
    counts: dict[TomlPath, int] = {}
    table: TomlPath = ()
    number = 0
    while number < len(lines):
        line = lines[number]
        if header := _HEADER.fullmatch(line):
            table = _table_path(
                _key_parts(header[2]), is_array=header[1] == "[[", counts=counts, found=found, line=number + 1
            )
            found.setdefault(table, number + 1)
            number += 1
        elif key := _KEY.match(line):
            *around, last = _key_parts(key[1])
            path = table
            for part in around:  # title.fr = "…" stands for the table title
                path = (*path, part)
                found.setdefault(path, number + 1)
            found[(*path, last)] = number + 1
            number += _lines_of_value(lines, number)
        else:
            number += 1
    return found


def _table_path(
    parts: list[str], *, is_array: bool, counts: dict[TomlPath, int], found: dict[TomlPath, int], line: int
) -> TomlPath:
    path: TomlPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        is_last = position == len(parts) - 1
        if is_array and is_last:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            found.setdefault(path, line)
            path = (*path, counts[path])
    return path


def _lines_of_value(lines: list[str], first: int) -> int:
    """How many lines a value takes: the fewest that parse, so that what looks like a key inside it is
    none.
    """
    for count in range(1, len(lines) - first + 1):
        try:
            tomllib.loads("\n".join(lines[first : first + count]))
        except tomllib.TOMLDecodeError:
            continue
        return count
    return 1


class TomlTable:
    """One table of the file. Each reader takes a key, notes a fault for what is missing or wrong, and then
    returns the default or something harmless, so that reading goes on and finds the next fault."""

    def __init__(self, source: Source, data: Mapping[str, Any], path: TomlPath) -> None:
        self.source = source
        self.data = data
        self.path = path
        self._read: set[str] = set()

    def fault(self, key: str, problem: str, remedy: str, *, warning: bool = False) -> None:
        """Notes a fault of a key."""
        self.source.fault((*self.path, key), problem, remedy, warning=warning)

    def missing(self, key: str, problem: str, remedy: str) -> None:
        """Notes that a key is not there, unless it turns out to be misspelt."""
        self._read.add(key)
        self.source.missing((*self.path, key), problem, remedy)

    def name_of(self, key: str) -> str:
        """The key with its tables, as a person would write it."""
        return ".".join(str(part) for part in (*self.path, key) if isinstance(part, str))

    def take(self, key: str, kinds: tuple[type, ...], expected: str, *, required: bool = False) -> Any:
        """The value of a key when it is there and of one of the types, else None with a fault if need be."""
        self._read.add(key)
        self.source.asked.add(self.name_of(key))
        value = self.data.get(key)
        if value is None:
            if required:
                self.missing(key, f"{self.name_of(key)} is missing", f"write {expected}")
            return None
        # In Python, but not in TOML, a boolean is a number and a date with time is a date.
        is_trap = (isinstance(value, bool) and bool not in kinds) or (
            isinstance(value, datetime) and datetime not in kinds
        )
        if is_trap or not isinstance(value, kinds):
            self.fault(key, f"{self.name_of(key)} is {_shown(value)}", f"write {expected}")
            return None
        return value

    def text(self, key: str, expected: str, *, required: bool = True, default: str = "") -> str:
        """A text that is not blank."""
        value = self.take(key, (str,), expected, required=required)
        if value is not None and not value.strip():
            self.fault(key, f"{self.name_of(key)} is blank", f"write {expected}")
            return default
        return value.strip() if value is not None else default

    def one_of(self, key: str, choices: Collection[str], *, default: str | None = None) -> str | None:
        """One of some words; required without a default. None after a fault."""
        listed = ", ".join(choices)
        value = self.take(key, (str,), f"one of {listed}", required=default is None)
        if value is None:
            return default
        if value not in choices:
            self.fault(key, f"{self.name_of(key)} is “{value}”", f"write one of {listed}")
            return default
        return str(value)

    def texts(self, key: str, expected: str) -> tuple[str, ...]:
        """A list of texts that are not blank; empty when it is not written."""
        value = self.take(key, (list,), expected) or ()
        if not all(isinstance(word, str) and word.strip() for word in value):
            self.fault(key, f"{self.name_of(key)} has what is no text", f"write {expected}")
            return ()
        return tuple(value)

    def some_of(self, key: str, choices: Collection[str]) -> tuple[str, ...]:
        """A list of some words, each once; empty when it is not written."""
        listed = ", ".join(choices)
        chosen = []
        for item in self.take(key, (list,), f"a list of {listed}") or ():
            if item not in choices:
                self.fault(key, f"{self.name_of(key)} has {_shown(item)}", f"use only {listed}")
            elif item not in chosen:
                chosen.append(item)
        return tuple(chosen)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        value = self.take(key, (bool,), "true or false")
        return default if value is None else bool(value)

    def number(self, key: str, *, least: int, most: int, default: int | None = None) -> int | None:
        """A whole number; None when it is not written and has no default."""
        expected = f"a whole number from {least} to {most}"
        value = self.take(key, (int,), expected)
        if value is not None and not least <= value <= most:
            self.fault(key, f"{self.name_of(key)} is {value}", f"write {expected}")
            return default
        return default if value is None else int(value)

    def day(self, key: str, *, required: bool = True) -> date | None:
        """A date."""
        value = self.take(key, (date,), "a date without quotes, such as 2016-11-20", required=required)
        return value if isinstance(value, date) else None

    def clock_time(self, key: str, *, default: time) -> time:
        """A local time, `"08:00"` or TOML's own 08:00:00."""
        expected = 'a local time such as "08:00"'
        value = self.take(key, (str, time), expected)
        if isinstance(value, time):
            return value
        if value is not None:
            if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
                hour, _, minute = value.partition(":")
                return time(int(hour), int(minute))
            self.fault(key, f"{self.name_of(key)} is “{value}”", f"write {expected}")
        return default

    def local_instant(self, key: str) -> datetime | None:
        """A local date and time without offset, required."""
        value = self.take(
            key, (datetime,), "a local date and time, such as 2016-11-19T19:00:00", required=True
        )
        if isinstance(value, datetime) and value.tzinfo is not None:
            self.fault(key, f"{self.name_of(key)} has an offset", "write it without one, in Paris time")
            return None
        return value if isinstance(value, datetime) else None

    def words(self, key: str, languages: Iterable[str], *, required: bool = True) -> Words:
        """One text in several languages, `{ fr = "…", en = "…" }`; a plain text is the same in all of
        them.
        """
        languages = tuple(languages)
        shown = ", ".join(f'{language} = "…"' for language in languages)
        value = self.take(key, (str, dict), f"a text in each language, {{ {shown} }}", required=required)
        if value is None:
            return MappingProxyType({})
        if isinstance(value, str):
            return MappingProxyType(dict.fromkeys(languages, value))
        table = TomlTable(self.source, value, (*self.path, key))
        told = {language: table.text(language, "a text", required=False) for language in languages}
        if languages:  # else that is the fault
            table.done()
        words = {language: text for language, text in told.items() if text}
        if languages and languages[0] not in words:
            self.fault(
                key, f"{self.name_of(key)} has no {languages[0]}", "write it in the first language at least"
            )
        return MappingProxyType(words)

    def table(self, key: str, *, required: bool = False) -> "TomlTable":
        """A table; an empty one when it is not written."""
        value = self.take(key, (dict,), f"a table [{self.name_of(key)}]", required=required)
        return TomlTable(self.source, value or {}, (*self.path, key))

    def tables(self, key: str, *, required: bool = True) -> tuple["TomlTable", ...]:
        """The items of an array of tables."""
        value = self.take(key, (list,), f"at least one table [[{self.name_of(key)}]]", required=required)
        rows = []
        for index, row in enumerate(value or ()):
            if isinstance(row, dict):
                rows.append(TomlTable(self.source, row, (*self.path, key, index)))
            else:
                self.fault(key, f"{self.name_of(key)} has {_shown(row)}", f"write tables [[{key}]]")
        return tuple(rows)

    def codes(self) -> tuple[str, ...]:
        """All keys written, which then count as read: for tables whose keys are codes."""
        self._read.update(self.data)
        return tuple(self.data)

    def done(self) -> None:
        """Notes a fault for every key that nobody read: a misspelt key would silently do nothing."""
        for key in self.data:
            if key not in self._read:
                close = get_close_matches(key, sorted(self._read), n=1)
                if close and close[0] not in self.data:
                    self.source.is_misspelt((*self.path, close[0]))
                remedy = f"did you mean {close[0]}?" if close else "remove it"
                self.fault(key, f"{self.name_of(key)} is not known", remedy.removesuffix("?"))


def _shown(value: object) -> str:
    return f"“{value}”" if isinstance(value, str) else str(value)
