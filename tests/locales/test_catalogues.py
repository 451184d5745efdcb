"""The catalogues hold everything the templates say, in every language, with the same placeholders."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from locales import FOLDER, LANGUAGES, SOURCE_LANGUAGE

METHODS = [("templates/**.j2", "jinja2")]
OPTIONS = {"templates/**.j2": {"encoding": "utf-8", "trimmed": "true", "silent": "false"}}
TRANSLATED = [code for code in LANGUAGES if code != SOURCE_LANGUAGE]


def said_in_templates() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(str(FOLDER), METHODS, OPTIONS)
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


def catalogues(language: str) -> list[Catalog]:
    files = sorted(Path(str(FOLDER), language, "LC_MESSAGES").glob("*.po"))
    return [read_po(io.BytesIO(file.read_bytes()), locale=language) for file in files]


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?[a-z]+", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_is_translated_and_nothing_more(language: str) -> None:
    translated = {message.id for catalogue in catalogues(language) for message in catalogue if message.id}
    said = said_in_templates()
    assert said - translated == set()
    assert translated - said == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_complete_and_keep_placeholders_and_tags(language: str) -> None:
    for catalogue in catalogues(language):
        for message in catalogue:
            if not message.id:
                continue
            assert not message.fuzzy, message.id
            sources = [message.id] if isinstance(message.id, str) else list(message.id)
            forms = [message.string] if isinstance(message.string, str) else list(message.string)
            assert all(forms), f"not translated: {message.id}"
            for form in forms:
                # A singular may leave out the number that the plural shows.
                assert placeholders(form) <= placeholders(sources[-1]), message.id
                assert placeholders(form) >= placeholders(sources[0]), message.id
                assert tags(form) == tags(sources[0]), message.id


def test_french_keeps_its_punctuation_with_its_word() -> None:
    """A narrow no-break space before ? ! ; : and inside « », and the typographic apostrophe."""
    for catalogue in catalogues("fr"):
        for message in catalogue:
            if not message.id:
                continue
            for form in [message.string] if isinstance(message.string, str) else message.string:
                assert not re.search(r"[ \u00a0][?!;:»]|«[^\u202f]|\w[?!;»]", form), form
                assert not re.search(r"\w'\w", form), form
