import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.communes.geo import Grid, cell_of, kilometres

points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((48.8566, 2.3522), (45.764, 4.8357), 391.5),  # Paris, Lyon
        ((0.0, 0.0), (0.0, 180.0), math.pi * 6371.0088),
        ((-17.5, 179.9), (-17.5, -179.9), 21.2),  # across the date line
        ((90.0, 12.0), (90.0, -100.0), 0.0),
    ],
)
def test_kilometres(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert kilometres(one, other) == pytest.approx(km, abs=0.1)


@given(points, points)
def test_kilometres_is_a_distance(one: tuple[float, float], other: tuple[float, float]) -> None:
    assert kilometres(one, other) == pytest.approx(kilometres(other, one))
    assert 0 <= kilometres(one, other) <= math.pi * 6371.0088 + 1e-6
    assert kilometres(one, one) == 0


@given(st.lists(points, min_size=1, max_size=40), points, st.floats(0, 2000))
def test_the_grid_misses_nothing(
    places: list[tuple[float, float]], here: tuple[float, float], km: float
) -> None:
    cells = [cell_of(*place) for place in places]
    order = sorted(range(len(places)), key=cells.__getitem__)
    around = list(Grid([cells[at] for at in order], order).around(here, km))
    assert len(around) == len(set(around))
    assert {at for at, place in enumerate(places) if kilometres(here, place) <= km} <= set(around)
