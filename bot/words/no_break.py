"""Where a line must not end: a no-break space keeps a number with its unit, a day with its month, a mark with its word.

Each language says its own custom in `locales/<code>/words.toml`. Texts are written with plain spaces and bound here
when they are shown, so that neither templates nor translators have to think of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from locales.words import Words, words_of

NO_BREAK, NARROW = "\u00a0", "\u202f"
"""A no-break space of a word's width, and the narrow one of French punctuation and of thousands."""
TEXTS_KEPT = 2048
LINES_KEPT, LONG_LINE = 4096, 2048
"""Lines of pages that are remembered, and the characters beyond which one is taken apart by its rows."""
_PLAIN = str.maketrans({NO_BREAK: " ", NARROW: " "})
# What is no text: tags, what stands in code, and in Markdown code and addresses. One character stands for each.
_OPAQUE = re.compile(
    r"(<(pre|code|script|style)\b.*?</\2\s*>|<[^<>]*>|```.*?```|`[^`\n]*`|\]\((?:(?!\]\()[^)\s])*+\))",
    re.DOTALL | re.IGNORECASE,
)
_STRETCHES = ("pre", "code", "script", "style")
_OPENS = re.compile(rf"<(?:{'|'.join(_STRETCHES)})\b", re.IGNORECASE)
_FENCE = "```"
_ROW_ENDS = ("</tr>", "</option>", "</li>", "</p>")
_EACH = 3
"""What is split there comes as text, what is no text, and which kind of tag began it."""
_STAND_IN = "\ue000"
_SPACES = (" ", NO_BREAK, NARROW)
_S = f"[{''.join(_SPACES)}]"
_TAGS = f"{_STAND_IN}*"
_GAP = f"{_TAGS}{_S}{_TAGS}"
_NUMBER = r"(?<!\w)\d{1,2}"
_BEFORE_NUMBER = re.compile(rf"{_S}{_TAGS}(?=[0-9])")
_THOUSANDS = re.compile(r" (?<=[0-9] )[0-9]{3}(?![0-9])")


def newly_bound(text: str, language: str) -> str:
    """The text (HTML, Markdown or plain) with no-break spaces where the language wants them; code and tags untouched.

    No character is added or taken away, and a text that is bound already stays as it is.
    """
    if _STAND_IN in text:
        return text  # a private character that no text needs
    return _joined(_OPAQUE.split(text), language)  # once: of a page it is as long as all that follows


def _joined(pieces: list[str], language: str) -> str:
    words = _custom(language).bind(_STAND_IN.join(pieces[::_EACH]))
    if len(pieces) == 1:
        return words
    pieces[::_EACH] = words.split(_STAND_IN)
    pieces[2::_EACH] = [""] * (len(pieces) // _EACH)  # which kind of tag it was
    return "".join(pieces)


bound = lru_cache(TEXTS_KEPT)(newly_bound)
"""The same, remembered: a message is told to many."""


def bound_page(page: str, language: str) -> str:
    """The same of a page, which is like no other; most of its lines are as they were the last time.

    What keeps words together reaches from one line into the next in tags and stretches of code alone; where one does,
    the whole page is bound at once. A row of a table ends a line, as does a choice of a list.
    """
    if _STAND_IN in page or _FENCE in page:
        return newly_bound(page, language)
    lines = []
    for line in page.split("\n"):
        rows = _rows_of(line) if len(line) > LONG_LINE else (line,)
        found = [_bound_line(row, language) for row in rows]
        if None in found:
            return newly_bound(page, language)
        lines.append("".join(found))  # type: ignore[arg-type]  # none is None
    return "\n".join(lines)


def _rows_of(line: str) -> list[str]:
    for end in _ROW_ENDS:
        line = line.replace(end, f"{end}\n")
    return line.split("\n")


_Places = tuple[tuple[int, str], ...]
"""Where no-break spaces stand in a line, and which."""
_places_kept: dict[int, _Places | None] = {}
"""Of the lines that pages showed last, by a number that tells nothing of them: pages name people, and a name is not to
stay here once it is erased.
"""


def _bound_line(line: str, language: str) -> str | None:
    """A line as it stands bound in any page; None where that depends on those around it."""
    key = hash((line, language))
    places = _places_kept.pop(key) if key in _places_kept else _places_in(line, language)
    if len(_places_kept) >= LINES_KEPT:
        del _places_kept[next(iter(_places_kept))]
    _places_kept[key] = places
    if not places:
        return None if places is None else line
    pieces, end = list[str](), 0
    for place, space in places:
        pieces += line[end:place], space
        end = place + 1
    return "".join((*pieces, line[end:]))


def _places_in(line: str, language: str) -> _Places | None:
    pieces = _OPAQUE.split(line)
    unclosed = (
        stretch is None and _OPENS.match(opaque)
        for opaque, stretch in zip(pieces[1::_EACH], pieces[2::_EACH], strict=True)
    )
    if any("<" in text for text in pieces[::_EACH]) or any(unclosed):
        return None
    found = _joined(pieces, language)
    if found == line:
        return ()
    letters = enumerate(zip(line, found, strict=True))
    return tuple((place, new) for place, (old, new) in letters if old != new)


def with_plain_spaces(text: str) -> str:
    """The text as one would type it, for what is kept, compared or read by a machine."""
    return text.translate(_PLAIN)


class _Custom:
    """Where one language wants no break. Only what stands at a digit or at a mark is looked at: a text has few."""

    def __init__(self, words: Words) -> None:
        dates, custom = words.dates, words.no_break
        self._before = re.compile(_one_of(custom.before))
        self._after = re.compile(rf"(?:{_one_of(custom.after)}){_TAGS}[ {NO_BREAK}]")
        self._since = frozenset(word.lower() for word in dates.since)
        self._months = frozenset(name.lower() for names in dates.months for name in names)
        day = rf"{_NUMBER}(?:-?(?:{_one_of(dates.ordinals)}))?"
        of = rf"(?:(?:{_one_of(dates.of)}){_S})?"
        mark = rf"{_S}?(?:{_one_of(dates.hours)})(?:{_S}?\d\d)?"
        half = rf"{_S}?(?:{_one_of((*dates.before_noon, *dates.after_noon))})"
        hour = rf"(?:{mark}|[:.]\d\d(?:{half})?|{half})(?!\w)"
        until = _one_of((*dates.until, "–", "-"))
        self._number = _compiled(
            rf"(?P<range>{_NUMBER}(?:{hour})?{_GAP}(?:{until}){_GAP}{_NUMBER}{hour})"  # 19 h à 21 h 30, 7 to 9 pm
            rf"|{_NUMBER}{hour}"  # 19 h 30, 7 pm
            rf"|{day}{_GAP}{of}(?:{_one_of(self._months)})(?!\w)"  # 24 novembre, 1er mai, 24th of November
            rf"|\d+{_GAP}(?:{_one_of(custom.units)})(?!\w)"  # 5 km
        )
        self._numbered = _compiled(rf"(?<!\w)(?:{_one_of(custom.numbered)}){_TAGS}[ ](?={_TAGS}[0-9])")
        self._day = _compiled(rf"{day}(?!\w)")
        # Looked at are the numbers that go on: almost all in a page stand alone in a cell.
        ends = (*dates.ordinals, *dates.hours, *dates.before_noon, *dates.after_noon)
        follows = {*_SPACES, *":.-", *(letter for word in ends for letter in _either(word[0]))}
        self._goes_on = re.compile(rf"(?<![0-9])[0-9]++(?=[{re.escape(''.join(follows))}]|{_TAGS}{_S})")

    def bind(self, text: str) -> str:
        letters = list(text)
        for place in self._wide(text):
            letters[place] = NO_BREAK
        for place in self._narrow(text):
            letters[place] = NARROW
        return "".join(letters)

    def _wide(self, text: str) -> Iterator[int]:
        """The spaces around each number that a line must not end at."""
        for number in self._goes_on.finditer(text):
            if (found := self._number.match(text, number.start())) is not None:
                start, end = found.span()
                if found["range"]:
                    word, begins = _word_before(text, start)
                    start = begins if word in self._since else start  # de 19 h à 21 h
                yield from _plain_spaces(text, start, end)
        for space in _BEFORE_NUMBER.finditer(text):
            word, begins = _word_before(text, space.end())
            if word in self._months and self._day.match(text, space.end()):  # November 24
                yield from _plain_spaces(text, begins, space.end())
        for numbered in self._numbered.finditer(text):  # n° 10
            yield numbered.end() - 1

    def _narrow(self, text: str) -> Iterator[int]:
        """The spaces before and after marks, and between thousands."""
        for mark in self._before.finditer(text):
            place = _before_tags(text, mark.start())
            if place and text[place - 1] in (" ", NO_BREAK):
                yield place - 1
        for after in self._after.finditer(text):
            yield after.end() - 1
        for thousands in _THOUSANDS.finditer(text):
            yield thousands.start()


def _plain_spaces(text: str, start: int, end: int) -> Iterator[int]:
    return (place for place in range(start, end) if text[place] == " ")


def _word_before(text: str, at: int) -> tuple[str, int]:
    """The word before a place and one space, in small letters without a point, and where it begins; none: nothing."""
    place = _before_tags(text, at)
    if place == 0 or text[place - 1] not in _SPACES:
        return "", at
    end = _before_tags(text, place - 1)
    if end and text[end - 1] == ".":
        end -= 1
    begins = end
    while begins and text[begins - 1].isalpha():
        begins -= 1
    return text[begins:end].lower(), begins


def _either(letter: str) -> str:
    return letter.lower() + letter.upper()


def _before_tags(text: str, place: int) -> int:
    while place and text[place - 1] == _STAND_IN:
        place -= 1
    return place


@cache
def _custom(language: str) -> _Custom:
    return _Custom(words_of(language))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _one_of(words: Iterable[str]) -> str:
    """A pattern that matches one of the words as they are written, the longest first; nothing where there are none."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)"
