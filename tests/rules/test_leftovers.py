"""Answers of people who left are counted in each area around them, by day and over all days."""

from __future__ import annotations

import pytest

from bot.rules.leftovers import ALL_DAYS, Cell, LeftAnswer


@pytest.mark.parametrize(
    ("department", "is_abroad", "areas"),
    [
        ("69", False, {"69", "R84", "FR"}),
        ("2A", False, {"2A", "R94", "FR"}),
        ("988", False, {"988", "R988", "FR"}),
        (None, True, {"abroad", "FR"}),
        (None, False, {"FR"}),  # they had not said where they vote
    ],
)
def test_an_answer_is_counted_in_each_area_around_it(
    department: str | None, is_abroad: bool, areas: set[str]
) -> None:
    answer = LeftAnswer("2016-11-20", "rsvp", "abc", "yes", department, is_abroad)
    assert set(answer.cells()) == {
        Cell(day=day, question="rsvp", subject="abc", answer="yes", area=area)
        for day in ("2016-11-20", ALL_DAYS)
        for area in areas
    }


def test_each_cell_has_a_name_of_its_own() -> None:
    """What is sealed tells a question from its subject."""
    one = Cell(day="", question="a", subject="b", answer="c", area="FR")
    others = one._replace(question="ab", subject=""), one._replace(subject="bc", answer="")
    assert one.name not in {other.name for other in others}
