"""The rooms of the code, as docs/architecture.md shows them: what stands in each, what it imports, who calls it.

`python -m tests.rooms` writes the page's two blocks again; tests/test_architecture.py compares.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import grimp

PAGE = Path(__file__).parent.parent / "docs" / "architecture.md"
SETTINGS = tomllib.loads((PAGE.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]
REMEDY = "Is the new arrow wanted? Then write the rooms again: python -m tests.rooms"
BESIDE = "simulator"
"""Stands on no floor: it imports nothing of ours, and is reached through HTTP alone."""


@cache
def arrows() -> Mapping[str, frozenset[str]]:
    """Each module and what it imports of ours: also within a function, also for types alone."""
    graph = grimp.build_graph(*SETTINGS["root_packages"], cache_dir=None)
    return {module: frozenset(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def room_of(module: str) -> str:
    """The room that a module stands in: a part of `bot`, or a package beside it."""
    return ".".join(module.split(".")[: 2 if module.startswith("bot.") else 1])


def floors() -> list[list[str]]:
    """The rooms of each floor, from the top, by the contract of pyproject.toml."""
    contract = next(each for each in SETTINGS["contracts"] if each["type"] == "layers")
    return [floor.split(" | ") for floor in contract["layers"]]


def imported() -> dict[str, set[str]]:
    """Each room, and the others that its modules import."""
    found: dict[str, set[str]] = {room_of(module): set() for module in arrows() if module != "bot"}
    for module, others in arrows().items():
        found.get(room_of(module), set()).update(room_of(other) for other in others if other != "bot")
    return {room: others - {room} for room, others in found.items()}


def purpose(room: str) -> str:
    """The first sentence of what a room says of itself."""
    said = " ".join((importlib.import_module(room).__doc__ or "").split("\n\n")[0].split())
    sentence = re.match(r".+?[.!](?= |$)", said)
    assert sentence is not None, f"{room} does not say what it is."
    return sentence[0].replace("|", r"\|")


def shown_floors() -> str:
    """The floors, one a line."""
    return "".join(f"    {' | '.join(floor)}\n" for floor in floors())


def shown_rooms() -> str:
    """The table."""
    order = [room for floor in floors() for room in floor] + [BESIDE]
    arrow = imported()
    callers = {room: {other for other in arrow if room in arrow[other]} for room in order}

    def named(rooms: set[str]) -> str:
        return ", ".join(sorted((room.removeprefix("bot.") for room in rooms), key=str)) or "–"

    rows = (
        f"| `{room}` | {purpose(room)} | {named(arrow[room])} | {named(callers[room])} |" for room in order
    )
    return (
        "\n".join(("| room | what stands there | may import | called by |", "|---|---|---|---|", *rows))
        + "\n"
    )


BLOCKS = {"floors": shown_floors, "rooms": shown_rooms}


def block(page: str, name: str) -> str:
    """What stands in a block of the page."""
    return page.partition(f"<!-- {name} -->\n\n")[2].partition("\n<!-- end -->")[0]


def rewritten(page: str) -> str:
    """The page with its blocks as the code is now."""
    for name, shown in BLOCKS.items():
        page = page.replace(f"<!-- {name} -->\n\n{block(page, name)}", f"<!-- {name} -->\n\n{shown()}")
    return page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
