"""Hundreds of sentences as people type them on a phone, with what each is expected to mean.

`<code>.tsv` was written apart from the words of the languages, before them: `where` it is typed (`any`: while nothing
waits for an answer; `place`: where it is asked where one votes), what is `expected`, what was `typed`.

Expected of `any`: a meaning; `ask` where a button asks whether to stop; `not_…` anything but that; `other` no meaning.
Of `place`: the INSEE code found first, or among others (`~`); `territory:…` where all that is offered lies there;
`none` where nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot import communes
from bot.rules.typed import Meaning, phrase
from bot.words.vocabulary import asks_to_stop, vocabulary
from locales import LANGUAGES
from tests.thorough import one_in_many

HERE = Path(__file__).parent
LEAST, ENOUGH = 300, 0.97
ALIKE = 3


@dataclass(frozen=True, kw_only=True)
class Sentence:
    where: str
    expected: str
    typed: str


def sentences(language: str) -> list[Sentence]:
    header, *rows = (HERE / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    names = header.split("\t")
    return [Sentence(**dict(zip(names, row.split("\t"), strict=True))) for row in rows]


def is_as_expected(sentence: Sentence, language: str) -> bool:
    expected = sentence.expected
    if sentence.where == "place":
        return is_found(sentence)
    meaning = vocabulary(language).meaning(sentence.typed)
    if expected.startswith("not_") and expected != Meaning.NOT_COMING:
        return meaning != expected.removeprefix("not_")
    return meaning == {"ask": Meaning.PERHAPS_STOP, "other": None}.get(expected, expected)


def is_found(sentence: Sentence) -> bool:
    result = communes.load().search(sentence.typed, limit=6)
    codes, expected = [commune.code for commune in result.results], sentence.expected
    if expected == "none":
        return not codes and result.abroad is None
    if expected.startswith("territory:"):
        return {commune.territory for commune in result.results} == {expected.removeprefix("territory:")}
    return expected[:-1] in codes if expected.endswith("~") else codes[:1] == [expected]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_hundreds_of_them(language: str) -> None:
    found = sentences(language)
    assert len({sentence.typed for sentence in found if sentence.where == "any"}) >= LEAST
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_all_mean_what_they_are_expected_to(language: str) -> None:
    found = sentences(language)
    wrong = [sentence for sentence in found if not is_as_expected(sentence, language)]
    assert len(wrong) <= (1 - ENOUGH) * len(found), wrong


@pytest.mark.parametrize("reader", LANGUAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_means_stop_is_stopped_and_nobody_else(language: str, reader: str) -> None:
    """Whatever language they chose: none of these may be missed."""
    for sentence in sentences(language):
        stops = sentence.expected == Meaning.STOP
        assert asks_to_stop(sentence.typed) is stops, sentence
        assert (vocabulary(reader).meaning(sentence.typed) is Meaning.STOP) is stops, sentence


@cache
def beginnings_of_stop() -> tuple[str, ...]:
    """The first letters of each word that says it alone."""
    stops = [each.typed for code in LANGUAGES for each in sentences(code) if each.expected == Meaning.STOP]
    return tuple({said[:ALIKE] for said in map(phrase, stops) if len(said.split()) == 1})


def test_no_commune_means_stop() -> None:
    """Nor is any so much like it that a button would ask. By day some, and each that begins like a word of it."""
    gazetteer = communes.load()
    every = [gazetteer.by_code(code).name for code in gazetteer.codes()]  # type: ignore[union-attr]  # its own codes
    alike = (name for name in every if phrase(name).startswith(beginnings_of_stop()))
    names = {*one_in_many(every), *alike}
    asked = {name for name in names if vocabulary("fr").meaning(name) in (Meaning.STOP, Meaning.PERHAPS_STOP)}
    assert asked == set()
