"""A file of polling places, as campaigns and prefectures have them: read, matched to communes, every fault by its line.

CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or the Windows and Latin-1 encodings, with column
names of any language (`locales`). docs/polling-places.md tells the columns. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import cache
from typing import TypeVar

from bot.campaign.campaign import Campaign, Fault
from bot.communes import Commune, Gazetteer
from bot.communes.finder import CommuneFinder
from bot.frozen import Frozen
from bot.rules.communes.text import fold
from bot.rules.date_words import DateWords, words_of_all
from bot.rules.points import read_point
from bot.rules.polling_places import (
    EVERY_ROUND,
    MOST_ADDRESS,
    MOST_NAME,
    MOST_STREETS,
    NewPlace,
    PollingPlace,
    check_hours,
    read_hours,
    read_surnames,
    read_time,
)
from bot.rules.spreadsheets import UnreadableSheet, cells_of, decode, separator_of
from locales.words import all_words

Value = TypeVar("Value")


class PlacesRead(Frozen):
    """The content of a file. With a fault that is no warning, nothing of it may be imported."""

    encoding: str
    separator: str
    places: tuple[NewPlace, ...]
    faults: tuple[Fault, ...]

    @property
    def is_broken(self) -> bool:
        return any(not fault.warning for fault in self.faults)


@dataclass
class _Notes:
    """The faults found so far."""

    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, problem: str, remedy: str, *, warning: bool = False) -> None:
        self.faults.append(Fault(line=line, problem=problem, remedy=remedy, warning=warning))

    def sentence(self, line: int, error: ValueError) -> None:
        """A rule's sentence, “problem: remedy”."""
        problem, _, remedy = str(error).rpartition(": ")
        self.fault(line, problem, remedy)


def read_file(content: bytes, *, campaign: Campaign, gazetteer: Gazetteer) -> PlacesRead:
    """The places of a file. Raises UnreadableSheet for what is no text, and for text without a header."""
    text, encoding = decode(content, holds="polling places")
    separator = separator_of(text, such_as="commune;nom;adresse")
    notes = _Notes()
    places: list[NewPlace] = []
    reader = _Rows(campaign, gazetteer, notes)
    rows = cells_of(
        text,
        separator,
        columns=lambda line, header: _columns(line, header, notes),
        clean=_cleaned,
        fault=notes.fault,
    )
    for line, cells in rows:
        found = reader.place(line, cells)
        if found is not None:
            places.append(found)
    _check_duplicates(places, notes)
    _check_hours(places, campaign, gazetteer, notes)
    if not places and not notes.faults:
        raise UnreadableSheet(
            "The file holds no polling place: write one a line below the names of the columns."
        )
    faults = tuple(sorted(notes.faults, key=lambda fault: fault.line))
    return PlacesRead(encoding=encoding, separator=separator, places=tuple(places), faults=faults)


def _cleaned(cell: str) -> str:
    return " ".join(cell.split())


def _columns(line: int, header: list[str], notes: _Notes) -> list[str | None]:
    """The field of each column, None for one that is left out."""
    known = _spoken().columns
    found: list[str | None] = []
    for title in header:
        column = known.get(fold(title))
        if column is None and title.strip():
            notes.fault(line, f"column “{title.strip()}” is not known", "it is left out", warning=True)
        if column is not None and column in found:
            notes.fault(line, f"column “{title.strip()}” is there twice", "remove one")
        found.append(column)
    missing = [name for name in ("name", "address") if name not in found]
    if "code" not in found and "commune" not in found:
        missing.insert(0, "commune")
    if missing:
        names = dict(all_words()[0].polling_places.columns)
        expected = ", ".join(f"“{names[name][0]}”" for name in missing)
        raise UnreadableSheet(f"The first line names no column {expected}: add it, or correct its name.")
    return found


class _Spoken(Frozen):
    """The words that a file may use, in every language."""

    columns: Mapping[str, str]
    dates: DateWords
    surnames: tuple[str, ...]
    every_round: frozenset[str]


@cache
def _spoken() -> _Spoken:
    files = [words.polling_places for words in all_words()]
    return _Spoken(
        columns={
            fold(name): column
            for words in reversed(files)
            for column, names in words.columns
            for name in names
        },
        dates=words_of_all([words.dates for words in all_words()]),
        surnames=tuple(name for words in files for name in words.surnames),
        every_round=frozenset(fold(name) for words in files for name in words.every_round) | {"", "0"},
    )


class _Rows:
    """Turns the cells of a row into a place, noting each fault of it."""

    def __init__(self, campaign: Campaign, gazetteer: Gazetteer, notes: _Notes) -> None:
        self._ballots = {str(ballot.number): ballot.number for ballot in campaign.ballots}
        self._communes = CommuneFinder(gazetteer)
        self._notes = notes

    def place(self, line: int, cells: Mapping[str, str]) -> NewPlace | None:
        """The place of a row; None where it has a fault."""
        before = len(self._notes.faults)
        commune = self._try(line, lambda: self._commune(cells))
        hours = self._try(line, lambda: _hours(cells))
        surnames = self._try(line, lambda: _surnames(cells["surnames"]) if cells.get("surnames") else None)
        point = self._try(line, lambda: read_point(cells, commune))
        ballot = self._try(line, lambda: self._ballot(cells.get("ballot", "")))
        texts = {
            name: self._try(line, lambda name=name, most=most: _text(cells, name, most))  # type: ignore[misc]
            for name, most in (("name", MOST_NAME), ("address", MOST_ADDRESS), ("streets", MOST_STREETS))
        }
        if len(self._notes.faults) > before or commune is None:
            return None
        place = PollingPlace(
            id=0,
            commune=commune.code,
            ballot=ballot or EVERY_ROUND,
            name=texts["name"] or "",
            address=texts["address"] or "",
            streets=texts["streets"],
            opens=hours[0] if hours else None,
            closes=hours[1] if hours else None,
            surnames_from=surnames[0] if surnames else None,
            surnames_to=surnames[1] if surnames else None,
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
        )
        return NewPlace(line=line, place=place)

    def _try(self, line: int, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except ValueError as error:
            self._notes.sentence(line, error)
            return None

    def _commune(self, cells: Mapping[str, str]) -> Commune:
        return self._communes.find(
            code=cells.get("code", ""), name=cells.get("commune", ""), department=cells.get("department", "")
        )

    def _ballot(self, text: str) -> int:
        plain = fold(text)
        if plain in _spoken().every_round:
            return EVERY_ROUND
        if plain not in self._ballots:
            raise ValueError(
                f"there is no ballot “{text}”: write {' or '.join(self._ballots)}, or nothing for every one"
            )
        return self._ballots[plain]


def _text(cells: Mapping[str, str], name: str, most: int) -> str | None:
    text = cells.get(name, "")
    if not text and name != "streets":
        raise ValueError(f"the {name} is missing: write it")
    if len(text) > most:
        raise ValueError(f"the {name} has {len(text)} characters: write {most} at most")
    return text or None


def _surnames(text: str) -> tuple[str, str]:
    return read_surnames(text, _spoken().dates, named=_spoken().surnames)


def _hours(cells: Mapping[str, str]) -> tuple[time, time] | None:
    both, opens, closes = (cells.get(name, "") for name in ("hours", "opens", "closes"))
    if both and (opens or closes):
        raise ValueError(
            "the hours are there twice: keep one column of hours, or those of opening and closing"
        )
    if both:
        return read_hours(both, _spoken().dates)
    if not opens and not closes:
        return None
    if not opens or not closes:
        raise ValueError("one of the two hours is missing: write both, or none for the campaign file’s")
    found = read_time(opens, _spoken().dates), read_time(closes, _spoken().dates)
    check_hours(*found)
    return found


def _check_duplicates(places: list[NewPlace], notes: _Notes) -> None:
    first: dict[str, int] = {}
    for new in places:
        line = first.setdefault(new.key, new.line)
        if line != new.line:
            notes.fault(new.line, f"“{new.place.name}” is the same as on line {line}", "remove one")


def _check_hours(places: list[NewPlace], campaign: Campaign, gazetteer: Gazetteer, notes: _Notes) -> None:
    """Quiet periods end by the campaign file: a place that closes later must be known there too."""
    told: set[str] = set()
    for new in places:
        place = new.place
        if place.closes is None or place.commune in told:
            continue
        commune = gazetteer.by_code(place.commune)
        ballots = [each for each in campaign.ballots if place.ballot in (EVERY_ROUND, each.number)]
        known = [
            each.hours_in(place.commune).closes
            for each in ballots
            if commune is not None and each.takes_place_in(commune.territory)
        ]
        if commune is not None and known and place.closes > min(known):
            told.add(place.commune)
            notes.fault(
                new.line,
                f"a place of {commune.name} closes at {place.closes:%H:%M}, the campaign file says {min(known):%H:%M}",
                f'write "{place.commune}" = {{ closes = "{place.closes:%H:%M}" }} under [polling.hours] there, '
                "which ends the quiet period",
                warning=True,
            )
