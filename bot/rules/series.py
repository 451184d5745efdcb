"""A series of events: every week or month at the same hour of its place, until a day or so many times (RFC 5545).

The days are counted on the clock on the wall, so that a meeting at 19:00 is at 19:00 too after the clocks have changed.
"""

from collections import deque
from collections.abc import Collection
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice, takewhile
from typing import ClassVar

from dateutil.rrule import rrulestr

from bot.errors import PortevoixError

MOST_DATES = 60
"""A meeting each week for more than a year: whoever wants more announces them when that year is over."""
MOST_LOOKED_AT = 10_000
"""Dates of a series that has long begun: every day for 27 years."""
LEAST_DATES = 2
_TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FOURTH = 4


class BadSeries(PortevoixError):
    """A series that never ends, or has no dates, or too many; `why` names the fault for `errors/series`."""

    default_message: ClassVar[str] = "errors/series"

    def __init__(self, sentence: str, *, why: str) -> None:
        super().__init__(sentence, why=why, most=MOST_DATES)


class Every(StrEnum):
    """How often it takes place: on this weekday, on this day of the month, on its third Tuesday."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH_DAY = "month_day"
    MONTH_WEEKDAY = "month_weekday"


def rule_of(every: Every, first: date) -> str:
    """The RFC 5545 rule of a series that begins on a day; it does not say when it ends."""
    if every is Every.WEEK:
        return "FREQ=WEEKLY"
    if every is Every.FORTNIGHT:
        return "FREQ=WEEKLY;INTERVAL=2"
    if every is Every.MONTH_DAY:
        return f"FREQ=MONTHLY;BYMONTHDAY={first.day}"
    return f"FREQ=MONTHLY;BYDAY={place_in_month(first)}{_DAYS[first.weekday()]}"


def every_of(rule: str) -> Every:
    """How often a series of such a rule takes place: the other way round of `rule_of`."""
    if "INTERVAL=2" in rule:
        return Every.FORTNIGHT
    if "WEEKLY" in rule:
        return Every.WEEK
    return Every.MONTH_DAY if "BYMONTHDAY" in rule else Every.MONTH_WEEKDAY


def dates_of(
    every: Every, first: datetime, *, times: int | None = None, until: date | None = None
) -> list[datetime]:
    """The starts of a series by the clock on the wall: so many times, or until a day. Raises BadSeries."""
    if times is not None and not LEAST_DATES <= times <= MOST_DATES:
        why = "many" if times > MOST_DATES else "few"
        raise BadSeries(f"A series has {LEAST_DATES} to {MOST_DATES} dates.", why=why)
    rule = rule_of(every, first.date())
    found = walls(f"{rule};COUNT={times}" if times is not None else rule, first, until=until)
    if len(found) < LEAST_DATES:
        raise BadSeries("This series has one date: write a later end.", why="none")
    return found


def place_in_month(day: date) -> int:
    """Which of its weekdays in the month a day is: 3 for the third Tuesday; a fifth one is the last, -1."""
    place = (day.day - 1) // 7 + 1
    return place if place <= _FOURTH else -1


def walls(
    rule: str,
    first: datetime,
    *,
    until: date | datetime | None = None,
    without: Collection[datetime] = (),
    now: datetime | None = None,
) -> list[datetime]:
    """The starts of a series by the clock on the wall (no zone), the first one among them.

    `until`: the last day, or instant on that clock; else the rule says how often (`COUNT`). `without`: starts that are
    left out. `now`, on that clock: of what was before, the last dates alone. Raises BadSeries.
    """
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    if parts.get("FREQ") in _TOO_OFTEN:
        raise BadSeries("This takes place several times a day: write events of their own.", why="often")
    if until is None and "COUNT" not in parts:
        raise BadSeries("This series never ends: say until which day, or how many times.", why="endless")
    end = (
        datetime.combine(until, time.max)
        if isinstance(until, date) and not isinstance(until, datetime)
        else until
    )
    text = ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")
    try:
        rule_of_dates = rrulestr(text, dtstart=first).replace(until=end)
        past: deque[datetime] = deque(maxlen=MOST_DATES)
        if now is not None:
            past.extend(takewhile(lambda start: start <= now, islice(rule_of_dates, MOST_LOOKED_AT)))
        to_come = rule_of_dates if now is None else rule_of_dates.xafter(now)
        found = list(islice(to_come, MOST_DATES + 1))
    except (ValueError, TypeError, KeyError):
        raise BadSeries(f"“{rule[:60]}” is no rule of a series.", why="unreadable") from None
    if len(found) > MOST_DATES:
        raise BadSeries(f"This series has more than {MOST_DATES} dates: let it end earlier.", why="many")
    left = [start for start in (*past, *found) if start not in set(without)]
    if not left:
        raise BadSeries("This series has no date: write a later end.", why="none")
    return left
