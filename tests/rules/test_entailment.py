"""Whether one audience lies in another one is read off their words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.entailment import MOST_LEAVES, is_within
from bot.rules.expression_text import expression_in
from bot.rules.expressions import Expression
from tests.rules.test_blurring import CONDITIONS, TREES, is_in


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("volunteer and in:69", "in:69"),
        ("in:69 and not vote:1:voted", "in:69"),
        ("in:69", "in:69 or in:75"),
        ("in:69123", "in:69"),
        ("in:69", "in:R84"),
        ("near:69123:10 and volunteer", "near:69123:20"),
        ("not near:69123:20", "not near:69123:10"),
        ("volunteer", "in:FR"),
        # however it is arranged
        ("in:69 and (volunteer or staff)", "(in:69 and volunteer) or (in:69 and staff)"),
        ("not (volunteer or staff)", "not volunteer and not staff"),
    ],
)
def test_a_narrower_one(narrow: str, wide: str) -> None:
    assert is_within(expression_in(narrow), expression_in(wide))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("in:69", "volunteer and in:69"),
        ("in:69", "in:75"),
        ("in:FR", "volunteer"),
        ("near:69123:20", "near:69123:10"),
        ("near:69123:10", "near:75056:20"),
        ("volunteer and in:69", "volunteer and not in:69"),
    ],
)
def test_no_narrower_one(one: str, other: str) -> None:
    assert not is_within(expression_in(one), expression_in(other))


@given(TREES, TREES)
def test_it_is_so_of_whatever_people_there_may_be(one: Expression, other: Expression) -> None:
    everybody = [
        {leaf for number, leaf in enumerate(CONDITIONS) if who >> number & 1}
        for who in range(1 << len(CONDITIONS))
    ]
    assert is_within(one, other) == all(
        is_in(somebody, other) for somebody in everybody if is_in(somebody, one)
    )


@given(st.integers(MOST_LEAVES + 1, 40))
def test_very_many_conditions_are_compared_part_by_part(many: int) -> None:
    days = [f"joined:<{number}d" for number in range(1, many + 1)]
    assert is_within(expression_in(" and ".join(days)), expression_in(" and ".join(days[1:])))
    assert is_within(expression_in(f"in:69 and not ({' or '.join(days)})"), expression_in("in:69"))
    assert is_within(expression_in(" or ".join(days[1:])), expression_in(" or ".join(days)))
    assert not is_within(expression_in(" or ".join(days)), expression_in(" or ".join(days[1:])))
