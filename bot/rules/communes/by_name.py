"""From the words of a name to the places they may mean, best first, and whether the first one is sure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import accumulate
from math import log10

from bot.frozen import Frozen
from bot.rules.communes.names import Names, allowed_errors
from bot.rules.communes.query import Sentences, area_splits, areas_by_key, islands_by_key, parent_of
from bot.rules.communes.table import CommuneTable, department_of
from bot.rules.communes.text import SMALL_WORDS, key_of, skeleton_of, without_article, words_of
from bot.rules.communes.zones import FIRST_OVERSEAS, territory_of

_ARTICLELESS, _FORMER, _SMALL_WORDS = 0.1, 0.2, 0.3
"""Costs of an exact find: by the name without its article, by a former name, without the small words."""
COMPLETION, _MISSING_LETTER = 0.8, 0.03
"""Costs of a find by the beginning: at all, and per letter not typed yet, unless whole words were (`Issy`).
Exact finds cost less."""
ELSEWHERE = 3.0
"""Cost of a find outside the département or postcode that was typed, or by some of the words only."""
_POPULATION = 0.1
"""How much ten times more inhabitants are worth, in typing errors."""
_SURE_LENGTH = 7
"""From this many letters on, a single completion or a single name one error away is sure."""
_CLEARLY = 0.85
"""How much more the next match must cost for the first to be sure."""
_PART_LENGTH = 4
"""Fewest letters of a name picked out of several words."""
_LONGEST_INSIDE = 6
"""Most words of such a name."""
_BEGUN_LENGTH = 5
"""Fewest letters of whole words by which a name may be begun."""
WELL_KNOWN = 5_000
"""From this population on, a commune is meant rather than a hamlet elsewhere with that former name."""
_FAR_LARGER = 20
"""A name that goes on to a commune this many times larger may be what was begun: `Fontenay`."""
_LARGER_SHOWN = 2

Departments = frozenset[str]


class Match(Frozen):
    """A place found; `cost` is about the number of typing errors; `matched_name` a former name."""

    place: int
    cost: float
    matched_name: str | None = None


class _Reading(Frozen):
    """One way to understand the words: a name, and the départements it may be in (None: anywhere)."""

    words: tuple[str, ...]
    departments: Departments | None = None

    @property
    def key(self) -> str:
        return key_of(list(self.words))


class NameSearch:
    """Searches a table by name."""

    def __init__(self, table: CommuneTable, names: Names, sentences: Sentences) -> None:
        self._table = table
        self._sentences = sentences
        self._names = names
        self._areas = areas_by_key(table.departments, table.regions)
        overseas = table.codes[bisect_left(table.codes, FIRST_OVERSEAS) :]
        self._islands = islands_by_key(overseas)
        for key, code in sentences.territories.items():
            if code in table.departments:
                self._areas.setdefault(key, frozenset({code}))
            else:
                self._islands.setdefault(
                    key, frozenset(each for each in overseas if territory_of(each) == code)
                )

    def search(
        self, words: tuple[str, ...], departments: Departments | None, limit: int, exactly: bool = False
    ) -> tuple[list[Match], bool]:
        """At most `limit` matches, best first, and whether the first may be taken without asking.

        `departments` None is anywhere. `exactly` forgives no typing error: the words name a place abroad.
        """
        readings = self._readings(words, departments)
        linked = self._linked(readings)
        for find in (self._whole, self._without_small_words):
            for reading in (*readings, *linked):
                if exact := find(reading):
                    return self._with_others(exact, readings[0], reading, limit, exactly)
        if exactly:
            return self._well_known(readings[0].key, limit), False
        if departments is None and (area := self._area([*readings, *linked])):
            return self.largest_of(area, limit), len(self.largest_of(area, 2)) == 1
        loose = self._loose(readings, limit)
        if (begun := self._only_begun_so(readings)) is not None:
            return [begun, *(match for match in loose if match.place != begun.place)][:limit], True
        loose = loose or self._named_inside(readings[0])
        return loose[:limit], bool(loose) and self._is_near_enough(loose, readings)

    def _area(self, readings: Sequence[_Reading]) -> Departments | None:
        """The département, région, territory or archipelago that the words name, alone or in a sentence."""
        for reading in readings:
            if reading.departments is None and (
                area := self._areas.get(reading.key) or self._islands.get(reading.key)
            ):
                return area
        return None

    def _only_begun_so(self, readings: Sequence[_Reading]) -> Match | None:
        """The only place whose name begins with the whole words that were typed: `Tassin`."""
        for reading in readings:
            if reading.departments is None and len(reading.key) >= _BEGUN_LENGTH:
                begun = self._completions(reading.key, 3)
                if len(begun) == 1 and begun[0].cost == COMPLETION:
                    return begun[0]
        return None

    def _readings(self, words: tuple[str, ...], departments: Departments | None) -> list[_Reading]:
        """The ways to understand the words, the most literal first."""
        readings = [_Reading(words=words, departments=departments)]
        plain = self._sentences.name_in(words)
        if plain and plain != words:
            readings.append(_Reading(words=plain, departments=departments))
        if departments is None:
            for said in dict.fromkeys((words, plain)):
                readings += [
                    _Reading(words=name, departments=area)
                    for name, area in area_splits(said, self._areas, self._sentences.connectors)
                ]
        return readings

    def _linked(self, readings: Sequence[_Reading]) -> list[_Reading]:
        """What may only be meant without an error: `à Wallis` is no name of which `à` is a part."""
        said = {reading.words: self._sentences.name_linked(reading.words) for reading in readings}
        return [
            replace(reading, words=said[reading.words])
            for reading in readings
            if said[reading.words] != reading.words
        ]

    def _exact(self, reading: _Reading) -> list[Match]:
        """The places of a reading without typing errors, with its small words or else without them."""
        return self._whole(reading) or self._without_small_words(reading)

    def _whole(self, reading: _Reading) -> list[Match]:
        """The places that bear or bore exactly this name, with or without its article, the best first."""
        key = reading.key
        found = [(name, self._cost_of_exact(name, key)) for name in self._names.exact(key)]
        return self._best_first(found, reading.departments)

    def _without_small_words(self, reading: _Reading) -> list[Match]:
        """The places so named but for small words on either side: `Boulogne Mer`."""
        skeleton = skeleton_of(list(reading.words))
        if not skeleton or reading.words[-1] in SMALL_WORDS:
            return []  # A small word at the end, as in `Fleury sur`, says that the name goes on.
        names = self._names.by_skeleton(skeleton)
        names += self._names.exact(skeleton) if skeleton != reading.key else []
        return self._best_first([(name, _SMALL_WORDS) for name in names], reading.departments)

    def _best_first(self, found: list[tuple[int, float]], departments: Departments | None) -> list[Match]:
        matches = self._matches(found, departments)
        return sorted(matches, key=lambda match: (match.cost, self._table.ranks[match.place]))

    def _cost_of_exact(self, name: int, key: str) -> float:
        return self._cost_of_former(name) or (0 if self._names.is_full_key(name, key) else _ARTICLELESS)

    def _with_others(
        self, exact: list[Match], literal: _Reading, reading: _Reading, limit: int, exactly: bool
    ) -> tuple[list[Match], bool]:
        """Exact finds, completed with what else may be meant: far larger communes so begun, near misses."""
        sure = self._is_only_one(exact)
        if reading.departments is not None and literal.departments is None:
            # `Champigny Marne` may also be Champigny-sur-Marne, in another département.
            rivals = self._without_small_words(literal)
            return _merge(exact, rivals)[:limit], sure and len(_merge(exact, rivals)) == len(exact)
        if reading.departments is not None or exactly:
            return exact[:limit], sure
        larger = self._far_larger(exact, reading.key, limit)
        area = self._areas.get(reading.key)
        if area and self._population(exact[0]) < WELL_KNOWN:
            larger += self.largest_of(area, limit)  # `La Réunion` is a village too
        # A village that no longer exists comes after the city that has its name and more: `Boulogne`.
        kept = 0 if exact[0].matched_name and larger else max(1, limit - len(larger))
        matches = _merge(_merge(exact[:kept], larger), exact[kept:])
        if len(matches) < limit:
            matches = _merge(matches, self._loose([literal], limit, most=1))
        return matches[:limit], sure and not larger

    def _is_only_one(self, exact: list[Match]) -> bool:
        """Whether nothing else has the same name, but for hamlets that share a well-known commune's."""
        rivals = [match for match in exact[1:] if match.cost <= exact[0].cost or match.cost == _FORMER]
        if exact[0].cost == 0 and self._population(exact[0]) >= WELL_KNOWN:
            rivals = [match for match in rivals if match.cost == 0]
        return not rivals

    def _far_larger(self, exact: list[Match], key: str, limit: int) -> list[Match]:
        """The far larger communes whose name begins with a smaller one's: Évry, and Évry-Courcouronnes."""
        # A former commune's own population is not known: it was a village.
        least = _FAR_LARGER * max(100, 0 if exact[0].matched_name else self._population(exact[0]))
        known = {match.place for match in exact}
        return [
            match
            for match in self._completions(key, limit)
            if match.place not in known and self._population(match) >= least
        ][:_LARGER_SHOWN]

    def _well_known(self, key: str, limit: int) -> list[Match]:
        """The well-known communes whose name begins like that of a place abroad: `Limo`, and Limoges."""
        return [
            match
            for match in self._completions(key, limit)
            if match.matched_name is None and self._population(match) >= WELL_KNOWN
        ]

    def _completions(self, key: str, limit: int) -> list[Match]:
        """The largest communes whose name begins with the key and goes on."""
        names = self._names.completions(key, limit)
        return self._matches(((name, self._cost_of_completion(name, key)) for name in names), None)

    def largest_of(self, departments: Departments, limit: int) -> list[Match]:
        """The largest communes of a région or département: something to choose from, or to narrow."""
        codes = self._table.codes
        places = [
            place
            for department in departments
            for place in range(bisect_left(codes, department), bisect_left(codes, department + "~"))
            if parent_of(codes[place]) is None
        ]
        largest = nsmallest(limit, places, key=self._table.ranks.__getitem__)
        return [Match(place=place, cost=ELSEWHERE) for place in largest]

    def _named_inside(self, reading: _Reading) -> list[Match]:
        """The places that some of the words name, as in `Cergy Pontoise` or a sentence: those that are well known
        first, then the longest names.
        """
        found: dict[int, tuple[bool, int, Match]] = {}
        count = len(reading.words)
        for size in range(min(count - 1, _LONGEST_INSIDE), 0, -1):
            for start in range(count - size + 1):
                words = reading.words[start : start + size]
                if len(key_of(list(words))) < _PART_LENGTH or self._sentences.are_said_around(words):
                    continue
                for match in self._whole(replace(reading, words=words)):
                    known = self._population(match) < WELL_KNOWN
                    found.setdefault(match.place, (known, -size, replace(match, cost=match.cost + ELSEWHERE)))
        best = sorted(found.values(), key=lambda each: (*each[:2], self._table.ranks[each[2].place]))
        return [match for _, _, match in best]

    def _loose(self, readings: Sequence[_Reading], limit: int, most: int = 2) -> list[Match]:
        """The places of the readings by the beginning of the name and with typing errors, the best first."""
        best: list[Match] = []
        for reading in readings:
            if reading.departments is None:
                found = self._loose_anywhere(reading.key, limit, most)
            else:
                found = self._loose_inside(reading.key, reading.departments)
            best = _merge(best, self._matches(found, reading.departments))
        return sorted(best or self._elsewhere(readings[0], limit), key=self._likeliest_first)

    def _elsewhere(self, reading: _Reading, limit: int) -> list[Match]:
        """The reading's name in the whole country, when it is not where it was said to be."""
        if reading.departments is None:
            return []
        exact = self._exact(replace(reading, departments=None))
        found = exact or self._matches(self._loose_anywhere(reading.key, limit), None)
        return [replace(match, cost=match.cost + ELSEWHERE) for match in found]

    def _loose_anywhere(self, key: str, limit: int, most: int = 2) -> list[tuple[int, float]]:
        """Names and costs, in the whole country."""
        begun = self._names.completions(key, limit)
        found = [(name, self._cost_of_completion(name, key)) for name in begun]
        misspelt = self._names.misspelt(key, most)
        return found + [(name, self._cost_of_former(name) + cost) for name, cost in misspelt]

    def _loose_inside(self, key: str, departments: Departments) -> list[tuple[int, float]]:
        """Names and costs, in some départements: where there are few, one more error is forgiven."""
        most = allowed_errors(key) + (len(key) >= 8)
        known = [department for department in sorted(departments) if department in self._table.departments]
        found = [(name, self._cost_of_completion(name, key)) for name in self._names.beginning_in(key, known)]
        misspelt = self._names.in_departments(key, known, most)
        return found + [(name, self._cost_of_former(name) + cost) for name, cost in misspelt]

    def _cost_of_completion(self, name: int, key: str) -> float:
        former = self._cost_of_former(name)
        words = words_of(self._table.names[name])
        if key in accumulate(words) or key in accumulate(without_article(words)):
            return former + COMPLETION
        return former + COMPLETION + _MISSING_LETTER * max(0, sum(map(len, words)) - len(key))

    def _cost_of_former(self, name: int) -> float:
        return _FORMER if name >= len(self._table.codes) else 0

    def _matches(self, found: Iterable[tuple[int, float]], departments: Departments | None) -> list[Match]:
        """One match per place, at its lowest cost, among these départements."""
        best: dict[int, tuple[float, int]] = {}
        for name, cost in found:
            place = self._names.place_of(name)
            if departments is not None and department_of(self._table.codes[place]) not in departments:
                continue
            if place not in best or (cost, name) < best[place]:
                best[place] = (cost, name)
        places = len(self._table.codes)
        return [
            Match(place=place, cost=cost, matched_name=self._table.names[name] if name >= places else None)
            for place, (cost, name) in best.items()
        ]

    def _is_near_enough(self, loose: list[Match], readings: Sequence[_Reading]) -> bool:
        """Whether the best loose match is good, and no other comes close."""
        letters = min(len(reading.key) for reading in readings)
        rivals = [match for match in loose[1:] if match.cost < loose[0].cost + _CLEARLY]
        return letters >= _SURE_LENGTH and loose[0].cost < 2 and not rivals

    def _likeliest_first(self, match: Match) -> tuple[float, int]:
        return match.cost - _POPULATION * log10(self._population(match) + 10), self._table.ranks[match.place]

    def _population(self, match: Match) -> int:
        return self._table.populations[match.place]


def _merge(first: list[Match], second: Iterable[Match]) -> list[Match]:
    """The first matches, then the second ones whose places are new or cheaper."""
    costs = {match.place: match.cost for match in first}
    added = [match for match in second if match.cost < costs.get(match.place, float("inf"))]
    replaced = {match.place for match in added}
    return [match for match in first if match.place not in replaced] + added
