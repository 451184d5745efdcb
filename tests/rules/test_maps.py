"""The map: parts of an area, and classes with round limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.areas import contains
from bot.rules.maps import CLASSES, class_of, classes, digits_of, limits, part_of, round_number

PARTS = {
    ("FR", "69123"): "R84",
    ("FR", "97411"): "R04",
    ("FR", "98818"): "988",
    ("R84", "69381"): "69",
    ("69", "69381"): "69123",
    ("69", "69266"): "69266",
    ("75", "75115"): "75115",
    ("2A", "2A004"): "2A004",
    ("988", "98818"): "98818",
}


@pytest.mark.parametrize(("area", "commune"), PARTS)
def test_a_commune_falls_into_the_part_that_is_shown(area: str, commune: str) -> None:
    part = part_of(area, commune)
    assert part == PARTS[area, commune]
    assert contains(area, part)
    assert contains(part, commune)


@given(st.lists(st.integers(0, 10**7), max_size=60))
def test_classes_rise_begin_at_round_numbers_and_leave_nobody_out(values: list[int]) -> None:
    found = limits(values)
    assert list(found) == sorted(set(found))
    assert len(found) < CLASSES
    for limit in found:
        assert str(f"{limit:f}").strip("0.") in {"1", "2", "3", "5", "7"}
    for value in values:
        assert class_of(value, found) in range(1 if value else 0, CLASSES + 1 if value else 1)
    classes = [class_of(value, found) for value in sorted(values)]
    assert classes == sorted(classes)


@given(st.floats(1e-3, 1e9))
def test_a_round_number_is_near_below(value: float) -> None:
    assert value * 0.49 < round_number(value) <= value * (1 + 1e-9)


@given(st.lists(st.integers(1, 10**7), max_size=60))
def test_every_number_stands_in_one_class_of_the_legend(values: list[int]) -> None:
    found = limits(values)
    drawn = classes(values, found)
    for value in values:
        holding = [
            place
            for place, (begin, end) in enumerate(drawn, start=1)
            if begin <= value and (end is None or value < end)
        ]
        assert holding == [class_of(value, found)]


def test_a_number_and_one_many_times_as_large_are_no_one_colour() -> None:
    """As where a few areas have most of it: 25 and 528 were of the class that began at 20."""
    values = [*range(10, 22), 25, 528]
    found = limits(values)
    assert class_of(25, found) < class_of(528, found) == CLASSES
    assert class_of(10, found) == 1


def test_the_legend_of_few_numbers_tells_whole_numbers_that_exclude_each_other() -> None:
    values = [1, 2, 3, 5, 7, 9, 12, 40]
    assert classes(values, limits(values)) == [(1, 2), (2, 5), (5, 7), (7, 10), (10, None)]
    assert classes([], ()) == []
    assert digits_of([0.002, 3.0]) == 3
    assert digits_of([20.0]) == digits_of([]) == 1
