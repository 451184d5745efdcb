"""The words that belong to a language and stand in no template: what people type, how dates are written.

Each language has them in `locales/<code>/words.toml`, read once and checked whole: the bot does not start with a
language in which nobody could say STOP. docs/languages.md tells every key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.audience_words import ABOUT_EVENTS, ABOUT_VOTES, JOINS, PLAIN, AudienceWords
from bot.rules.date_words import DateWords
from bot.rules.phrases import Phrases, is_well_written
from bot.rules.polling_places import COLUMNS, FileWords
from bot.rules.typed import Meaning, phrase, says_something
from locales import FOLDER, LANGUAGES

DAYS = MappingProxyType(
    {"two_days_ago": -2, "yesterday": -1, "today": 0, "tomorrow": 1, "in_two_days": 2},
)
"""The names of `[dates.days]`, and how many days ahead each is."""


OTHER = "other"
"""In `[places.at]`, the names that begin with none of the words there."""


class BadWords(PortevoixError):
    """The words of a language are missing, or cannot be used; the sentence names the file and the key."""


class Formats(Frozen):
    """How a language writes days and hours: patterns of Unicode; `moment` joins `{day}` and `{hour}`; `first` is the
    first of a month.
    """

    day: str
    day_and_year: str
    short_day: str
    hour: str
    full_hour: str
    moment: str
    first: str


class NoBreakWords(Frozen):
    """Where a line must not end, see `bot.words.no_break`: at the space `before` some marks, `after` others, between
    a number and its unit, and after what says that a number follows (`numbered`).
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    units: tuple[str, ...]
    numbered: tuple[str, ...]


class PlaceWords(Frozen):
    """What people say around places, see `bot.rules.communes.query.SentenceWords`, and what they call them.

    `at` says where something takes place, by the first word of the name, and `of` whose something is: `vowel` where it
    begins with one. `articles` stand before the name of a
    country; `countries` are ISO codes by name, `territories` the design's, `posts` names by the English one.
    """

    voting: tuple[str, ...]
    before: tuple[str, ...]
    linking: tuple[str, ...]
    besides: tuple[str, ...]
    abroad: tuple[str, ...]
    articles: tuple[str, ...]
    countries: Mapping[str, str]
    territories: Mapping[str, str]
    posts: Mapping[str, str]
    at: Mapping[str, str]
    of: Mapping[str, str]


class Words(Frozen):
    """The words of one language. `phrases`: each that means something, see `bot.rules.phrases`."""

    phrases: Phrases
    dates: DateWords
    formats: Formats
    no_break: NoBreakWords
    places: PlaceWords
    audience: AudienceWords
    polling_places: FileWords
    round: str
    vote: str
    funding: str


@cache
def words_of(language: str) -> Words:
    """The words of a language of `LANGUAGES`. Raises BadWords."""
    file = FOLDER / language / "words.toml"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        raise BadWords(
            f"The language {language} has no words: write {file}, as in the other languages."
        ) from None
    return read_words(text, name=str(file))


def all_words() -> tuple[Words, ...]:
    """The words of every language. Raises BadWords."""
    return tuple(words_of(language) for language in LANGUAGES)


def read_words(text: str, *, name: str) -> Words:
    """The words in a file. Raises BadWords, naming the file, for the first thing that is wrong in it."""
    try:
        root = _Table(name, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise BadWords(f"{name} is not TOML ({fault}): correct it.") from None
    campaign = root.table("campaign")
    words = Words(
        phrases=_phrases(root.table("said")),
        dates=_dates(root.table("dates")),
        formats=_formats(root.table("formats")),
        no_break=_no_break(root.table("no_break")),
        places=_places(root.table("places")),
        audience=_audience(root.table("audience")),
        polling_places=_polling_places(root.table("polling_places")),
        round=campaign.text("round", holds=("{number}",)),
        vote=campaign.text("vote"),
        funding=campaign.text("funding"),
    )
    root.end()
    return words


def _phrases(said: _Table) -> Phrases:
    meanings = {meaning: said.words(meaning) for meaning in Meaning}
    others = {key: said.words(key, may_be_none=True) for key in ("around", "going_on", "asking")}
    stands: dict[str, str] = {}
    for key, phrases in [*meanings.items(), *others.items()]:
        for written in phrases:
            if not is_well_written(written):
                said.refuse(
                    key, f"“{written}” has no pattern", "write “(a|b|)” for one of these or nothing, or words"
                )
            if key == "around":
                continue
            meant = phrase(written)
            if (other := stands.get(meant)) is not None:
                said.refuse(key, f"“{written}” stands there, and under “{other}”", "remove one")
            stands[meant] = key
    return Phrases(meanings=MappingProxyType(meanings), **others)


def _dates(dates: _Table) -> DateWords:
    days = dates.table("days")
    plain = ("noon", "hours", "minutes", "morning", "afternoon", "evening")
    rare = ("before_noon", "after_noon", "ordinals", "of", "around", "going", "since", "until", "now")
    return DateWords(
        months=dates.lists("months", 12),
        weekdays=dates.lists("weekdays", 7),
        days_ahead=tuple((name, ahead) for key, ahead in DAYS.items() for name in days.words(key)),
        **{key: dates.words(key) for key in plain},
        **{key: dates.words(key, may_be_none=True) for key in rare},
    )


def _formats(formats: _Table) -> Formats:
    return Formats(
        moment=formats.text("moment", holds=("{day}", "{hour}")),
        **{
            key: formats.text(key)
            for key in ("day", "day_and_year", "short_day", "hour", "full_hour", "first")
        },
    )


def _no_break(custom: _Table) -> NoBreakWords:
    return NoBreakWords(
        before=custom.words("before", may_be_none=True, marks=True),
        after=custom.words("after", may_be_none=True, marks=True),
        units=custom.words("units", marks=True),
        numbered=custom.words("numbered", may_be_none=True, marks=True),
    )


def _places(places: _Table) -> PlaceWords:
    return PlaceWords(
        voting=places.words("voting"),
        before=places.words("before"),
        linking=places.words("linking", may_be_none=True),
        besides=places.words("besides", may_be_none=True),
        abroad=places.words("abroad"),
        articles=places.words("articles", may_be_none=True),
        countries=places.table("countries").texts(),
        territories=places.table("territories").texts(),
        posts=places.table("posts").texts(),
        at=_at(places.table("at")),
        of=_at(places.table("of")),
    )


def _at(at: _Table) -> Mapping[str, str]:
    """Where something takes place, or whose it is, by the first word of a place's name; `other` is required."""
    other = at.text(OTHER, holds=("{name}",))
    return MappingProxyType({**at.texts(), OTHER: other})


def _audience(audience: _Table) -> AudienceWords:
    said = audience.table("said")
    return AudienceWords(
        joins=MappingProxyType({key: audience.words(key) for key in JOINS}),
        said=MappingProxyType({key: said.words(key) for key in (*PLAIN, *ABOUT_EVENTS, *ABOUT_VOTES)}),
        **{key: audience.words(key) for key in ("within", "around", "who", "kilometres")},
    )


def _polling_places(files: _Table) -> FileWords:
    columns = files.table("columns")
    return FileWords(
        columns=tuple((column, columns.words(column)) for column in COLUMNS),
        surnames=files.words("surnames"),
        every_round=files.words("every_round"),
    )


class _Table:
    """A table of the file. Every key is asked for once; what is then left over was misspelt."""

    def __init__(self, file: str, path: str, values: dict[str, Any]) -> None:
        self._file, self._path, self._left = file, path, dict(values)
        self._tables: list[_Table] = []

    def refuse(self, key: str, problem: str, remedy: str) -> None:
        """Raises BadWords."""
        place = f"{self._path}.{key}" if self._path else key
        raise BadWords(f"{self._file}, {place}: {problem}; {remedy}.")

    def table(self, key: str) -> _Table:
        values = self._left.pop(key, None)
        if not isinstance(values, dict):
            self.refuse(
                key, "this table is missing", f"write [{f'{self._path}.{key}'.strip('.')}] and its keys"
            )
        found = _Table(self._file, f"{self._path}.{key}".strip("."), values or {})
        self._tables.append(found)
        return found

    def words(self, key: str, *, may_be_none: bool = False, marks: bool = False) -> tuple[str, ...]:
        """A list of words, of which there is one at least; `marks`: signs such as `%` will do."""
        return self._checked(key, self._left.pop(key, None), may_be_none=may_be_none, marks=marks)

    def lists(self, key: str, count: int) -> tuple[tuple[str, ...], ...]:
        """So many lists of words."""
        lists = self._left.pop(key, None)
        if not isinstance(lists, list) or len(lists) != count:
            self.refuse(key, f"these are not {count} lists", f"write {count} lists of words in their order")
        return tuple(self._checked(key, words, may_be_none=False) for words in lists or ())

    def _checked(self, key: str, words: object, *, may_be_none: bool, marks: bool = False) -> tuple[str, ...]:
        said = str.strip if marks else says_something
        if not isinstance(words, list) or not all(isinstance(word, str) and said(word) for word in words):
            self.refuse(key, "this is no list of words", 'write words in quotes, such as ["stop"]')
            return ()
        if not words and not may_be_none:
            self.refuse(key, "there is no word", "write one at least")
        return tuple(words)

    def text(self, key: str, *, holds: tuple[str, ...] = ()) -> str:
        text = self._left.pop(key, None)
        if not isinstance(text, str) or not text:
            self.refuse(key, "this text is missing", "write it in quotes")
        for part in holds:
            if part not in str(text):
                self.refuse(key, f"{part} is missing", f"write it where it belongs in “{text}”")
        return str(text)

    def texts(self) -> Mapping[str, str]:
        """Every key of the table and its text."""
        return MappingProxyType({key: self.text(key) for key in list(self._left)})

    def end(self) -> None:
        """Raises BadWords for a key that nobody asked for."""
        for key in self._left:
            self.refuse(key, "this key is not known", "correct its name, or remove it")
        for table in self._tables:
            table.end()
