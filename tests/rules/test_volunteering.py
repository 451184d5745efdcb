"""Offers to help: in which area, and who of the team hears of it first."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.areas import areas_around, contains
from bot.rules.permissions import STAFF_ROLES, Action, Role, Staff, may
from bot.rules.volunteering import area_of, told_first

AREAS = ("FR", "R84", "69", "69123", "69381", "13", "13055", "abroad", "971", "987", "R987", "98735")


@pytest.mark.parametrize(
    ("commune", "territory", "area"),
    [
        ("69123", "FR", "69123"),
        (None, "FR", "FR"),  # metropolitan France, and nothing more was said
        (None, None, "FR"),
        (None, "971", "971"),
        (None, "987-marquises", "987"),
        (None, "abroad", "abroad"),
    ],
)
def test_the_area_is_where_one_votes_as_far_as_it_was_said(
    commune: str | None, territory: str | None, area: str
) -> None:
    assert area_of(commune=commune, territory=territory) == area


TEAMS = st.lists(
    st.builds(Staff, id=st.integers(1, 9), role=st.sampled_from(STAFF_ROLES), area=st.sampled_from(AREAS)),
    max_size=8,
)


@given(team=TEAMS, area=st.sampled_from(AREAS))
def test_who_covers_the_area_is_told_the_nearest_first_and_nobody_else(team: list[Staff], area: str) -> None:
    turns = told_first(team, area)
    told = [member for turn in turns for member in turn]
    assert sorted(map(repr, told)) == sorted(repr(m) for m in team if may(m, Action.TAKE_OFFER, area))
    for nearer, farther in pairwise(turns):
        for one in nearer:
            for other in farther:
                assert one.role is not Role.ADMIN or other.role is Role.ADMIN
                if other.role is not Role.ADMIN:
                    assert contains(other.area, one.area)
                    assert not contains(one.area, other.area)


def test_of_a_city_its_own_organizers_come_before_those_of_the_region_and_admins_come_last() -> None:
    admin, region, city = (
        Staff(id=1, role=Role.ADMIN, area="FR"),
        Staff(id=2, role=Role.COORDINATOR, area="R84"),
        Staff(id=3, role=Role.ORGANIZER, area="69123"),
    )
    elsewhere = Staff(id=4, role=Role.COORDINATOR, area="13")
    assert told_first([admin, region, city, elsewhere], "69381") == [[city], [region], [admin]]
    assert told_first([admin, elsewhere], "69123") == [[admin]]
    assert areas_around("69381")[:2] == ("69381", "69123")
