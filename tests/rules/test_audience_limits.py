"""An audience is narrowed to the areas of whoever sends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.areas import contains
from bot.rules.audience_limits import areas_of, common_area, limited_to, outside, within
from bot.rules.expression_text import expression_in
from bot.rules.expressions import text_of

AREAS = st.sampled_from(["FR", "abroad", "R84", "R11", "69", "42", "75", "69123", "69381", "75101", "974"])


@pytest.mark.parametrize(
    ("asked", "held", "expected"),
    [
        ("FR", ["69"], ["69"]),  # everybody, as far as one may reach
        ("69123", ["R84"], ["69123"]),
        ("69", ["75"], []),  # nobody, rather than somebody else's people
        ("FR", ["69", "42"], ["42", "69"]),  # several roles: their union
        ("FR", ["69123", "69"], ["69"]),  # one area within another is not counted twice
        ("FR", [], []),  # no role any more
        ("abroad", ["69"], []),
        ("abroad", ["FR"], ["abroad"]),
    ],
)
def test_limits(asked: str, held: list[str], expected: list[str]) -> None:
    limited, areas = limited_to(expression_in(f"in:{asked}"), held)
    assert sorted(areas) == expected
    assert (limited is None) == (not expected)


@given(asked=AREAS, held=st.lists(AREAS, max_size=4))
def test_nobody_outside_is_reached(asked: str, held: list[str]) -> None:
    limited, areas = limited_to(expression_in(f"in:{asked} and volunteer"), held)
    if limited is None:
        assert not areas
        return
    assert set(areas_of(limited)) == set(areas)
    for area in areas:
        assert contains(asked, area)
        assert any(contains(each, area) for each in held)


@pytest.mark.parametrize(
    ("asked", "limited"),
    [
        ("volunteer", "volunteer and in:69"),
        ("in:75 or volunteer", "(in:75 or volunteer) and in:69"),
        ("not in:69123", "not in:69123 and in:69"),
        ("in:69", "in:69"),
        ("in:69123", "in:69123 and in:69"),
        ("in:75 and volunteer", None),
    ],
)
def test_whatever_an_audience_says_it_ends_at_the_border(asked: str, limited: str | None) -> None:
    found, _ = limited_to(expression_in(asked), ["69"])
    assert (None if found is None else text_of(found)) == limited


@pytest.mark.parametrize(
    ("asked", "areas"),
    [
        ("in:69 and volunteer", {"69"}),
        ("in:69 or in:42", {"69", "42"}),
        ("in:69 or in:R84", {"R84"}),
        ("in:69 or volunteer", {"FR"}),
        ("in:R84 and in:69123", {"69123"}),
        ("in:69 and in:75", set()),
        ("not in:69", {"FR"}),
        ("not (not in:69 or not in:42)", set()),
        ("near:69123:5", {"FR"}),
        ("in:abroad", {"abroad"}),
    ],
)
def test_the_areas_that_hold_an_audience(asked: str, areas: set[str]) -> None:
    assert set(areas_of(expression_in(asked))) == areas


@pytest.mark.parametrize(
    ("asked", "pointed_at"),
    [
        ("in:75", ["in:75"]),
        ("volunteer or in:abroad", ["in:abroad"]),
        ("in:69123 or (in:01 and in:75)", ["in:01", "in:75"]),
        ("near:75056:20 or near:69123:20", ["near:75056:20"]),
        ("in:R84 or in:69381", []),  # it is wider, or within
        ("not in:75", []),  # nothing is asked of it
    ],
)
def test_places_that_lie_elsewhere(asked: str, pointed_at: list[str]) -> None:
    around = {("75056", 20): ("75056", "92004"), ("69123", 20): ("69123", "01004")}
    assert [*map(str, outside(expression_in(asked), ["69", "42"], around))] == pointed_at
    assert not [*outside(expression_in(asked), ["FR"], around)]


def test_an_area_is_added_where_it_says_more() -> None:
    assert text_of(within(expression_in("in:69123"), "69")) == "in:69123"
    assert text_of(within(expression_in("volunteer"), "69")) == "volunteer and in:69"
    assert text_of(within(expression_in("volunteer"), "FR")) == "volunteer"


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (["69"], "69"),
        (["69", "42"], "R84"),
        (["69123", "69266"], "69"),
        (["69381", "69123"], "69123"),
        (["69", "75"], "FR"),
        (["abroad"], "abroad"),
        (["974", "971"], "FR"),
        ([], "FR"),
    ],
)
def test_the_area_that_holds_them_all(areas: list[str], expected: str) -> None:
    assert common_area(areas) == expected
