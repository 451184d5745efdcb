"""A spreadsheet of events, as CSV: docs/events.md tells its columns. Nothing is stored here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache

from bot.campaign.campaign import Campaign
from bot.communes import Commune, Gazetteer
from bot.communes.finder import CommuneFinder
from bot.errors import BadAudience, UnknownArea
from bot.event_files.filed import EventsRead, FiledEvent, Notes, require_fitting, require_hours, require_key
from bot.rules.areas import EVERYWHERE, contains, normal_area
from bot.rules.event_draft import invited_unless_chosen, read_seats
from bot.rules.expression_text import expression_in
from bot.rules.expressions import EVERYBODY, Expression
from bot.rules.leaves import read_leaf
from bot.rules.points import read_point
from bot.rules.seats import BadSeats
from bot.rules.spreadsheets import SEPARATORS, UnreadableSheet, cells_of, decode, separator_of
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import Meaning
from db.events import EventText
from locales.words import all_words

NEEDED = ("key", "starts_at", "ends_at", "commune", "address")
KNOWN = (*NEEDED, "latitude", "longitude", "capacity", "area", "invite")
SUCH_AS = "key,starts_at,ends_at,commune,address,title_fr"
FIRST_YEAR, LAST_YEAR = 1990, 2200
"""Beyond these a year is a slip of the finger, in whatever century somebody lives."""
_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_CLOCK = re.compile(r"(\d{1,2})(?::|h| h )(\d{2})?(?::\d{2})?")


def read_sheet(content: bytes, *, campaign: Campaign, gazetteer: Gazetteer) -> EventsRead:
    """The events of a CSV file. Raises UnreadableSheet for what is no text, and for text without its columns."""
    text, encoding = decode(content, holds="events")
    separator = separator_of(text, such_as=SUCH_AS)
    notes = Notes()
    reader = _Rows(campaign, gazetteer, notes)
    rows = cells_of(
        text,
        separator,
        columns=lambda line, header: _columns(line, header, campaign.languages, notes),
        clean=_cleaned,
        fault=notes.fault,
    )
    found = [reader.event(line, cells) for line, cells in rows]
    events = [each for each in found if each is not None]
    if not found and not notes.faults:
        raise UnreadableSheet("The file holds no event: write one a line below the names of the columns.")
    return notes.reading(f"{encoding}, separated by {SEPARATORS[separator]}", events)


def _cleaned(cell: str) -> str:
    return cell.replace("\x00", "").strip()


def _columns(line: int, header: list[str], languages: tuple[str, ...], notes: Notes) -> list[str | None]:
    """The name of each column, None for one that is left out. Raises UnreadableSheet."""
    titles = [f"title_{code}" for code in languages]
    known = {*KNOWN, *titles, *(f"description_{code}" for code in languages)}
    found: list[str | None] = []
    for title in header:
        name = title.strip().casefold()
        if name and name not in known:
            notes.fault(line, f"column “{title.strip()}” is not known", "it is left out", warning=True)
        elif name and name in found:
            notes.fault(line, f"column “{name}” is there twice", "remove one")
        found.append(name if name in known else None)
    missing = [name for name in NEEDED if name not in found]
    if not any(name in found for name in titles):
        missing.append(titles[0])
    if missing:
        expected = ", ".join(f"“{name}”" for name in missing)
        raise UnreadableSheet(f"The first line names no column {expected}: add it, or correct its name.")
    return found


class _Rows:
    """Turns the cells of a row into an event, noting each fault of it."""

    def __init__(self, campaign: Campaign, gazetteer: Gazetteer, notes: Notes) -> None:
        self._campaign, self._notes = campaign, notes
        self._communes = CommuneFinder(gazetteer)

    def event(self, line: int, cells: Mapping[str, str]) -> FiledEvent | None:
        """The event of a row; None where it has a fault."""
        attempt, before = self._notes.attempt, len(self._notes.faults)
        key = attempt(line, lambda: require_key(cells.get("key", "")))
        commune = attempt(
            line, lambda: self._communes.find(code="", name=cells.get("commune", ""), department="")
        )
        zone = commune.zone if commune is not None else "Europe/Paris"
        starts_at = attempt(line, lambda: read_instant(cells.get("starts_at", ""), zone, "starts_at"))
        ends_at = attempt(line, lambda: read_instant(cells.get("ends_at", ""), zone, "ends_at"))
        if starts_at is not None and ends_at is not None:
            attempt(line, lambda: require_hours(starts_at, ends_at))
        address = " ".join(cells.get("address", "").split())
        texts = {
            code: EventText(
                title=" ".join(cells[f"title_{code}"].split()),
                description=cells.get(f"description_{code}", ""),
            )
            for code in self._campaign.languages
            if cells.get(f"title_{code}")
        }
        attempt(line, lambda: require_fitting(texts, address))
        pin = attempt(line, lambda: read_point(cells, commune))
        capacity = attempt(line, lambda: _capacity(cells.get("capacity", "")))
        area = attempt(line, lambda: _area(cells.get("area", ""), commune))
        invite = attempt(line, lambda: self._invited(cells.get("invite", ""), area, commune))
        is_whole = len(self._notes.faults) == before
        if not (is_whole and key and commune and starts_at and ends_at and area):
            return None
        return FiledEvent(
            line=line,
            key=key,
            starts_at=starts_at,
            ends_at=ends_at,
            commune=commune,
            address=address,
            pin=pin,
            capacity=capacity,
            texts=texts,
            area=area,
            invite=invite,
            says=frozenset(
                {
                    "texts",
                    *({"capacity", *(f"description_{code}" for code in texts)} & set(cells)),
                    *({"pin"} if "latitude" in cells else ()),
                }
            ),
        )

    def _invited(self, text: str, area: str | None, commune: Commune | None) -> Expression | None:
        """Whom it is for; None: nobody is written to."""
        if not text or _said(text) is Meaning.NO:
            return None
        if _said(text) is not Meaning.YES:
            return _expression(text)
        if area is not None and area != EVERYWHERE:
            return read_leaf(f"in:{area}")
        if commune is None:
            return EVERYBODY
        by_commune = self._campaign.chooses_by_commune
        return invited_unless_chosen(commune.code, chooses_by_commune=by_commune)


def read_instant(text: str, zone: str, column: str) -> datetime:
    """The instant of a cell: `2016-11-24T19:00`, `2016-11-24 19:00+01:00`, `24/11/2016 19:00`, `24/11/2016 19h`.

    In the time of the place where no offset is written. Raises ValueError with a sentence.
    """
    if not text:
        raise ValueError(f"{column} is missing: write it, such as 2016-11-24 19:00")
    try:
        wall = _wall(text)
    except ValueError:
        raise ValueError(
            f"{column} is “{text[:40]}”, which is no day and time: write it such as 2016-11-24 19:00"
        ) from None
    if wall is None:
        raise ValueError(f"{column} is “{text[:40]}”, which has no time: write it such as 2016-11-24 19:00")
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise ValueError(f"{column} is in the year {wall.year}: correct it")
    return wall if wall.tzinfo is not None else at_wall(wall, zone_named(zone))


def _wall(text: str) -> datetime | None:
    """The day and time as they are written; None for a day alone. Raises ValueError."""
    day_first = _DAY_FIRST.match(text)
    if day_first is None:
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
            return None
        clock = _CLOCK.fullmatch(text[10:].strip())
        if clock is None or "h" not in text:
            return datetime.fromisoformat(text)
        day = date.fromisoformat(text[:10])
    else:
        number, month, year = (int(part) for part in day_first.groups())
        day = date(year, month, number)
        left = text[day_first.end() :].strip()
        if not left:
            return None
        clock = _CLOCK.fullmatch(left)
    if clock is None:
        raise ValueError(text)
    return datetime.combine(day, time(int(clock[1]), int(clock[2] or 0)))


def _capacity(text: str) -> int | None:
    if not text:
        return None
    try:
        return read_seats(text)
    except BadSeats:
        raise ValueError(
            f"capacity is “{text[:20]}”: write a number of seats from 1 to 1,000,000, or nothing for enough"
        ) from None


def _area(text: str, commune: Commune | None) -> str:
    try:
        area = normal_area(text or EVERYWHERE)
    except UnknownArea as error:
        raise ValueError(error.sentence.rstrip(".")) from None
    if commune is not None and not contains(area, commune.code):
        raise ValueError(
            f"{commune.name} ({commune.code}) does not lie in the area {area}: write one that it lies in, or nothing"
        )
    return area


@cache
def _said(text: str) -> Meaning | None:
    found = (words.phrases.meaning(text) for words in all_words())
    return next((meaning for meaning in found if meaning is not None), None)


@cache
def _expression(text: str) -> Expression:
    try:
        return expression_in(text)
    except BadAudience as error:
        problem = error.sentence.rstrip(".").replace(": ", ", ")
        raise ValueError(f"invite cannot be understood, {problem}: write yes, no or an audience") from None
