"""docs/architecture.md is true of the code, and no module imports itself by a detour."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from tests import rooms


def test_no_imports_go_in_a_circle() -> None:
    """Imports within a function and for types alone count: they hide a circle and do not open it."""
    try:
        TopologicalSorter(rooms.arrows()).prepare()
    except CycleError as error:
        pytest.fail(f"A circle: {' <- '.join(error.args[1])}")


def test_every_room_stands_on_a_floor() -> None:
    standing = [room for floor in rooms.floors() for room in floor]
    assert sorted(rooms.imported()) == sorted([*standing, rooms.BESIDE]), (
        "Name it in the layers of pyproject.toml."
    )


@pytest.mark.parametrize("name", rooms.BLOCKS)
def test_the_page_shows_the_code_as_it_is(name: str) -> None:
    assert rooms.block(rooms.PAGE.read_text(encoding="utf-8"), name) == rooms.BLOCKS[name](), rooms.REMEDY
