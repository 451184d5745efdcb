"""What people may type, in every language at once; their own language comes first where two disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bot.rules.date_words import DateWords, words_of_all
from bot.rules.typed import Meaning, meaning_of
from locales import LANGUAGES, SOURCE_LANGUAGE
from locales.words import words_of


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words that somebody who reads one language may type."""

    phrases: Mapping[str, Meaning]
    dates: DateWords

    def meaning(self, text: str) -> Meaning | None:
        """The meaning of the whole text; None where it says something else."""
        return meaning_of(text, self.phrases)


@cache
def vocabulary(language: str) -> Vocabulary:
    """The words of a language before those of the others. Raises BadWords."""
    spoken = [words_of(code) for code in sorted(LANGUAGES, key=lambda code: code != language)]
    phrases: dict[str, Meaning] = {}
    for words in reversed(spoken):
        phrases |= words.phrases
    # No language takes STOP away from another.
    for words in spoken:
        phrases |= {said: meaning for said, meaning in words.phrases.items() if meaning is Meaning.STOP}
    return Vocabulary(phrases=phrases, dates=words_of_all([words.dates for words in spoken]))


def asks_to_stop(text: str) -> bool:
    """Whether the text is STOP in any language, whatever somebody reads."""
    return vocabulary(SOURCE_LANGUAGE).meaning(text) is Meaning.STOP
