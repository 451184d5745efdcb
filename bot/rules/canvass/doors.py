"""Doors as they lie on the ground. A door is a dwelling, never a person: it has an address, and nobody’s name.

Distances within a walk are taken on a plane: over a few kilometres the error is below a metre in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from math import cos, hypot, radians
from typing import NamedTuple

from bot.rules.areas import arrondissement
from bot.rules.communes.geo import KM_PER_DEGREE
from bot.rules.territories import territory_of, zone_of

METRES_PER_DEGREE = KM_PER_DEGREE * 1000
TILE_METRES = 100
"""Side of the square tiles by whose whole numbers one finds what is near."""

Tile = tuple[int, int]
Spot = tuple[float, float]
"""Metres to the east and to the north of a point nearby."""


class Door(NamedTuple):
    """One address of a station. `key` is that of the BAN; `dwellings` as walkers counted them, 1 until then."""

    key: str
    street: str
    number: int
    suffix: str
    latitude: float
    longitude: float
    dwellings: int = 1

    @property
    def place(self) -> tuple[int, str, str]:
        """Where it stands in its street."""
        return self.number, self.suffix, self.key

    @property
    def is_odd(self) -> bool:
        """The side of the street: odd numbers face even ones. What has no number counts as even."""
        return self.number % 2 == 1


def commune_in(station: str) -> str:
    """INSEE's code of the commune that a station is of, from its own: `69123_0101`."""
    return station.partition("_")[0]


def place_of(station: str) -> str:
    """The commune that a station is of, or the arrondissement: Paris, Lyon and Marseille number their stations by it,
    1904 is the fourth of the nineteenth.
    """
    city, _, number = station.partition("_")
    numbered = len(number) == 4 and number.isdigit()
    return (arrondissement(city, int(number[:2])) if numbered else None) or city


def day_at(commune: str, moment: datetime) -> date:
    """The day on which something happened at a door, by the clock of the place."""
    return moment.astimezone(zone_of(territory_of(commune))).date()


class Plane:
    """The ground around a station, in metres."""

    def __init__(self, latitude: float, longitude: float) -> None:
        self._latitude, self._longitude = latitude, longitude
        self._east = METRES_PER_DEGREE * cos(radians(latitude))

    @classmethod
    def around(cls, doors: Iterable[Door]) -> Plane:
        """One that suits all of these doors: its zero is the most southern and most western of them."""
        doors = tuple(doors)
        return cls(min(each.latitude for each in doors), min(each.longitude for each in doors))

    def spot(self, latitude: float, longitude: float) -> Spot:
        return (
            (longitude - self._longitude) * self._east,
            (latitude - self._latitude) * METRES_PER_DEGREE,
        )


def metres(one: Spot, other: Spot) -> float:
    """From one spot to another, as the crow flies."""
    return hypot(one[0] - other[0], one[1] - other[1])


def tile_of(spot: Spot) -> Tile:
    """The tile that a spot lies in."""
    return int(spot[0] // TILE_METRES), int(spot[1] // TILE_METRES)
