"""One good user among hostile updates; `scripts/bench hostile` does the same with ten thousand."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from benchmarks.hostile import hostile, product, question
from benchmarks.taps import until
from tests import benched

UPDATES, RATE = 1_000, 10.0
"""Their replies take a minute at this rate: any machine has read them all long before."""


async def test_who_asks_last_is_answered_before_most_of_the_crowd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question comes after all hostile updates; its answer before most of what these are answered."""
    benched.are_forked(monkeypatch)
    async with product(tmp_path, RATE) as (server, posted):
        asked = time.perf_counter()
        server.add_updates([*hostile(UPDATES, random.Random(1)), question(UPDATES + 1, posted.good_user)])
        await posted.answer(asked)
        before = len(posted.messages)
        await until(lambda: len(posted.messages) > 2 * before)
