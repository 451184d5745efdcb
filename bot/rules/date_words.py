"""The words of dates and hours, as a language writes them in `locales/<code>/words.toml`."""

import re
from collections.abc import Iterable, Sequence

from bot.frozen import Frozen
from bot.rules.typed import folded


class DateWords(Frozen):
    """The words for days and hours, in one language or several: what is written first in these wins.

    `months` begin in January, `weekdays` on Monday. `days_ahead`: how far `tomorrow` and the like are. `now` says
    that no date is meant. `before_noon` and `after_noon` follow an hour of twelve, `hours` and `minutes` a number,
    `ordinals` a day's. `of` stands between a day and its month, `around` anywhere in a date, `since` and `until`
    before two hours. `going` stands beside the time at which somebody goes, and `morning`, `afternoon` and
    `evening` may be that time, or tell which 8 h is meant.
    """

    months: tuple[tuple[str, ...], ...]
    weekdays: tuple[tuple[str, ...], ...]
    days_ahead: tuple[tuple[str, int], ...]
    noon: tuple[str, ...]
    hours: tuple[str, ...]
    minutes: tuple[str, ...]
    before_noon: tuple[str, ...] = ()
    after_noon: tuple[str, ...] = ()
    ordinals: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    morning: tuple[str, ...] = ()
    afternoon: tuple[str, ...] = ()
    evening: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


def words_of_all(languages: Sequence[DateWords]) -> DateWords:
    """The words of several languages together. One that means something else in a later language is the first's."""

    def numbered(name: str) -> tuple[tuple[str, ...], ...]:
        taken: set[str] = set()
        found: list[list[str]] = [[] for _ in getattr(languages[0], name)]
        for words in languages:
            for number, names in enumerate(getattr(words, name)):
                found[number] += [each for each in names if each not in taken]
            taken |= {each for names in getattr(words, name) for each in names}
        return tuple(map(tuple, found))

    ahead: dict[str, int] = {}
    for words in languages:
        ahead = dict(words.days_ahead) | ahead
    plain = {
        name: tuple(dict.fromkeys(each for words in languages for each in getattr(words, name)))
        for name in _PLAIN
    }
    return DateWords(
        months=numbered("months"), weekdays=numbered("weekdays"), days_ahead=tuple(ahead.items()), **plain
    )


_PLAIN = (
    "noon",
    "hours",
    "minutes",
    "before_noon",
    "after_noon",
    "ordinals",
    "of",
    "around",
    "going",
    "morning",
    "afternoon",
    "evening",
    "since",
    "until",
    "now",
)


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches one of the words, the longest first; nothing where there are none."""
    return "|".join(sorted({re.escape(folded(word)) for word in words}, key=len, reverse=True)) or "(?!)"
