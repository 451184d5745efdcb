"""Every door is in one walk, walks are alike in length, and the same doors give the same walks."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.canvass.cutting import MOST_OF_LEG, cut, join, number_of_walks
from bot.rules.canvass.doors import Door

STREETS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(st.integers(1, 40), st.integers(0, 3000), st.integers(0, 3000)),
    min_size=1,
    max_size=8,
)


def town(streets: dict[str, tuple[int, int, int]]) -> list[Door]:
    """Streets of that many doors each, from a spot some metres to the north and the east."""
    return [
        Door(f"{name}_{number}", name, number, "", 45 + north * 1e-5, 4 + east * 1e-5 + number * 1e-4)
        for name, (doors, north, east) in streets.items()
        for number in range(1, doors + 1)
    ]


@given(STREETS, st.integers(5, 80), st.randoms())
def test_every_door_is_in_one_walk_whatever_the_order(
    streets: dict[str, tuple[int, int, int]], most: int, order: random.Random
) -> None:
    doors = town(streets)
    walks = cut(doors, most)
    walked = [stop.door for walk in walks for stop in walk.stops]
    assert sorted(walked) == sorted(doors)
    order.shuffle(doors)
    assert cut(doors, most) == walks


@given(STREETS, st.integers(10, 80))
def test_walks_are_as_long_as_each_other(streets: dict[str, tuple[int, int, int]], most: int) -> None:
    doors = town(streets)
    walks = cut(doors, most)
    mean = len(doors) / len(walks)
    for walk in walks:
        assert abs(len(walk.stops) - mean) <= max(1, 0.2 * mean)


@given(st.integers(1, 5000), st.integers(5, 200))
def test_there_are_as_many_walks_as_fit_best(doors: int, most: int) -> None:
    walks = number_of_walks(doors, most)

    def off(number: int) -> float:
        return max(doors / number / most, most * number / doors)

    assert off(walks) <= off(walks + 1)
    assert walks == 1 or off(walks) <= off(walks - 1)


def test_one_goes_up_one_side_and_back_on_the_other() -> None:
    (walk,) = cut(town({"a": (12, 0, 0)}), 50)
    assert [stop.door.number for stop in walk.stops] == [1, 3, 5, 7, 9, 11, 12, 10, 8, 6, 4, 2]
    assert [stop.leg for stop in walk.stops] == [0] * 6 + [1] * 6


def test_a_walk_ends_between_two_streets_where_one_ends_nearby() -> None:
    first, second = cut(town({"a": (54, 0, 0), "b": (48, 500, 0)}), 50)
    assert {stop.door.street for stop in first.stops} == {"a"}
    assert {stop.door.street for stop in second.stops} == {"b"}


def test_two_streets_of_one_name_are_two() -> None:
    """A commune that was made of several villages has a church street in each."""
    here = town({"church": (12, 0, 0)})
    there = [door._replace(key=f"x{door.key}", latitude=door.latitude + 0.06) for door in here]
    (walk,) = cut([*here, *there], 50)
    assert [stop.door.latitude for stop in walk.stops] == sorted(stop.door.latitude for stop in walk.stops)
    assert walk.metres < 2 * 7000
    # What is new goes to the one that it is near.
    near = here[0]._replace(key="new", number=13, longitude=here[-1].longitude + 1e-4)
    assert near in [stop.door for stop in join({"far": there, "near": here}, [near])["near"].stops]


def test_a_leg_fits_on_a_card() -> None:
    (walk,) = cut(town({"a": (190, 0, 0)}), 190)
    legs = [stop.leg for stop in walk.stops]
    assert max(map(legs.count, legs)) <= MOST_OF_LEG
    assert legs == sorted(legs)


def test_a_building_counts_for_its_dwellings() -> None:
    doors = [door._replace(dwellings=10 if door.number == 1 else 1) for door in town({"a": (30, 0, 0)})]
    walks = cut(doors, 10)
    weights = [sum(stop.door.dwellings for stop in walk.stops) for walk in walks]
    assert sum(weights) == 39
    assert len(walks) == 4


@given(STREETS, st.integers(10, 60), st.data())
def test_what_is_new_joins_a_walk_and_nothing_moves_to_another(
    streets: dict[str, tuple[int, int, int]], most: int, data: st.DataObject
) -> None:
    doors = town(streets)
    new = set(data.draw(st.lists(st.sampled_from(doors), max_size=5, unique=True)))
    old = [door for door in doors if door not in new]
    if not old:
        return
    before = {str(number): {stop.door for stop in walk.stops} for number, walk in enumerate(cut(old, most))}
    after = {name: {stop.door for stop in walk.stops} for name, walk in join(before, new).items()}
    assert sorted(door for some in after.values() for door in some) == sorted(doors)
    assert all(before[name] <= after[name] for name in before)
    assert join(before, []) == join({name: sorted(some) for name, some in before.items()}, [])
