"""Whether one audience lies in another one is read off their words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.belonging import Setting, Somebody, facts_of, verdict
from bot.rules.entailment import MOST_COLUMNS, is_within, subjects_of
from bot.rules.expression_text import expression_in
from bot.rules.expressions import All, AnyOf, Expression, Not, canonical
from bot.rules.sampling import Sampling
from bot.rules.territories import ABROAD
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
        ("volunteer", "in:69 or not in:69"),  # not who did not agree to the use of their commune
        ("volunteer", "audience:close or not audience:close"),
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


@given(st.integers(MOST_COLUMNS + 1, 40))
def test_very_many_conditions_are_compared_part_by_part(many: int) -> None:
    days = [f"joined:<{number}d" for number in range(1, many + 1)]
    assert is_within(expression_in(" and ".join(days)), expression_in(" and ".join(days[1:])))
    assert is_within(expression_in(f"in:69 and not ({' or '.join(days)})"), expression_in("in:69"))
    assert is_within(expression_in(" or ".join(days[1:])), expression_in(" or ".join(days)))
    assert not is_within(expression_in(" or ".join(days)), expression_in(" or ".join(days[1:])))


def test_deep_ones_are_compared_in_no_time() -> None:
    """The ways from part to part are nearly four times as many with each of these."""
    first, second = expression_in("vote:1:voted"), expression_in("vote:2:voted")
    days = [expression_in(f"joined:<{number}d") for number in range(1, MOST_COLUMNS + 2)]
    one: Expression = AnyOf(tuple(days[:4]))
    other: Expression = All(tuple(days[4:]))
    for _ in range(20):
        one = All((second, AnyOf((first, one))))
        other = AnyOf((first, All((second, other))))
    assert not is_within(canonical(one), canonical(other))


PLACES = [
    expression_in(text) for text in ("in:69", "in:75", "in:R84", "in:abroad", "in:974", "volunteer", "staff")
]
PLACES += [expression_in(text) for text in ("near:69123:10", "near:69123:20")]
OF_PLACES = st.recursive(
    st.sampled_from(PLACES),
    lambda trees: st.one_of(
        trees.map(Not),
        st.lists(trees, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(trees, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
).map(canonical)
SETTING = Setting(
    now=datetime(2026, 11, 1, tzinfo=UTC),
    sampling=Sampling(factor=1, shift=0, mixer=0),
    within={("69123", 10): frozenset({"69123"}), ("69123", 20): frozenset({"69123", "69001"})},
)
CROWD = [
    facts_of(
        Somebody(
            id=1,
            commune=None if place == ABROAD else place,
            territory=ABROAD if place == ABROAD else None,
            agreed_commune=agreed,
            volunteer=volunteer,
            is_staff=staff,
        ),
        SETTING,
    )
    for place in ("69123", "69001", "75056", "01001", "97411", ABROAD, None)
    for agreed in (True, False)
    for volunteer in (True, False)
    for staff in (True, False)
]


@given(OF_PLACES, OF_PLACES)
def test_whoever_did_not_agree_to_the_use_of_their_commune_is_in_no_audience_by_it(
    one: Expression, other: Expression
) -> None:
    within = is_within(one, other)
    for facts in CROWD:
        assert not within or not verdict(one, facts).is_in or verdict(other, facts).is_in
    if within and subjects_of(one) and subjects_of(other):
        assert subjects_of(one) & subjects_of(other)
