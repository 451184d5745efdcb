"""Where a point lies on the globe: the nearest communes, those around one, and how far it is between two."""

import pytest
from hypothesis import given, settings

from bot.rules.communes.gazetteer import UNSURE_KM
from tests.communes.test_gazetteer import CITIES, GAZETTEER, codes, commune
from tests.thorough import examples


@settings(max_examples=examples(100), deadline=None)
@given(codes)
def test_a_commune_is_nearest_to_its_own_centre(code: str) -> None:
    found = commune(code)
    if code in CITIES:
        return  # Their arrondissements stand in for them.
    nearest, km = GAZETTEER.nearest(found.latitude, found.longitude)[0]
    if found.approximate and found.parent is None:
        assert km <= UNSURE_KM  # a place that is known better may stand before it
        return
    assert km == 0
    assert (nearest.latitude, nearest.longitude) == (found.latitude, found.longitude)


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ((43.6045, 1.4440), "Toulouse"),
        ((48.8412, 2.2930), "Paris 15e"),
        ((-20.8789, 55.4481), "Saint-Denis"),
        ((-17.5350, -149.5696), "Papeete"),
        ((-9.80, -139.03), "Hiva-Oa"),
        ((-22.2758, 166.4581), "Nouméa"),
        ((-20.5600, 164.2800), "Koumac"),
        ((-16.7330, -151.4400), "Uturoa"),
    ],
)
def test_nearest(point: tuple[float, float], name: str) -> None:
    found = GAZETTEER.nearest(*point)
    assert found[0][0].name == name
    assert [km for _, km in found] == sorted(km for _, km in found)
    assert len(found) == 3


def test_in_the_pacific_no_commune_stands_where_another_does() -> None:
    """The mean of all its neighbours once was the centre of Nouméa, on the other side of the island."""
    centres: dict[tuple[float, float], list[str]] = {}
    for code in GAZETTEER.codes():
        found = commune(code)
        if code[:3] in ("986", "987", "988"):
            centres.setdefault((found.latitude, found.longitude), []).append(found.name)
    assert [names for names in centres.values() if len(names) > 1] == []


def test_a_radius_ends_with_its_island() -> None:
    """Of Polynesia Papeete has its own island and the next one around it, and no atoll."""
    around = {commune(code).name for code in GAZETTEER.within("98735", 100)}
    assert {"Faaa", "Moorea-Maiao"} <= around
    assert around.isdisjoint({"Uturoa", "Huahine", "Rangiroa", "Fakarava"})


@pytest.mark.parametrize(
    "point",
    [
        (0.0, 0.0),
        (51.5, -0.12),  # London
        (40.4, -3.7),  # Madrid
        (90.0, 0.0),
        (-90.0, 180.0),
        (91.0, 0.0),  # not on the globe
        (float("nan"), 0.0),
        (float("inf"), 0.0),
    ],
)
def test_far_from_every_commune_there_is_none(point: tuple[float, float]) -> None:
    assert GAZETTEER.nearest(*point) == []


def test_within_a_radius() -> None:
    around = GAZETTEER.within("69123", 10)
    assert {"69123", "69266", "69383"} <= around  # Lyon, Villeurbanne, Lyon 3e
    assert "42218" not in around  # Saint-Étienne, 50 km away
    assert GAZETTEER.within("69123", 0) == {"69123"}
    assert GAZETTEER.within("00000", 10) == frozenset()
    for code in around:
        km = GAZETTEER.distance_km("69123", code)
        assert km is not None
        assert km <= 10


def test_distance() -> None:
    assert GAZETTEER.distance_km("75056", "69123") == pytest.approx(392, abs=3)
    assert GAZETTEER.distance_km("75056", "00000") is None
