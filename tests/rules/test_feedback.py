"""What is said of an event afterwards, and its sums."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.feedback import Change, Feedback, Figures, may_be_rated, toggled

CHANGES = st.frozensets(st.sampled_from(list(Change)))


@given(st.lists(st.sampled_from(list(Change))))
def test_nothing_goes_with_no_other_and_twice_is_back(taps: list[Change]) -> None:
    said = Feedback()
    for tap in taps:
        after = toggled(said, tap)
        assert (tap in after) is (tap not in said.changes)
        assert Change.NOTHING not in after or len(after) == 1
        said = Feedback(changes=after)


@given(st.lists(st.integers(1, 5)))
def test_the_average_is_that_of_the_stars(given_: list[int]) -> None:
    sums = {("stars", str(stars)): given_.count(stars) for stars in set(given_)}
    figures = Figures(kept=False, sums=sums)
    assert figures.rated == len(given_)
    assert figures.average == (pytest.approx(sum(given_) / len(given_)) if given_ else None)


def test_what_most_would_change_comes_first_and_what_nobody_would_not_at_all() -> None:
    figures = Figures(kept=False, sums={("change", "time"): 1, ("change", "place"): 3, ("yes", ""): 7})
    assert figures.changes == [(Change.PLACE, 3), (Change.TIME, 1)]
    assert (figures.of("yes"), figures.of("no")) == (7, 0)


@pytest.mark.parametrize(
    ("after", "may"), [(-0.1, False), (0, True), (2, True), (24 * 14, True), (24 * 15, False)]
)
def test_it_is_said_from_the_start_on_for_two_weeks(after: float, may: bool) -> None:
    start = datetime(2016, 11, 24, 19, tzinfo=UTC)
    now = start + timedelta(hours=after)
    assert may_be_rated(start, start + timedelta(hours=2), now) is may
