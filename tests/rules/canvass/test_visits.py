"""The card moves on from door to door; what walks tell, and which of them want talking over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.canvass.visits import (
    DoorOutcome,
    DoorState,
    WalkDoubt,
    WalkingHours,
    doubt,
    is_daytime,
    next_door,
    reached,
    tally,
)

NOW = datetime(2016, 11, 16, 15, tzinfo=UTC)
DOORS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)), min_size=1, max_size=12).map(
    lambda made: [
        DoorState(
            id=number,
            number=number,
            suffix="",
            dwellings=most,
            outcomes=(DoorOutcome.NOBODY,) * min(most, done),
        )
        for number, (most, done) in enumerate(made)
    ]
)


@given(DOORS, st.integers(0, 11))
def test_the_next_door_is_one_that_is_left_and_none_is_forgotten(doors: list[DoorState], at: int) -> None:
    found = next_door(doors, at)
    left = [door for door in doors if not door.is_done]
    assert (found is None) is (not left)
    if found is not None:
        ahead = [door for door in left if door.id >= at]
        assert found == (ahead or left)[0]


@given(DOORS, st.integers(0, 11), st.integers(0, 11))
def test_from_one_door_to_another_in_either_order(doors: list[DoorState], one: int, other: int) -> None:
    found = reached(doors, one, other)
    assert found == reached(doors, other, one)
    assert all(not door.is_done and min(one, other) <= door.id <= max(one, other) for door in found)


@pytest.mark.parametrize(
    ("outcomes", "seconds", "paper", "told"),
    [
        (
            [DoorOutcome.OPENED] * 20 + [DoorOutcome.NOBODY] * 20,
            7,
            False,
            WalkDoubt.TOO_FAST,
        ),  # forty doors in five minutes
        ([DoorOutcome.OPENED] * 20 + [DoorOutcome.NOBODY] * 20, 7, True, None),  # entered from a sheet
        ([DoorOutcome.OPENED] * 20, 180, False, WalkDoubt.ALL_OPENED),
        ([DoorOutcome.OPENED] * 20, 7, True, WalkDoubt.ALL_OPENED),
        ([DoorOutcome.NOBODY] * 40, 1, False, None),  # a street where nobody is in, tapped at its end
        ([DoorOutcome.OPENED] * 5, 1, False, None),  # too few to tell
        ([DoorOutcome.OPENED] * 12 + [DoorOutcome.NOBODY] * 28, 150, False, None),
    ],
)
def test_which_walks_want_talking_over(
    outcomes: list[DoorOutcome], seconds: int, paper: bool, told: WalkDoubt | None
) -> None:
    noted = [(each, NOW + timedelta(seconds=seconds * place), paper) for place, each in enumerate(outcomes)]
    assert doubt(tally(noted)) is told


def test_a_tally_counts_contacts_and_the_time_between_doors() -> None:
    found = tally([(DoorOutcome.AGAIN, NOW, False), (DoorOutcome.LEAFLET, NOW + timedelta(minutes=3), False)])
    assert (found.doors, found.contacts, found.contact_rate, found.minutes_a_door) == (2, 1, 0.5, 3.0)
    assert tally([]).minutes_a_door is None


@pytest.mark.parametrize(("hour", "told"), [(9, False), (10, True), (19, True), (20, False)])
def test_doors_are_knocked_at_by_day(hour: int, told: bool) -> None:
    assert is_daytime(NOW.replace(hour=hour), WalkingHours()) is told
