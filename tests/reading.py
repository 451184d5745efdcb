"""What a person reads in their own language, named by its English words."""

from __future__ import annotations

import gettext
import re
from functools import cache

from locales import LANGUAGES, SOURCE_LANGUAGE, catalogue
from simulator.reading import as_read

ABOUT = r"≈\s[1-9]0"
"""The size of a small audience, as staff of an area read it."""
_PLACEHOLDER = re.compile(r"%\\?\(\w+\\?\)s")
_TAG = re.compile(r"<[^>]+>")


class Reader:
    """Somebody who reads one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def label(self, words: str) -> str:
        """A button's label, from the whole of its English one."""
        return as_read(catalogue(self.language).gettext(words))

    def says(self, words: str) -> re.Pattern[str]:
        """Any sentence that begins with these English words, whatever is filled into it."""
        found = [message for message in sources() if _TAG.sub("", message).startswith(words)]
        assert found, f"No sentence begins with “{words}”: its wording was changed, or it is not translated."
        translated = {as_read(_TAG.sub("", catalogue(self.language).gettext(message))) for message in found}
        patterns = (_PLACEHOLDER.sub(".*", re.escape(sentence)) for sentence in sorted(translated))
        return re.compile("|".join(patterns))


@cache
def sources() -> frozenset[str]:
    """Every English sentence that some language translates."""
    found: set[str] = set()
    for language in LANGUAGES:
        translations = catalogue(language)
        if language != SOURCE_LANGUAGE and isinstance(translations, gettext.GNUTranslations):
            found |= {key for key in translations._catalog if isinstance(key, str) and key}  # type: ignore[attr-defined]
    return frozenset(found)
