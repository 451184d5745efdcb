"""The catalogues hold everything the templates say, in every language, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import locales
from locales import LANGUAGES
from locales.catalogues import TRANSLATED, faults
from tests.said import BY_ONE_WORKER, forms, messages, said

pytestmark = BY_ONE_WORKER
REMEDY = "run scripts/words, translate what it names, and run it again"


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_is_translated_and_nothing_more(language: str) -> None:
    assert faults(language, said()) == [], REMEDY


def test_french_keeps_its_punctuation_with_its_word() -> None:
    """A narrow no-break space before ? ! ; : and inside « », and the typographic apostrophe."""
    for message in messages("fr"):
        for form in forms(message.string):
            words = re.sub(r"&\w+;", "", form)  # a tag that is told of, `&lt;b&gt;`
            assert not re.search(r"[ \u00a0][?!;:»]|«[^\u202f]|\w[?!;»]", words), form
            assert not re.search(r"\w'\w", form), form


ONE_WORD = {"permanence": r"\b(?:de|mon|son|votre|prendre|quitter) service\b"}
"""A French word, and what must not stand for the same thing: docs/languages.md."""


@pytest.mark.parametrize("word", ONE_WORD)
def test_french_has_one_word_for_a_thing(word: str) -> None:
    french = [form for message in messages("fr") for form in forms(message.string)]
    assert any(word in form for form in french)
    assert [form for form in french if re.search(ONE_WORD[word], form)] == []
    assert word in (Path(locales.__file__).parents[1] / "docs" / "languages.md").read_text("utf-8")


def test_no_page_joins_with_a_semicolon_of_one_language() -> None:
    """French has a narrow no-break space before it: what joins is a word like others."""
    pages = sorted((Path(locales.__file__).parent / "pages").rglob("*.html.j2"))
    own = [page.name for page in pages if re.search(r'(?<!_\()"; "|%\};(?! *")\s\{', page.read_text("utf-8"))]
    assert pages
    assert own == []


def test_languages_are_all_translated_but_the_source() -> None:
    assert set(LANGUAGES) - set(TRANSLATED) == {"en"}
