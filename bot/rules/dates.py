"""Dates and times as people type them: `24/11 19h`, `24 novembre 2016 19h30`, `Nov 24 7pm`, `tomorrow 19:00`.

The words of every language are read at once, whatever the person chose: numbers are day/month in each, and nobody
should have to think about it. What is typed is a wall-clock time in a place's zone.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.date_words import DateWords, one_of
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named
from bot.rules.typed import folded

LONGEST_AHEAD = timedelta(days=300)
"""A date without a year is the next one, unless that is so far away that the last one was meant."""


MORNING, AFTERNOON, EVENING = time(10), time(15), time(23, 59)
"""When somebody goes who names a part of the day; whatever closes before the evening's end closes after them."""

FARTHEST_YEARS = 10
"""Nothing is planned longer ahead: a year beyond is a slip of the finger."""


class BadDate(PortevoixError):
    """A text that is no date and time to come."""

    default_message: ClassVar[str] = "errors/date_unreadable"


class _Forms:
    """The patterns that read the words of some languages, and the numbers behind their names."""

    def __init__(self, words: DateWords) -> None:
        self.months = {folded(name): number for number, names in enumerate(words.months, 1) for name in names}
        self.weekdays = {
            folded(name): number for number, names in enumerate(words.weekdays) for name in names
        }
        self.ahead = {folded(name): days for name, days in words.days_ahead}
        self.after_noon = frozenset(map(folded, words.after_noon))
        halves = one_of(_with_points((*words.before_noon, *words.after_noon)))
        hours, ordinals, of = one_of(words.hours), one_of(words.ordinals), one_of(words.of)
        month = one_of(self.months)
        self.times = (
            # 7pm, 7:30 p.m.
            re.compile(rf"\b(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d{{2}}))?\s*(?P<half>{halves})(?!\w)\.?"),
            # 19h, 19h30, 19 h 30, 19 heures 30
            re.compile(rf"\b(?P<hour>\d{{1,2}})\s*(?:{hours})\s*(?P<minute>\d{{2}})?\b"),
            # 19:30
            re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b"),
            re.compile(rf"\b(?:{one_of(words.noon)})\b"),
        )
        self.dates = (
            # 2016-11-24
            re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b"),
            # 24/11, 24/11/2016, 24.11.16
            re.compile(r"\b(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d{2}))?\b"),
            # 24 novembre 2016, 1er décembre, 24th of November, 24 de noviembre de 2016
            re.compile(
                rf"\b(?P<day>\d{{1,2}})(?:{ordinals})?\s+(?:(?:{of})\s+)?(?P<month>{month})\b\.?,?"
                rf"(?:\s+(?:(?:{of})\s+)?(?P<year>\d{{4}}))?\b"
            ),
            # Nov 24, November 24th, 2016
            re.compile(
                rf"\b(?P<month>{month})\b\.?\s+(?P<day>\d{{1,2}})(?:{ordinals})?\b,?(?:\s+(?P<year>\d{{4}}))?\b"
            ),
            re.compile(rf"\b(?P<ahead>{one_of(self.ahead)})\b"),
        )
        self.on_a_weekday = re.compile(rf"\b(?P<weekday>{one_of(self.weekdays)})\b\.?")
        around = (*words.around, *words.of, *words.since)
        self.parts = tuple(
            (re.compile(rf"\b(?:{one_of(names)})\b"), at)
            for names, at in (
                (words.evening, EVENING),
                (words.afternoon, AFTERNOON),
                (words.morning, MORNING),
            )
        )
        self.going = re.compile(
            rf"(?<!\w)(?:{one_of((*words.going, *words.around, *words.until))})(?!\w)|[,;.!]"
        )
        self.filler = re.compile(rf"(?<!\w)(?:{one_of(around)})(?!\w)|[,;.]")
        self.duration = re.compile(
            rf"(?:(?P<hours>\d{{1,2}})\s*(?:{hours}|:)\s*(?P<rest>\d{{1,2}})?|(?P<minutes>\d{{1,4}}))"
            rf"\s*(?:{one_of(words.minutes)})?"
        )


def _with_points(halves: Iterable[str]) -> Iterator[str]:
    for half in halves:
        yield half
        yield ".".join(half)


@cache
def _forms(words: DateWords) -> _Forms:
    return _Forms(words)


class _Typed(Frozen):
    """The parts found in what was typed; what is left of it was not understood."""

    at: time | None
    day: re.Match[str] | None
    weekday: int | None
    left: str


def read_moment(text: str, words: DateWords, *, now: datetime, zone: str) -> datetime:
    """The instant that was typed, in the zone (IANA name); `now` is aware.

    Raises BadDate: unreadable, no time, a day that does not exist, the wrong weekday, in the past.
    """
    where = zone_named(zone)
    today = now.astimezone(where).date()
    forms = _forms(words)
    typed = _parts(_plain(text), forms)
    if typed.left or (typed.day is None and typed.weekday is None):
        raise BadDate(f"“{text[:60]}” is not a date and time.", typed=text[:60])
    day = _day(typed.day, forms, today, text) if typed.day is not None else None
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


def is_now(text: str, words: DateWords) -> bool:
    """Whether it says `now` and nothing else (`tout de suite`, `right away`)."""
    said = " ".join(_MARKS.sub(" ", folded(text)).split())
    return said in {" ".join(_MARKS.sub(" ", folded(word)).split()) for word in words.now}


_MARKS = re.compile(r"[^\w]+")


def is_date(text: str, words: DateWords) -> bool:
    """Whether it is a day, an hour or both, possible or not, and nothing else."""
    if is_now(text, words):
        return True
    forms = _forms(words)
    try:
        typed = _parts(_plain(text), forms)
    except BadDate:  # an hour that does not exist
        return True
    return not typed.left and (typed.day, typed.weekday, typed.at) != (None, None, None)


def read_time_of_day(text: str, words: DateWords) -> time | None:
    """The time at which somebody says they go (`à 10h`, `j’irai le matin`, `after work`); None for anything else."""
    forms = _forms(words)
    left = _plain(text)
    part = _part(left, forms)
    if part is not None:
        left = _without(left, part[0])
    clock = next((found for form in forms.times if (found := form.search(left))), None)
    if clock is not None:
        left = _without(left, clock)
    if (clock is None and part is None) or forms.going.sub(" ", left).strip():
        return None
    if clock is None:
        return part[1] if part else None
    try:
        at = _time(clock.groupdict(), forms)
    except BadDate:
        return None
    return _in_part(at, part)


def _part(text: str, forms: _Forms) -> tuple[re.Match[str], time] | None:
    """The part of the day that is named, and when in it somebody goes who names no hour."""
    return next(((found, at) for form, at in forms.parts if (found := form.search(text))), None)


def _in_part(at: time, part: tuple[re.Match[str], time] | None) -> time:
    """8 h of the evening is 20:00."""
    is_later = part is not None and part[1] > time(12) > at
    return at.replace(hour=at.hour + 12) if is_later else at


def _plain(text: str) -> str:
    """Folded, without the T of ISO 8601."""
    return re.sub(r"(?<=\d)t(?=\d)", " ", folded(text))


def _parts(text: str, forms: _Forms) -> _Typed:
    part = _part(text, forms)
    day = next((found for form in forms.dates if (found := form.search(text))), None)
    if day is not None:
        text = _without(text, day)
    beside = _part(text, forms)  # not the one within “ce soir”
    if beside is not None:
        text = _without(text, beside[0])
    clock = next((found for form in forms.times if (found := form.search(text))), None)
    at = None
    if clock is not None:
        text = _without(text, clock)
        at = _time(clock.groupdict(), forms)
        if part is not None and part[1] < time(12) < at:  # 20 h du matin
            text = f"{text} {part[0][0]}"
        at = _in_part(at, part)
    weekday = forms.on_a_weekday.search(text)
    if weekday is not None:
        text = _without(text, weekday)
    left = forms.filler.sub(" ", text).strip()
    number = forms.weekdays[weekday["weekday"]] if weekday is not None else None
    return _Typed(at=at, day=day, weekday=number, left=left)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _time(parts: dict[str, str | None], forms: _Forms) -> time:
    if not parts:
        return time(12)
    hour, minute, half = int(parts["hour"] or 0), int(parts.get("minute") or 0), parts.get("half")
    typed = f"{hour}:{minute:02}"
    if half is not None:
        afternoon = half.replace(".", "") in forms.after_noon
        hour = hour % 12 + (12 if afternoon else 0) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise BadDate(f"{typed} is not a time of day.", message="errors/time_impossible", typed=typed)
    return time(hour, minute)


def _day(found: re.Match[str], forms: _Forms, today: date, text: str) -> date:
    parts = found.groupdict()
    if parts.get("ahead") is not None:
        return today + timedelta(days=forms.ahead[parts["ahead"]])
    number, month = int(parts["day"]), forms.months.get(parts["month"]) or int(parts["month"])
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


def read_duration(text: str, words: DateWords) -> timedelta:
    """`2h`, `1h30`, `2 hours`, `90 min`, `90`; raises BadDate, also for none and for more than three days."""
    found = _forms(words).duration.fullmatch(folded(text))
    if found is not None:
        minutes = int(found["minutes"] or found["rest"] or 0)
        duration = timedelta(hours=int(found["hours"] or 0), minutes=minutes)
        if timedelta() < duration <= LONGEST_EVENT:
            return duration
    raise BadDate(f"“{text[:60]}” is not a duration.", message="errors/duration_unreadable", typed=text[:60])
