"""The gazetteer's table: the places, their names, and the indexes that make the search fast.

Everything is a column (lists, arrays), so that a process is ready in milliseconds; `Commune` records are
made only for the few places that are shown. `build_table` is pure and deterministic.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

from bot.frozen import Frozen
from bot.rules.communes.geo import cell_of
from bot.rules.communes.text import key_of, skeleton_of, without_article, words_of

DEGREE = 10_000
"""Units of latitude and longitude per degree in the table: about 11 metres each."""


class CommuneRow(Frozen):
    """One row: a commune of today, or an arrondissement of Paris, Lyon or Marseille."""

    code: str
    name: str
    postcodes: tuple[str, ...]
    population: int
    latitude: float
    longitude: float
    approximate: bool


class FormerName(Frozen):
    """The name of a commune déléguée or associée, and the INSEE code of the commune it is now part of."""

    name: str
    code: str


class ForeignPlace(Frozen):
    """A country, or a large city abroad: country by ISO 3166 code, IANA zone, and the keys that mean it.

    `city` is empty for a country as a whole; `zone` is then where most of its people live.
    """

    city: str
    country: str
    zone: str
    population: int
    keys: tuple[str, ...]


class Area(Frozen):
    """A département or a région; `region` is its own code for a région."""

    code: str
    name: str
    region: str


class CommuneTable(Frozen):
    """Columns. `names` holds the places' names, then the former ones, whose places are in `owners`;
    `ranks` orders the names from the largest commune to the smallest, a former name after its commune's own;
    `by_rank` are the names in that order.

    `keys` is sorted; key `k` leads to the names of ranks `entries[key_starts[k]:key_starts[k + 1]]`, and
    name `n` is found by the keys `name_keys[name_starts[n]:name_starts[n + 1]]`, its full key first.
    `postings` of gram `g` are positions in the keys sorted by length, ascending. Postcode `p` of
    `postcode_index` covers `postcode_places[postcode_starts[p]:postcode_starts[p + 1]]`, the largest first.
    `cell_places` are the places in the order of their `cells` on the grid.
    `foreign_labels` are `city|country|zone`; key `k` of `foreign_keys` means `foreign_places[k]`.
    """

    vintage: str
    departments: Mapping[str, Area]
    regions: Mapping[str, Area]
    codes: Sequence[str]
    names: Sequence[str]
    owners: array[int]
    ranks: array[int]
    by_rank: array[int]
    postcodes: Sequence[str]
    postcode_index: Sequence[str]
    postcode_starts: array[int]
    postcode_places: array[int]
    populations: array[int]
    latitudes: array[int]
    longitudes: array[int]
    approximate: bytes
    keys: Sequence[str]
    key_starts: array[int]
    entries: array[int]
    name_starts: array[int]
    name_keys: array[int]
    skeletons: Sequence[str]
    skeleton_names: array[int]
    grams: Sequence[str]
    gram_starts: array[int]
    postings: array[int]
    cells: array[int]
    cell_places: array[int]
    foreign_keys: Sequence[str]
    foreign_places: array[int]
    foreign_labels: Sequence[str]


def department_of(code: str) -> str:
    """The département of an INSEE code: `2A004` gives `2A`, `97701` gives `977`."""
    return code[:3] if code[:2] in ("97", "98") else code[:2]


def grams_of(key: str) -> list[str]:
    """Every run of three characters, with the ends marked: `y` gives `^y$`."""
    marked = f"^{key}$"
    return [marked[at : at + 3] for at in range(len(marked) - 2)]


def keys_by_length(keys: Iterable[str]) -> list[str]:
    """The keys from the shortest to the longest, in their own order among equals."""
    return sorted(keys, key=len)


def keys_of(name: str) -> list[str]:
    """The keys that lead to a name: the whole, then without its article, without its brackets."""
    words = words_of(name)
    keys = [key_of(words), key_of(without_article(words))]
    if "(" in name:
        keys.append(key_of(words_of(name.partition("(")[0])))
    return list(dict.fromkeys(key for key in keys if key))


def build_table(
    places: Iterable[CommuneRow],
    former: Iterable[FormerName],
    departments: Mapping[str, Area],
    regions: Mapping[str, Area],
    foreign: Sequence[ForeignPlace],
    vintage: str,
) -> CommuneTable:
    """The table of these places; former names without a commune, or its own name, are left out."""
    rows = sorted(places, key=lambda place: place.code)
    at = {place.code: index for index, place in enumerate(rows)}
    kept = sorted(
        {(at[old.code], old.name) for old in former if old.code in at and old.name != rows[at[old.code]].name}
    )
    names = [place.name for place in rows] + [name for _, name in kept]
    ranks, by_rank = _ranks([*range(len(rows)), *(owner for owner, _ in kept)], rows)
    keys, key_starts, entries = _index_keys(names, ranks)
    name_starts, name_keys = _keys_by_name(names, keys)
    skeletons = _index_skeletons(names)
    grams, gram_starts, postings = _index_grams(keys)
    postcode_index, postcode_starts, postcode_places = _index_postcodes(rows)
    abroad = _index_foreign(foreign)
    cells = [cell_of(place.latitude, place.longitude) for place in rows]
    by_cell = sorted(range(len(rows)), key=cells.__getitem__)
    return CommuneTable(
        vintage=vintage,
        departments=departments,
        regions=regions,
        codes=[place.code for place in rows],
        names=names,
        owners=array("H", (owner for owner, _ in kept)),
        ranks=ranks,
        by_rank=by_rank,
        postcodes=[" ".join(place.postcodes) for place in rows],
        postcode_index=postcode_index,
        postcode_starts=postcode_starts,
        postcode_places=postcode_places,
        populations=array("I", (place.population for place in rows)),
        latitudes=array("i", (round(place.latitude * DEGREE) for place in rows)),
        longitudes=array("i", (round(place.longitude * DEGREE) for place in rows)),
        approximate=bytes(place.approximate for place in rows),
        keys=keys,
        key_starts=key_starts,
        entries=entries,
        name_starts=name_starts,
        name_keys=name_keys,
        skeletons=[skeleton for skeleton, _ in skeletons],
        skeleton_names=array("H", (name for _, name in skeletons)),
        grams=grams,
        gram_starts=gram_starts,
        postings=postings,
        cells=array("i", (cells[place] for place in by_cell)),
        cell_places=array("H", by_cell),
        foreign_keys=sorted(abroad),
        foreign_places=array("H", (abroad[key] for key in sorted(abroad))),
        foreign_labels=[f"{place.city}|{place.country}|{place.zone}" for place in foreign],
    )


def _ranks(place_of_name: Sequence[int], rows: Sequence[CommuneRow]) -> tuple[array[int], array[int]]:
    """The rank of each name by the population of its place, and the name of each rank."""
    order = sorted(range(len(place_of_name)), key=lambda name: (-rows[place_of_name[name]].population, name))
    ranks = array("H", bytes(2 * len(order)))
    for rank, name in enumerate(order):
        ranks[name] = rank
    return ranks, array("H", order)


def _index_keys(names: Sequence[str], ranks: Sequence[int]) -> tuple[list[str], array[int], array[int]]:
    """Sorted keys, where each one's names start, and the names' ranks."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        for key in keys_of(name):
            found.setdefault(key, []).append(ranks[index])
    return _flatten(found)


def _keys_by_name(names: Sequence[str], keys: Sequence[str]) -> tuple[array[int], array[int]]:
    """Where each name's keys start, and the keys."""
    at = {key: index for index, key in enumerate(keys)}
    starts, flat = array("I", [0]), array("H")
    for name in names:
        flat.extend(at[key] for key in keys_of(name))
        starts.append(len(flat))
    return starts, flat


def _index_postcodes(rows: Sequence[CommuneRow]) -> tuple[list[str], array[int], array[int]]:
    """Sorted postcodes, where each one's places start, and the places."""
    found: dict[str, list[int]] = {}
    for index in sorted(range(len(rows)), key=lambda index: (-rows[index].population, index)):
        for postcode in rows[index].postcodes:
            found.setdefault(postcode, []).append(index)
    return _flatten(found)


def _index_foreign(foreign: Sequence[ForeignPlace]) -> dict[str, int]:
    """The largest place abroad that each key means."""
    found: dict[str, int] = {}
    for index in sorted(range(len(foreign)), key=lambda index: (-foreign[index].population, index)):
        for key in foreign[index].keys:
            found.setdefault(key, index)
    return found


def _flatten(found: Mapping[str, Sequence[int]]) -> tuple[list[str], array[int], array[int]]:
    """A dictionary as sorted keys, where each one's values start, and the values."""
    keys = sorted(found)
    starts, values = array("I", [0]), array("H")
    for key in keys:
        values.extend(found[key])
        starts.append(len(values))
    return keys, starts, values


def _index_skeletons(names: Sequence[str]) -> list[tuple[str, int]]:
    """Sorted pairs of a name's skeleton and the name, where the skeleton is not already one of its keys."""
    pairs = ((skeleton_of(words_of(name)), index) for index, name in enumerate(names))
    return sorted(
        (skeleton, index) for skeleton, index in pairs if skeleton not in ("", *keys_of(names[index]))
    )


def _index_grams(keys: Sequence[str]) -> tuple[list[str], array[int], array[int]]:
    """Sorted grams, where each one's postings start, and the postings."""
    found: dict[str, list[int]] = {}
    for position, key in enumerate(keys_by_length(keys)):
        for gram in dict.fromkeys(grams_of(key)):
            found.setdefault(gram, []).append(position)
    return _flatten(found)
