"""The threat model claims nothing that no test holds: each row of what is defended names tests, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

MODEL = Path("docs/threat-model.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def claims() -> list[tuple[str, str]]:
    """The rows of what is defended: against what, and the cell that names the tests."""
    defended = MODEL.read_text(encoding="utf-8").partition("## Defended")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in defended.splitlines() if line.startswith("| ")]
    return [(row[0], row[-1]) for row in rows[1:]]


@cache
def named_in(file: Path) -> frozenset[str]:
    """The names of the test functions of a module, read and not run."""
    found = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in found.body if isinstance(node, functions) and node.name.startswith("test_")
    )


def missing(cell: str) -> list[str]:
    """The tests that a cell names and that are not there; a file alone holds nothing."""
    return [
        f"{file}::{name}"
        for file, name in NAMED.findall(cell)
        if not name or not Path(file).is_file() or name not in named_in(Path(file))
    ]


@pytest.mark.parametrize(("against", "held_by"), claims(), ids=lambda text: text[:60])
def test_every_claim_is_held_by_tests_that_are_there(against: str, held_by: str) -> None:
    assert NAMED.search(held_by), f"{against}: which test holds this?"
    assert missing(held_by) == [], "mend docs/threat-model.md: a claim without its test is none"


def test_there_are_claims() -> None:
    assert len(claims()) > 30


@pytest.mark.parametrize(
    "cell",
    [
        "`tests/test_threat_model.py`",
        "`tests/test_threat_model.py::test_that_was_deleted`",
        "`tests/test_gone.py::test_there_are_claims`",
        "`tests/test_threat_model.py::claims`",
    ],
)
def test_what_is_gone_is_noticed(cell: str) -> None:
    assert missing(cell) != []
    assert missing("`tests/test_threat_model.py::test_there_are_claims`") == []
