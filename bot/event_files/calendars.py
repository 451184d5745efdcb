"""Events as a calendar (RFC 5545): written for phones and mail programs, and read from what other programs write."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.campaign.campaign import Campaign
from bot.communes import Commune, Gazetteer
from bot.event_files.filed import EventsRead, FiledEvent, Notes, require_fitting, require_hours, require_key
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.series import BadSeries, walls
from bot.rules.spreadsheets import UnreadableSheet
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from db.events import EventText

PRODUCT = "-//Portevoix//Portevoix//EN"
OURS = "@portevoix"
"""The end of the UID of an event of ours: what stands before it is its code."""
NEAR_KM = 30.0
MOST_LOCATION = 300
"""Characters of a place of which the town is looked for: no address is longer, and the time grows with their cube."""
_BLANKS = re.compile(r"[^\S\n]+")
_ADDRESS = re.compile(r"^(?P<street>.*?)[,\n ]+(?:(?P<postcode>\d{5})\s+)?(?P<town>[^,\n]+)$", re.DOTALL)


class CalendarEvent(Frozen):
    """An event as a calendar shows it. `status`: CONFIRMED, TENTATIVE or CANCELLED; `zone`: IANA, of its place."""

    code: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    title: str
    description: str
    location: str
    status: str
    link: str
    point: tuple[float, float] | None = None


def calendar_of(entries: Iterable[CalendarEvent], *, now: datetime, name: str = "") -> bytes:
    """The calendar. The UID of an event stays: opening a newer file updates its entry. `name`: what it is called."""
    # It takes a twelfth of every start, also of those that make no such file.
    from icalendar import Calendar
    from icalendar import Event as CalendarEvent

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", "PUBLISH")
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
    for each in entries:
        entry = CalendarEvent()
        zone = ZoneInfo(each.zone)
        entry.add("uid", f"{each.code}{OURS}")
        entry.add("sequence", each.sequence)
        entry.add("dtstamp", now.astimezone(UTC))
        entry.add("dtstart", each.starts_at.astimezone(zone))
        entry.add("dtend", each.ends_at.astimezone(zone))
        entry.add("summary", each.title)
        if each.description:
            entry.add("description", each.description)
        entry.add("location", each.location)
        entry.add("status", each.status)
        if each.link:
            entry.add("url", each.link)
        if each.point is not None:
            entry.add("geo", each.point)
        calendar.add_component(entry)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def read_calendar(content: bytes, *, campaign: Campaign, gazetteer: Gazetteer, now: datetime) -> EventsRead:
    """The events of a calendar file; a series as its dates, of which those after `now` are counted.

    Raises UnreadableSheet for what is none.
    """
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(content.decode("utf-8-sig", "replace"), multiple=True)
    except (ValueError, IndexError, KeyError):
        raise UnreadableSheet("The file is no calendar: export it once more, as .ics.") from None
    entries = [entry for calendar in calendars for entry in calendar.walk("VEVENT")]
    if not entries:
        raise UnreadableSheet("The calendar holds no event: export it once more, with its events.")
    notes = Notes()
    reader = _Entries(campaign, gazetteer, notes, now)
    lines = _lines(content)
    found: list[FiledEvent] = []
    # Where a date of a series has an entry of its own, and by which clock the series says when that date was.
    moved: defaultdict[str, list[date]] = defaultdict(list)
    clocks: dict[str, ZoneInfo] = {}
    for entry in entries:
        uid = str(entry.get("UID"))
        if (planned := getattr(entry.get("RECURRENCE-ID"), "dt", None)) is not None:
            moved[uid].append(planned)
        elif (zone := _zone(getattr(entry.get("DTSTART"), "dt", None))) is not None:
            clocks[uid] = zone
    for entry, line in zip(entries, lines, strict=False):
        uid = str(entry.get("UID"))
        found += reader.events(line, entry, moved[uid], clocks.get(uid))
    return notes.reading("calendar", found)


def _lines(content: bytes) -> list[int]:
    """The line on which each event begins."""
    return [
        number
        for number, line in enumerate(content.splitlines(), start=1)
        if line.strip().upper() == b"BEGIN:VEVENT"
    ]


def _zone(moment: Any) -> ZoneInfo | None:
    """By which clock a moment is told; None where it does not say."""
    found = moment.tzinfo if isinstance(moment, datetime) else None
    return found if isinstance(found, ZoneInfo) else None


def _wall(moment: date, clock: ZoneInfo, at: time) -> datetime:
    """A moment as a clock shows it, however it was written; of a day alone, the hour `at`."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, at)
    return moment if moment.tzinfo is None else moment.astimezone(clock).replace(tzinfo=None)


class _Entries:
    """Turns the entries of a calendar into events, noting each fault."""

    def __init__(self, campaign: Campaign, gazetteer: Gazetteer, notes: Notes, now: datetime) -> None:
        self._campaign, self._gazetteer, self._notes, self._now = campaign, gazetteer, notes, now

    def events(
        self, line: int, entry: Any, moved: Sequence[date], clock: ZoneInfo | None
    ) -> Iterator[FiledEvent]:
        """The events of an entry: one, or each date of a series; `moved`: its dates that have an entry of their own,
        `clock`: by which it says when they were.
        """
        attempt, before = self._notes.attempt, len(self._notes.faults)
        uid = attempt(line, lambda: require_key(str(entry.get("UID") or "").strip()))
        place = attempt(line, lambda: self._place(entry))
        location = " ".join(str(entry.get("LOCATION") or "").split())
        commune, address = place or (None, location)
        hours = attempt(line, lambda: _hours(entry, commune))
        language = self._language(entry)
        texts = {
            language: EventText(
                title=" ".join(str(entry.get("SUMMARY") or "").split()),
                description=self._description(entry),
            )
        }
        attempt(line, lambda: require_fitting(texts, address))
        clock = clock or ZoneInfo(commune.zone if commune is not None else "Europe/Paris")
        starts = attempt(line, lambda: _starts(entry, hours, clock, moved, self._now)) if hours else None
        is_whole = len(self._notes.faults) == before
        if not (is_whole and uid and commune and hours and starts):
            return
        geo = entry.get("GEO")
        for key, starts_at in _keys(uid, starts, entry, clock):
            yield FiledEvent(
                line=line,
                key=key,
                starts_at=starts_at,
                ends_at=starts_at + (hours[1] - hours[0]),
                commune=commune,
                address=address,
                texts=texts,
                area=EVERYWHERE,
                pin=(float(geo.latitude), float(geo.longitude)) if geo is not None else None,
                history=True,
                cancelled=str(entry.get("STATUS") or "").upper() == "CANCELLED",
                says=frozenset(
                    {
                        "texts",
                        *(["pin"] if geo is not None else []),
                        *([f"description_{language}"] if "DESCRIPTION" in entry else []),
                    }
                ),
            )

    def _description(self, entry: Any) -> str:
        """The description; of an event of ours without the sender and the link that stand below it."""
        text = str(entry.get("DESCRIPTION") or "").strip()
        if not str(entry.get("UID") or "").endswith(OURS):
            return text
        before, _, last = text.rpartition("\n\n")
        return before if last.startswith(self._campaign.sender.name) else text

    def _language(self, entry: Any) -> str:
        """The campaign's language in which the title is written; its first where it does not say."""
        said = getattr(entry.get("SUMMARY"), "params", {}).get("LANGUAGE", "")
        code = str(said).partition("-")[0].lower()
        return code if code in self._campaign.languages else self._campaign.languages[0]

    def _place(self, entry: Any) -> tuple[Commune, str]:
        """The commune and the address: by the town that the location ends with, else by where it is on the map."""
        location = _BLANKS.sub(" ", str(entry.get("LOCATION") or "")).strip()
        found = _ADDRESS.match(location) if len(location) <= MOST_LOCATION else None
        if found is not None:
            asked = f"{found['postcode'] or ''} {found['town']}".strip()
            for text in (asked, found["town"]):
                result = self._gazetteer.search(text, limit=1)
                if result.confident:
                    return result.results[0], " ".join(found["street"].strip(" ,\n").split()) or location
        geo = entry.get("GEO")
        if geo is not None:
            near = self._gazetteer.nearest(float(geo.latitude), float(geo.longitude), limit=1)
            if near and near[0][1] <= NEAR_KM:
                return near[0][0], " ".join(location.split())
        raise ValueError(
            f"its LOCATION is “{location[:60]}”, of which no commune can be told: write “street, postcode town” there"
        )


def _hours(entry: Any, commune: Commune | None) -> tuple[datetime, datetime]:
    """When it begins and ends, aware. Raises ValueError with a sentence."""
    begins = getattr(entry.get("DTSTART"), "dt", None)
    if begins is None:
        raise ValueError("it has no DTSTART: write when it begins")
    if not isinstance(begins, datetime):
        raise ValueError("it takes all day, and people need an hour: write at what time it begins and ends")
    try:
        ends = entry.end
    except (ValueError, TypeError, AttributeError):
        ends = None
    if not isinstance(ends, datetime):
        raise ValueError("it has no DTEND: write when it ends")
    zone = commune.zone if commune is not None else "Europe/Paris"
    found = _aware(begins, zone), _aware(ends, zone)
    require_hours(*found)
    return found


def _aware(moment: datetime, zone: str) -> datetime:
    """A time without a zone is the place's own."""
    if moment.tzinfo is not None:
        return moment
    return at_wall(moment, zone_named(zone))


def _starts(
    entry: Any, hours: tuple[datetime, datetime], clock: ZoneInfo, moved: Sequence[date], now: datetime
) -> Sequence[datetime]:
    """The starts of an entry, aware: of a series, of each date. Raises ValueError with a sentence."""
    rule = entry.get("RRULE")
    if rule is None or "RECURRENCE-ID" in entry:
        return [hours[0]]
    first = hours[0].astimezone(clock).replace(tzinfo=None)
    until = next(iter(rule.get("UNTIL", [])), None)
    if isinstance(until, datetime):
        until = _wall(until, clock, first.time())
    without = {_wall(each, clock, first.time()) for each in (*entry.exdates, *moved)}
    text = rule.to_ical().decode()
    end = until if isinstance(until, date) else None
    try:
        here = now.astimezone(clock).replace(tzinfo=None)
        found = walls(text, first, until=end, without=without, now=here)
    except BadSeries as error:
        raise ValueError(error.sentence.rstrip(".")) from None
    return [at_wall(each, clock) for each in found]


def _keys(
    uid: str, starts: Sequence[datetime], entry: Any, clock: ZoneInfo
) -> Iterator[tuple[str, datetime]]:
    """The key of each start: a date of a series has that of the series and its day as it was planned."""
    planned = getattr(entry.get("RECURRENCE-ID"), "dt", None)
    for start in starts:
        day = start if "RRULE" in entry else None
        if planned is not None:
            day = _wall(planned, clock, start.astimezone(clock).time())
        yield (uid if day is None else f"{uid}/{day:%Y%m%dT%H%M}"), start
