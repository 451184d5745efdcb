"""Polling places: which are a person's, and which one of several is theirs.

A commune has one place, or several between which streets or surnames decide. The bot does not know the street or the
surname: it shows the ranges, and the person chooses. A place may be of every round (ballot 0) or of one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import time
from functools import cache
from hashlib import sha256

from bot.frozen import Frozen
from bot.rules.communes.query import parent_of
from bot.rules.communes.text import fold
from bot.rules.date_words import DateWords, one_of
from bot.rules.typed import folded

EVERY_ROUND = 0
MOST_LETTERS = 40
MOST_NAME, MOST_ADDRESS, MOST_STREETS = 120, 300, 300
"""Characters of what a place is told by."""


class PollingPlace(Frozen):
    """Where people of a commune vote. `opens` and `closes` are local; None: the hours of the campaign file.

    `streets`: who votes there, in the file's own words. `surnames_from` and `surnames_to` are both given or both None.
    """

    id: int
    commune: str
    ballot: int
    name: str
    address: str
    opens: time | None = None
    closes: time | None = None
    streets: str | None = None
    surnames_from: str | None = None
    surnames_to: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def is_on_the_map(self) -> bool:
        return self.latitude is not None and self.longitude is not None


class Where(Frozen):
    """The place where somebody votes, as far as known: `place` if it is sure, else `choices` between which they know.

    `choices` holds the place too, where others of the commune could have been chosen.
    """

    place: PollingPlace | None = None
    choices: tuple[PollingPlace, ...] = ()

    @property
    def must_choose(self) -> bool:
        return self.place is None and bool(self.choices)


NOWHERE_KNOWN = Where()


def communes_asked(commune: str | None) -> tuple[str, ...]:
    """The communes whose places may be somebody's: their own, and for an arrondissement the city too."""
    if commune is None:
        return ()
    parent = parent_of(commune)
    return (commune,) if parent is None else (commune, parent)


def where_to_vote(
    places: Mapping[str, Sequence[PollingPlace]], *, commune: str | None, ballot: int, chosen: Collection[int]
) -> Where:
    """Where somebody of a commune votes in a ballot. `places` by commune; `chosen`: the ids they said are theirs."""
    for code in communes_asked(commune):
        candidates = of_ballot(places.get(code, ()), ballot)
        if len(candidates) == 1:
            return Where(place=candidates[0])
        if candidates:
            theirs = next((place for place in candidates if place.id in chosen), None)
            return Where(place=theirs, choices=candidates)
    return NOWHERE_KNOWN


def of_ballot(places: Iterable[PollingPlace], ballot: int) -> tuple[PollingPlace, ...]:
    """Those of this round if any are for it alone, else those of every round."""
    found = tuple(places)
    own = tuple(place for place in found if place.ballot == ballot)
    return own or tuple(place for place in found if place.ballot == EVERY_ROUND)


# -- what a file says --

COLUMNS = (
    "code",
    "commune",
    "department",
    "name",
    "address",
    "hours",
    "opens",
    "closes",
    "streets",
    "surnames",
    "latitude",
    "longitude",
    "ballot",
)
"""What the columns of a file hold."""


class FileWords(Frozen):
    """The words of files of polling places: each column, the word before a range of surnames, every round."""

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    surnames: tuple[str, ...]
    every_round: tuple[str, ...]


class _Forms:
    """The patterns of hours and of ranges of surnames in the words of some languages."""

    def __init__(self, words: DateWords, surnames: tuple[str, ...]) -> None:
        time_of_day = rf"(\d{{1,2}})\s*(?:(?:[:.]|{one_of(words.hours)})\s*(\d{{2}})?)?"
        since, until = one_of(words.since), one_of(words.until)
        self.hours = re.compile(rf"(?:(?:{since}) )?{time_of_day}\s*(?:-|–|—|/|{until})\s*{time_of_day}")
        self.one_time = re.compile(rf"{time_of_day}(?::\d{{2}})?")
        self.surnames = re.compile(
            rf"(?:(?:{one_of(surnames)}) )?(?:(?:{since}) )?([a-z' -]*?[a-z])"
            rf"\s*(?:–|—|>|/|\.\.+| - | (?:{until}) )\s*([a-z' -]*[a-z])"
        )


@cache
def _forms(words: DateWords, surnames: tuple[str, ...] = ()) -> _Forms:
    return _Forms(words, surnames)


_SHORT_RANGE = re.compile(r"([a-z]+)-([a-z]+)")


def read_hours(text: str, words: DateWords) -> tuple[time, time]:
    """Two local times: `08:00-19:00`, `8h–19h`, `de 8 h à 19 h 30`. Raises ValueError with a sentence."""
    match = _forms(words).hours.fullmatch(folded(text))
    if match is None:
        raise ValueError(f"“{text}” is not a pair of hours: write 08:00-19:00")
    opens, closes = _time(match[1], match[2], text), _time(match[3], match[4], text)
    check_hours(opens, closes)
    return opens, closes


def read_time(text: str, words: DateWords) -> time:
    """One local time: `08:00`, `8h`, `8 h 30`. Raises ValueError with a sentence."""
    match = _forms(words).one_time.fullmatch(folded(text))
    if match is None:
        raise ValueError(f"“{text}” is not a time: write 08:00")
    return _time(match[1], match[2], text)


def _time(hour: str, minute: str | None, text: str) -> time:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise ValueError(f"“{text}” holds no time of day: write 08:00-19:00") from None


def check_hours(opens: time, closes: time) -> None:
    """Raises ValueError for a place that does not close after it opens."""
    if opens >= closes:
        raise ValueError(
            f"it closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}: check both hours"
        )


def read_surnames(text: str, words: DateWords, *, named: tuple[str, ...]) -> tuple[str, str]:
    """From which surname to which: `A-K`, `de A à K`, `Martin – Zola`; `named`: words such as “surnames” before them.

    Raises ValueError with a sentence.
    """
    plain = " ".join(text.lower().replace("’", "'").split())
    shown = "".join(each if each in "-–—>/.'" or each == " " else (fold(each) or each) for each in plain)
    match = _SHORT_RANGE.fullmatch(shown) or _forms(words, named).surnames.fullmatch(shown)
    if match is None:
        raise ValueError(f"“{text}” is not a range of surnames: write A-K")
    first, last = match[1].strip().upper(), match[2].strip().upper()
    if first > last:
        raise ValueError(f"the range of surnames “{text}” runs backwards: write {last}-{first}")
    if max(len(first), len(last)) > MOST_LETTERS:
        raise ValueError(f"“{text[:60]}” is too long for a range of surnames: write A-K")
    return first, last


class NewPlace(Frozen):
    """A place as a file tells it, not stored yet (its id is 0). `line`: where it begins in the file."""

    line: int
    place: PollingPlace

    @property
    def key(self) -> str:
        """The key that tells it from the other places: where, when, its name and for whom, however they are spelt."""
        place = self.place
        told = (
            place.name,
            place.address,
            place.streets or "",
            place.surnames_from or "",
            place.surnames_to or "",
        )
        parts = (place.commune, str(place.ballot), *(fold(part) for part in told))
        return sha256("\n".join(parts).encode()).hexdigest()
