"""Real kills (SIGKILL) of a real process; the long form is `python -m benchmarks.crash`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.crash import Plan, crash_broadcast, crash_taps
from tests import benched


@pytest.fixture(autouse=True)
def forked_bots(monkeypatch: pytest.MonkeyPatch) -> None:
    benched.are_forked(monkeypatch)


async def test_a_killed_broadcast_reaches_nobody_twice_and_loses_nobody(tmp_path: Path) -> None:
    verdict = await crash_broadcast(Plan(folder=tmp_path, kills=3, in_flight=16), 1_500)
    assert verdict.holds, verdict
    assert verdict.account.sent > 1_300


async def test_taps_given_to_a_killed_bot_count_once(tmp_path: Path) -> None:
    verdict = await crash_taps(Plan(folder=tmp_path, kills=2), 400)
    assert verdict.holds, verdict


async def test_nothing_of_a_kill_waits_for_ever(tmp_path: Path) -> None:
    """Killed before the first message leaves: the next start sends everything."""
    async with asyncio.timeout(60):
        verdict = await crash_broadcast(Plan(folder=tmp_path, kills=1, in_flight=1, seed=3), 40)
    assert verdict.holds, verdict
