"""The phrases that mean something in a language, as `words.toml` writes them, and what a message means by them.

`(a|b|)` is one of these or nothing, `…` a few words of any kind. A phrase is a whole message, but for the words that
are said `around` anything (`svp`, `bonjour`); one that begins and ends with `…` may stand inside a longer sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from itertools import takewhile

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.frozen import Frozen
from bot.rules.typed import LONGEST, Meaning, phrase, says_something

GAP = "…"
_WORDS_IN_A_GAP = 6
_MARKS = re.compile(r"([(|)…])")
_RUN = re.compile(r"(.)\1+")
_LONG, _LONGER = 6, 10
"""From so many letters on, a word known may be a letter away from the one typed, or two letters."""
_MOST_AROUND = 4
"""Words on either side of a phrase of several, at most."""
_MOST_SLIPS = 2
_SWAPPED = 4
"""From so many letters on, two of its neighbours may have changed places: `sotp`."""


class Phrases(Frozen):
    """The phrases of one language.

    `stop` is said neither by `going_on` (`n’arrêtez pas`) nor by `asking` about it (`comment me désinscrire`).
    """

    meanings: Mapping[Meaning, tuple[str, ...]]
    around: tuple[str, ...]
    going_on: tuple[str, ...]
    asking: tuple[str, ...]

    def meaning(self, text: str) -> Meaning | None:
        """What the message means in this language; None where it says something else."""
        typed = self.read(text)
        if not typed:
            return None
        if len(text) > LONGEST:
            return Meaning.PERHAPS_STOP if self._stops(typed) else None
        words = typed.split()
        meant = [meaning for meaning in Meaning if self._said[meaning].may_be_in(words)]
        for meaning in meant:
            if meaning is not Meaning.STOP and self._said[meaning].exact.fullmatch(typed):
                return meaning
        return next((meaning for meaning in meant if self._says(meaning, typed)), None)

    def says_stop(self, text: str) -> bool:
        """Whether the message means STOP: what is asked of every message, whatever else it may mean."""
        return len(text) <= LONGEST and self._stops(self.read(text))

    def is_everyday(self, text: str) -> bool:
        """Whether the whole message is a phrase, and no sentence that has one in it."""
        typed = self.read(text) if len(text) <= LONGEST else ""
        return any(self._whole(meaning, typed) for meaning in self.meanings)

    def is_stop_alone(self, text: str) -> bool:
        """Whether the message is STOP and nothing more than is said around it, rather than a sentence that means it."""
        return len(text) <= LONGEST and self._whole(Meaning.STOP, self.read(text))

    def read(self, text: str) -> str:
        """The words of the message, each followed by a space, slips of the finger put right."""
        return "".join(f"{self._known(word)} " for word in phrase(text).split())

    def _says(self, meaning: Meaning, typed: str) -> bool:
        if meaning is Meaning.STOP:
            return self._stops(typed)
        if meaning is Meaning.PERHAPS_STOP:
            typed = self._going_on.sub("", typed)
        return self._said[meaning].inside.search(typed) is not None or self._whole(meaning, typed)

    def _stops(self, typed: str) -> bool:
        if not self._said[Meaning.STOP].may_be_in(typed.split()):
            return False
        meant = self._asking.sub("", self._going_on.sub("", typed))
        return self._said[Meaning.STOP].inside.search(meant) is not None or self._whole(Meaning.STOP, meant)

    def _whole(self, meaning: Meaning, typed: str) -> bool:
        """Whether a phrase is the whole message, but for what is said around anything."""
        words = typed.split()
        if not self._said[meaning].may_be_in(words):
            return False
        exact = self._said[meaning].exact
        around, said = exact.subn("", typed)
        if said == 0:
            return False
        if self._around.issuperset(around.split()):
            return True
        before = sum(1 for _ in takewhile(self._around.__contains__, words[:_MOST_AROUND]))
        after = sum(1 for _ in takewhile(self._around.__contains__, words[: -_MOST_AROUND - 1 : -1]))
        return any(
            exact.fullmatch("".join(f"{word} " for word in words[start : len(words) - end]))
            for start in range(before + 1)
            for end in range(after + 1)
        )

    @cached_property
    def _said(self) -> Mapping[Meaning, _Said]:
        return {meaning: _said(phrases) for meaning, phrases in self.meanings.items()}

    @cached_property
    def _going_on(self) -> re.Pattern[str]:
        return _pattern(self.going_on)

    @cached_property
    def _asking(self) -> re.Pattern[str]:
        return _pattern(self.asking)

    @cached_property
    def _around(self) -> frozenset[str]:
        return _words_in(self.around)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        said = (each.words for each in self._said.values())
        return self._around.union(*said, _words_in(self.going_on), _words_in(self.asking))

    @cached_property
    def _begun(self) -> Mapping[str, tuple[str, ...]]:
        """The words known by their first letter."""
        found: dict[str, list[str]] = {}
        for word in sorted(self._vocabulary):
            found.setdefault(word[0], []).append(word)
        return {letter: tuple(words) for letter, words in found.items()}

    @cached_property
    def _once(self) -> Mapping[str, str]:
        """Each word by its letters without repetitions: `merciii` is `merci`."""
        return {_RUN.sub(r"\1", word): word for word in sorted(self._vocabulary)}

    def _known(self, word: str) -> str:
        """The word, or the known one that it is a slip away from. The first letter is never a slip."""
        if word in self._vocabulary:
            return word
        repeated = self._once.get(_RUN.sub(r"\1", word))
        if repeated is not None and len(repeated) < len(word):
            return repeated
        near = process.extract_iter(
            word, self._begun.get(word[0], ()), scorer=OSA.distance, processor=None, score_cutoff=_MOST_SLIPS
        )
        slips = [(far, known) for known, far, _ in near if _is_slip(far, word, known)]
        return min(slips)[1] if slips else word


class _Said:
    """The phrases of one meaning. Patterns take long to make: only a message with a word of theirs has them made."""

    def __init__(self, written: tuple[str, ...]) -> None:
        self._written = written
        self.words = _words_in(written)

    def may_be_in(self, words: Iterable[str]) -> bool:
        """Whether one of these words stands in a phrase; every phrase says one at least."""
        return not self.words.isdisjoint(words)

    @cached_property
    def exact(self) -> re.Pattern[str]:
        return _pattern(written for written in self._written if not _is_inside(written))

    @cached_property
    def inside(self) -> re.Pattern[str]:
        return _pattern(filter(_is_inside, self._written))


_said = cache(_Said)
"""Made once for all who understand a language, whichever they read themselves."""


def _words_in(written: Iterable[str]) -> frozenset[str]:
    """The words of phrases, each once."""
    parts = {part for each in written for part in _MARKS.sub(" ", each).split()}
    return frozenset(word for part in parts for word in _folded(part))


@cache
def _folded(part: str) -> tuple[str, ...]:
    """The words of a part of what `words.toml` writes; never what somebody typed, since it is kept."""
    return tuple(phrase(part).split())


def _is_slip(far: int, word: str, known: str) -> bool:
    """Whether the word is meant for the known one, which is so many slips away: the more letters, the more slips."""
    if len(known) >= _LONG:
        return far <= 1 + (len(known) >= _LONGER)
    return len(known) >= _SWAPPED and far == 1 and sorted(word) == sorted(known)


def _is_inside(written: str) -> bool:
    return written.startswith(GAP) and written.endswith(GAP)


def _pattern(written: Iterable[str]) -> re.Pattern[str]:
    """Finds any of these phrases in words that are each followed by a space; without any, nothing."""
    found = sorted((_expression(each) for each in written), key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(found)})" if found else r"(?!)")


def _expression(written: str) -> str:
    """`(a|b|) c` as an expression: each word with its space, a gap as a few words."""
    made = ""
    for part in _MARKS.split(written.strip(f"{GAP} ")):
        if part == "(":
            made += "(?:"
        elif part == GAP:
            made += rf"(?:\S+ ){{0,{_WORDS_IN_A_GAP}}}?"
        elif part in ("|", ")"):
            made += part
        else:
            made += "".join(re.escape(word) + " " for word in _folded(part))
    return made


def is_well_written(written: str) -> bool:
    """Whether the alternatives of a phrase are closed, not one inside another, and it says at least a word."""
    says = False
    for group in re.split(r"(\([^()]*\))", written):
        if group.startswith("("):
            says |= all(says_something(one.replace(GAP, " ")) for one in group[1:-1].split("|"))
        elif set("(|)") & set(group):
            return False
        else:
            says |= says_something(group.replace(GAP, " "))
    return says
