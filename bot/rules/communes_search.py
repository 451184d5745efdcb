"""From the parts of a query to the places it may mean, best first, and whether the first one is sure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from math import log10

from bot.rules.communes_names import Names, allowed_errors
from bot.rules.communes_query import (
    ARRONDISSEMENTS,
    Query,
    area_splits,
    areas_by_key,
    departments_of_number,
    parent_of,
    without_filler,
)
from bot.rules.communes_table import Table, department_of
from bot.rules.communes_text import key_of, skeleton_of

_ARTICLELESS, _FORMER, _SMALL_WORDS = 0.1, 0.2, 0.3
"""Costs of an exact find: by the name without its article, by a former name, without the small words."""
_COMPLETION, _MISSING_LETTER = 0.8, 0.03
"""Costs of a find by the beginning: at all, and per letter not typed yet."""
_ELSEWHERE = 3.0
"""Cost of a find outside the département or postcode that was typed."""
_POPULATION = 0.1
"""How much ten times more inhabitants are worth, in typing errors."""
_PART_LENGTH = 4
"""Fewest letters of a name picked out of several words."""
_SURE_LENGTH = 7
"""From this many letters on, a single completion or a single name one error away is sure."""
WELL_KNOWN = 5_000
"""From this population on, a commune is meant rather than a hamlet elsewhere with that former name."""

Departments = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Match:
    """A place found; `cost` is about the number of typing errors; `matched_name` a former name."""

    place: int
    cost: float
    matched_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One way to understand the words: a name, and the départements it may be in (None: anywhere)."""

    words: tuple[str, ...]
    departments: Departments | None = None


class Searcher:
    """Searches a table."""

    def __init__(self, table: Table, names: Names) -> None:
        self._table = table
        self._names = names
        self._areas = areas_by_key(table.departments, table.regions)

    def search(self, query: Query, limit: int, exactly: bool = False) -> tuple[list[Match], bool]:
        """At most about `limit` matches, best first, and whether the first may be taken without asking.

        `exactly` keeps to names without errors: for words that name a place abroad.
        """
        if query.code is not None:
            return self._by_code(query, query.code, limit)
        if not query.words:
            return [], False
        if not query.has_digits:
            return self._by_name(query.words, None, limit, exactly)
        city = self._city(query.words)
        if city and query.arrondissement is not None:
            return self._arrondissement(city, query.arrondissement)
        if query.number is None:
            return self._by_name(query.words, None, limit)
        departments = departments_of_number(query.number, self._table.departments)
        if city and query.number.isdigit():
            return self._city_and_number(city, int(query.number), departments, limit)
        return self._by_name(query.words, departments or None, limit)

    def _by_code(self, query: Query, code: str, limit: int) -> tuple[list[Match], bool]:
        """By postcode, then by INSEE code: few know the latter, and half the postcodes are one too."""
        places = self._by_postcode(code)
        by_insee = self._place(code)
        arrondissements = [place for place in places if self._is_arrondissement(place)]
        if query.words and not query.insee:
            return self._by_name_and_code(query.words, arrondissements, places, by_insee, limit)
        places = arrondissements or places  # `75015` is the arrondissement rather than all of Paris
        if by_insee is not None:
            places = [place for place in places if place != by_insee]
            places.insert(0 if query.insee else min(1, len(places)), by_insee)
        sure = len(places) == 1 or (query.insee and by_insee is not None)
        return [Match(place=place, cost=0) for place in places][:limit], sure

    def _by_name_and_code(
        self,
        words: tuple[str, ...],
        arrondissements: list[int],
        places: list[int],
        by_insee: int | None,
        limit: int,
    ) -> tuple[list[Match], bool]:
        """Among the postcode's communes by name, else near it, else the postcode's communes."""
        if by_insee is not None and by_insee not in places:
            places = [*places, by_insee]
        if arrondissements and (self._city(words) or any(word in ARRONDISSEMENTS for word in words)):
            return [Match(place=place, cost=0) for place in arrondissements], True
        departments = frozenset(department_of(self._table.codes[place]) for place in places)
        matches, sure = self._by_name(words, departments or None, limit)
        here = set(places)
        inside = [match for match in matches if match.place in here]
        if inside:
            alone = len(inside) == 1 and inside[0].cost < _COMPLETION
            return inside + [match for match in matches if match.place not in here], alone or sure
        if not places:
            return matches, False
        listed = [Match(place=place, cost=_ELSEWHERE) for place in places]
        exact = [match for match in matches if match.cost < _COMPLETION]
        return (exact + listed)[:limit], False

    def _city(self, words: Sequence[str]) -> str | None:
        """The city with arrondissements that the words name, with a typing error at most."""
        key = key_of(list(words))
        if key in ARRONDISSEMENTS:
            return key
        near = [name for name, _ in self._names.misspelt(key, 1)[:1]] if 4 <= len(key) <= 10 else []
        found = {key_of([self._table.names[name].lower()]) for name in near}
        return next((city for city in ARRONDISSEMENTS if city in found), None)

    def _arrondissement(self, city: str, number: int) -> tuple[list[Match], bool]:
        code, prefix, count = ARRONDISSEMENTS[city]
        whole = self._place(code)
        if not 1 <= number <= count:
            return [Match(place=whole, cost=0)] if whole is not None else [], False
        one = self._place(f"{prefix}{number:0{5 - len(str(prefix))}}")
        return ([Match(place=one, cost=0)], True) if one is not None else ([], False)

    def _city_and_number(
        self, city: str, number: int, departments: Departments, limit: int
    ) -> tuple[list[Match], bool]:
        """`Paris 15` is the arrondissement, `Lyon 69` the city, and `Marseille 13` may be both."""
        arrondissement, sure = self._arrondissement(city, number)
        whole = self._place(ARRONDISSEMENTS[city][0])
        if whole is not None and department_of(self._table.codes[whole]) in departments:
            return [Match(place=whole, cost=0), *(arrondissement if sure else [])][:limit], not sure
        return arrondissement, sure

    def _by_name(
        self, words: tuple[str, ...], departments: Departments | None, limit: int, exactly: bool = False
    ) -> tuple[list[Match], bool]:
        readings = self._readings(words, departments)
        for reading in readings:
            exact = self._exact(reading)
            if exact:
                sure = self._is_only_one(exact)
                if len(exact) < limit and reading.departments is None and not exactly:
                    others = self._loose(readings[:1], limit, most=1)
                    sure = sure and not self._is_overshadowed(exact[0], others)
                    exact = _merge(exact, others)
                return exact[:limit], sure
        if exactly:
            return [], False
        if departments is None and (area := self._areas.get(key_of(list(words)))):
            return self._largest_of(area, limit), False
        loose = self._loose(readings, limit) or self._part_of_words(readings[0])
        if loose and departments and loose[0].cost >= _ELSEWHERE:
            return loose[:limit], False
        return loose[:limit], bool(loose) and self._is_near_enough(loose, readings)

    def _readings(self, words: tuple[str, ...], departments: Departments | None) -> list[_Reading]:
        """The ways to understand the words, the most literal first."""
        readings = [_Reading(words=words, departments=departments)]
        plain = without_filler(words)
        if plain and plain != words:
            readings.append(_Reading(words=plain, departments=departments))
        if departments is None:
            for said in (words, plain):
                readings += [
                    _Reading(words=name, departments=area) for name, area in area_splits(said, self._areas)
                ]
        return list(dict.fromkeys(readings))

    def _exact(self, reading: _Reading) -> list[Match]:
        """The places of a reading without typing errors, the best first."""
        key = key_of(list(reading.words))
        found = [(name, self._cost_of_exact(name, key)) for name in self._names.exact(key)]
        if not found and (skeleton := skeleton_of(list(reading.words))):
            names = self._names.by_skeleton(skeleton)
            names += self._names.exact(skeleton) if skeleton != key else []
            found = [(name, _SMALL_WORDS) for name in names]
        matches = self._matches(found, reading.departments)
        return sorted(matches, key=lambda match: (match.cost, self._largest_first(match.place)))

    def _largest_of(self, departments: Departments, limit: int) -> list[Match]:
        """The largest communes of a région or département: something to choose from, or to narrow."""
        codes = self._table.codes
        places = [
            place
            for department in departments
            for place in range(bisect_left(codes, department), bisect_left(codes, department + "~"))
            if parent_of(codes[place]) is None
        ]
        return [Match(place=place, cost=0) for place in nsmallest(limit, places, key=self._largest_first)]

    def _part_of_words(self, reading: _Reading) -> list[Match]:
        """The places named by the first or last words, as in `Cergy Pontoise`: the longest such name wins."""
        count = len(reading.words)
        for size in range(count - 1, 0, -1):
            for part in (reading.words[:size], reading.words[count - size :]):
                if len(key_of(list(part))) >= _PART_LENGTH:
                    found = self._exact(_Reading(words=part, departments=reading.departments))
                    if found:
                        return [replace(match, cost=match.cost + _ELSEWHERE) for match in found]
        return []

    def _cost_of_exact(self, name: int, key: str) -> float:
        if name >= len(self._table.codes):
            return _FORMER
        return 0 if self._names.is_full_key(name, key) else _ARTICLELESS

    def _is_only_one(self, exact: list[Match]) -> bool:
        """Whether nothing else has the same name, but for hamlets that share a well-known commune's."""
        rivals = [match for match in exact[1:] if match.cost <= exact[0].cost or match.cost == _FORMER]
        if exact[0].cost == 0 and self._table.populations[exact[0].place] >= WELL_KNOWN:
            rivals = [match for match in rivals if match.cost == 0]
        return not rivals

    def _is_overshadowed(self, exact: Match, others: Iterable[Match]) -> bool:
        """Whether a far larger commune's name goes on from this one's: Évry in Yonne, Évry-Courcouronnes."""
        population = self._table.populations[exact.place]
        return population < WELL_KNOWN and any(
            self._table.populations[other.place] > 20 * max(population, 100)
            for other in others
            if other.place != exact.place
            and self._table.names[other.place].startswith(self._table.names[exact.place])
        )

    def _loose(self, readings: Sequence[_Reading], limit: int, most: int = 2) -> list[Match]:
        """The places of the readings by the beginning of the name and with typing errors, the best first."""
        best: list[Match] = []
        for reading in readings:
            key = key_of(list(reading.words))
            if reading.departments is None:
                found = self._loose_anywhere(key, limit, most)
                best = _merge(best, self._matches(found, None))
            else:
                found = self._loose_inside(key, reading.departments)
                best = _merge(best, self._matches(found, reading.departments))
        if not best:
            elsewhere = [(name, cost + _ELSEWHERE) for name, cost in self._anywhere(readings, limit)]
            best = self._matches(elsewhere, None)
        return sorted(best, key=self._likeliest_first)

    def _anywhere(self, readings: Sequence[_Reading], limit: int) -> list[tuple[int, float]]:
        """The first reading's name in the whole country, when it is not where it was said to be."""
        first = readings[0]
        if first.departments is None:
            return []
        key = key_of(list(first.words))
        exact: list[tuple[int, float]] = [(name, 0.0) for name in self._names.exact(key)]
        return exact or self._loose_anywhere(key, limit)

    def _loose_anywhere(self, key: str, limit: int, most: int = 2) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = [
            (name, self._cost_of_completion(name, key)) for name in self._names.completions(key, limit)
        ]
        misspelt = self._names.misspelt(key, most)
        return found + [(name, self._cost_of_errors(name, errors)) for name, errors in misspelt if errors]

    def _loose_inside(self, key: str, departments: Departments) -> list[tuple[int, float]]:
        most = allowed_errors(key) + (len(key) >= 8)
        known = [department for department in sorted(departments) if department in self._table.departments]
        found = [(name, self._cost_of_completion(name, key)) for name in self._names.beginning_in(key, known)]
        misspelt = self._names.in_departments(key, known, most)
        return found + [(name, self._cost_of_errors(name, errors)) for name, errors in misspelt]

    def _cost_of_completion(self, name: int, key: str) -> float:
        former = _FORMER if name >= len(self._table.codes) else 0
        return former + _COMPLETION + _MISSING_LETTER * max(0, len(self._table.names[name]) - len(key))

    def _cost_of_errors(self, name: int, errors: int) -> float:
        return errors + (_FORMER if name >= len(self._table.codes) else 0)

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
        letters = min(len(key_of(list(reading.words))) for reading in readings)
        rivals = [match for match in loose[1:] if match.cost < loose[0].cost + 1]
        return letters >= _SURE_LENGTH and loose[0].cost <= 1 + _FORMER and not rivals

    def _likeliest_first(self, match: Match) -> tuple[float, int]:
        population = self._table.populations[match.place]
        return match.cost - _POPULATION * log10(population + 10), self._largest_first(match.place)

    def _largest_first(self, place: int) -> int:
        return self._table.ranks[place]

    def _place(self, code: str) -> int | None:
        at = bisect_left(self._table.codes, code)
        return at if at < len(self._table.codes) and self._table.codes[at] == code else None

    def _by_postcode(self, postcode: str) -> list[int]:
        """The places that a postcode covers, the largest first."""
        table = self._table
        at = bisect_left(table.postcode_index, postcode)
        if at == len(table.postcode_index) or table.postcode_index[at] != postcode:
            return []
        return table.postcode_places[table.postcode_starts[at] : table.postcode_starts[at + 1]].tolist()

    def _is_arrondissement(self, place: int) -> bool:
        return parent_of(self._table.codes[place]) is not None


def _merge(first: list[Match], second: Iterable[Match]) -> list[Match]:
    """The first matches, then the second ones whose places are new or cheaper."""
    costs = {match.place: match.cost for match in first}
    added = [match for match in second if match.cost < costs.get(match.place, float("inf"))]
    replaced = {match.place for match in added}
    return [match for match in first if match.place not in replaced] + added
