"""Cutting a station into walks: every door in exactly one, along streets, up one side and back on the other.

The same doors give the same walks, in whatever order they come. A street is taken as short stretches, both sides of it
together; the stretches are brought into one line, from street to the street that begins nearest, and the line is cut
into parts of almost equal length, between two streets where one ends nearby.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from bot.frozen import Frozen
from bot.rules.canvass.doors import Door, Plane, Spot, Tile, metres, tile_of

DOORS = 50
"""Doors that a pair does in about two hours."""
LEAST_DOORS, MOST_DOORS = 5, 200
TOLERANCE = 0.2
"""How much a walk may be longer or shorter than the others."""
MOST_STREETS = 300
"""With more, streets are ordered by tiles: to look for the nearest one each time would take too long."""
FAR_METRES = 300
"""Beyond, a door of the same name stands in another street."""
TILES_APART = 3
"""Side of the large tiles, in tiles: doors of one name two of them apart stand in two streets."""
MOST_OF_LEG = 40
"""Doors on one card of the chat."""


class WalkStop(tuple[Door, int]):
    """A door of a walk, and the number of the leg in which it stands: one side of one street."""

    __slots__ = ()

    @property
    def door(self) -> Door:
        return self[0]

    @property
    def leg(self) -> int:
        return self[1]


class Route(Frozen):
    """The doors of a walk in the order in which a pair takes them, and the metres from the first to the last."""

    stops: tuple[WalkStop, ...]
    metres: int


def cut(doors: Iterable[Door], most: int = DOORS) -> list[Route]:
    """Walks of about `most` doors, none of them longer or shorter than the others by more than a fifth.

    A building counts for as many doors as it has dwellings; one of more than a fifth of a walk may exceed that.
    """
    known = sorted(doors)
    if not known:
        return []
    plane = Plane.around(known)
    line = [piece for street in _in_a_line(known, plane) for piece in _pieces(street, most)]
    return [_route([door for piece in part for door in piece], plane) for part in _parts(line, most)]


def join(walks: Mapping[str, Iterable[Door]], new: Iterable[Door]) -> dict[str, Route]:
    """Walks that somebody has begun keep their doors; each new one joins the walk of the door that is nearest to it,
    in its own street where there is one.
    """
    found = {walk: list(doors) for walk, doors in walks.items()}
    known = [(door, walk) for walk, doors in found.items() for door in doors]
    every = [*(door for door, _walk in known), *new]
    plane = Plane.around(every)
    by_street: dict[str, list[tuple[Door, str]]] = {}
    for door, walk in known:
        by_street.setdefault(door.street, []).append((door, walk))
    for door in sorted(new):
        here = plane.spot(door.latitude, door.longitude)

        def distance(
            other: tuple[Door, str], here: Spot = here, number: int = door.number
        ) -> tuple[float, int, str]:
            spot = plane.spot(other[0].latitude, other[0].longitude)
            return metres(here, spot), abs(other[0].number - number), other[0].key

        same = [each for each in by_street.get(door.street, ()) if distance(each)[0] < FAR_METRES]
        _nearest, walk = min(same or known, key=distance)
        found[walk].append(door)
    return {walk: _route(doors, plane) for walk, doors in found.items() if doors}


# -- the line --


def _in_a_line(known: Sequence[Door], plane: Plane) -> list[list[Door]]:
    """The streets, each from one end to the other, one after the other as one would walk them."""
    streets = _by_street(known, plane)
    if len(streets) > MOST_STREETS:
        return [
            streets[name] for name in sorted(streets, key=lambda name: _row_of_tiles(streets[name][0], plane))
        ]
    return list(_nearest_next(streets, plane))


def _by_street(known: Iterable[Door], plane: Plane) -> dict[str, list[Door]]:
    """The streets by name. Two of one name, as the old villages of a commune have them, are two."""
    ordered = sorted(known, key=lambda door: (door.street, door.number, door.suffix, door.key))
    return {
        f"{name} {number}": part
        for name, doors in groupby(ordered, key=lambda door: door.street)
        for number, part in enumerate(_apart(list(doors), plane))
    }


def _apart(doors: list[Door], plane: Plane) -> list[list[Door]]:
    """The doors of one name, by what lies together: a step between neighbours goes to the next large tile at most."""
    tiles: dict[Tile, list[Door]] = {}
    for door in doors:
        east, north = tile_of(plane.spot(door.latitude, door.longitude))
        tiles.setdefault((east // TILES_APART, north // TILES_APART), []).append(door)
    if len(tiles) == 1:
        return [doors]
    part_of: dict[Tile, int] = {}
    parts = 0
    for first in tiles:
        if first in part_of:
            continue
        part_of[first], ahead = parts, [first]
        while ahead:
            east, north = ahead.pop()
            for near in ((east + x, north + y) for x in (-1, 0, 1) for y in (-1, 0, 1)):
                if near in tiles and near not in part_of:
                    part_of[near] = parts
                    ahead.append(near)
        parts += 1
    of_door = {door.key: part_of[tile] for tile, some in tiles.items() for door in some}
    return [[door for door in doors if of_door[door.key] == part] for part in range(parts)]


def _row_of_tiles(door: Door, plane: Plane) -> tuple[int, int, str]:
    """From west to east in one row of tiles, back in the next."""
    east, north = tile_of(plane.spot(door.latitude, door.longitude))
    row = north // 3
    return row, east if row % 2 == 0 else -east, door.street


def _nearest_next(streets: Mapping[str, list[Door]], plane: Plane) -> Iterator[list[Door]]:
    """From the south-west on, always the street whose nearer end is nearest."""
    ends = {
        name: (
            plane.spot(doors[0].latitude, doors[0].longitude),
            plane.spot(doors[-1].latitude, doors[-1].longitude),
        )
        for name, doors in streets.items()
    }
    here: Spot = (0.0, 0.0)
    while ends:
        _far, backwards, name = min(
            (metres(here, end), which == 1, name)
            for name, both in ends.items()
            for which, end in enumerate(both)
        )
        low, high = ends.pop(name)
        here = low if backwards else high
        yield streets[name][::-1] if backwards else streets[name]


def _pieces(street: Sequence[Door], most: int) -> Iterator[list[Door]]:
    """A street in short stretches, so that a walk can end almost anywhere."""
    longest = max(1, most // 10)
    piece: list[Door] = []
    weight = 0
    for door in street:
        if piece and weight + door.dwellings > longest:
            yield piece
            piece, weight = [], 0
        piece.append(door)
        weight += door.dwellings
    yield piece


# -- the parts --


def number_of_walks(doors: int, most: int) -> int:
    """So many that each is as near to `most` as can be, in proportion."""
    fewer = max(1, doors // most)
    more = fewer + 1
    return more if doors / fewer / most > most / (doors / more) else fewer


def _parts(line: Sequence[list[Door]], most: int) -> Iterator[list[list[Door]]]:
    """The line cut into almost equal parts, between two streets where that is possible."""
    ends: list[int] = []
    total = 0
    for piece in line:
        total += sum(door.dwellings for door in piece)
        ends.append(total)
    walks = min(number_of_walks(total, most), len(line))
    mean = total / walks
    slack = mean * TOLERANCE / 2
    turns = [one[0].street != other[0].street for one, other in pairwise(line)]
    first = 0
    for number in range(1, walks):
        wanted = number * mean
        # At least one piece for this walk, and one for each that follows.
        possible = range(first, len(line) - (walks - number))
        near = [place for place in possible if abs(ends[place] - wanted) <= slack and turns[place]]
        last = min(near or possible, key=lambda place: (abs(ends[place] - wanted), place))
        yield list(line[first : last + 1])
        first = last + 1
    yield list(line[first:])


# -- the order of one walk --


def _route(doors: Iterable[Door], plane: Plane) -> Route:
    """The doors street by street: up one side, and back on the other."""
    doors = list(doors)
    spots = {door.key: plane.spot(door.latitude, door.longitude) for door in doors}
    here: Spot | None = None
    stops: list[WalkStop] = []
    leg = 0
    for street in _in_a_line(doors, plane):
        for side in _sides(street, here, spots):
            for number, door in enumerate(side):
                if number and number % MOST_OF_LEG == 0:
                    leg += 1
                stops.append(WalkStop((door, leg)))
            leg += 1
            here = spots[side[-1].key]
    length = sum(metres(spots[one[0].key], spots[other[0].key]) for one, other in pairwise(stops))
    return Route(stops=tuple(stops), metres=round(length))


def _sides(street: Sequence[Door], here: Spot | None, spots: Mapping[str, Spot]) -> list[list[Door]]:
    """Both sides of a street, the second one backwards; it begins at the end that is nearest."""
    ordered = sorted(street, key=lambda door: door.place)
    odd = [door for door in ordered if door.is_odd]
    even = [door for door in ordered if not door.is_odd]
    ways = [
        [side for side in (first[::step], second[::-step]) if side]
        for first, second in ((odd, even), (even, odd))
        for step in (1, -1)
    ]
    if here is None:
        return ways[0]
    return min(ways, key=lambda way: metres(here, spots[way[0][0].key]))
