"""What people may type, in every language at once; their own language comes first where two disagree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from bot.frozen import Frozen
from bot.rules.audience_words import AudienceWords
from bot.rules.audience_words import words_of_all as audience_words
from bot.rules.date_words import DateWords, words_of_all
from bot.rules.phrases import Phrases
from bot.rules.typed import Meaning
from locales import LANGUAGES, SOURCE_LANGUAGE
from locales.words import words_of


class Vocabulary(Frozen):
    """The words that somebody who reads one language may type: those of that language first."""

    phrases: tuple[Phrases, ...]
    dates: DateWords
    audience: AudienceWords

    def meaning(self, text: str) -> Meaning | None:
        """What the text means; None where it says something else. No language takes STOP away from another."""
        found = [meaning for spoken in self.phrases if (meaning := spoken.meaning(text)) is not None]
        for first in (Meaning.STOP, Meaning.PERHAPS_STOP):
            if first in found:
                return first
        return found[0] if found else None


@cache
def vocabulary(language: str) -> Vocabulary:
    """The words of a language before those of the others. Raises BadWords."""
    spoken = [words_of(code) for code in sorted(LANGUAGES, key=lambda code: code != language)]
    # Whoever says `don’t stop` is not stopped by a language in which `stop` is all that is understood of it.
    going_on = tuple(each for words in spoken for each in words.phrases.going_on)
    asking = tuple(each for words in spoken for each in words.phrases.asking)
    return Vocabulary(
        phrases=tuple(replace(words.phrases, going_on=going_on, asking=asking) for words in spoken),
        dates=words_of_all([words.dates for words in spoken]),
        audience=audience_words([words.audience for words in spoken]),
    )


def asks_to_stop(text: str) -> bool:
    """Whether the text is STOP in any language, whatever somebody reads."""
    return any(spoken.says_stop(text) for spoken in vocabulary(SOURCE_LANGUAGE).phrases)


def is_stop_alone(text: str) -> bool:
    """Whether the text is the word STOP in any language, and no sentence that has it in it."""
    return any(spoken.is_stop_alone(text) for spoken in vocabulary(SOURCE_LANGUAGE).phrases)
