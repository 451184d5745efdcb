"""Stations on a drawing stand within an outline: of their commune, of their département, or a small one beside."""

from __future__ import annotations

from collections import Counter
from math import hypot

import pytest

from bot import communes
from bot.actions.canvass_results import StationLine
from bot.rules.canvass.visits import Tally
from bot.web.console.ground_drawn import APART, LINE, LOW, WIDTH, stations_drawn

GAZETTEER = communes.load()
BELLECOUR, CROIX_ROUSSE = (45.7578, 4.8320), (45.7745, 4.8310)


def line(code: str, point: tuple[float, float]) -> StationLine:
    return StationLine(
        code=code,
        commune=code[:5],
        name=None,
        point=point,
        ranked=None,
        walks=Counter(),
        tally=Tally(counts=Counter()),
    )


@pytest.mark.parametrize(
    ("stations", "file", "is_located"),
    [
        ({"69123_0101": BELLECOUR}, "map/communes/69.svg", False),
        ({"69123_0101": BELLECOUR, "69123_0102": CROIX_ROUSSE}, "map/communes/69.svg", False),
        # Across a square: nothing of the commune's border is near.
        ({"69123_0101": BELLECOUR, "69123_0102": (45.7582, 4.8325)}, "map/communes/69.svg", True),
        # Hundreds of kilometres: communes would be dots.
        ({"69123_0101": BELLECOUR, "83137_0001": (43.12, 5.93)}, "map/departments.svg", False),
    ],
)
def test_an_outline_is_behind_a_few_stations(
    stations: dict[str, tuple[float, float]], file: str, is_located: bool
) -> None:
    drawn = stations_drawn([line(code, point) for code, point in stations.items()], GAZETTEER)
    assert drawn is not None
    assert {each[0] for each in drawn["outlines"]} == {file}
    for _file, _shape, laid, line_of_shape in drawn["outlines"]:
        across, down = (float(each) for each in laid.removeprefix("matrix(").split()[:2])
        assert float(line_of_shape) * hypot(across, down) == pytest.approx(LINE, rel=0.01)
    assert (drawn["locator"] is not None) is is_located
    places = [each["at"] for each in drawn["points"]]
    assert all(0 <= x <= WIDTH and 0 <= y <= LOW for x, y in places)
    for number, (x, y) in enumerate(places):
        for other_x, other_y in places[number + 1 :]:
            assert abs(x - other_x) + abs(y - other_y) >= APART
    if is_located:
        x, y = drawn["locator"]["at"]
        assert 0 < x < WIDTH
        assert 0 < y < drawn["locator"]["height"]


def test_overseas_no_outline_is_near_enough_to_the_truth() -> None:
    drawn = stations_drawn(
        [line("97411_0001", (-20.88, 55.45)), line("97411_0002", (-20.89, 55.46))], GAZETTEER
    )
    assert drawn is not None
    assert (drawn["outlines"], drawn["locator"]) == ([], None)
