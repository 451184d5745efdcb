"""The countries where French people live abroad: found by name, with their time zones.

Names come from Unicode CLDR through Babel; zones from GeoNames, those with most inhabitants first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.communes import load
from bot.rules.communes.names import allowed_errors
from bot.rules.communes.text import key_of, without_article, words_of

ZONES = Path(__file__).parent / "data" / "zones.csv"
LANGUAGES = ("fr", "en")
"""The languages in which a country's name is understood, whatever language the person chose."""
_ALSO_CALLED = {
    "angleterre": "GB",
    "england": "GB",
    "ecosse": "GB",
    "scotland": "GB",
    "grandebretagne": "GB",
    "greatbritain": "GB",
    "paysdegalles": "GB",
    "wales": "GB",
    "uk": "GB",
    "us": "US",
    "usa": "US",
    "amerique": "US",
    "america": "US",
    "emirats": "AE",
    "uae": "AE",
    "hollande": "NL",
    "holland": "NL",
    "coree": "KR",
    "korea": "KR",
    "rdc": "CD",
    "congo": "CG",
    "birmanie": "MM",
    "republiquetcheque": "CZ",
    "czechrepublic": "CZ",
    "ivorycoast": "CI",
    "turkey": "TR",
}


@dataclass(frozen=True, kw_only=True)
class Country:
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
def _keys() -> Mapping[str, str]:
    """Every key that names a country, and its code."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        names = Locale(language).territories
        for code in _zones():
            words = words_of(names.get(code, code))
            found.setdefault(key_of(words), code)
            found.setdefault(key_of(without_article(words)), code)
    return found | _ALSO_CALLED


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
    """The countries that `text` may mean, best first: by their name in French or English, whole, begun or
    misspelt, by ISO code in capitals, or by a large city. Never fails.
    """
    by_code = {country.code: country for country in countries(language)}
    if text.strip() in by_code:
        return [by_code[text.strip()]]
    words = words_of(text)
    key = key_of(without_article(words))
    if not key:
        return []
    keys = _keys()
    if key_of(words) in keys or key in keys:
        return [by_code[keys.get(key_of(words)) or keys[key]]]
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
