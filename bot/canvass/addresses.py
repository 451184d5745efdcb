"""Addresses as the Base Adresse Nationale publishes them, a département or a commune a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bot.canvass.files import CsvFile, Faults, UnreadableFile, degrees, open_csv
from bot.communes import Commune, Gazetteer
from bot.frozen import Frozen

MOST_KEY, MOST_STREET, MOST_SUFFIX, MOST_NUMBER = 40, 100, 10, 99_999
FAR_DEGREES, FAR_OVERSEAS = 0.6, 5.0
"""How far an address may be from the middle of its commune: some 60 km, and 500 where communes are archipelagos."""
_VAST = frozenset({"973", "975", "986", "987", "988"})


class NewAddress(NamedTuple):
    """One address of a file."""

    key: str
    commune: str
    street: str
    number: int
    suffix: str
    latitude: float
    longitude: float


class AddressFile(Frozen):
    """A file of addresses, whose columns are known."""

    csv: CsvFile
    gazetteer: Gazetteer

    def read(self, faults: Faults) -> Iterator[NewAddress]:
        """Its addresses. Lines of communes that are no more are left out."""
        return self.csv.read(faults, _converter(self.csv, self.gazetteer))


def open_addresses(path: Path, gazetteer: Gazetteer) -> AddressFile:
    """Raises UnreadableFile for what is no file of addresses."""
    file = AddressFile(csv=open_csv(path), gazetteer=gazetteer)
    _columns(file.csv)
    return file


def _columns(csv: CsvFile) -> dict[str, int]:
    try:
        return csv.required(
            key=["id"],
            number=["numero"],
            street=["nom_voie"],
            commune=["code_insee"],
            longitude=["lon"],
            latitude=["lat"],
        )
    except UnreadableFile as fault:
        raise UnreadableFile(
            f"{fault.sentence} Addresses come from the Base Adresse Nationale, as CSV."
        ) from None


def _converter(csv: CsvFile, gazetteer: Gazetteer) -> Callable[[list[str]], NewAddress | None]:
    at = _columns(csv)
    key, number, street, commune = at["key"], at["number"], at["street"], at["commune"]
    latitude, longitude = at["latitude"], at["longitude"]
    suffix, hamlet = csv.place_of("rep"), csv.place_of("nom_ld")
    communes: dict[str, Commune | None] = {}

    def convert(row: list[str]) -> NewAddress | None:
        code = row[commune].strip().upper().zfill(5)
        if code not in communes:
            communes[code] = _commune(code, gazetteer)
        where = communes[code]
        if where is None:
            return None
        name = " ".join((row[street] or (row[hamlet] if hamlet is not None else "")).split())
        found = NewAddress(
            key=_key(row[key]),
            commune=code,
            street=name[:MOST_STREET],
            number=_number(row[number]),
            suffix=row[suffix].strip()[:MOST_SUFFIX].lower() if suffix is not None else "",
            latitude=degrees(row[latitude], most=90, name="latitude"),
            longitude=degrees(row[longitude], most=180, name="longitude"),
        )
        if not name:
            raise ValueError("the street is missing; write its name in nom_voie")
        _require_near(found.latitude, found.longitude, where)
        return found

    return convert


def _key(text: str) -> str:
    key = text.strip()
    if not key:
        raise ValueError("the id is missing; each address has one of its own")
    if len(key) > MOST_KEY or not key.isascii() or any(mark in key for mark in " ;,\"'<>&"):
        raise ValueError(f"the id is “{key[:MOST_KEY]}”; that is none of the Base Adresse Nationale")
    return key


def _number(text: str) -> int:
    plain = text.strip()
    if not plain:
        return 0  # a hamlet whose houses have no numbers
    if not (plain.isascii() and plain.isdigit() and int(plain) <= MOST_NUMBER):
        raise ValueError(f"the number is “{text}”; write a whole number, and what follows it in rep")
    return int(plain)


def _commune(code: str, gazetteer: Gazetteer) -> Commune | None:
    """None: there was such a commune perhaps, and there is none today. Raises ValueError for what is no code."""
    if not (len(code) == 5 and code.isalnum() and code[0].isdigit() and code[2:].isdigit()):
        raise ValueError(f"the INSEE code is “{code}”; write five characters, such as 69123")
    return gazetteer.by_code(code)


def _require_near(latitude: float, longitude: float, commune: Commune) -> None:
    """Raises ValueError for a point in another country, or with its two coordinates swapped."""
    far = FAR_OVERSEAS if commune.department in _VAST else FAR_DEGREES
    if commune.department == "987":
        far = 4 * FAR_OVERSEAS
    if abs(latitude - commune.latitude) <= far and abs(longitude - commune.longitude) <= 2 * far:
        return
    swapped = abs(longitude - commune.latitude) <= far and abs(latitude - commune.longitude) <= 2 * far
    remedy = (
        "latitude and longitude are swapped"
        if swapped
        else "check the INSEE code, or the coordinates (WGS 84)"
    )
    raise ValueError(f"the point {latitude:.4f}, {longitude:.4f} is far from {commune.name}; {remedy}")
