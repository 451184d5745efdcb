"""Areas: what staff and audiences are limited to."""

from bisect import bisect_left
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import communes
from bot.errors import UnknownArea
from bot.rules.areas import (
    CODE_LENGTH,
    DEPARTMENTS,
    REGIONS,
    after_prefix,
    city_of,
    contains,
    department_of,
    normal_area,
    prefixes_of,
)

AREAS = st.sampled_from(
    [
        "FR",
        "abroad",
        "R84",
        "R94",
        "R01",
        "69",
        "2A",
        "971",
        "988",
        "69123",
        "69381",
        "75056",
        "75115",
        "2A004",
        "97105",
    ]
)


def test_every_departement_has_a_region() -> None:
    assert len([code for code in DEPARTMENTS if len(code) == 2]) == 96
    assert len(REGIONS) == 18


@pytest.mark.parametrize(
    ("commune", "department", "region"),
    [
        ("69123", "69", "84"),
        ("2A004", "2A", "94"),
        ("2B033", "2B", "94"),
        ("97411", "974", "04"),
        ("97502", "975", "975"),
        ("98818", "988", "988"),
        ("98411", "984", "984"),
    ],
)
def test_a_commune_code_tells_its_departement_and_region(commune: str, department: str, region: str) -> None:
    assert department_of(commune) == department
    assert contains(f"R{region}", commune)


@pytest.mark.parametrize(
    ("area", "other", "expected"),
    [
        ("FR", "FR", True),
        ("FR", "69123", True),
        ("FR", "abroad", True),
        ("abroad", "FR", False),
        ("R84", "69", True),
        ("R84", "69123", True),
        ("R84", "75", False),
        ("69", "R84", False),
        ("69", "69123", True),
        ("69", "69381", True),  # Lyon 1er
        ("69123", "69381", True),  # an arrondissement is part of its city
        ("69381", "69123", False),  # the city is more than its arrondissement
        ("75056", "75115", True),
        ("13055", "13208", True),
        ("2A", "2B033", False),
        ("R94", "2B033", True),
        ("02", "97209", False),  # département 02 is the Aisne, region 02 Martinique
        ("R02", "97209", True),
        ("R975", "97502", True),
        ("975", "97502", True),
        ("975", "R975", True),
        ("R975", "975", True),
        ("987", "98731", True),
    ],
)
def test_an_area_contains_another(area: str, other: str, *, expected: bool) -> None:
    assert contains(area, other) is expected


@given(area=AREAS, other=AREAS, third=AREAS)
def test_containing_is_an_order(area: str, other: str, third: str) -> None:
    assert contains(area, area)
    if contains(area, other) and contains(other, third):
        assert contains(area, third)
    if contains(area, other) and contains(other, area):
        assert area == other


@pytest.mark.parametrize(
    ("typed", "code"), [(" r84 ", "R84"), ("2a", "2A"), ("fr", "FR"), ("Abroad", "abroad")]
)
def test_codes_are_taken_as_people_type_them(typed: str, code: str) -> None:
    assert normal_area(typed) == code


@pytest.mark.parametrize(
    "code", ["", "R", "R99", "20", "96", "970", "6912", "Lyon", "20123", "69ABC", "987-marquises"]
)
def test_an_unknown_code_is_refused_with_the_forms_allowed(code: str) -> None:
    with pytest.raises(UnknownArea, match="R84"):
        normal_area(code)


def test_other_communes_stand_for_themselves() -> None:
    assert city_of("69266") == "69266"


def test_the_codes_of_an_area_are_one_span_for_each_prefix() -> None:
    """By which the index of audiences finds them."""
    codes = sorted(communes.load().codes())
    begun: dict[str, set[str]] = {}
    for code, length in product(codes, range(1, CODE_LENGTH)):
        begun.setdefault(code[:length], set()).add(code)
    areas = {f"R{region}" for region in REGIONS} | set(DEPARTMENTS) | {"75056", "69123", "13055"}
    for first in {prefix for area in areas for prefix in prefixes_of(area) if len(prefix) < CODE_LENGTH}:
        within = codes[bisect_left(codes, first) : bisect_left(codes, after_prefix(first))]
        assert set(within) == begun.get(first, set()), first
