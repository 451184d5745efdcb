"""The gazetteer of French communes on this machine: its data, how it is loaded and brought up to date."""

import contextlib
from functools import cache
from pathlib import Path

from bot.communes.errors import GazetteerUnreadable
from bot.communes.store import read_table
from bot.rules.communes.gazetteer import Abroad, Commune, Gazetteer, SearchResult
from bot.rules.communes.query import SentenceWords
from locales.words import all_words

SHIPPED = Path(__file__).parent / "data" / "communes.bin"
"""The gazetteer that comes with Portevoix."""
OFFICIAL_API = "https://geo.api.gouv.fr"
"""The State's own service, which `portevoix communes update` reads."""
UPDATED_NAME = "communes.bin"
"""The file's name in the data folder, once `portevoix communes update` has run."""


def sentence_words() -> SentenceWords:
    """The words that people say around the name of a place, in every language."""
    places = [words.places for words in all_words()]
    return SentenceWords(
        voting=tuple(word for each in places for word in each.voting),
        before=tuple(word for each in places for word in each.before),
        linking=tuple(word for each in places for word in each.linking),
        besides=tuple(word for each in places for word in each.besides),
        abroad=tuple(word for each in places for word in each.abroad),
        countries=tuple(pair for each in places for pair in each.countries.items()),
        territories=tuple(pair for each in places for pair in each.territories.items()),
        said=tuple(words.phrases for words in all_words()),
    )


def load(folder: Path | None = None) -> Gazetteer:
    """The gazetteer: the data folder's updated one if there is one, else the shipped. A file is read once per process.

    Raises `GazetteerUnreadable` if the shipped file is damaged. An updated file that cannot be read, for
    instance one of another version of Portevoix, does not stop the bot: the shipped one serves.
    """
    if folder is not None and (folder / UPDATED_NAME).exists():
        with contextlib.suppress(GazetteerUnreadable):
            return _read(folder / UPDATED_NAME)
    return _read(SHIPPED)


# By the file and not by the folder: of folders without one each would keep the shipped communes for itself.
@cache
def _read(file: Path) -> Gazetteer:
    return Gazetteer(read_table(file), sentence_words())


def forget() -> None:
    """What was read is read anew: a file was replaced."""
    _read.cache_clear()


__all__ = [
    "OFFICIAL_API",
    "SHIPPED",
    "UPDATED_NAME",
    "Abroad",
    "Commune",
    "Gazetteer",
    "SearchResult",
    "forget",
    "load",
]
