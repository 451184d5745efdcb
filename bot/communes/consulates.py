"""Where in a country people live: its French consular posts, and a city for each other hour of the clock there.

The posts are a table written by hand (`data/consulates.csv`): countries with several of them or with several
zones; their names in other languages than English stand there (`locales`). Zones come from GeoNames, the names of
their cities from Unicode CLDR through Babel.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_timezone_location

from bot.communes import load
from bot.communes.abroad import country_of
from bot.frozen import Frozen
from bot.rules.communes.text import key_of
from bot.rules.communes.text import words_of as place_words
from locales import LANGUAGES
from locales.words import all_words, words_of

POSTS = Path(__file__).parent / "data" / "consulates.csv"
_WINTER, _SUMMER = datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)
"""Two instants that tell zones apart: those that agree at both have the same hours for our purpose."""


class Home(Frozen):
    """A post, or a city that stands for a zone: a key that fits a button, a name in the language asked for."""

    key: str
    name: str
    zone: str
    is_post: bool


@cache
def _posts() -> tuple[tuple[str, ...], ...]:
    """Country, zone and English name of each post, those with most French people first."""
    lines = POSTS.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split(",")) for line in lines if line[:1] != "#")


@cache
def homes_in(country: str, language: str) -> tuple[Home, ...]:
    """The homes that somebody who lives in this country chooses from; none or one where there is nothing to choose."""
    called = words_of(language).places.posts if language in LANGUAGES else {}
    homes = [
        Home(key=_key(name), name=called.get(name, name), zone=zone, is_post=True)
        for code, zone, name in _posts()
        if code == country
    ]
    known = {hours_of(home.zone) for home in homes}
    found = country_of(country, language)
    for zone in found.zones if found is not None else ():
        if hours_of(zone) not in known:
            known.add(hours_of(zone))
            homes.append(
                Home(
                    key=_key(zone.rpartition("/")[2]), name=city_of(zone, language), zone=zone, is_post=False
                )
            )
    return tuple(homes)


def home_of(country: str, key: str, language: str) -> Home | None:
    """The one among `homes_in` with this key."""
    return next((home for home in homes_in(country, language) if home.key == key), None)


def home_named(text: str, country: str, language: str) -> Home | None:
    """The post, or else the large city of this country, that was typed; None if it is neither."""
    key = _key(text)
    for code, _, name in _posts():
        called = (name, *(words.places.posts.get(name, name) for words in all_words()))
        if code == country and key in map(_key, called):
            return home_of(country, _key(name), language)
    for home in homes_in(country, language):
        if key in (home.key, _key(home.name)):
            return home
    city = load().search(text).abroad
    if city is None or not city.city or city.country != country:
        return None
    return Home(key=_key(city.city), name=city.city, zone=city.zone, is_post=False)


def hours_of(zone: str) -> tuple[object, object]:
    """The hours of a zone's clock, in winter and in summer."""
    return _WINTER.astimezone(ZoneInfo(zone)).utcoffset(), _SUMMER.astimezone(ZoneInfo(zone)).utcoffset()


def has_several_hours(country: str, language: str) -> bool:
    """Whether where one lives in this country changes the time of day."""
    return len({hours_of(home.zone) for home in homes_in(country, language)}) > 1


def city_of(zone: str, language: str) -> str:
    """The city by which a zone is known: `Los Angeles`."""
    locale = Locale.parse(language.replace("_", "-"), sep="-")
    # CLDR names no city for some zones of Argentina and the United States.
    return str(get_timezone_location(zone, locale=locale, return_city=True)).rpartition("/")[2]


def _key(text: str) -> str:
    return key_of(place_words(text.replace("_", " ")))
