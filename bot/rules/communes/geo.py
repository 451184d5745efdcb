"""Distances on the globe, and the grid that finds what is near a point without looking everywhere."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import asin, ceil, cos, floor, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
KM_PER_DEGREE = 111.195
"""Length of one degree of latitude on that sphere."""

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def kilometres(one: Point, other: Point) -> float:
    """The great-circle distance between two points."""
    latitude, other_latitude = radians(one[0]), radians(other[0])
    half_north = sin((other_latitude - latitude) / 2)
    half_east = sin(radians(other[1] - one[1]) / 2)
    chord = half_north * half_north + cos(latitude) * cos(other_latitude) * half_east * half_east
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


CELL = 0.25
"""Side of a cell of the grid, in degrees."""
COLUMNS = round(360 / CELL)


def cell_of(latitude: float, longitude: float) -> int:
    """The number of the grid's cell that holds a point."""
    row = floor((latitude + 90) / CELL)
    return row * COLUMNS + floor((longitude + 180) / CELL) % COLUMNS


class Grid:
    """Points by cell: which ones may lie within a distance of a point.

    `cells` are the points' cells in ascending order, `points` their indexes in the same order.
    """

    def __init__(self, cells: Sequence[int], points: Sequence[int]) -> None:
        self._cells = cells
        self._points = points

    def around(self, point: Point, km: float) -> Iterator[int]:
        """The indexes of the points in every cell that the circle touches; some are a little beyond it."""
        latitude, longitude = point
        rows = km / KM_PER_DEGREE
        # Towards the poles a degree of longitude shrinks: take the widest row, all columns at a pole.
        narrow = cos(radians(min(90.0, abs(latitude) + rows)))
        columns = min(180.0, rows / narrow) if narrow > 1e-6 else 180.0
        width = min(COLUMNS, ceil(2 * columns / CELL) + 1)
        first_column = floor((longitude - columns + 180) / CELL)
        for row in range(
            floor((max(-90.0, latitude - rows) + 90) / CELL),
            floor((min(90.0, latitude + rows) + 90) / CELL) + 1,
        ):
            yield from self._row(row, first_column % COLUMNS, width)

    def _row(self, row: int, first: int, width: int) -> Iterator[int]:
        """The points in `width` cells of a row, from column `first`, across the date line if need be."""
        base = row * COLUMNS
        spans = [(first, min(first + width, COLUMNS))]
        if first + width > COLUMNS:
            spans.append((0, first + width - COLUMNS))
        for low, high in spans:
            start = bisect_left(self._cells, base + low)
            end = bisect_left(self._cells, base + high)
            yield from self._points[start:end]
