"""Queries as people type them, made from the gazetteer itself with a seed: what the benchmark asks.

Each query comes with a check, since a bare name may mean several communes: where nothing typed tells
namesakes apart, any of them is right; everywhere else only the commune that was drawn is.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from bot.communes import load
from bot.rules.communes.gazetteer import Commune
from bot.rules.communes.text import fold, key_of, words_of

KEYBOARD = ("azertyuiop", "qsdfghjklm", "wxcvbn")
"""A French keyboard's rows: half of the wrong letters are a neighbour of the right one."""
CITIES = frozenset({"75056", "69123", "13055"})
"""Paris, Lyon and Marseille: typed with more than their name, they give an arrondissement."""
ONE_ERROR_LENGTH, TWO_ERRORS_LENGTH = 4, 8
"""Fewest letters of a name with one and two errors: with less, even a person could not tell."""


class Query(NamedTuple):
    """What is typed, and whether a commune is a right answer to it."""

    text: str
    is_right: Callable[[Commune], bool]


@dataclass(frozen=True, kw_only=True)
class TypingStyle:
    """A way of typing: how a query is made from a commune, and among how many results the answer must be.

    Communes are drawn evenly, villages as often as cities, unless `by_inhabitants`.
    """

    name: str
    make: Callable[[Commune, random.Random], Query | None]
    first: int
    goal: float
    by_inhabitants: bool = False
    """The share of right answers to reach, among the `first` results."""


def bears(name: str) -> Callable[[Commune], bool]:
    """Whether a commune has this name, or had it, give or take case, accents and punctuation."""
    key = key_of(words_of(name))
    return lambda commune: (
        key in (key_of(words_of(commune.name)), key_of(words_of(commune.matched_name or "")))
    )


def is_commune(code: str) -> Callable[[Commune], bool]:
    return lambda commune: commune.code == code


def typed(name: str, rng: random.Random) -> str:
    """A name as someone types it: with or without capitals, accents, hyphens, abbreviations."""
    text = rng.choice((name, name.lower(), name.upper(), fold(name), fold(name).title()))
    if rng.random() < 0.5:
        text = text.replace("-", " ")
    if rng.random() < 0.3:
        text = text.replace("'", rng.choice(("’", " ", "")))
    for long, short in (("saint", "st"), ("sainte", "ste"), ("sur", "s/")):
        if rng.random() < 0.4:
            text = " ".join(short if word.lower() == long else word for word in text.split(" "))
    return text


def misspelt(name: str, errors: int, rng: random.Random) -> str:
    """The name, all small, with this many letters dropped, doubled or added, replaced, or swapped."""
    letters = list(fold(name))
    for _ in range(errors):
        at = rng.choice([place for place, letter in enumerate(letters) if letter != " "])
        kind = rng.choice(("drop", "add", "replace", "swap"))
        if kind == "drop":
            del letters[at]
        elif kind == "add":
            letters.insert(at, wrong_letter(letters[at], rng))
        elif kind == "replace":
            letters[at] = wrong_letter(letters[at], rng)
        else:
            other = at + 1 if at + 1 < len(letters) else at - 1
            letters[at], letters[other] = letters[other], letters[at]
    return "".join(letters)


def wrong_letter(right: str, rng: random.Random) -> str:
    """A letter beside the right one on the keyboard, or any."""
    row = next((row for row in KEYBOARD if right in row), None)
    if row and rng.random() < 0.5:
        at = row.index(right)
        return rng.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return rng.choice([letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != right])


def by_name(commune: Commune, rng: random.Random) -> Query | None:
    return Query(typed(commune.name, rng), bears(commune.name))


def with_department_number(commune: Commune, rng: random.Random) -> Query | None:
    if commune.parent:
        return None
    form = rng.choice(("{} {}", "{} ({})", "{}, {}", "{},{}", "{} - {}"))
    return Query(form.format(typed(commune.name, rng), commune.department), is_commune(commune.code))


def with_department_name(commune: Commune, rng: random.Random) -> Query | None:
    if commune.parent:
        return None
    form = rng.choice(("{} {}", "{} ({})", "{}, {}", "{} dans {}"))
    department = rng.choice((commune.department_name, fold(commune.department_name)))
    return Query(form.format(typed(commune.name, rng), department), is_commune(commune.code))


def by_postcode(commune: Commune, rng: random.Random) -> Query | None:
    if not commune.postcodes:
        return None
    postcode = rng.choice(commune.postcodes)
    return Query(postcode, lambda found: postcode in found.postcodes)


def with_postcode(commune: Commune, rng: random.Random) -> Query | None:
    if not commune.postcodes or commune.code in CITIES:
        return None  # With a postcode, the arrondissement is meant.
    form = rng.choice(("{0} {1}", "{1} {0}", "{1}, {0}", "{0} ({1})"))
    return Query(
        form.format(typed(commune.name, rng), rng.choice(commune.postcodes)), is_commune(commune.code)
    )


def by_code(commune: Commune, rng: random.Random) -> Query | None:
    """A code that is nothing else: one that is a postcode of others has to be said to be a code."""
    return None if is_others_postcode(commune) else Query(commune.code, is_commune(commune.code))


def by_said_code(commune: Commune, rng: random.Random) -> Query | None:
    """A code that is others' postcode, said to be an INSEE code."""
    return Query(f"INSEE {commune.code}", is_commune(commune.code)) if is_others_postcode(commune) else None


def is_others_postcode(commune: Commune) -> bool:
    return commune.code in _postcodes() and commune.code not in commune.postcodes


@cache
def _postcodes() -> frozenset[str]:
    gazetteer = load()
    known = map(gazetteer.by_code, gazetteer.codes())
    return frozenset(postcode for place in known if place for postcode in place.postcodes)


def by_beginning(commune: Commune, rng: random.Random) -> Query | None:
    name = fold(commune.name)
    if len(name) < 6 or commune.code in CITIES or commune.parent:
        return None
    return Query(name[: max(4, len(name) * 2 // 3)], is_commune(commune.code))


def with_one_error(commune: Commune, rng: random.Random) -> Query | None:
    if len(key_of(words_of(commune.name))) < ONE_ERROR_LENGTH or commune.parent:
        return None
    return Query(misspelt(commune.name, 1, rng), bears(commune.name))


def with_two_errors(commune: Commune, rng: random.Random) -> Query | None:
    if len(key_of(words_of(commune.name))) < TWO_ERRORS_LENGTH or commune.parent:
        return None
    return Query(misspelt(commune.name, 2, rng), bears(commune.name))


def with_error_and_department(commune: Commune, rng: random.Random) -> Query | None:
    if commune.parent:
        return None
    text = f"{misspelt(commune.name, 1, rng)} {commune.department}"
    return Query(text, is_commune(commune.code))


KINDS = (
    TypingStyle(name="name", make=by_name, first=1, goal=0.99),
    TypingStyle(name="name and département number", make=with_department_number, first=1, goal=0.99),
    TypingStyle(name="name and département name", make=with_department_name, first=1, goal=0.99),
    TypingStyle(name="name and postcode", make=with_postcode, first=1, goal=0.99),
    TypingStyle(name="postcode", make=by_postcode, first=1, goal=0.99),
    TypingStyle(name="INSEE code that is nothing else", make=by_code, first=1, goal=0.99),
    TypingStyle(name="INSEE code that is others’ postcode, said so", make=by_said_code, first=1, goal=0.99),
    TypingStyle(name="beginning (two thirds)", make=by_beginning, first=5, goal=0.9, by_inhabitants=True),
    TypingStyle(name="one error", make=with_one_error, first=5, goal=0.985),
    TypingStyle(name="two errors", make=with_two_errors, first=5, goal=0.96),
    TypingStyle(name="one error and département number", make=with_error_and_department, first=5, goal=0.985),
)


def queries_of(kind: TypingStyle, communes: Sequence[Commune], count: int, seed: int) -> list[Query]:
    """The kind's test set: `count` queries, the same for the same seed."""
    rng = random.Random(f"{seed}/{kind.name}")
    weights = list(accumulate(commune.population for commune in communes)) if kind.by_inhabitants else None
    queries: list[Query] = []
    while len(queries) < count:
        (commune,) = rng.choices(communes, cum_weights=weights)
        query = kind.make(commune, rng)
        if query is not None:
            queries.append(query)
    return queries
