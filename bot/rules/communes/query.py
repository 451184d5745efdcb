"""What a person typed, taken apart: words of a name, département, postcode or INSEE code, arrondissement."""

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.frozen import Frozen
from bot.rules.communes.table import Area
from bot.rules.communes.text import MAX_QUERY, expand, fold, key_of, without_article, words_of
from bot.rules.communes.zones import territory_of
from bot.rules.date_words import one_of
from bot.rules.phrases import Phrases

ARRONDISSEMENTS = {"paris": ("75056", 751, 20), "lyon": ("69123", 6938, 9), "marseille": ("13055", 132, 16)}
"""Each city with arrondissements: its INSEE code, the beginning of theirs, and how many."""

_CODE = re.compile(r"(?:\d{5}|2[ab]\d{3})")
_SPACED_CODE = re.compile(r"\b(\d{2}|2[ab]) (\d{3})\b")
_GLUED = re.compile(r"(?<=[a-z]{3})(?=\d{2})|(?<=\d{5})(?=[a-z]{3})")
_CEDEX = re.compile(r"\bcedex(?: \d{1,2})?\b")
_BOX = re.compile(
    r"\b(?:b\.? ?p\.?|c\.? ?s\.?|t\.? ?s\.? ?a\.?|bo[iî]te +postale) *(?:n *[o°º]\.? *)?(\d{1,6})\b[ ,;-]*",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b\d{2} ?\d{3}\b")
_COUNTRY_BEFORE_CODE = re.compile(r"\bfr? (?=\d{5}\b)")
_DEPARTMENT = re.compile(r"(?:\d{1,3}|2[ab])")
_ORDINAL = re.compile(r"(\d{1,2})(?:e|er|ere|eme|ieme|nd|nde|th|st|rd)")
_ROMAN = re.compile(r"(x{0,2})(ix|iv|v?i{0,3})(?:e|er|eme)?")
_ROMAN_UNITS = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
_ARRONDISSEMENT_WORDS = frozenset({"arrondissement", "arrdt", "arr", "ardt", "e", "er", "eme", "ieme"})
_CODE_WORDS = frozenset({"insee", "cog", "code", "postal", "cp", "commune", "de", "la"})
POSTAL_WORDS = _CODE_WORDS | {"cedex"}
"""What is written beside a code or a postcode, and names no place."""
_DEPARTMENT_WORDS = frozenset({"departement", "dept", "dpt", "dep", "du", "le", "la"})
_CONNECTORS = frozenset(
    {"de", "du", "des", "d", "en", "dans", "le", "la", "les", "l", "departement", "region"}
)
_ALSO_CALLED = {
    "chalonssurmarne": "chalons en champagne",  # its name until 1998
    "matautu": "uvea",
    "paname": "paris",
    "bxl": "bruxelles",
    "nyc": "new york",
}
"""Other names of places, by their key, and the one that is known."""
_ABROAD_WORDS = 6
"""Words in a sentence that says one lives abroad, at most: `je suis inscrit à l’étranger`."""
_ARCHIPELAGOS = {"987-marquises": "marquises", "987-gambier": "gambier"}
_AREA_NICKNAMES = {
    "idf": "iledefrance",
    "paca": "provencealpescotedazur",
    "iledelareunion": "lareunion",
    "saintbarth": "saintbarthelemy",
    "guyanefrancaise": "guyane",
    "aura": "auvergnerhonealpes",
}


_DAY = r"\d{1,2}[/.-]\d{1,2}(?:[/.-](?:\d{2}|\d{4}))?"
_DATE = re.compile(rf"\s*{_DAY}(?:\s+(?:(?:à|at)\s+)?\d{{1,2}}(?:\s?[h:]\s?\d{{0,2}})?)?\s*", re.IGNORECASE)
"""What is typed where a date was asked before, `24/11/2016` or `25/11 20h`: its numbers are no départements."""


class SentenceWords(Frozen):
    """The words that people say around the name of a place: `before` it, `linking` the two; that they live `abroad`.

    `voting`: before the name of the place where they vote, which is meant rather than another in the same sentence;
    `besides`: anywhere, of no meaning (`svp`). `countries` and `territories`: what they call some, beside the official
    name, and the code: ISO 3166, or the design's. `said`: the phrases that are no place, but an answer to something.
    """

    voting: tuple[str, ...]
    before: tuple[str, ...]
    linking: tuple[str, ...]
    besides: tuple[str, ...]
    abroad: tuple[str, ...]
    countries: tuple[tuple[str, str], ...]
    territories: tuple[tuple[str, str], ...]
    said: tuple[Phrases, ...]


class Query(Frozen):
    """The parts of a query; any may be missing. `number` may be a département or an arrondissement.

    `insee` and `postal` say which of the two a code is, where the person did.
    """

    words: tuple[str, ...]
    code: str | None = None
    insee: bool = False
    postal: bool = False
    number: str | None = None
    arrondissement: int | None = None

    @property
    def has_digits(self) -> bool:
        """Whether more than words was typed."""
        return any(part is not None for part in (self.code, self.number, self.arrondissement))


def parent_of(code: str) -> str | None:
    """The INSEE code of the city whose arrondissement this is; None for a commune."""
    for city, prefix, _ in ARRONDISSEMENTS.values():
        if code.startswith(str(prefix)):
            return city
    return None


def without_box(text: str) -> str:
    """An address without its number of a box (`BP 12`, `CS 30012`), which names no place; a number of five digits that
    is the only one is kept, as it is the postcode.
    """
    box = _BOX.search(text)
    if box is None:
        return text
    left = f"{text[: box.start()]}{text[box.end() :]}"
    return left if len(box[1]) < 5 or _POSTCODE.search(left) else text


def parse_query(text: str) -> Query:
    """The parts of what was typed; digits that mean nothing are left out, and so is a date. Never fails."""
    if _DATE.fullmatch(text):
        return Query(words=())
    folded = fold(without_box(text[:MAX_QUERY]))
    postal = _CEDEX.search(folded) is not None
    if any(char.isdigit() for char in folded):
        folded = _GLUED.sub(" ", folded)
        folded = _SPACED_CODE.sub(r"\1\2", _COUNTRY_BEFORE_CODE.sub("", folded))
    folded = _CEDEX.sub(" ", folded)
    words: list[str] = []
    code = number = arrondissement = None
    for token in folded.split():
        if not token[0].isdigit():
            words.append(token)
        elif _CODE.fullmatch(token):
            code = token.upper()
        elif len(token) == 4 and token.isdigit():
            code = token.zfill(5)  # A spreadsheet took the leading zero of 01000 away.
        elif _DEPARTMENT.fullmatch(token):
            number = token.upper().zfill(2)
        elif ordinal := _ORDINAL.fullmatch(token):
            arrondissement = int(ordinal[1])
    if len(words) > 1 and (arrondissement is not None or number is not None or words[0] in ARRONDISSEMENTS):
        words = [word for word in words if word not in _ARRONDISSEMENT_WORDS]
    if arrondissement is None and len(words) == 2 and words[0] in ARRONDISSEMENTS:
        arrondissement = _roman(words[1])
        words = words[:1] if arrondissement else words
    if arrondissement is not None and len(words) > 1 and words[0] in ("de", "du", "a"):
        words = words[1:]
    postal = postal or "postal" in words or "cp" in words
    insee = not postal and ("insee" in words or "cog" in words or {"code", "commune"} <= set(words))
    if code and all(word in _CODE_WORDS for word in words):
        words = []
    if number and all(word in _DEPARTMENT_WORDS for word in words):
        words = []
    return Query(
        words=tuple(" ".join(expand(_known_name(words))).split()),
        code=code,
        insee=insee,
        postal=postal,
        number=number,
        arrondissement=arrondissement,
    )


def _known_name(words: list[str]) -> list[str]:
    """The words, or the name known for what they call a place."""
    return _ALSO_CALLED.get(key_of(words), "").split() or words


def _roman(word: str) -> int | None:
    """`xve` gives 15, up to 20; None if the word is no such number."""
    roman = _ROMAN.fullmatch(word)
    return (10 * len(roman[1]) + _ROMAN_UNITS[roman[2]]) or None if roman else None


def areas_by_key(departments: Mapping[str, Area], regions: Mapping[str, Area]) -> dict[str, frozenset[str]]:
    """Every way to name a département, région or overseas territory, and the départements meant."""
    found: dict[str, frozenset[str]] = {}
    inside: dict[str, set[str]] = {}
    for department in departments.values():
        inside.setdefault(department.region, set()).add(department.code)
    # The départements come last: Guadeloupe is both, and the narrower reading is the same.
    pairs = [(region.name, frozenset(inside.get(region.code, ()))) for region in regions.values()]
    pairs += [(department.name, frozenset({department.code})) for department in departments.values()]
    for name, codes in pairs:
        words = words_of(name)
        found[key_of(words)] = found[key_of(without_article(words))] = codes
    return found | {nickname: found[key] for nickname, key in _AREA_NICKNAMES.items() if key in found}


def islands_by_key(codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """The archipelagos of Polynésie française that keep an hour of their own: their names, and their communes."""
    found: dict[str, set[str]] = {}
    for code in codes:
        if (archipelago := _ARCHIPELAGOS.get(territory_of(code))) is not None:
            found.setdefault(archipelago, set()).add(code)
    return {
        key: frozenset(inside)
        for archipelago, inside in found.items()
        for key in (archipelago, f"les{archipelago}", f"iles{archipelago}", f"archipeldes{archipelago}")
    }


def area_splits(
    words: tuple[str, ...],
    areas: Mapping[str, frozenset[str]],
    connectors: frozenset[str] = _CONNECTORS,
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Every reading of the words as a name followed, or preceded, by a département or région."""
    for at in range(1, len(words)):
        start = at
        while start < len(words) - 1 and words[start] in connectors:
            start += 1
        codes = areas.get(key_of(list(words[at:]))) or areas.get(key_of(list(words[start:])))
        if codes:
            yield words[:at], codes
    for at in range(1, len(words)):
        if codes := areas.get(key_of(list(words[:at]))):
            yield words[at:], codes


class Sentences:
    """The sentences that people put around the name of a place, in some languages."""

    def __init__(self, words: SentenceWords) -> None:
        voting, before, linking = (
            one_of(map(fold, each)) for each in (words.voting, (*words.voting, *words.before), words.linking)
        )
        links = rf"(?: (?:{linking})\b)?(?: (?:{linking})\b)?"
        self._voting = re.compile(rf"\b(?:{voting}){links} ")
        self._before = re.compile(rf"\b(?:{before}){links} ")
        self._linking = re.compile(rf"(?:{linking})(?: (?:{linking}))? ")
        besides = one_of(map(fold, words.besides))
        self._besides = re.compile(rf"^(?:(?:{besides}) )+|(?: (?:{besides}))+$")
        self._abroad = frozenset(map(fold, words.abroad))
        said = (words.voting, words.before, words.linking, words.besides)
        self._around = frozenset(word for each in said for one in each for word in fold(one).split())
        self._said = words.said
        self.connectors = _CONNECTORS.union(fold(each) for each in words.linking)
        self.countries = {key_of(words_of(name)): code for name, code in words.countries}
        self.territories = {key_of(words_of(name)): code for name, code in words.territories}

    def name_in(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words after `je vote à`, `mairie de` and the like, up to what else is said, and before `France`."""
        text = " ".join(words)
        if len(words) > 1:
            vote = self._voting.search(text)
            starts = list(self._before.finditer(text))
            if vote is not None or starts:
                at = vote.end() if vote is not None else starts[-1].end()
                ends = [start.start() for start in starts if start.start() >= at]
                text = text[at : min(ends, default=len(text))]
        return tuple(self._besides.sub("", text.removesuffix(" france")).split())

    def name_linked(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words after `à`, `sur` or `en`, where nothing else stands before a name."""
        text = " ".join(words)
        linked = self._linking.match(text)
        return tuple(text[linked.end() :].split()) if linked else words

    def are_an_answer(self, text: str) -> bool:
        """Whether the text is `oui`, `merci` or the like, rather than a name with an error in it."""
        return any(phrases.is_everyday(text) for phrases in self._said)

    def are_said_around(self, words: Iterable[str]) -> bool:
        """Whether these are all words that people say around the name of a place."""
        return self._around.issuperset(words)

    def say_abroad(self, words: tuple[str, ...]) -> bool:
        """Whether the words are `à l’étranger` and the like, rather than a place: Le Tranger is a village."""
        return bool(self._abroad & set(words)) and len(words) <= _ABROAD_WORDS


def departments_of_number(number: str, departments: Mapping[str, Area]) -> frozenset[str]:
    """The départements that a number stands for: `20` is Corsica, `97` and `98` overseas, else none."""
    if number == "20":
        return frozenset({"2A", "2B"})
    if number in departments:
        return frozenset({number})
    if number in ("97", "98"):
        return frozenset(code for code in departments if code.startswith(number))
    return frozenset()
