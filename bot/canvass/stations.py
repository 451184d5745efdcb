"""Files that tell which addresses belong to which polling station: the electoral register’s, and our own.

A line is an address of a station (`id` is the address’s in the Base Adresse Nationale), or a station that stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bot.canvass.addresses import MOST_KEY
from bot.canvass.files import CsvFile, Faults, UnreadableFile, degrees, open_csv, whole
from bot.communes import Commune, Gazetteer
from bot.frozen import Frozen
from bot.rules.areas import city_of
from bot.rules.canvass.stations import station_code

STATION = ("id_brut_bv_reu", "station", "bureau", "bureau_de_vote", "code_bv")
COMMUNE = ("code_commune_ref", "commune", "code_insee", "insee", "code_commune")
KEY, WEIGHT = ("id", "address_id"), ("nb_adresses",)
LATITUDE, LONGITUDE = ("latitude", "lat"), ("longitude", "lon")
NAME, ADDRESS, PLACE = ("name", "nom", "libelle"), ("address", "adresse"), ("place", "polling_place", "lieu")
MOST_NAME, MOST_ADDRESS = 120, 300
FAR_DEGREES = 1.0
_WITH_COMMUNE = re.compile(r"([0-9][0-9AB][0-9]{3})_(.+)")
_VAGUE = ("municipality", "locality")
"""What a register knew of an address no better than this says nothing of where the station is."""


class NewStation(Frozen):
    """A station of a file: where it is, as far as told, and in which of the campaign’s polling places one votes."""

    code: str
    commune: str
    name: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: str | None = None


class StationAddress(NamedTuple):
    """An address that belongs to a station; `weight`: how many voters’ addresses that are."""

    key: str
    commune: str
    station: str
    weight: int


class _Line(NamedTuple):
    link: StationAddress
    point: tuple[float, float] | None
    texts: tuple[str | None, str | None, str | None]


class StationFile(Frozen):
    """A file of stations, whose columns are known."""

    csv: CsvFile
    gazetteer: Gazetteer

    def stations(self, faults: Faults) -> dict[str, NewStation]:
        """Its stations; one of which several addresses are told lies in the middle of them."""
        found: dict[str, NewStation] = {}
        sums: dict[str, tuple[float, float, int]] = {}
        for each in self._lines(faults):
            code, weight = each.link.station, each.link.weight
            name, address, place = each.texts
            known = found.setdefault(code, NewStation(code=code, commune=code.split("_")[0]))
            if name or address or place:
                found[code] = replace(
                    known,
                    name=name or known.name,
                    address=address or known.address,
                    place=place or known.place,
                )
            if each.point is not None:
                latitude, longitude, number = sums.get(code, (0.0, 0.0, 0))
                sums[code] = (
                    latitude + each.point[0] * weight,
                    longitude + each.point[1] * weight,
                    number + weight,
                )
        return {
            code: replace(
                each, latitude=sums[code][0] / sums[code][2], longitude=sums[code][1] / sums[code][2]
            )
            if code in sums
            else each
            for code, each in found.items()
        }

    def links(self, faults: Faults) -> Iterator[StationAddress]:
        """The addresses that it tells of."""
        return (each.link for each in self._lines(faults) if each.link.key)

    def _lines(self, faults: Faults) -> Iterator[_Line]:
        return self.csv.read(faults, _converter(self.csv, self.gazetteer))


def open_stations(path: Path, gazetteer: Gazetteer) -> StationFile:
    """Raises UnreadableFile for what is no file of stations."""
    csv = open_csv(path)
    if csv.place_of(*STATION) is None:
        raise UnreadableFile(
            f"{path} has no column “station” (or id_brut_bv_reu): its first line names {csv.shown}. `portevoix docs"
            " canvassing` tells the columns."
        )
    return StationFile(csv=csv, gazetteer=gazetteer)


def _converter(csv: CsvFile, gazetteer: Gazetteer) -> Callable[[list[str]], _Line | None]:
    station, commune, key, weight, latitude, longitude, kind = (
        csv.place_of(*titles)
        for titles in (STATION, COMMUNE, KEY, WEIGHT, LATITUDE, LONGITUDE, ("geo_type",))
    )
    texts = [csv.place_of(*titles) for titles in (NAME, ADDRESS, PLACE)]
    assert station is not None  # else the file was not opened
    communes: dict[str, Commune | None] = {}

    def cell(row: list[str], place: int | None) -> str:
        return "" if place is None else row[place].strip()

    def convert(row: list[str]) -> _Line | None:
        where, number = _named(row[station].strip(), cell(row, commune))
        if where not in communes:
            communes[where] = gazetteer.by_code(where)
        known = communes[where]
        if known is None:
            return None
        told = whole(cell(row, weight), "nb_adresses") if cell(row, weight) else 1
        point = (
            None if cell(row, kind) in _VAGUE else _point(cell(row, latitude), cell(row, longitude), known)
        )
        address = cell(row, key)
        if len(address) > MOST_KEY:
            raise ValueError(f"the id is “{address[:MOST_KEY]}…”; that is none of the Base Adresse Nationale")
        link = StationAddress(address, where, station_code(where, number), max(1, told))
        name, street, place = (cell(row, at) for at in texts)
        if len(name) > MOST_NAME or len(street) > MOST_ADDRESS:
            raise ValueError(f"the name or the address is too long; write {MOST_NAME} characters at most")
        return _Line(link, point, (name or None, street or None, place or None))

    return convert


def _named(station: str, commune: str) -> tuple[str, str]:
    """The commune and the number: `69123_0101`, or each in a column of its own. Raises ValueError."""
    both = _WITH_COMMUNE.fullmatch(station.upper())
    if both is not None:
        # A city’s arrondissements share its stations.
        return city_of(commune.upper().zfill(5)) if commune else city_of(both[1]), both[2]
    if not commune:
        raise ValueError(f"the station is “{station}”; write it with its commune, such as 69123_0101")
    if not (commune.isalnum() and len(commune) in (4, 5)):
        raise ValueError(f"the INSEE code is “{commune}”; write five characters, such as 69123")
    return city_of(commune.upper().zfill(5)), station


def _point(latitude: str, longitude: str, commune: Commune) -> tuple[float, float] | None:
    if not latitude or not longitude:
        return None
    point = degrees(latitude, most=90, name="latitude"), degrees(longitude, most=180, name="longitude")
    if max(abs(point[0] - commune.latitude), abs(point[1] - commune.longitude) / 2) > FAR_DEGREES:
        raise ValueError(
            f"the point {latitude}, {longitude} is far from {commune.name}; check that latitude and longitude are not"
            " swapped"
        )
    return point
