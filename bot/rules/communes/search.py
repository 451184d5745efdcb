"""From the parts of a query to the places it may mean: codes, names, cities with arrondissements."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial

from rapidfuzz.distance import OSA

from bot.rules.communes.by_name import COMPLETION, ELSEWHERE, Match, NameSearch
from bot.rules.communes.names import Names
from bot.rules.communes.query import ARRONDISSEMENTS, Query, Sentences, departments_of_number, parent_of
from bot.rules.communes.table import CommuneTable, department_of
from bot.rules.communes.text import key_of

_OF_NO_CITY = frozenset(
    {"arrondissement", "arrdt", "arr", "mairie", "du", "de", "dans", "le", "la", "a", "au"}
)
"""Words around the number of an arrondissement that do not say of which city."""


class Searcher:
    """Searches a table."""

    def __init__(self, table: CommuneTable, sentences: Sentences) -> None:
        self._table = table
        self._names = Names(table)
        self._sentences = sentences
        self._by_name = NameSearch(table, self._names, sentences)

    def search(self, query: Query, limit: int, exactly: bool = False) -> tuple[list[Match], bool]:
        """At most `limit` matches, best first, and whether the first may be taken without asking.

        `exactly` forgives no typing error: for words that name a place abroad.
        """
        if query.code is not None:
            matches, sure = self._by_code(query, query.code, limit)
            return matches[:limit], sure
        if not query.words and query.arrondissement is None:
            departments = departments_of_number(query.number or "", self._table.departments)
            return self._by_name.largest_of(departments, limit), False
        if query.arrondissement is not None and all(word in _OF_NO_CITY for word in query.words):
            return self._arrondissements_numbered(query.arrondissement), False
        city = self._city(query.words) if query.has_digits else None
        if city is None and query.has_digits and (said := self._city_in_sentence(query.words)):
            city = said
        if city and query.arrondissement is not None:
            return self._arrondissement(city, query.arrondissement)
        if query.number is None:
            return self._by_name.search(query.words, None, limit, exactly)
        departments = departments_of_number(query.number, self._table.departments)
        if city and query.number.isdigit():
            return self._city_and_number(city, int(query.number), departments, limit)
        matches, sure = self._by_name.search(query.words, departments or None, limit)
        # A number that is no département: of a street, say.
        return (matches, sure) if matches else (self._by_name.search(query.words, None, limit)[0], False)

    def _by_code(self, query: Query, code: str, limit: int) -> tuple[list[Match], bool]:
        """By postcode; by INSEE code only where no postcode fits, or it was said: few know theirs, and half the
        postcodes are somebody's.
        """
        places = self._by_postcode(code)
        # Who says that it is a postcode means no other number: 31060 is of offices in Toulouse.
        by_insee = None if query.postal else self._place(code)
        if places and not query.insee and by_insee not in places:
            by_insee = None
        is_round = code.endswith("000") or query.postal
        if is_round and not places and by_insee is None and not query.words:
            # `75000` and `69000` are typed by many, and are no postcodes.
            departments = departments_of_number(code[:2], self._table.departments)
            return self._by_name.largest_of(departments, limit), False
        arrondissements = [place for place in places if parent_of(self._table.codes[place])]
        named = not self._sentences.are_said_around(query.words) or self._is_name(query.words)
        if query.words and named and not query.insee:
            if arrondissements and self._names_city_of(arrondissements[0], query.words):
                return [Match(place=place, cost=0) for place in arrondissements], True
            if by_insee is not None and by_insee not in places:
                places.append(by_insee)
            return self._by_name_and_code(query, code, places, limit)
        places = arrondissements or places  # `75015` is the arrondissement rather than all of Paris
        if by_insee is not None:
            places = [by_insee, *(place for place in places if place != by_insee)]
        if places == [by_insee] and not query.insee and not self._by_postcode(code):
            others = [each for each in self._of_boxes(code, limit) if each.place != places[0]]
            return [Match(place=places[0], cost=0), *others], not others
        sure = len(places) == 1 or (query.insee and by_insee is not None)
        return [Match(place=place, cost=0) for place in places], sure

    def _of_boxes(self, code: str, limit: int) -> list[Match]:
        """Where the boxes are whose postcode a number may be that covers no place, and is the code of a commune.

        Overseas codes and postcodes begin with the same three digits, and many people have no other address than a box:
        98713 is that of Papeete’s boxes, and the code of Arutua. In metropolitan France the boxes (CEDEX) of the town
        that a département is run from have the numbers after its own: 31060 is of offices in Toulouse, after 31000.
        """
        largest = partial(self._by_name.largest_of, frozenset((department_of(code),)))
        if code.startswith(("97", "98")):
            return largest(max(limit, 2))
        if code[2] != "0":
            return []
        town = self._by_postcode(f"{code[:2]}000")
        return [Match(place=town[0], cost=0)] if town else largest(1)

    def _by_name_and_code(
        self, query: Query, code: str, places: list[int], limit: int
    ) -> tuple[list[Match], bool]:
        """By name among the code's places, else in their département, else the code's places themselves.

        Boxes have postcodes that cover no place: with CEDEX beside it, whole words that begin one name are sure.
        """
        departments = {department_of(self._table.codes[place]) for place in places}
        departments = departments or {department_of(code)} & self._table.departments.keys()
        matches, sure = self._by_name.search(query.words, frozenset(departments) or None, limit)
        inside = [match for match in matches if match.place in places]
        outside = [match for match in matches if match.place not in places]
        if inside:
            return inside + outside, sure or (len(inside) == 1 and inside[0].cost < COMPLETION)
        exact = [match for match in outside if match.cost < COMPLETION]
        if not places:
            begun = query.postal and len(outside) == 1 and outside[0].cost <= COMPLETION
            return outside, sure and (bool(exact) or begun)
        listed = [Match(place=place, cost=ELSEWHERE) for place in places]
        return exact + listed + [match for match in outside if match not in exact], False

    def _is_name(self, words: Sequence[str]) -> bool:
        """Whether some place bears the words as its name: Ville is a village."""
        return bool(self._names.exact(key_of(list(words))))

    def _names_city_of(self, arrondissement: int, words: Sequence[str]) -> bool:
        """Whether the words are the arrondissement's city, or an address that has it among others."""
        city = parent_of(self._table.codes[arrondissement])
        said = {self._city(words), *words} & ARRONDISSEMENTS.keys()
        return any(ARRONDISSEMENTS[name][0] == city for name in said if name)

    def _city(self, words: Sequence[str]) -> str | None:
        """The city with arrondissements that the words name, with a typing error at most."""
        key = key_of(list(words))
        if key in ARRONDISSEMENTS:
            return key
        near = (city for city in ARRONDISSEMENTS if OSA.distance(key, city, score_cutoff=1) <= 1)
        return None if self._names.exact(key) else next(near, None)

    def _city_in_sentence(self, words: Sequence[str]) -> str | None:
        """The one city that a sentence names beside its number: `je vote à Marseille, dans le 8e`."""
        said = [word for word in words if word in ARRONDISSEMENTS]
        around = [word for word in words if word not in ARRONDISSEMENTS and word not in _OF_NO_CITY]
        return said[0] if len(said) == 1 and self._sentences.are_said_around(around) else None

    def _arrondissement(self, city: str, number: int) -> tuple[list[Match], bool]:
        """The arrondissement of that number; the whole city, not surely, if it has none."""
        code, prefix, count = ARRONDISSEMENTS[city]
        exists = 1 <= number <= count
        place = self._place(f"{prefix}{number:0{5 - len(str(prefix))}}" if exists else code)
        return ([Match(place=place, cost=0)], exists) if place is not None else ([], False)

    def _arrondissements_numbered(self, number: int) -> list[Match]:
        """`15e arrondissement`: of Paris, or of another city that has so many."""
        found = (self._arrondissement(city, number) for city in ARRONDISSEMENTS)
        return [match for matches, exists in found if exists for match in matches]

    def _city_and_number(
        self, city: str, number: int, departments: frozenset[str], limit: int
    ) -> tuple[list[Match], bool]:
        """`Paris 15` is the arrondissement, `Lyon 69` the city, and `Marseille 13` may be both."""
        arrondissement, sure = self._arrondissement(city, number)
        whole = self._place(ARRONDISSEMENTS[city][0])
        if whole is not None and department_of(self._table.codes[whole]) in departments:
            return [Match(place=whole, cost=0), *(arrondissement if sure else [])][:limit], not sure
        return arrondissement, sure

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
