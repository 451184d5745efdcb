"""How place names are folded: what people type and what is official meet in one key.

A key holds only `a-z0-9`: accents, case, hyphens, apostrophes and spaces are gone, `St` is `saint`,
`s/` is `sur` and `lez` is `les`. The official names and the queries go through the same functions.
"""

import re
import unicodedata

MAX_QUERY = 120
"""Longest query read, in characters: the longest official name has 45."""

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l"}
)
_NOT_KEY = re.compile(r"[^a-z0-9/]+")
_ON = re.compile(r"\bs\s*/\s*")
_UNDER = re.compile(r"\bs\s*/\s*s\b\s*")
_ABBREVIATIONS = {
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "stes": "saintes",
    "lez": "les",
    "mt": "mont",
    "nd": "notre dame",
    "fd": "ferrand",
    "pce": "provence",
}
_BETWEEN = {"s": "sur", "ss": "sous"}
ARTICLES = frozenset({"le", "la", "les", "l"})
SMALL_WORDS = ARTICLES | {"de", "du", "des", "d", "sur", "sous", "en", "et", "a", "au", "aux"}


def fold(text: str) -> str:
    """Lower case ASCII words separated by single spaces: `Châlons-s/-Œuvre` gives `chalons sur oeuvre`.

    Marks, emoji and other alphabets vanish; reads at most `MAX_QUERY` characters.
    """
    decomposed = unicodedata.normalize("NFKD", text[:MAX_QUERY].translate(_LIGATURES))
    letters = "".join(
        char for char in decomposed if char.isascii() or unicodedata.category(char) not in ("Mn", "Cf")
    )
    plain = _NOT_KEY.sub(" ", letters.lower())
    if "/" in plain:
        plain = _ON.sub(" sur ", _UNDER.sub(" sous ", plain)).replace("/", " ")
    return " ".join(plain.split())


def expand(words: list[str]) -> list[str]:
    """Spell out `st`, `ste`, `lez`; a lone `s` between two words is `sur`, as in `Chalon s Saone`."""
    last = len(words) - 1
    full = []
    for place, word in enumerate(words):
        if 0 < place < last and word in _BETWEEN:
            full.append(_BETWEEN[word])
        else:
            full.append(_ABBREVIATIONS.get(word, word))
    return full


def words_of(name: str) -> list[str]:
    """The folded, spelt-out words of a name."""
    return " ".join(expand(fold(name).split())).split()


def key_of(words: list[str]) -> str:
    """The words as one key, without spaces."""
    return "".join(words)


def without_article(words: list[str]) -> list[str]:
    """The words after a leading article, or all of them: `le havre` gives `havre`."""
    return words[1:] if len(words) > 1 and words[0] in ARTICLES else words


def skeleton_of(words: list[str]) -> str:
    """The key without its small words: `boulogne sur mer` gives `boulognemer`; may be empty."""
    return "".join(word for word in words if word not in SMALL_WORDS)


def typeset(name: str) -> str:
    """A name as it is printed: `L’Haÿ-les-Roses`. INSEE writes every apostrophe straight."""
    return name.replace("'", "’")
