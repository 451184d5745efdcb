"""Dates and times as people type them: `24/11 19h`, `24 novembre 2016 19h30`, `Nov 24 7pm`, `tomorrow 19:00`.

French and English are read at once, whatever the language of the person: both use day/month, and nobody
should have to think about it. What is typed is a wall-clock time in a place's zone.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from bot.errors import PortevoixError
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

LONGEST_AHEAD = timedelta(days=300)
"""A date without a year is the next one, unless that is so far away that the last one was meant."""


FARTHEST_YEARS = 10
"""Nothing is planned longer ahead: a year beyond is a slip of the finger."""


class BadDate(PortevoixError):
    """What was typed is no date and time to come."""

    default_message: ClassVar[str] = "errors/date_unreadable"


_MONTHS = (
    ("janvier", "january", "janv", "jan"),
    ("fevrier", "february", "fevr", "fev", "feb"),
    ("mars", "march", "mar"),
    ("avril", "april", "avr", "apr"),
    ("mai", "may"),
    ("juin", "june", "jun"),
    ("juillet", "july", "juil", "jul"),
    ("aout", "august", "aug"),
    ("septembre", "september", "sept", "sep"),
    ("octobre", "october", "oct"),
    ("novembre", "november", "nov"),
    ("decembre", "december", "dec"),
)
_WEEKDAYS = (
    ("lundi", "monday", "mon", "lun"),
    ("mardi", "tuesday", "tue"),
    ("mercredi", "wednesday", "wed", "mer"),
    ("jeudi", "thursday", "thu", "jeu"),
    ("vendredi", "friday", "fri", "ven"),
    ("samedi", "saturday", "sat", "sam"),
    ("dimanche", "sunday", "sun", "dim"),
)
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAY_NUMBERS = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_DAYS_AHEAD = {
    "apres-demain": 2,
    "apres demain": 2,
    "day after tomorrow": 2,
    "aujourd'hui": 0,
    "today": 0,
    "tonight": 0,
    "ce soir": 0,
    "demain": 1,
    "tomorrow": 1,
    # Read to be refused as past, not as a date that nobody can read.
    "hier": -1,
    "yesterday": -1,
    "avant-hier": -2,
    "avant hier": -2,
    "day before yesterday": -2,
}


def _one_of(words: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_MONTH, _WEEKDAY, _AHEAD = _one_of(_MONTH_NUMBERS), _one_of(_WEEKDAY_NUMBERS), _one_of(_DAYS_AHEAD)

_TIMES = (
    # 7pm, 7:30 pm
    re.compile(r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap])\.?m\b\.?"),
    # 19h, 19h30, 19 h 30, 19 heures 30
    re.compile(r"\b(?P<hour>\d{1,2})\s*h(?:eures?)?\s*(?P<minute>\d{2})?\b"),
    # 19:30
    re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b"),
    re.compile(r"\b(?:midi|noon)\b"),
)
_DATES = (
    # 2016-11-24
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b"),
    # 24/11, 24/11/2016, 24.11.16
    re.compile(r"\b(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d{2}))?\b"),
    # 24 novembre 2016, 1er décembre, 24th of November
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?,?(?:\s+(?P<year>\d{{4}}))?\b"
    ),
    # Nov 24, November 24th, 2016
    re.compile(
        rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b,?(?:\s+(?P<year>\d{{4}}))?\b"
    ),
    re.compile(rf"\b(?P<ahead>{_AHEAD})\b"),
)
_ON_A_WEEKDAY = re.compile(rf"\b(?P<weekday>{_WEEKDAY})\b\.?")
_FILLER = re.compile(r"\b(?:le|a|at|on|the|de|des|from|vers|soir|next|prochaine?)\b|[,;.]")


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """The parts found in what was typed; what is left of it was not understood."""

    at: time | None
    day: re.Match[str] | None
    weekday: int | None
    left: str


def read_moment(text: str, *, now: datetime, zone: str) -> datetime:
    """The instant that was typed, in the zone (IANA name); `now` is aware.

    Raises BadDate: unreadable, no time, a day that does not exist, the wrong weekday, in the past.
    """
    where = zone_named(zone)
    today = now.astimezone(where).date()
    typed = _parts(_folded(text))
    if typed.left or (typed.day is None and typed.weekday is None):
        raise BadDate(f"“{text[:60]}” is not a date and time.", typed=text[:60])
    day = _day(typed.day, today, text) if typed.day is not None else None
    if typed.at is None:
        raise BadDate(f"“{text[:60]}” does not say at what time.", message="errors/date_without_time")
    if day is None:
        assert typed.weekday is not None  # checked first
        day = today + timedelta(days=(typed.weekday - today.weekday()) % 7)
        if at_local(day, typed.at, where) <= now:
            day += timedelta(days=7)
        return at_local(day, typed.at, where)
    if typed.weekday is not None and typed.weekday != day.weekday():
        raise BadDate("This date falls on another weekday.", message="errors/date_weekday", day=day)
    moment = at_local(day, typed.at, where)
    if moment <= now:
        raise BadDate("This moment is past.", message="errors/date_past", moment=moment, place_zone=zone)
    return moment


def _folded(text: str) -> str:
    """Lower case without accents, typographic apostrophes and the T of ISO 8601."""
    plain = unicodedata.normalize("NFKD", text.strip().lower().replace("’", "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"(?<=\d)t(?=\d)", " ", plain)


def _parts(text: str) -> _Typed:
    day = next((found for form in _DATES if (found := form.search(text))), None)
    if day is not None:
        text = _without(text, day)
    clock = next((found for form in _TIMES if (found := form.search(text))), None)
    at = None
    if clock is not None:
        text = _without(text, clock)
        at = _time(clock.groupdict())
    weekday = _ON_A_WEEKDAY.search(text)
    if weekday is not None:
        text = _without(text, weekday)
    left = _FILLER.sub(" ", text).strip()
    number = _WEEKDAY_NUMBERS[weekday["weekday"]] if weekday is not None else None
    return _Typed(at=at, day=day, weekday=number, left=left)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _time(parts: dict[str, str | None]) -> time:
    if not parts:
        return time(12)
    hour, minute, half = int(parts["hour"] or 0), int(parts.get("minute") or 0), parts.get("half")
    typed = f"{hour}:{minute:02}"
    if half is not None:
        hour = hour % 12 + (12 if half == "p" else 0) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise BadDate(f"{typed} is not a time of day.", message="errors/time_impossible", typed=typed)
    return time(hour, minute)


def _day(found: re.Match[str], today: date, text: str) -> date:
    parts = found.groupdict()
    if parts.get("ahead") is not None:
        return today + timedelta(days=_DAYS_AHEAD[parts["ahead"]])
    number, month = int(parts["day"]), _MONTH_NUMBERS.get(parts["month"]) or int(parts["month"])
    if month > 12 >= number:
        number, month = month, number
    try:
        if parts["year"] is not None:
            year = int(parts["year"])
            day = date(year if year > 99 else 2000 + year, month, number)
            if day.year > today.year + FARTHEST_YEARS:
                raise BadDate(f"“{text[:60]}” is too far away.", typed=text[:60])
            return day
        return _next(today, month, number)
    except ValueError:
        raise BadDate(
            f"“{text[:60]}”: there is no such day.", message="errors/date_impossible", typed=text[:60]
        ) from None


def _next(today: date, month: int, number: int) -> date:
    """The next such day; this year's, past, where the next is so far away that it can hardly be meant."""
    this_year = date(today.year, month, number)
    if this_year >= today:
        return this_year
    try:
        next_year = this_year.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return this_year
    return this_year if next_year - today > LONGEST_AHEAD else next_year


LONGEST_EVENT = timedelta(hours=72)
_DURATION = re.compile(
    r"(?:(?P<hours>\d{1,2})\s*(?:h|heures?|hours?|:)\s*(?P<rest>\d{1,2})?|(?P<minutes>\d{1,4}))\s*(?:m|mn|min|minutes?)?"
)


def read_duration(text: str) -> timedelta:
    """`2h`, `1h30`, `2 hours`, `90 min`, `90`; raises BadDate, also for none and for more than three days."""
    found = _DURATION.fullmatch(_folded(text))
    if found is not None:
        minutes = int(found["minutes"] or found["rest"] or 0)
        duration = timedelta(hours=int(found["hours"] or 0), minutes=minutes)
        if timedelta() < duration <= LONGEST_EVENT:
            return duration
    raise BadDate(f"“{text[:60]}” is not a duration.", message="errors/duration_unreadable", typed=text[:60])
