"""How much is tried of what chance chooses: a part at each run, all of it by `scripts/test --thorough`.

What was chosen to be tried, each kill, each engine, each role, is tried at each run. Chance has fewer goes; and where
each of many things is tried with each of many others, by day each of them is tried with some, as the test says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")
IS_THOROUGH = os.environ.get("TEST_THOROUGHLY") == "1"
SHARE = 3
FEWEST = 10
MANY = 9


def examples(all_of_them: int) -> int:
    """How many examples of a property Hypothesis invents."""
    return all_of_them if IS_THOROUGH else max(all_of_them // SHARE, min(all_of_them, FEWEST))


def seeds(all_of_them: int) -> range:
    """The games that are played where each is a long one."""
    return range(all_of_them if IS_THOROUGH else -(-all_of_them // SHARE))


def one_in_many(all_of_them: Sequence[One]) -> Sequence[One]:
    """Of tens of thousands that lie in an order, some from everywhere in it."""
    return all_of_them if IS_THOROUGH else all_of_them[::MANY]
