"""What people type as whole messages: `STOP !`, `d’accord`, `ouais`, whatever the case, the accents and the spaces.

The words themselves are those of the languages, `locales/<code>/words.toml`; how they are written there and found in
what somebody typed is in bot.rules.phrases.
"""

import re
import unicodedata
from enum import StrEnum
from itertools import filterfalse

MOST_DIGITS = 15
"""Of a number that anything here has: a browser may send what no database takes."""


def is_number(text: str, most_digits: int = MOST_DIGITS) -> bool:
    """Whether a text is a whole number of so many digits at most, as a page of ours writes it."""
    return text.isascii() and text.isdigit() and len(text) <= most_digits


_GROUPED = re.compile(r"[0-9]{1,3}(?:(?P<mark>[ .,'’])[0-9]{3}(?:(?P=mark)[0-9]{3})*)?")


def read_number(text: str, most_digits: int = MOST_DIGITS) -> int | None:
    """The whole number that somebody typed: `1200`, `1 200`, `1.200`. What sets thousands apart is the same throughout
    and stands before three digits each time, so that `2,5` is none and never twenty-five.
    """
    text = " ".join(text.split())
    if is_number(text, most_digits):
        return int(text)
    if _GROUPED.fullmatch(text) is None:
        return None
    digits = re.sub("[^0-9]", "", text)
    return int(digits) if is_number(digits, most_digits) else None


class Meaning(StrEnum):
    """A meaning that a message may have. Each language says each of them in words of its own.

    They stand in the order in which they are looked for: `merci, j’ai voté` tells of a vote, and thanks besides.
    """

    STOP = "stop"  # no message any more: obeyed everywhere, in the middle of any question
    PERHAPS_STOP = "perhaps_stop"  # the word is there, and may be about something else: a button asks
    VOTED = "voted"
    NOT_COMING = "not_coming"
    WHERE = "where"  # where, when and how one votes
    EVENTS = "events"
    VOLUNTEER = "volunteer"  # offers to help
    HELP = "help"
    YES = "yes"
    NO = "no"
    THANKS = "thanks"
    HELLO = "hello"


LONGEST = 200
"""Characters of a message that may mean one of these; a longer one tells something."""
_WORDS = re.compile(r"\w+")
_INITIALS = re.compile(r"(?<!\w)(\w)\.(?=\w(?!\w))")
"""`s.v.p.` is one word."""


def folded(text: str) -> str:
    """Lower case without accents; every kind of apostrophe, hyphen and space is the plain one, and single."""
    plain = text.casefold().replace("’", "'")
    if not plain.isascii():
        plain = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", plain)))
    return " ".join(plain.replace("\u2010", "-").split())


def phrase(text: str) -> str:
    """The words of a message alone, folded: `D’accord !` is `d accord`. Without words, its pictures or its question
    mark, each once.
    """
    plain = folded(text)
    if "." in plain:
        plain = _INITIALS.sub(r"\1", plain)
    pictures = (letter for letter in plain if unicodedata.category(letter) == "So" or letter == "?")
    return " ".join(_WORDS.findall(plain)) or "".join(dict.fromkeys(pictures))


def says_something(text: str) -> bool:
    """Whether anything is left of the text as a phrase."""
    return _WORDS.search(text) is not None or bool(phrase(text))
