"""The words: languages, gettext catalogues and message templates.

Adding a language touches only this folder: a row in `LANGUAGES`, and a folder with its catalogue and what people
type (`words.toml`, see `locales.words`). The sources are English; a catalogue is read from its `.po` at start, or from
what was made of it before (`locales.compiled`), since compiled files are ignored by version control.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from bot.frozen import Frozen
from locales import compiled

DOMAIN = "portevoix"
FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"


class Language(Frozen):
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
    source, name = (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").read_bytes(), f"{DOMAIN}.{language}"
    made = compiled.find(name, source)
    if made is None:
        made = _compiled(source, language)
        compiled.keep(name, source, made)
    return gettext.GNUTranslations(io.BytesIO(made))


def _compiled(source: bytes, language: str) -> bytes:
    # Imported here, for most starts find what an earlier one has made.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    made = io.BytesIO()
    write_mo(made, read_po(io.BytesIO(source), locale=language))
    return made.getvalue()
