"""Stations: how files name them, and which doors belong to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.rules.canvass.doors import Plane, Spot, Tile, metres, tile_of

_NUMBER = re.compile(r"(?=.*[0-9])[0-9A-Za-z]{1,6}")
DIGITS = 4
"""Files write the number of a station as 0101; spreadsheets drop the zero that it begins with."""


def station_code(commune: str, number: str) -> str:
    """`69123_0101`: INSEE code and number. Raises ValueError with a sentence."""
    number = number.strip().upper().removeprefix(f"{commune}_")
    if _NUMBER.fullmatch(number) is None:
        raise ValueError(f"“{number}” is no number of a station: write some digits, such as 0101")
    return f"{commune}_{number.zfill(DIGITS)}"


class Point(NamedTuple):
    """An address or a station, and where it is."""

    key: str
    street: str
    latitude: float
    longitude: float


class Belonging(NamedTuple):
    """The station of an address; `given`: a file says so, it is not only the nearest."""

    station: str
    given: bool


def belong(
    addresses: Sequence[Point], *, given: Mapping[str, str], stations: Sequence[Point]
) -> dict[str, Belonging]:
    """The station of each address of one commune. `given`: what a file says of addresses, by their key.

    Where a file says nothing it is the station of the nearest address of which one does; where none does, the station
    that is nearest itself; and where the commune has one station alone, that one. Nothing where there is none.
    """
    known = {each.key for each in stations}
    said = {key: station for key, station in given.items() if station in known}
    if not stations:
        return {}
    if len(stations) == 1:
        return {each.key: Belonging(stations[0].key, each.key in said) for each in addresses}
    placed = [each for each in stations if (each.latitude, each.longitude) != (0.0, 0.0)]
    told = [each for each in addresses if each.key in said]
    found = {each.key: Belonging(said[each.key], True) for each in told}
    rest = [each for each in addresses if each.key not in found]
    if told:
        near = _Near(told)
        for each in rest:
            found[each.key] = Belonging(said[near.to(each).key], False)
    elif placed:
        near = _Near(placed)
        for each in rest:
            found[each.key] = Belonging(near.to(each).key, False)
    return found


class _Near:
    """Points by their tile: the nearest is looked for in wider and wider squares of tiles."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._points = sorted(points)
        self._plane = Plane(self._points[0].latitude, self._points[0].longitude)
        self._tiles: dict[Tile, list[tuple[Spot, Point]]] = {}
        for each in self._points:
            spot = self._plane.spot(each.latitude, each.longitude)
            self._tiles.setdefault(tile_of(spot), []).append((spot, each))

    def to(self, point: Point) -> Point:
        """The nearest of them; of two that are equally near, the one whose key comes first."""
        spot = self._plane.spot(point.latitude, point.longitude)
        east, north = tile_of(spot)
        for reach in (1, 3, 10):
            found = [
                (metres(spot, other), each.key, each)
                for x in range(east - reach, east + reach + 1)
                for y in range(north - reach, north + reach + 1)
                for other, each in self._tiles.get((x, y), ())
            ]
            # A point in the corner of the square may be further than one outside it.
            if found and min(found)[0] <= reach * 100:
                return min(found)[2]
        return min(
            (metres(spot, other), each.key, each) for some in self._tiles.values() for other, each in some
        )[2]
