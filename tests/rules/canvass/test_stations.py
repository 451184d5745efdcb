"""Which addresses belong to which station, how stations are named, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.canvass.ranking import StationResult, Weights, rank
from bot.rules.canvass.stations import Belonging, Point, belong, station_code

PLACES = st.tuples(st.floats(45.0, 45.1), st.floats(4.0, 4.1))


def points(name: str, places: list[tuple[float, float]]) -> list[Point]:
    return [Point(f"{name}{number}", "a", *place) for number, place in enumerate(places)]


@given(st.lists(PLACES, max_size=20), st.lists(PLACES, min_size=2, max_size=5))
def test_where_no_file_says_so_the_station_is_the_nearest(
    houses: list[tuple[float, float]], places: list[tuple[float, float]]
) -> None:
    addresses, stations = points("h", houses), points("s", places)
    found = belong(addresses, given={}, stations=stations)
    assert found.keys() == {each.key for each in addresses}

    def away(one: Point, other: Point) -> float:
        return (one.latitude - other.latitude) ** 2 + ((one.longitude - other.longitude) * 0.707) ** 2

    for each in addresses:
        chosen = next(station for station in stations if station.key == found[each.key].station)
        assert away(each, chosen) <= min(away(each, station) for station in stations) * 1.02 + 1e-12
        assert not found[each.key].given


def test_what_a_file_says_comes_first_and_lends_itself_to_the_neighbours() -> None:
    addresses = points("h", [(45.0, 4.0), (45.0, 4.0001), (45.0, 4.05)])
    stations = points("s", [(45.0, 4.0), (45.0, 4.05)])
    given = {"h0": "s1", "h2": "s0", "elsewhere": "s1"}
    assert belong(addresses, given=given, stations=stations) == {
        "h0": Belonging("s1", True),
        "h1": Belonging("s1", False),
        "h2": Belonging("s0", True),
    }
    assert belong(addresses, given={}, stations=[]) == {}
    assert {each.station for each in belong(addresses, given={}, stations=stations[:1]).values()} == {"s0"}
    nowhere = points("s", [(0.0, 0.0), (0.0, 0.0)])  # known by their results alone
    assert belong(addresses, given={}, stations=nowhere) == {}


def test_stations_are_named_by_commune_and_number() -> None:
    assert station_code("69123", "101") == station_code("69123", "69123_0101") == "69123_0101"
    assert station_code("2A004", " 12b ") == "2A004_012B"
    with pytest.raises(ValueError, match="no number of a station"):
        station_code("69123", "Mairie")


def turnout(code: str, registered: int, voters: int, ours: int) -> StationResult:
    return StationResult(
        station=code, commune="69123", registered=registered, voters=voters, cast=voters, ours=ours
    )


def test_worth_is_registered_times_abstention_times_share() -> None:
    a, b, c = turnout("a", 1000, 500, 250), turnout("b", 1000, 800, 600), turnout("c", 0, 0, 0)
    assert [(each.turnout.station, each.worth, each.rank) for each in rank([c, b, a], Weights())] == [
        ("a", 250.0, 1),
        ("b", pytest.approx(150.0), 2),
        ("c", 0.0, 3),
    ]
    by_share = rank([a, b, c], Weights(registered=0, abstention=0, share=1))
    assert [each.turnout.station for each in by_share] == ["b", "a", "c"]
    assert [each.turnout.station for each in rank([b, a], Weights(registered=0, abstention=0, share=0))] == [
        "a",
        "b",
    ]
