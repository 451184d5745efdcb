"""The gazetteer of French communes: found as people type them, near a point, or by code. Pure, in memory."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache

from bot.frozen import Frozen
from bot.rules.communes.by_name import COMPLETION, WELL_KNOWN
from bot.rules.communes.geo import KM_PER_DEGREE, Grid, Point, kilometres
from bot.rules.communes.query import ARRONDISSEMENTS, Sentences, SentenceWords, parent_of, parse_query
from bot.rules.communes.search import Searcher
from bot.rules.communes.table import DEGREE, Area, CommuneTable, department_of
from bot.rules.communes.text import key_of, typeset
from bot.rules.communes.zones import territory_of, zone_of

NEAREST_KM = 40.0
"""No commune's centre is further than this from its inhabitants in metropolitan France."""
UNSURE_KM = 6.0
"""About how far an approximate centre is from the true one, where neighbours are many."""
SPARSE_NEAREST_KM = 200.0
"""The same where communes are vast: Guyane, Polynésie française, Nouvelle-Calédonie."""
COMMUNES_KEPT = 256
_REACHES_KM = (6.0, 12.0, 24.0, NEAREST_KM)
TROPICS = 30.0
"""Every commune of those vast ones lies nearer the equator than this latitude."""
_SPARSE = frozenset({"973", "987", "988"})
_CITIES = frozenset(code for code, _, _ in ARRONDISSEMENTS.values())


class Commune(Frozen):
    """A commune of today, or an arrondissement of Paris, Lyon or Marseille (`parent` is then the city).

    `code` is INSEE's; `zone` an IANA name; `territory` one of the design's codes; coordinates in degrees,
    `approximate` when they are the neighbours' centre. `matched_name` is set on a result that was found
    by the name of a former commune, now part of this one.
    """

    code: str
    name: str
    department: str
    department_name: str
    region: str
    region_name: str
    postcodes: tuple[str, ...]
    zone: str
    territory: str
    latitude: float
    longitude: float
    approximate: bool
    population: int
    parent: str | None = None
    matched_name: str | None = None

    @property
    def official_name(self) -> str:
        """As INSEE writes it, with straight apostrophes: what other programs compare."""
        return self.name.replace("’", "'")


class Abroad(Frozen):
    """A country (then `city` is empty) or a large city abroad: ISO 3166 code and IANA zone."""

    city: str
    country: str
    zone: str


class SearchResult(Frozen):
    """The communes found for a query, best first; `confident` if the first may be taken without asking.

    `abroad` is set when the query is, or may rather be, a country or a large city abroad; `elsewhere` where it says
    that one lives abroad, and not where.
    """

    query: str
    confident: bool
    results: tuple[Commune, ...]
    abroad: Abroad | None = None
    elsewhere: bool = False


class Gazetteer:
    """Every commune of a table, with the searches in the `words` of some languages.

    Built once per process; safe to share between threads. What searching needs is made at the first search.
    """

    def __init__(self, table: CommuneTable, words: SentenceWords) -> None:
        self._table, self._words = table, words
        self._departments, self._regions = (_typeset(each) for each in (table.departments, table.regions))
        # Asked for with each tap, and of few communes at a time.
        self.by_code = lru_cache(COMMUNES_KEPT)(self._by_code)

    @cached_property
    def _sentences(self) -> Sentences:
        return Sentences(self._words)

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._table, self._sentences)

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self._table.cells, self._table.cell_places)

    def __len__(self) -> int:
        """How many communes and arrondissements there are."""
        return len(self._table.codes)

    @property
    def vintage(self) -> str:
        """The year of the official list, or the day of the last update."""
        return self._table.vintage

    def codes(self) -> tuple[str, ...]:
        """Every INSEE code, sorted."""
        return tuple(self._table.codes)

    def inhabitants(self, territory: str | None = None) -> dict[str, int]:
        """How many live in each commune and arrondissement (of a territory), by INSEE code: who draws some of 35,000
        makes these alone.
        """
        everywhere = zip(self._table.codes, self._table.populations, strict=True)
        return {code: number for code, number in everywhere if territory in (None, territory_of(code))}

    @cached_property
    def longest_name(self) -> str:
        """The code of the commune whose name is the longest."""
        codes, names = self._table.codes, self._table.names  # former names follow
        return codes[max(range(len(codes)), key=lambda place: len(names[place]))]

    def departments(self) -> Mapping[str, Area]:
        """Départements and overseas territories by code."""
        return self._departments

    def regions(self) -> Mapping[str, Area]:
        """Régions, and the overseas territories that have none, by code."""
        return self._regions

    def search(self, text: str, limit: int = 5) -> SearchResult:
        """The communes that `text` may mean; never fails, whatever was typed."""
        query = parse_query(text)
        named = None if query.has_digits else self._abroad(query.words, self._foreign)
        abroad = named or (None if query.has_digits else self._abroad(query.words, self._nicknamed))
        matches, confident = self._searcher.search(query, max(1, limit), abroad is not None)
        if not (matches and matches[0].cost < COMPLETION) and self._sentences.are_an_answer(text):
            matches, abroad = [], None  # `merci` is no misspelt Mercy
        if matches and matches[0].cost < COMPLETION:
            # It is the whole name of a commune: Us, in Val-d’Oise, is not short for the United States.
            abroad = None if self._table.populations[matches[0].place] >= WELL_KNOWN else named
        elsewhere = self._sentences.say_abroad(query.words)
        results = tuple(self._commune(match.place, match.matched_name) for match in matches[: max(0, limit)])
        return SearchResult(
            query=text,
            confident=confident and bool(results) and abroad is None and not elsewhere,
            results=results,
            abroad=abroad,
            elsewhere=elsewhere,
        )

    def _by_code(self, code: str) -> Commune | None:
        """The commune with this INSEE code; None if there is none today."""
        place = self._place(code)
        return None if place is None else self._commune(place)

    def nearest(self, latitude: float, longitude: float, limit: int = 3) -> list[tuple[Commune, float]]:
        """The communes whose centre is nearest, with the distance in km; empty far from any or off the globe.

        Arrondissements stand in for their city, whose own centre is left out.
        """
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            return []
        here = (latitude, longitude)
        # Widen the circle until it surely holds the nearest ones.
        reaches = (*_REACHES_KM, SPARSE_NEAREST_KM) if abs(latitude) < TROPICS else _REACHES_KM
        for reach in reaches:
            near = sorted(
                (km + self._doubt_km(place), place, km)
                for place, km in self._around(here, reach)
                if (km <= NEAREST_KM or self._is_sparse(place)) and self._table.codes[place] not in _CITIES
            )
            if len(near) >= limit:
                break
        return [(self._commune(place), km) for _, place, km in near[: max(0, limit)]]

    def _doubt_km(self, place: int) -> float:
        """How much further a commune may really be whose centre is only its neighbours'; arrondissements were placed
        by hand.
        """
        unsure = self._table.approximate[place] and parent_of(self._table.codes[place]) is None
        return UNSURE_KM if unsure else 0.0

    def within(self, code: str, km: float) -> frozenset[str]:
        """The codes of the communes whose centre is at most `km` from this one's, itself included.

        Empty if the code is unknown.
        """
        place = self._place(code)
        if place is None:
            return frozenset()
        return frozenset(self._table.codes[other] for other, _ in self._around(self._point(place), km))

    def approximate_among(self, codes: Iterable[str]) -> frozenset[str]:
        """Those of these communes whose centre is only known to about `UNSURE_KM`."""
        return frozenset(
            code for code in codes if (place := self._place(code)) is not None and self._doubt_km(place) > 0
        )

    def distance_km(self, code_a: str, code_b: str) -> float | None:
        """The great-circle distance between two communes' centres in km; None if a code is unknown."""
        place, other = self._place(code_a), self._place(code_b)
        return None if place is None or other is None else kilometres(self._point(place), self._point(other))

    def _abroad(self, words: tuple[str, ...], find: Callable[[str], Abroad | None]) -> Abroad | None:
        """The country or large city abroad that is found for the words, or for the name in the sentence they are."""
        return find(key_of(list(words))) or find(key_of(list(self._sentences.name_in(words))))

    def _nicknamed(self, key: str) -> Abroad | None:
        """The country that people call so, beside its official name."""
        code = self._sentences.countries.get(key)
        if code is None:
            return None
        labels = (label.split("|") for label in self._table.foreign_labels)
        zones = (zone for city, country, zone in labels if not city and country == code)
        return next((Abroad(city="", country=code, zone=zone) for zone in zones), None)

    def _foreign(self, key: str) -> Abroad | None:
        table = self._table
        at = bisect_left(table.foreign_keys, key)
        if at == len(table.foreign_keys) or table.foreign_keys[at] != key:
            return None
        city, country, zone = table.foreign_labels[table.foreign_places[at]].split("|")
        return Abroad(city=city, country=country, zone=zone)

    def _around(self, point: Point, km: float) -> Iterable[tuple[int, float]]:
        latitudes = self._table.latitudes
        south, north = (DEGREE * (point[0] + sign * km / KM_PER_DEGREE) for sign in (-1.01, 1.01))
        for place in self._grid.around(point, km):
            if not south <= latitudes[place] <= north:
                continue  # far cheaper than its distance
            distance = kilometres(point, self._point(place))
            if distance <= km:
                yield place, distance

    def _point(self, place: int) -> Point:
        return self._table.latitudes[place] / DEGREE, self._table.longitudes[place] / DEGREE

    def _is_sparse(self, place: int) -> bool:
        return department_of(self._table.codes[place]) in _SPARSE

    def _place(self, code: str) -> int | None:
        code = code.upper()
        at = bisect_left(self._table.codes, code)
        return at if at < len(self._table.codes) and self._table.codes[at] == code else None

    def _commune(self, place: int, matched_name: str | None = None) -> Commune:
        table = self._table
        code = table.codes[place]
        department = table.departments[department_of(code)]
        region = table.regions[department.region]
        latitude, longitude = self._point(place)
        return Commune(
            code=code,
            name=typeset(table.names[place]),
            department=department.code,
            department_name=typeset(department.name),
            region=region.code,
            region_name=typeset(region.name),
            postcodes=tuple(table.postcodes[place].split()),
            zone=zone_of(code),
            territory=territory_of(code),
            latitude=latitude,
            longitude=longitude,
            approximate=bool(table.approximate[place]),
            population=table.populations[place],
            parent=parent_of(code),
            matched_name=None if matched_name is None else typeset(matched_name),
        )


def _typeset(areas: Mapping[str, Area]) -> dict[str, Area]:
    return {code: replace(area, name=typeset(area.name)) for code, area in areas.items()}
