"""An invented town in the formats of the real files: for trying out, for tests, for the rehearsal. No dwelling is real.

The same seed gives the same town. Streets lie in rows, odd numbers on one side and even ones on the other, some numbers
missing, some with a `bis`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from math import cos, radians
from pathlib import Path
from random import Random

from bot.communes import Commune
from bot.frozen import Frozen
from bot.rules.areas import city_of
from bot.rules.canvass.doors import METRES_PER_DEGREE

ADDRESSES, STATIONS, RESULTS = "addresses.csv", "stations.csv", "results.csv"
ADDRESS_COLUMNS = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;"
    "nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;libelle_acheminement;nom_afnor;source_position;"
    "source_nom_voie;certification_commune;cad_parcelles"
).split(";")
STATION_COLUMNS = (
    "code_commune_ref,reconstitution_code_commune,id_brut_bv_reu,id,geo_adresse,geo_type,geo_score,longitude,latitude,"
    "api_line,nb_bv_commune,nb_adresses"
).split(",")
RESULT_COLUMNS = (
    "code_insee",
    "bureau",
    "inscrits",
    "votants",
    "exprimes",
    "liste_a",
    "liste_b",
    "liste_c",
    "liste_d",
)
PER_STATION = 400
"""Addresses of one station, about."""
_KINDS = ("Rue", "Rue", "Rue", "Avenue", "Allée", "Impasse", "Chemin", "Place", "Boulevard")
_NAMES = (
    *(
        "des Lilas",
        "du Moulin",
        "de l’Église",
        "Victor-Hugo",
        "des Écoles",
        "Pasteur",
        "du Lavoir",
        "des Tilleuls",
    ),
    *(
        "de la Gare",
        "Jean-Jaurès",
        "des Vignes",
        "du Château",
        "de la Fontaine",
        "Voltaire",
        "des Acacias",
        "du Port",
    ),
    *(
        "de la Mairie",
        "Marie-Curie",
        "des Peupliers",
        "du Four",
        "de Verdun",
        "Émile-Zola",
        "des Cerisiers",
        "du Pont",
    ),
    *(
        "de la République",
        "George-Sand",
        "des Marronniers",
        "du Stade",
        "de la Paix",
        "Lamartine",
        "des Roses",
        "du Puits",
    ),
)
_QUARTERS = ("", " Haute", " Basse", " Neuve", " Vieille", " du Nord", " du Sud", " de l’Est", " de l’Ouest")
ROW_METRES, ROWS_APART, FRONT = 1200, 70, 14
"""Metres of a row of streets, between two rows, and from one house to the next."""


class Town(Frozen):
    """How much was invented."""

    addresses: int
    stations: int


class _House(Frozen):
    key: str
    number: int
    suffix: str
    street: str
    latitude: float
    longitude: float
    station: int


def write_town(folder: Path, *, commune: Commune, addresses: int, seed: int = 1) -> Town:
    """Writes the three files of a town into a folder."""
    return write_towns(folder, communes=[commune], addresses=addresses, seed=seed)


def write_towns(folder: Path, *, communes: Sequence[Commune], addresses: int, seed: int = 1) -> Town:
    """Writes three files of several towns, `addresses` in each, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    town = Town(addresses=0, stations=0)
    with ExitStack() as files:
        houses, register, results = (
            csv.writer(
                files.enter_context((folder / name).open("w", encoding="utf-8", newline="")),
                delimiter=separator,
            )
            for name, separator in ((ADDRESSES, ";"), (STATIONS, ","), (RESULTS, ";"))
        )
        houses.writerow(ADDRESS_COLUMNS)
        register.writerow(STATION_COLUMNS)
        results.writerow(RESULT_COLUMNS)
        for commune in communes:
            random = Random(f"{seed}:{commune.code}")  # an invented town is no secret
            number = max(1, round(addresses / PER_STATION))
            city = city_of(commune.code)
            for house in _houses(commune, addresses, number, random):
                houses.writerow(_address_row(house, commune))
                if random.random() < 0.9:  # the register does not know them all
                    register.writerow(_register_row(house, city, number, random))
            results.writerows(_result_rows(city, number, random))
            town = Town(addresses=town.addresses + addresses, stations=town.stations + number)
    return town


def invented(
    commune: Commune, addresses: int, seed: int = 1
) -> Iterator[tuple[str, str, str, int, str, float, float]]:
    """The addresses of a town alone, as they are imported."""
    random = Random(f"{seed}:{commune.code}")  # an invented town is no secret
    for each in _houses(commune, addresses, 1, random):
        yield each.key, commune.code, each.street, each.number, each.suffix, each.latitude, each.longitude


def _houses(commune: Commune, addresses: int, stations: int, random: Random) -> Iterator[_House]:
    """Street after street: along a row, then along the next."""
    east, north, made = 0.0, 0.0, 0
    for street, name in enumerate(_streets(random), start=1):
        length = random.randint(6, 45)
        doors = min(2 * length, addresses - made)
        for door, (number, suffix) in enumerate(_numbers(doors, random)):
            side = -6 if number % 2 else 6
            yield _House(
                key=f"{commune.code}_{street:04}_{number:05}" + (f"_{suffix}" if suffix else ""),
                number=number,
                suffix=suffix,
                street=name,
                latitude=commune.latitude + (north + side) / METRES_PER_DEGREE,
                longitude=commune.longitude
                + (east + number // 2 * FRONT) / (METRES_PER_DEGREE * cos(radians(commune.latitude))),
                station=(made + door) * stations // addresses + 1,
            )
        made += doors
        if made >= addresses:
            return
        east += length * FRONT + 20
        if east > ROW_METRES:
            east, north = 0.0, north + ROWS_APART


def _streets(random: Random) -> Iterator[str]:
    """Names that are not twice in a town."""
    names = [f"{kind} {name}" for kind in dict.fromkeys(_KINDS) for name in _NAMES]
    random.shuffle(names)
    for age in range(1_000_000):
        quarter = _QUARTERS[age] if age < len(_QUARTERS) else f" {age}"
        for name in names:
            yield f"{name}{quarter}"


def _numbers(doors: int, random: Random) -> Iterator[tuple[int, str]]:
    number = made = 0
    while made < doors:
        number += 1
        if random.random() < 0.08:
            continue
        yield number, ""
        made += 1
        if made < doors and random.random() < 0.05:
            yield number, "bis"
            made += 1


def _address_row(house: _House, commune: Commune) -> Iterable[str]:
    told = {
        "id": house.key,
        "id_fantoir": house.key[:10],
        "numero": str(house.number),
        "rep": house.suffix,
        "nom_voie": house.street,
        "code_postal": commune.postcodes[0] if commune.postcodes else "",
        "code_insee": commune.code,
        "nom_commune": commune.name,
        "lon": f"{house.longitude:.6f}",
        "lat": f"{house.latitude:.6f}",
        "type_position": "entrée",
        "libelle_acheminement": commune.name.upper(),
        "nom_afnor": house.street.upper(),
        "source_position": "commune",
        "source_nom_voie": "commune",
        "certification_commune": "1",
    }
    return [told.get(column, "") for column in ADDRESS_COLUMNS]


def _register_row(house: _House, city: str, stations: int, random: Random) -> Iterable[str]:
    told = {
        "code_commune_ref": city,
        "reconstitution_code_commune": city,
        "id_brut_bv_reu": f"{city}_{100 + house.station:04}",
        "id": house.key,
        "geo_adresse": f"{house.number} {house.street}",
        "geo_type": "housenumber",
        "geo_score": "0.97",
        "longitude": f"{house.longitude:.6f}",
        "latitude": f"{house.latitude:.6f}",
        "nb_bv_commune": str(stations),
        "nb_adresses": str(random.randint(1, 4)),
    }
    return [told.get(column, "") for column in STATION_COLUMNS]


def _result_rows(city: str, stations: int, random: Random) -> Iterator[Iterable[str]]:
    for station in range(1, stations + 1):
        registered = random.randint(700, 1300)
        voters = int(registered * random.uniform(0.35, 0.8))
        cast = int(voters * random.uniform(0.95, 0.99))
        shares = [random.uniform(0.05, 0.4) for _ in range(4)]
        votes = [int(cast * share / sum(shares)) for share in shares]
        votes[0] += cast - sum(votes)
        yield [city, f"{100 + station:04}", *map(str, (registered, voters, cast, *votes))]
