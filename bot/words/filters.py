"""Dates, numbers, places and lists in a language's own form: the filters of templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot.communes.consulates import city_of
from bot.rules.bringing import Money
from bot.rules.retention import whole_years
from locales.words import OTHER, Words

DATES_KEPT = 1024
NUMBERS_KEPT = 1024
_NOTED_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOTED_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}:\d{2}|Z)")
_LARGE = re.compile(r"\d{5,}")
_VOWELS = frozenset("aeiouyœæ")
_DAY = re.compile(r"\bd\b")


def goes_without_saying(context: Context, year: int) -> bool:
    """Whether nobody asks of what year a date is: the one that is (`now`), else one in which the campaign votes."""
    now, campaign = context.get("now"), context.get("campaign")
    if isinstance(now, datetime):
        return year == now.year
    ballots = getattr(campaign, "ballots", ())
    return not ballots or year in {ballot.day.year for ballot in ballots}


def filters_of(locale: str, words: Words) -> dict[str, Any]:
    """Filters by name, in the language's own form."""
    return {**_dates_of(locale, words), **_places_of(locale, words), **_numbers_of(locale)}


def _dates_of(locale: str, words: Words) -> dict[str, Any]:
    """An aware instant with an IANA zone, or a plain date or time."""
    formats = words.formats

    def first(pattern: str, local: date) -> str:
        """The pattern of a day, as the language writes the first of a month."""
        return _DAY.sub(f"'{formats.first}'", pattern) if local.day == 1 else pattern

    # Many people are told of the same few days, hours and numbers, and Babel takes long over each.
    @lru_cache(DATES_KEPT)
    def day_words(local: date, has_year: bool) -> str:
        pattern = formats.day_and_year if has_year else formats.day
        return format_date(local, first(pattern, local), locale)

    @lru_cache(DATES_KEPT)
    def hour_words(local: time) -> str:
        return format_time(local, formats.hour if local.minute else formats.full_hour, locale=locale)

    @pass_context
    def day(context: Context, moment: datetime | date, zone: str | None = None) -> str:
        local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) and zone else moment
        local = local.date() if isinstance(local, datetime) else local
        return day_words(local, not goes_without_saying(context, local.year))

    @lru_cache(DATES_KEPT)
    def day_and_month(moment: date) -> str:
        return format_date(moment, first(formats.short_day, moment), locale)

    def hour(moment: datetime | time | int, zone: str | None = None) -> str:
        if isinstance(moment, int):  # a full hour of anybody's day
            return hour_words(time(moment % 24))
        local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) and zone else moment
        return hour_words(local.time() if isinstance(local, datetime) else local)

    @pass_context
    def moment_(context: Context, moment: datetime, zone: str) -> str:
        return formats.moment.format(day=day(context, moment, zone), hour=hour(moment, zone))

    def date_(day: date) -> str:
        return date_words(day.date() if isinstance(day, datetime) else day)

    @lru_cache(DATES_KEPT)
    def date_words(day: date) -> str:
        pattern = Locale.parse(locale).date_formats["long"].pattern
        return format_date(day, first(pattern, day), locale)

    def stamp(moment: datetime, zone: str) -> str:
        """With the year, for what is read later; written out as every other date."""
        return formats.moment.format(day=date_(moment.astimezone(ZoneInfo(zone))), hour=hour(moment, zone))

    def noted(text: str, zone: str) -> str:
        """What was noted as text: an instant or a day as dates are written here, all else as it is."""
        try:
            if _NOTED_DAY.fullmatch(text):
                return date_(date.fromisoformat(text))
            return stamp(datetime.fromisoformat(text), zone) if _NOTED_INSTANT.fullmatch(text) else text
        except ValueError:
            return text

    return {
        "date": date_,
        "day": day,
        "day_and_month": day_and_month,
        "hour": hour,
        "moment": moment_,
        "noted": noted,
        "stamp": stamp,
    }


def _places_of(locale: str, words: Words) -> dict[str, Any]:
    """A country by its code, the city of a time zone, a place after a preposition."""

    def country(code: str) -> str:
        return str(Locale.parse(locale).territories.get(code, code))

    def tongue(code: str) -> str:
        """What a language is called by whoever reads this: `anglais`, not `English`."""
        return str(Locale.parse(locale).languages.get(code, code))

    def zone_city(zone: str) -> str:
        return city_of(zone, locale)

    def at(place: str) -> str:
        """Where something takes place: `au Havre`, `in Le Havre`."""
        first, _, rest = place.partition(" ")
        written = words.places.at.get(first) if rest else None
        return written.format(name=rest) if written else words.places.at[OTHER].format(name=place)

    def of(place: str) -> str:
        """Whose something is: `du Havre`, `d’Annecy`."""
        first, _, rest = place.partition(" ")
        if rest and first in words.places.of:
            return words.places.of[first].format(name=rest)
        begins = unicodedata.normalize("NFKD", place[:1].casefold())[:1]
        written = words.places.of.get("vowel") if begins in _VOWELS else None
        return (written or words.places.of[OTHER]).format(name=place)

    return {"country": country, "zone_city": zone_city, "tongue": tongue, "at": at, "of": of}


def _numbers_of(locale: str) -> dict[str, Any]:
    """Numbers, sums of money, how long something is, and several things in one list."""

    @lru_cache(NUMBERS_KEPT)
    def number(value: float, pattern: str | None = None) -> str:
        return format_decimal(value, pattern, locale=locale)

    def grouped(text: object) -> str:
        """A count as it is shown (`10–19`, `1000000`) with its digits in groups, from five on."""
        return _LARGE.sub(lambda found: number(int(found[0])), str(text))

    @lru_cache(NUMBERS_KEPT)
    def percentage(percent: float) -> str:
        return format_percent(percent / 100, locale=locale)

    @lru_cache(NUMBERS_KEPT)
    def period(days: int) -> str:
        years = whole_years(days)
        words = format_unit(years or days, "year" if years else "day", locale=locale)
        return words.replace(" ", "\u00a0")  # a number stays with its unit

    def money(sum_: Money) -> str:
        whole = sum_.amount == sum_.amount.to_integral_value()
        pattern = "#,##0" if whole else "#,##0.00"
        return format_currency(
            sum_.amount,
            sum_.currency,
            pattern,
            locale=locale,
            currency_digits=False,
            format_type="name",
        )

    def listing(values: Iterable[object], style: Any = "standard") -> str:
        each = list(values)
        if any(isinstance(value, Markup) for value in each):
            # Escaped already: a list that is no Markup would be escaped once more.
            return Markup(format_list([escape(value) for value in each], style=style, locale=locale))
        return format_list([str(value) for value in each], style=style, locale=locale)

    return {
        "number": number,
        "grouped": grouped,
        "percentage": percentage,
        "period": period,
        "money": money,
        "listing": listing,
    }
