"""Saved audiences name each other, never in a circle, and together stay readable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import BadAudience
from bot.rules.expression_text import expression_in
from bot.rules.expressions import grown, text_of
from bot.rules.saved_audiences import (
    SavedAudience,
    reached_from,
    require_no_circle,
    require_readable,
    users_of,
)

NOW = datetime(2016, 11, 16, tzinfo=UTC)


def saved(area: str = "FR", **expressions: str) -> dict[str, SavedAudience]:
    return {
        name: SavedAudience(name=name, area=area, expression=expression_in(text), saved_at=NOW)
        for name, text in expressions.items()
    }


AUDIENCES = saved(
    a="audience:b or audience:c", b="audience:c and staff", c="in:69", d="not audience:a", lonely="named"
)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("x", "not audience:x", "“x” would name itself (x → x): take audience:x out"),
        ("c", "in:69 or audience:b", "“c” would name itself (c → b → c): take audience:b out"),
        ("c", "audience:d", "(c → d → a → c)"),
    ],
)
def test_a_circle_is_refused(name: str, typed: str, sentence: str) -> None:
    with pytest.raises(BadAudience) as refused:
        require_no_circle(name, expression_in(typed), AUDIENCES)
    assert sentence in refused.value.sentence


def test_naming_the_same_one_twice_is_no_circle() -> None:
    require_no_circle("d", expression_in("audience:a and audience:b and not audience:c"), AUDIENCES)
    assert users_of("c", AUDIENCES) == ("a", "b")
    assert users_of("lonely", AUDIENCES) == ()
    assert {each.name for each in reached_from(expression_in("audience:d"), AUDIENCES)} == {*"dabc"}


def test_doubling_again_and_again_is_refused_at_once() -> None:
    """Sixty of them would be as many leaves as nobody can count."""
    tower = saved(n0="in:69")
    for level in range(1, 60):
        tower |= saved(**{f"n{level}": f"audience:n{level - 1} or (staff and audience:n{level - 1})"})
    require_readable(expression_in("audience:n5"), tower)
    with pytest.raises(BadAudience) as refused:
        require_readable(expression_in("audience:n59"), tower)
    assert "With the saved audiences it names" in refused.value.sentence
    chain = saved(m0="in:69") | saved(**{f"m{n}": f"not (audience:m{n - 1})" for n in range(1, 200)})
    with pytest.raises(BadAudience):
        require_readable(expression_in("audience:m199"), chain)


def test_its_area_limits_an_audience_whatever_it_says() -> None:
    (inside,) = saved("69", x="volunteer or in:75").values()
    assert text_of(inside.meaning) == "(volunteer or in:75) and in:69"
    (everywhere,) = saved(x="volunteer or in:75").values()
    assert text_of(everywhere.meaning) == "volunteer or in:75"


def test_an_expression_grows_leaf_by_leaf() -> None:
    whole = expression_in("in:69 and (volunteer or not staff) and not (named or recruited)")
    assert [(text_of(each.leaf), text_of(each.so_far)) for each in grown(whole)] == [
        ("in:69", "in:69"),
        ("volunteer", "in:69 and volunteer"),
        ("not staff", "in:69 and (volunteer or not staff)"),
        ("not named", "in:69 and (volunteer or not staff) and not named"),
        ("not recruited", "in:69 and (volunteer or not staff) and not (named or recruited)"),
    ]
