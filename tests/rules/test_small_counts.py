"""No two counts that staff of one area read, subtracted from each other, tell of fewer than ten others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.small_counts import LEAST, Headcount, Reader, in_tens

LOCAL, NATIONAL = Reader(known_in=("69",)), Reader(known_in=None)


@dataclass(frozen=True)
class Somebody:
    """A person as groups choose them; `known`: their rows are in the files of the team."""

    known: bool
    commune: int
    said_yes: bool


EVERYBODY = st.lists(st.builds(Somebody, st.booleans(), st.integers(0, 4), st.booleans()), max_size=80)


def headcount(group: frozenset[int], people: list[Somebody]) -> Headcount:
    known = sum(people[number].known for number in group)
    return Headcount(known=known, others=len(group) - known)


def groups(people: list[Somebody]) -> list[frozenset[int]]:
    """What may be asked: nested areas, each with and without a criterion, and everything but a part of it."""
    numbers = range(len(people))
    areas = [frozenset(each for each in numbers if people[each].commune <= last) for last in range(5)]
    communes = [frozenset(each for each in numbers if people[each].commune == only) for only in range(5)]
    yes = frozenset(each for each in numbers if people[each].said_yes)
    chosen = [*areas, *communes, frozenset()]
    return [*chosen, *(each & yes for each in chosen), *(areas[-1] - each for each in chosen)]


def read(shown: str, known: int) -> tuple[int, int]:
    """What an attacker who counts the rows of the files concludes about the others: the fewest and the most."""
    if shown.startswith("<"):
        return 0, LEAST - 1
    least, most = map(int, shown.split("–"))
    return least - known, most - known


def tells_of_a_few(least: int, most: int) -> bool:
    """Whether they are surely fewer than ten, and it is known better than that."""
    return most < LEAST and (least, most) != (0, LEAST - 1)


@given(EVERYBODY)
def test_whoever_subtracts_any_two_answers_learns_of_no_few(people: list[Somebody]) -> None:
    asked = {group: headcount(group, people) for group in groups(people)}
    told = {group: read(LOCAL.shown(count), count.known) for group, count in asked.items()}
    for one, other in permutations(asked, 2):
        # How many others are in the one and not in the other, from the two answers alone.
        least = max(told[one][0] - told[other][1], 0)
        most = told[one][1] - (told[other][0] if other <= one else 0)
        apart = one - other
        assert least <= headcount(apart, people).others <= most
        assert not tells_of_a_few(least, most), (asked[one], asked[other])


@given(EVERYBODY)
def test_whoever_subtracts_the_rows_of_a_file_learns_of_no_few(people: list[Somebody]) -> None:
    """A total beside a file that holds the known alone."""
    for group in groups(people):
        count = headcount(group, people)
        least, most = read(LOCAL.shown(count), count.known)
        assert least <= count.others <= most
        assert not tells_of_a_few(least, most)


def test_the_attacker_would_find_out_by_a_total_in_tens() -> None:
    """Why the known are counted apart: 19 people of whom 18 have rows would be shown as 10."""
    total, rows = 19, 18
    assert tells_of_a_few(max(in_tens(total) - rows, 0), in_tens(total) + LEAST - 1 - rows)


@given(st.builds(Headcount, known=st.integers(0, 50), others=st.integers(0, 500)))
def test_no_number_shown_is_wrong(count: Headcount) -> None:
    assert count.at_least <= count.total <= count.at_most
    assert count.total < LEAST or LOCAL.shown(count) != "< 10"


@pytest.mark.parametrize(
    ("known", "others", "shown"),
    [
        (0, 0, "< 10"),  # that nobody did is as telling
        (0, 9, "< 10"),
        (0, 10, "10–19"),
        (3, 0, "3–12"),
        (3, 9, "3–12"),
        (12, 27, "32–41"),
    ],
)
def test_what_staff_of_one_area_read(known: int, others: int, shown: str) -> None:
    assert LOCAL.shown(Headcount(known=known, others=others)) == shown


@given(st.builds(Headcount, known=st.integers(0, 50), others=st.integers(0, 500)))
def test_the_whole_campaign_is_counted_exactly(count: Headcount) -> None:
    assert NATIONAL.shown(count) == str(count.total)
    assert NATIONAL.at_least(count) == NATIONAL.at_most(count) == count.total
    assert NATIONAL.tells(count) is (count.total > 0)


@given(st.builds(Headcount, known=st.integers(0, 50), others=st.integers(0, 500)))
def test_what_is_left_out_is_what_reads_less_than_ten(count: Headcount) -> None:
    """A line that is shown only where there is somebody would tell of one."""
    assert LOCAL.tells(count) is (LOCAL.shown(count) != "< 10")
    assert LOCAL.at_least(count) <= count.total <= LOCAL.at_most(count)
