"""An audience is narrowed to the areas of whoever sends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.areas import contains
from bot.rules.audience_limits import common_area, limited_to
from bot.rules.audiences import Audience

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
    found = limited_to(Audience(area=asked), held)
    assert sorted(audience.area for audience in found) == expected


@given(asked=AREAS, held=st.lists(AREAS, max_size=4))
def test_nobody_outside_is_reached(asked: str, held: list[str]) -> None:
    found = limited_to(Audience(area=asked, volunteers=True), held)
    for audience in found:
        assert audience.volunteers
        assert contains(asked, audience.area)
        assert any(contains(area, audience.area) for area in held)


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
