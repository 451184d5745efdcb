"""A machine whose clock was set back: /health says by how much and what to do, the log says it once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot import watching
from bot.actions import audit
from bot.cli import main
from bot.clock import MovableClock
from bot.rules.courtesy import CourtesyHours
from bot.rules.health import Trouble
from tests.frozen import FROZEN
from tests.test_health import watched


async def test_a_clock_that_was_set_back_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what the database keeps; a second process would tell the same."""
    async with watched(tmp_path) as web, web.app.database.write() as tx:
        ahead = web.app.clock.now() + timedelta(hours=1, minutes=1)
        await audit.note(tx, actor="staff:1", action="broadcast", details={}, now=ahead)
    async with watched(tmp_path, healthy=503) as web:
        found = await web.turns(Trouble.CLOCK_BACK)
        (why,) = found["why"]
        assert why.startswith("The machine’s clock went back by 1 h")
        assert "Set it if it is wrong" in why
        assert 3600 <= await web.figure("clock_back_seconds") <= 3660
        settings = {"TOKEN": "12345:TEST", "CAMPAIGN": str(FROZEN), "DATA": str(tmp_path / "data")}
        for name, value in settings.items():
            monkeypatch.setenv(f"PORTEVOIX_{name}", value)
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["status", "--json"]) == 0
        (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
        assert json.loads(line)["trouble"] == ["clock_back"]
        assert json.loads(line)["why"][0].startswith("The machine’s clock went back by 1 h")


async def test_a_clock_that_is_set_back_while_the_bot_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hand sets the clock; the machine's seconds run on. Whoever moves a clock on purpose is told nothing."""
    async with watched(tmp_path) as web:
        noon, seconds = web.app.clock.now() + timedelta(days=1), 0.0
        clock = MovableClock(noon, 0)
        watches = [
            watching.Watch(
                database=web.app.database,
                clock=clock,
                engine=web.app.engine,
                rate=30,
                folder=tmp_path,
                courtesy=CourtesyHours(),
                version="0",
                holds=real,
                monotonic=lambda: seconds,
            )
            for real in (True, False)
        ]

        async def told() -> list[list[str]]:
            found = [(await watch.health())["why"] for watch in watches]
            return [[each for each in why if "clock went back" in each] for why in found]

        assert await told() == [[], []]
        clock.move(noon - timedelta(seconds=2))
        assert await told() == [[], []]
        clock.move(noon - timedelta(hours=1))
        capsys.readouterr()
        for _ in range(3):
            ((said,), moved) = await told()
            assert ("went back by 1 h:" in said, moved) == (True, [])
        assert "".join(capsys.readouterr()).count("clock_went_back") == 1
        clock.move(noon)
        assert await told() == [[], []]
