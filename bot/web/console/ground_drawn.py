"""The drawings of the ground: stations within their communes, and the ways of walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import cos, dist, radians
from typing import Any

from bot.actions.canvass_results import StationLine
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.areas import city_of, department_of
from bot.rules.canvass.doors import Spot, place_of
from bot.web import outlines

CLASSES = 5
WIDTH, MARGIN = 1000, 60
"""Of a drawing, in its own units."""
LOW, HIGH = 440, 800
"""The height of a drawing at most: of stations, whose list stands below it, and of streets."""
LINE, LOCATOR_LINE = 3, 15
"""How wide outlines are in a drawing, and in a locator, which is shown several times smaller."""
MOST_NUMBERED = 60
"""Stations of a drawing that has their places in the order."""
SEEN = 60
"""So wide an outline is seen behind a station."""
APART = 30
"""So far from each other two stations can be told apart and tapped."""


def stations_drawn(lines: Sequence[StationLine], gazetteer: Gazetteer) -> Mapping[str, Any] | None:
    """Stations where they stand within their communes, the darker the more a visit is worth; None where no point is
    known.
    """
    known = [(line, line.point) for line in lines if line.point is not None]
    if not known:
        return None
    middle = sum(point[0] for _line, point in known) / len(known)
    east = round(cos(radians(middle)), 4)
    spots = {line.code: (point[1] * east, point[0]) for line, point in known}
    ranked = max((line.ranked.rank for line in lines if line.ranked), default=0)
    lying = _communes(known, gazetteer, east)
    place = _within(list(spots.values()), lying)
    if not any(each.width * place.scale >= SEEN for each in lying):
        # They are so far from each other that a commune is a dot.
        lying = _departments(known, gazetteer, east) or lying
        place = _within(list(spots.values()), lying)
    return {
        "height": place.height,
        "outlines": _laid(lying, place, LINE),
        "locator": _locator(list(spots.values()), lying) if _is_bare(place, lying) else None,
        "points": [
            {
                "code": line.code,
                "at": place.of(spots[line.code]),
                "shade": 0 if line.ranked is None else CLASSES - (line.ranked.rank - 1) * CLASSES // ranked,
                "line": line,
            }
            for line, _point in reversed(known)  # the best on top
        ],
    }


def _laid(lying: Sequence[_Lying], place: _Fitted, line: float) -> list[tuple[str, str, str, str]]:
    """The file of each outline, its shape, how it is laid on the drawing, and how wide the shape’s own line is to be
    for one of this width there: what is used of another file is scaled with its line.
    """
    return [
        (each.file, each.shape, place.laid(*each.laid), f"{line / abs(each.laid[0] * place.scale):.4g}")
        for each in lying
    ]


def _is_bare(place: _Fitted, lying: Sequence[_Lying]) -> bool:
    """Whether no line of an outline is likely to be seen: each is much larger than the drawing."""
    return bool(lying) and all(each.width * place.scale > 3 * WIDTH for each in lying)


def _locator(spots: Sequence[Spot], lying: Sequence[_Lying]) -> Mapping[str, Any]:
    """The whole outlines, small, and where on them the drawing lies."""
    place = _fitted([corner for each in lying for corner in each.corners], HIGH)
    (west, south), (east, north) = _least(spots), _most(spots)
    return {
        "height": place.height,
        "outlines": _laid(lying, place, LOCATOR_LINE),
        "at": place.of(((west + east) / 2, (south + north) / 2)),
    }


class _Lying(Frozen):
    """The outline of a département, a commune or an arrondissement: its shape in which file, how that is laid on the
    plane, and two opposite corners of it there.
    """

    file: str
    shape: str
    laid: tuple[complex, complex]
    corners: Sequence[Spot]

    @property
    def width(self) -> float:
        return abs(self.corners[1][0] - self.corners[0][0])


def _communes(
    known: Sequence[tuple[StationLine, Any]], gazetteer: Gazetteer, east: float
) -> Sequence[_Lying]:
    """The communes, or arrondissements, of these stations."""
    found: dict[tuple[str, str], _Lying] = {}
    for code in sorted({place_of(line.code) for line, _point in known}):
        department = department_of(code)
        file = f"map/communes/{department}.svg"
        lies = outlines.laid(department, gazetteer, east)
        shape = next(
            (each for each in (code, city_of(code)) if lies and each in outlines.shapes_in(file)), None
        )
        if lies and shape:
            found[file, shape] = _lying(file, shape, lies, outlines.box_of(department, shape))
    return list(found.values())


def _departments(
    known: Sequence[tuple[StationLine, Any]], gazetteer: Gazetteer, east: float
) -> Sequence[_Lying]:
    """Their départements."""
    codes = sorted({department_of(place_of(line.code)) for line, _point in known})
    laid = [(code, outlines.laid_whole(code, gazetteer, east)) for code in codes]
    file = outlines.DEPARTMENTS
    return [_lying(file, code, lies, outlines.frames()[code]) for code, lies in laid if lies]


def _lying(file: str, shape: str, lies: tuple[complex, complex], box: Sequence[float]) -> _Lying:
    (x, y, width, height), (turned, moved) = box, lies
    corners = [complex(x, -y) * turned + moved, complex(x + width, -y - height) * turned + moved]
    return _Lying(file=file, shape=shape, laid=lies, corners=[(each.real, each.imag) for each in corners])


def _within(spots: Sequence[Spot], lying: Sequence[_Lying]) -> _Fitted:
    """Stations within the outlines around them, from as far as they can still be told apart: a few that lie close
    together would else stand on a sheet without a line.
    """
    close, corners = _fitted(spots, LOW), [*spots, *(corner for each in lying for corner in each.corners)]
    if len(spots) > MOST_NUMBERED:
        return close
    nearest = min((dist(one, other) for one, other in combinations(spots, 2) if one != other), default=0.0)
    pairs = list(zip((*_least(spots), *_most(spots)), (*_least(corners), *_most(corners)), strict=True))
    for share in (1.0, 0.75, 0.5, 0.25):
        # The frame grows from the stations towards the outlines.
        west, south, east, north = (near + (far - near) * share for near, far in pairs)
        place = _fitted([(west, south), (east, north)], LOW)
        if not nearest or nearest * place.scale >= APART:
            return place
    return close


def _least(spots: Sequence[Spot]) -> Spot:
    return min(each[0] for each in spots), min(each[1] for each in spots)


def _most(spots: Sequence[Spot]) -> Spot:
    return max(each[0] for each in spots), max(each[1] for each in spots)


def walks_drawn(ways: Mapping[int, Sequence[Spot]], states: Mapping[int, str]) -> Mapping[str, Any] | None:
    """The way of each walk of a station."""
    spots = [spot for way in ways.values() for spot in way]
    if not spots:
        return None
    place = _fitted(spots, HIGH)
    drawn = [
        {
            "number": walk,
            "state": states.get(walk, "cut"),
            "points": [place.of(spot) for spot in way],
            "shade": 1 + number % CLASSES,
        }
        for number, (walk, way) in enumerate(sorted(ways.items()))
    ]
    return {"height": place.height, "ways": drawn}


class _Fitted:
    """A plane as large as a drawing, the north above."""

    def __init__(self, west: float, north: float, scale: float, height: int) -> None:
        self._west, self._north, self.scale, self.height = west, north, scale, height

    def of(self, spot: Spot) -> tuple[int, int]:
        return (
            round(MARGIN + (spot[0] - self._west) * self.scale),
            round(MARGIN + (self._north - spot[1]) * self.scale),
        )

    def laid(self, turned: complex, moved: complex) -> str:
        """The SVG transform of what lies so on the plane (bot.web.outlines.laid)."""
        turned, moved = turned * self.scale, moved * self.scale
        x, y = moved.real + MARGIN - self._west * self.scale, MARGIN + self._north * self.scale - moved.imag
        return f"matrix({turned.real:.5g} {-turned.imag:.5g} {turned.imag:.5g} {turned.real:.5g} {x:.1f} {y:.1f})"


def _fitted(spots: Sequence[Spot], highest: int) -> _Fitted:
    xs, ys = [spot[0] for spot in spots], [spot[1] for spot in spots]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    across, down = WIDTH - 2 * MARGIN, highest - 2 * MARGIN
    scale = min(across / width if width else across, down / height if height else down)
    west = min(xs) - (across / scale - width) / 2  # what is narrower stands in the middle
    return _Fitted(west, max(ys), scale, round(height * scale) + 2 * MARGIN)
