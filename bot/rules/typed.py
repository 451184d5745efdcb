"""What people type as whole messages: `STOP !`, `d’accord`, `ouais`, whatever the case, the accents and the spaces.

The words themselves are those of the languages, `locales/<code>/words.toml`.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """A meaning that a whole message may have. Each language says each of them in words of its own."""

    STOP = "stop"  # no message any more: obeyed everywhere, in the middle of any question
    YES = "yes"
    NO = "no"


LONGEST = 200
"""Characters of a message that may mean one of these; a longer one tells something."""
_WORDS = re.compile(r"\w+")


def folded(text: str) -> str:
    """Lower case without accents; every kind of apostrophe, hyphen and space is the plain one, and single."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.replace("\u2010", "-").split())


def phrase(text: str) -> str:
    """The words of a message alone, folded: `D’accord !` is `d accord`. A message of pictures is its pictures."""
    plain = folded(text)
    pictures = (letter for letter in plain if unicodedata.category(letter) == "So")
    return " ".join(_WORDS.findall(plain)) or "".join(pictures)


def meaning_of(text: str, phrases: Mapping[str, Meaning]) -> Meaning | None:
    """The meaning of the whole message; None where it says something else. `phrases`: see `phrase`."""
    return phrases.get(phrase(text)) if len(text) <= LONGEST else None
