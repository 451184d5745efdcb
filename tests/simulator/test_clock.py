"""The clock: moved, hastened, paused, followed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import telegram

from simulator import clock
from simulator.client import Simulator, SimulatorError
from simulator.clock import Clock, parse_clock
from simulator.errors import PersonError

EVE = datetime(2016, 11, 19, 7, tzinfo=UTC)


def test_it_runs_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: real)
    simulated = parse_clock("2016-11-19T08:00:00+01:00@60")
    real = 110.0
    assert simulated.now() == EVE + timedelta(minutes=10)
    simulated.move(speed=0)
    real = 200.0
    assert simulated.now() == EVE + timedelta(minutes=10)
    simulated.move(by_seconds=-600, speed=1)
    assert simulated.now() == EVE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tomorrow", "“tomorrow” is not a date and time"),
        ("2016-02-31T08:00:00+01:00", "is not a date and time"),
        ("2016-11-19T08:00:00", "says no zone"),
        ("2016-11-19T08:00:00Z@fast", "“fast” is not a speed"),
        ("2016-11-19T08:00:00Z@-1", "The speed -1 is not between 0 (paused)"),
        ("1066-10-14T08:00:00Z", "can only be set between 1970 and 2200"),
    ],
)
def test_a_wrong_clock_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(PersonError) as refused:
        parse_clock(text)
    assert sentence in str(refused.value)


def test_moving_too_far_is_refused() -> None:
    with pytest.raises(PersonError, match="too far away"):
        Clock().move(by_seconds=1e15)


async def test_messages_are_dated_by_it(simulator: Simulator, bot: telegram.Bot) -> None:
    await simulator.set_clock(EVE, speed=0)
    ana = await simulator.person("Ana", started=True)
    sent = await bot.send_message(ana.id, "x")
    assert sent.date == EVE
    await simulator.advance(timedelta(hours=1))
    edited = await bot.edit_message_text("y", ana.id, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.edit_date == EVE + timedelta(hours=1)
    assert (await simulator.journal())[-1]["at"] == "2016-11-19T08:00:00+00:00"


async def test_whoever_follows_it_learns_of_a_move_at_once(simulator: Simulator) -> None:
    version = (await simulator.clock())["version"]
    waiting = asyncio.create_task(
        simulator.call("GET", "/clock", params={"version": str(version), "wait": "30"})
    )
    await asyncio.sleep(0)
    await simulator.set_clock(EVE, speed=0)
    assert await waiting == {"now": "2016-11-19T07:00:00+00:00", "speed": 0.0, "version": version + 1}


async def test_two_ways_at_once_are_refused(simulator: Simulator) -> None:
    with pytest.raises(SimulatorError, match="either “now” or “by_seconds”"):
        await simulator.call("POST", "/clock", json={"now": EVE.isoformat(), "by_seconds": 1})


async def test_marks(simulator: Simulator) -> None:
    await simulator.set_marks([{"label": "Eve of round 1", "at": "2016-11-19T08:00:00+01:00"}])
    state = await simulator.state()
    assert state["marks"] == [{"label": "Eve of round 1", "at": "2016-11-19T07:00:00+00:00"}]
    with pytest.raises(SimulatorError, match="“at” must be a text"):
        await simulator.set_marks([{"label": "x"}])
