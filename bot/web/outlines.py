"""The outlines that are shipped (`static/map`): which shapes a file has, and where on them a commune lies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache

from bot.communes import Gazetteer
from bot.rules.areas import COLLECTIVITIES, city_of, department_of
from bot.web.site import STATIC

FRANCE, DEPARTMENTS = "FR", "map/departments.svg"
Box = Sequence[float]
"""Left, top, width, height."""


@cache
def frames() -> Mapping[str, Box]:
    """Where each area lies in its file."""
    return dict(json.loads((STATIC / "map" / "frames.json").read_text(encoding="utf-8")))


@cache
def shapes_in(file: str) -> Sequence[str]:
    """The areas that a file has a shape of."""
    return list(_paths(file))


@cache
def point_of(commune: str) -> tuple[float, float] | None:
    """Where a commune lies on the map of the départements; None where no outline tells."""
    department = department_of(commune)
    if department in COLLECTIVITIES and department not in frames():
        x, y, width, height = frames().get(f"frame:{department}", (0, 0, 0, 0))
        return (x + width / 2, y + height / 2) if width else None
    whole, close_up = frames().get(department), frames().get(f"communes:{department}")
    if whole is None or close_up is None:
        return None
    shapes = _paths(f"map/communes/{department}.svg")
    x, y = _middle(shapes.get(commune) or shapes.get(city_of(commune), ""), close_up)
    # Both files draw the same département: what lies in a part of one lies in the same part of the other.
    return (
        whole[0] + (x - close_up[0]) / close_up[2] * whole[2],
        whole[1] + (y - close_up[1]) / close_up[3] * whole[3],
    )


@cache
def laid(department: str, gazetteer: Gazetteer, shrunk: float) -> tuple[complex, complex] | None:
    """Where the map of a département’s communes lies on a plane of `longitude * shrunk + latitude i`: a point `x - y i`
    of its file times the first, and the second added. None without outlines, and overseas.

    No file tells: it is what fits best the middles of all communes, tens of metres off. Overseas town halls lie along
    the coast, and it would be hundreds.
    """
    close_up = frames().get(f"communes:{department}")
    if close_up is None or len(department) > len("2A"):
        return None
    pairs = []
    for code, drawn in _paths(f"map/communes/{department}.svg").items():
        commune = gazetteer.by_code(code)
        if commune is not None:
            x, y = _middle(drawn, close_up)
            pairs.append((complex(x, -y), complex(commune.longitude * shrunk, commune.latitude)))
    if len(pairs) < 2:
        return None
    before, after = (sum(each) / len(pairs) for each in zip(*pairs, strict=True))
    turned = sum((one - before).conjugate() * (other - after) for one, other in pairs)
    turned /= sum(abs(one - before) ** 2 for one, _other in pairs)
    return turned, after - turned * before


@cache
def box_of(department: str, shape: str) -> Box:
    """Where a shape of a département’s communes lies in their file."""
    across, down = _ring(_paths(f"map/communes/{department}.svg")[shape])
    return min(across), min(down), max(across) - min(across), max(down) - min(down)


@cache
def laid_whole(department: str, gazetteer: Gazetteer, shrunk: float) -> tuple[complex, complex] | None:
    """As `laid`, of the département's shape on the map of all départements."""
    lies, whole = laid(department, gazetteer, shrunk), frames().get(department)
    if lies is None or whole is None:
        return None
    close_up = frames()[f"communes:{department}"]
    # Both files draw the same département.
    scale = close_up[2] / whole[2]
    moved = complex(close_up[0] - scale * whole[0], scale * whole[1] - close_up[1])
    return lies[0] * scale, lies[0] * moved + lies[1]


@cache
def _paths(file: str) -> Mapping[str, str]:
    text = (STATIC / file).read_text(encoding="utf-8")
    return dict(re.findall(r'<path id="a(\w+)" d="([^"]*)"', text))


def _middle(drawn: str, otherwise: Box) -> tuple[float, float]:
    """The middle of a path."""
    if not drawn:
        return otherwise[0] + otherwise[2] / 2, otherwise[1] + otherwise[3] / 2
    across, down = _ring(drawn)
    return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2


def _ring(drawn: str) -> tuple[Sequence[int], Sequence[int]]:
    """The points of a path as `scripts/build_outlines.py` writes it: of its first ring, a point and then steps."""
    numbers = [int(each) for each in re.findall(r"-?\d+", drawn.partition("z")[0])]
    across, down = [numbers[0]], [numbers[1]]
    for x, y in zip(numbers[2::2], numbers[3::2], strict=True):
        across.append(across[-1] + x)
        down.append(down[-1] + y)
    return across, down
