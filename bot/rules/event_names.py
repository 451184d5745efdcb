"""Which event somebody means by what they call it: `the meeting of Thursday`, `Réunion publique`, `le 24/11`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.rules.date_words import DateWords
from bot.rules.typed import folded

_DAY = re.compile(r"\b(\d{1,2})[/.](\d{1,2})\b")
_WORD = re.compile(r"\w+")
NEAR = timedelta(days=10)
"""A day of the week means one of these days, before or after today, where an event lies on one of them."""

Named = tuple[str, date, Sequence[str]]
"""An event's code, its day where it takes place, and its titles."""


def events_meant(said: str, events: Sequence[Named], words: DateWords, *, today: date) -> list[str]:
    """The codes of the events that may be meant: by all the words of a title, else by some of them and the day."""
    plain = folded(said)
    exact = [code for code, _, titles in events if plain in map(folded, titles)]
    if exact:
        return exact
    weekday = next(
        (
            number
            for number, names in enumerate(words.weekdays)
            if {*_WORD.findall(plain)} & {*map(folded, names)}
        ),
        None,
    )
    on = _DAY.search(plain)
    found = [each for each in events if weekday is None or each[1].weekday() == weekday]
    if on is not None:
        found = [each for each in found if (each[1].day, each[1].month) == (int(on[1]), int(on[2]))]
    said_nothing = {
        *(folded(name) for names in words.weekdays for name in names),
        *map(folded, (*words.around, *words.of)),
    }
    wanted = [
        word for word in _WORD.findall(_DAY.sub(" ", plain)) if word not in said_nothing and len(word) > 2
    ]
    titled = [each for each in found if _is_titled(wanted, each[2])]
    if weekday is None and on is None:
        return [code for code, _, _ in titled] if wanted else []
    # `The meeting of Thursday` is the event of that day, whatever it is called.
    found = titled or found
    near = [each for each in found if abs(each[1] - today) <= NEAR]
    return [code for code, _, _ in near or found]


def _is_titled(wanted: Sequence[str], titles: Sequence[str]) -> bool:
    return any(set(wanted) <= set(_WORD.findall(folded(title))) for title in titles)
