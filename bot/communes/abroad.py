"""The countries where French people live abroad: found by name, with their time zones.

Names come from Unicode CLDR through Babel, and what else people call them from each language (`locales`); zones from
GeoNames, those with most inhabitants first.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.communes import load
from bot.frozen import Frozen
from bot.rules.communes.names import allowed_errors
from bot.rules.communes.text import MAX_QUERY, key_of, words_of
from bot.rules.typed import phrase
from locales import LANGUAGES
from locales.words import all_words

ZONES = Path(__file__).parent / "data" / "zones.csv"


class Country(Frozen):
    """A country by ISO 3166 code, its name in the language asked for, its IANA zones, the main one first.

    `city` is the large city by which it was found, whose zone then comes first.
    """

    code: str
    name: str
    zones: tuple[str, ...]
    city: str = ""


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    """The zones of each country outside France."""
    rows = (line.split(",") for line in ZONES.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    return {code: tuple(zones) for code, *zones in rows}


@cache
def _articles() -> frozenset[str]:
    """The words before a country's name, in some language, that are no part of it."""
    return frozenset(article for words in all_words() for article in words.places.articles)


def _key(name: str, *, whole: bool = False) -> str:
    """The key that a name is found by: its letters alone, without its article unless it is wanted `whole`."""
    # Folding for communes keeps the Latin alphabet alone.
    words = words_of(name) or phrase(name[:MAX_QUERY]).split()
    bears_article = len(words) > 1 and words[0] in _articles()
    return key_of(words[1:] if bears_article and not whole else words)


@cache
def _keys() -> Mapping[str, str]:
    """Every key that names a country in some language, and its code."""
    found: dict[str, str] = {}
    for language in LANGUAGES.values():
        names = Locale.parse(language.locale).territories
        for code in _zones():
            name = names.get(code, code)
            found.setdefault(_key(name, whole=True), code)
            found.setdefault(_key(name), code)
    for words in all_words():
        found |= {_key(name, whole=True): code for name, code in words.places.countries.items()}
    return found


@cache
def countries(language: str) -> tuple[Country, ...]:
    """Every country outside France by name in this language, in the alphabet's order."""
    names = Locale.parse(language, sep="-").territories if "-" in language else Locale(language).territories
    found = [Country(code=code, name=names.get(code, code), zones=zones) for code, zones in _zones().items()]
    return tuple(sorted(found, key=lambda country: words_of(country.name)))


def country_of(code: str, language: str) -> Country | None:
    """The country with this ISO 3166 code; None if there is none outside France."""
    return next((country for country in countries(language) if country.code == code.upper()), None)


def find_country(text: str, language: str, limit: int = 5) -> list[Country]:
    """The countries that `text` may mean, best first: by their name in any language, whole, begun or
    misspelt, by ISO code in capitals, or by a large city. Never fails.
    """
    by_code = {country.code: country for country in countries(language)}
    if text.strip() in by_code:
        return [by_code[text.strip()]]
    key = _key(text)
    if not key:
        return []
    keys = _keys()
    if found := keys.get(_key(text, whole=True)) or keys.get(key):
        return [by_code[found]]
    if city := load().search(text).abroad:
        country = by_code[city.country]
        others = tuple(zone for zone in country.zones if zone != city.zone)
        zones = (city.zone, *others)
        return [Country(code=country.code, name=country.name, zones=zones, city=city.city)]
    begun = [other for other in sorted(keys) if len(key) > 2 and other.startswith(key)]
    near = process.extract(
        key, list(keys), scorer=OSA.distance, score_cutoff=allowed_errors(key), limit=limit
    )
    codes = dict.fromkeys(keys[other] for other in (*begun, *(other for other, _, _ in near)))
    return [by_code[code] for code in codes][:limit]
