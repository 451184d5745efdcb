"""What is frozen behaves as a frozen dataclass, and its functions are made when the first of its kind is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from threading import Barrier, Thread

import pytest

from bot.frozen import Frozen, changed
from bot.rules.small_counts import Headcount
from tests.commanding import run_here


class Place(Frozen):
    name: str
    people: int = 0
    near: list[str] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if self.people < 0:
            raise ValueError("Nobody is the fewest.")


def test_what_is_made_of_the_same_is_the_same() -> None:
    lyon = Place(name="Lyon", people=3)
    assert (lyon, hash(lyon)) == (
        Place(name="Lyon", people=3),
        hash(Place(name="Lyon", people=3, near=["Bron"])),
    )
    assert lyon != Place(name="Lyon", people=4)
    assert repr(lyon) == "Place(name='Lyon', people=3, near=[])"
    assert replace(lyon, people=4) == Place(name="Lyon", people=4)
    assert asdict(lyon) == {"name": "Lyon", "people": 3, "near": []}


def test_one_like_it_has_other_values_and_no_other_fields() -> None:
    lyon = Place(name="Lyon", people=3, near=["Bron"])
    assert changed(lyon, people=4) == replace(lyon, people=4)
    assert (changed(lyon).near, lyon.people) == (["Bron"], 3)
    with pytest.raises(TypeError, match="Place has no size"):
        changed(lyon, size=4)


def test_two_kinds_with_the_same_fields_differ() -> None:
    class Town(Frozen):
        name: str

    class Village(Frozen):
        name: str

    assert Town(name="Die") != Village(name="Die")


def test_each_has_its_own_of_what_can_be_changed() -> None:
    Place(name="Lyon").near.append("Bron")
    assert Place(name="Lyon").near == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Place("Lyon"),  # type: ignore[call-arg]
        lambda: Place(),  # type: ignore[call-arg]
        lambda: Place(name="Lyon", mayor="?"),  # type: ignore[call-arg]
    ],
    ids=["by place", "without a name", "with what it has not"],
)
def test_it_is_made_of_its_fields_by_keyword(wrong: Callable[[], Place]) -> None:
    with pytest.raises(TypeError, match=r"Place\.__init__\(\)"):
        wrong()


def test_what_looks_at_itself_may_refuse() -> None:
    with pytest.raises(ValueError, match="Nobody"):
        Place(name="Lyon", people=-1)


def test_nobody_changes_it() -> None:
    lyon = Place(name="Lyon")
    with pytest.raises(FrozenInstanceError):
        lyon.name = "Bron"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del lyon.name


def test_a_kind_is_asked_for_its_fields_before_one_is_made() -> None:
    class Unmade(Frozen):
        first: int
        second: int = 2

    assert [each.name for each in fields(Unmade)] == ["first", "second"]


def test_nothing_is_made_of_another_kind() -> None:
    """It would find the other's functions, and never ask for its own."""
    with pytest.raises(TypeError, match="Capital is made of another kind"):

        class Capital(Place):
            river: str


def test_it_is_the_same_in_another_process() -> None:
    """Whoever is sent one has made none: they find its functions when they compare it."""
    sent = pickle.dumps([Headcount(known=3), copy.copy(Headcount(known=3))])
    program = f"import pickle; one, other = pickle.loads({sent!r}); print(one == other, len({{one, other}}))"
    ended = run_here("-c", program, environment={}, module=None)
    assert (ended.stdout.split(), ended.stderr) == (["True", "1"], "")


def test_threads_that_make_the_first_together_make_the_same() -> None:
    for _ in range(50):

        class Fresh(Frozen):
            number: int
            word: str = "one"

        together = Barrier(4)
        made: list[Fresh] = []

        def make(kind: type[Fresh] = Fresh, together: Barrier = together, made: list[Fresh] = made) -> None:
            together.wait()
            made.append(kind(number=1))

        threads = [Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(made) == {Fresh(number=1)}
        assert len(made) == 4


class Bare(Frozen):
    """What has no field."""


def test_what_has_no_field_is_equal_to_its_like() -> None:
    assert Bare() == Bare()
    assert len({Bare(), Bare()}) == 1
