"""The words: languages, gettext catalogues and message templates.

Adding a language touches only this folder: a row in `LANGUAGES` and a catalogue. The sources are English;
a catalogue is read from its `.po` at start, since compiled files are ignored by version control.
"""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DOMAIN = "portevoix"
FOLDER = files("locales")
TEMPLATES = FOLDER / "templates"


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language people may choose: its code, its own name, the Babel locale that formats its dates."""

    code: str
    name: str
    locale: str
    right_to_left: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language(code="fr", name="Français", locale="fr_FR"),
        Language(code="en", name="English", locale="en_GB"),
    )
}
SOURCE_LANGUAGE = "en"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of a language; the source language needs none."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    catalogue = Catalog(locale=language)
    for source in sorted((FOLDER / language / "LC_MESSAGES").iterdir(), key=lambda file: file.name):
        if source.name.endswith(".po"):
            for message in read_po(io.BytesIO(source.read_bytes()), locale=language):
                catalogue[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
