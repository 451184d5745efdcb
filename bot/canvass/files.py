"""Large CSV files, read line by line: compressed or not, in whichever encoding, separated by whatever their header is.

A file is read twice: once to find every fault, before anything is kept, and once to keep it. So a file of five million
lines takes no more memory than one of five.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.communes.text import fold
from bot.rules.spreadsheets import is_almost_utf_8

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MOST_FAULTS = 40
PIECE = 1 << 20
MOST_HEADER = 1 << 16

Row = TypeVar("Row")


class UnreadableFile(PortevoixError):
    """A file that is no table of text, or lacks a column that is needed."""


@dataclass
class Faults:
    """What is wrong with a file: the first lines in words, all of them in number."""

    told: list[str] = field(default_factory=list)
    number: int = 0
    left_out: int = 0
    """Lines that are not wrong, and of no use."""

    def add(self, line: int, sentence: str) -> None:
        self.number += 1
        if self.number <= MOST_FAULTS:
            self.told.append(f"line {line}: {sentence}")


class CsvFile(Frozen):
    """A CSV file that can be read. `names`: the titles of its columns, as they are written. `is_wider`: its rows may go
    beyond them, as those of the ministry do, whose first line names the columns of one candidate.
    """

    path: Path
    encoding: str
    separator: str
    names: tuple[str, ...]
    is_wider: bool = False

    def place_of(self, *titles: str) -> int | None:
        """The first column that has one of these titles, whatever their accents and capitals."""
        known = [fold(name) for name in self.names]
        return next((known.index(fold(title)) for title in titles if fold(title) in known), None)

    def required(self, **titles: Sequence[str]) -> dict[str, int]:
        """The places of columns by their field. Raises UnreadableFile, with what is missing."""
        found = {name: self.place_of(*some) for name, some in titles.items()}
        missing = [titles[name][0] for name, place in found.items() if place is None]
        if missing:
            named = ", ".join(f"“{title}”" for title in missing)
            raise UnreadableFile(
                f"{self.path} has no column {named}: its first line names {self.shown}. Name that column so, or choose"
                " another file."
            )
        return {name: place for name, place in found.items() if place is not None}

    @property
    def shown(self) -> str:
        """The columns in few words."""
        shown = ", ".join(self.names[:12])
        return shown + (f" … ({len(self.names)} columns)" if len(self.names) > 12 else "")

    def rows(self, faults: Faults) -> Iterator[tuple[int, list[str]]]:
        """Each row that has as many cells as the header, with the number of its line; the others are faults."""
        width = len(self.names)
        with _opened(self.path) as stream:
            text = io.TextIOWrapper(stream, encoding=self.encoding, errors="replace", newline="")
            reader = csv.reader(text, delimiter=self.separator)
            line = 1
            try:
                for row in reader:
                    began, line = line, reader.line_num + 1
                    if len(row) == width or (self.is_wider and len(row) > width):
                        if began > 1:
                            yield began, row
                    elif row:
                        faults.add(
                            began,
                            f"it has {len(row)} cells where the first line has {width}; put quotes around a text that"
                            f" holds one of the {SEPARATORS[self.separator]}",
                        )
            except csv.Error as error:
                faults.add(line, f"it cannot be read ({error}); check its quotes")
            except (EOFError, OSError) as error:
                raise UnreadableFile(
                    f"{self.path} ends in the middle ({error}): it was not fetched whole. Fetch it again."
                ) from None

    def read(self, faults: Faults, convert: Callable[[list[str]], Row | None]) -> Iterator[Row]:
        """What `convert` makes of each row; its ValueErrors are faults, and None leaves the row out."""
        for line, row in self.rows(faults):
            try:
                found = convert(row)
            except ValueError as error:
                faults.add(line, str(error))
            else:
                if found is None:
                    faults.left_out += 1
                else:
                    yield found


def open_csv(path: Path) -> CsvFile:
    """A file as it is to be read. Raises UnreadableFile."""
    try:
        head, encoding = _look(path)
    except (EOFError, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"{path} cannot be unpacked ({error}): fetch it again.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableFile(f"{path} cannot be read ({reason}): name a CSV file.") from None
    header = head.decode(encoding, "replace").splitlines()
    if not header or not header[0].strip():
        raise UnreadableFile(f"{path} is empty: its first line names the columns.")
    separator = max(SEPARATORS, key=header[0].count)
    if not header[0].count(separator):
        raise UnreadableFile(
            f"The first line of {path} has no comma, semicolon or tab: it names the columns of a CSV file."
        )
    names = next(csv.reader([header[0]], delimiter=separator))
    return CsvFile(
        path=path, encoding=encoding, separator=separator, names=tuple(name.strip() for name in names)
    )


def _look(path: Path) -> tuple[bytes, str]:
    """The beginning of a file, and its encoding: the whole of it is looked at, piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, lines, is_unicode = "utf-8-sig", 1, False
    with _opened(path) as stream:
        head = stream.read(MOST_HEADER)
        if head.startswith(b"PK"):
            raise UnreadableFile(f"{path} is a spreadsheet or an archive: save it as CSV, then import that.")
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return head[: len(head) // 2 * 2], "utf-16"
        if b"\x00" in head:
            raise UnreadableFile(f"{path} is not text: name a CSV file.")
        piece = head
        while piece:
            try:
                text = decoder.decode(piece)
            except UnicodeDecodeError as error:
                _require_windows(
                    path, piece, is_unicode=is_unicode, line=lines + piece.count(b"\n", 0, error.start)
                )
                encoding = "cp1252"
                break
            is_unicode = is_unicode or not text.isascii()
            lines += piece.count(b"\n")
            piece = stream.read(PIECE)
    return head, encoding


def _require_windows(path: Path, piece: bytes, *, is_unicode: bool, line: int) -> None:
    """Letters that are no UTF-8 are of the Windows encoding where the others are too: read so, the accents of a file
    in UTF-8 would all be two wrong letters. Raises UnreadableFile.
    """
    if is_unicode or is_almost_utf_8(piece):
        raise UnreadableFile(
            f"{path} is in UTF-8 but for a letter on line {line}: save the whole of it in UTF-8, or fetch it again."
        )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        if plain.read(2) != b"\x1f\x8b":
            plain.seek(0)
            yield plain
            return
        plain.seek(0)
        with gzip.GzipFile(fileobj=plain) as unpacked:
            yield unpacked  # type: ignore[misc]  # a reader of bytes like any other


def degrees(text: str, *, most: float, name: str) -> float:
    """A coordinate; a decimal comma is one. Raises ValueError."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"the {name} is “{text}”; write degrees, such as 45.76") from None
    if not -most <= value <= most:
        raise ValueError(f"the {name} is {text}; it lies between -{most:.0f} and {most:.0f}")
    return value


def whole(text: str, name: str) -> int:
    """A whole number, with or without spaces between its thousands. Raises ValueError."""
    plain = "".join(text.split())
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 9):
        raise ValueError(f"the {name} is “{text}”; write a whole number")
    return int(plain)


def in_pieces(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """The rows, at most `size` at a time."""
    piece: list[Row] = []
    for row in rows:
        piece.append(row)
        if len(piece) >= size:
            yield piece
            piece = []
    if piece:
        yield piece


def first_titles(titles: Mapping[str, Sequence[str]]) -> str:
    """The columns by which we call them ourselves, for a sentence."""
    return ", ".join(some[0] for some in titles.values())
