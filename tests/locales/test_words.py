"""What people type and how dates are written stands with each language, whole, or the bot does not start."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

import pytest

from bot.rules.dates import read_duration, read_moment
from bot.rules.typed import Meaning
from bot.words.texts import Texts
from bot.words.vocabulary import asks_to_stop, vocabulary
from locales import FOLDER, LANGUAGES
from locales.words import DAYS, BadWords, Words, all_words, read_words, words_of
from tests.skeleton import WORDS, without

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
PARIS = "Europe/Paris"


def file_of(language: str) -> str:
    return (FOLDER / language / "words.toml").read_text(encoding="utf-8")


# -- each language has all of them --


def said_for(language: str, meaning: Meaning) -> list[str]:
    """Each alternative of each phrase once, with the first of all others."""
    found: list[str] = []
    for written in words_of(language).phrases.meanings[meaning]:
        parts = re.split(r"\(([^()]*)\)", written.replace("…", " "))
        groups = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
        first = [next(filter(None, group), "") for group in groups]
        for at, group in enumerate(groups):
            found += [" ".join("".join([*first[:at], one, *first[at + 1 :]]).split()) for one in group]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("meaning", Meaning)
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_can_be_said_in_every_language(language: str, meaning: Meaning) -> None:
    said = said_for(language, meaning)
    assert said
    # What is perhaps STOP in a sentence is STOP where it is said alone.
    meant = {meaning, Meaning.STOP} if meaning is Meaning.PERHAPS_STOP else {meaning}
    wrong = [each for each in said if vocabulary(language).meaning(f" {each.upper()} !") not in meant]
    assert wrong == []


@pytest.mark.parametrize("reader", LANGUAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_stop_is_stop_whatever_one_reads(language: str, reader: str) -> None:
    for meaning in Meaning:
        for said in said_for(language, meaning):
            if meaning is Meaning.STOP:
                assert asks_to_stop(said), said
                assert vocabulary(reader).meaning(said) is Meaning.STOP
            elif meaning is not Meaning.PERHAPS_STOP:
                assert not asks_to_stop(said), said


@pytest.mark.parametrize("reader", LANGUAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_date_that_a_language_writes_is_understood(language: str, reader: str) -> None:
    """By whoever reads any language, with the name of each month, and as the bot itself writes it."""
    words, dates = words_of(language), vocabulary(reader).dates
    (hour, *_), (minute, *_) = words.dates.hours, words.dates.minutes
    for month, names in enumerate(words.dates.months, 1):
        for name in names:
            assert read_moment(f"24 {name} 2017 19{hour}", dates, now=NOW, zone=PARIS).date() == date(
                2017, month, 24
            )
    for number, names in enumerate(words.dates.weekdays):
        for name in names:
            assert read_moment(f"{name} 19:30", dates, now=NOW, zone=PARIS).weekday() == number
    for name, ahead in words.dates.days_ahead:
        if ahead > 0:
            assert read_moment(f"{name} {words.dates.noon[0]}", dates, now=NOW, zone=PARIS).day == 16 + ahead
    assert read_duration(f"1 {hour} 30 {minute}", dates).total_seconds() == 90 * 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_bot_writes_it_reads(language: str) -> None:
    """Whoever answers with a date as they saw it is understood, no-break spaces and all."""
    moment = datetime(2016, 11, 24, 18, 30, tzinfo=UTC)
    environment = Texts({})._environments[language]
    for shown in (moment, moment.replace(minute=0)):
        written = environment.from_string("{{ moment | moment(zone) }}").render(moment=shown, zone=PARIS)
        for text in (written, written.replace(" ", "\u00a0"), written.replace(" ", "\u202f")):
            assert read_moment(text, vocabulary(language).dates, now=NOW, zone=PARIS) == shown


@pytest.mark.parametrize(
    ("language", "day", "full", "half", "moment"),
    [
        ("fr", "jeudi 24 novembre", "19 h", "19 h 30", "jeudi 24 novembre à 19 h 30"),
        ("en", "Thursday 24 November", "19:00", "19:30", "Thursday 24 November at 19:30"),
    ],
)
def test_dates_are_written_by_the_language(
    language: str, day: str, full: str, half: str, moment: str
) -> None:
    environment = Texts({})._environments[language]

    def written(expression: str) -> str:
        said = environment.from_string(f"{{{{ {expression} }}}}").render(
            day=date(2016, 11, 24),
            full=time(19),
            half=time(19, 30),
            moment=datetime(2016, 11, 24, 18, 30, tzinfo=UTC),
        )
        return said.replace("\u00a0", " ").replace("\u202f", " ")

    assert written("day | day") == day
    assert (written("full | hour"), written("half | hour")) == (full, half)
    assert written("moment | moment('Europe/Paris')") == moment


# -- what is wrong with them is told --


@pytest.mark.parametrize(
    "key", ["stop", "yes", "no", "noon", "hours", *DAYS, "day", "moment", "round", "address"]
)
def test_a_key_that_is_missing_is_named(key: str) -> None:
    with pytest.raises(BadWords, match=rf"eo/words.toml, [a-z_.]+\.{key}: "):
        read_words(without(key), name="eo/words.toml")


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("stop = []", 'stop = ["haltu", "ĉesu"]', "said.stop: there is no word"),
        ('stop = ["!"]', 'stop = ["haltu", "ĉesu"]', "said.stop: this is no list of words"),
        ('no = ["ne", "JES !"]', 'no = ["ne"]', "said.no: “JES !” stands there, and under “yes”"),
        ('weekdays = [["lundo"]]\nx = [', "weekdays = [", "dates.weekdays: these are not 7 lists"),
        ('moment = "je {hour}"', 'moment = "{day} je {hour}"', "formats.moment: {day} is missing"),
        ('jeso = ["jes"]\nyes = ["jes"]', 'yes = ["jes"]', "said.jeso: this key is not known"),
        ("[sajd]", "[said]", "said: this table is missing"),
        ('hello = ["(a|(b|c))"]', 'hello = ["saluton"]', "said.hello: “(a|(b|c))” has no pattern"),
        ("stop: haltu", 'stop = ["haltu", "ĉesu"]', "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(wrong: str, right: str, said: str) -> None:
    assert right in WORDS
    with pytest.raises(BadWords) as refusal:
        read_words(WORDS.replace(right, wrong), name="eo/words.toml")
    assert refusal.value.sentence.startswith("eo/words.toml")
    assert said in refusal.value.sentence


def test_all_are_read() -> None:
    assert len(all_words()) == len(LANGUAGES)
    assert all(isinstance(words, Words) for words in all_words())
