"""The clock: real, movable, followed."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import FollowedClock, MovableClock, RealClock, parse_clock

START = datetime(2016, 11, 16, 7, tzinfo=UTC)


class Seconds:
    """The machine's seconds, moved by hand."""

    def __init__(self) -> None:
        self.value = 1000.0

    def __call__(self) -> float:
        return self.value


def test_a_movable_clock_runs_at_its_speed() -> None:
    seconds = Seconds()
    clock = MovableClock(START, 60, monotonic=seconds)
    assert clock.now() == START
    seconds.value += 2
    assert clock.now() == START + timedelta(minutes=2)


def test_moving_and_changing_speed_keep_what_was_not_changed() -> None:
    seconds = Seconds()
    clock = MovableClock(START, 60, monotonic=seconds)
    seconds.value += 1
    clock.move(speed=10)
    assert clock.now() == START + timedelta(minutes=1)
    seconds.value += 1
    assert clock.now() == START + timedelta(minutes=1, seconds=10)
    clock.move(START - timedelta(days=1))
    assert clock.now() == START - timedelta(days=1)
    assert clock.speed == 10


def test_a_clock_of_speed_zero_stands_still() -> None:
    seconds = Seconds()
    clock = MovableClock(START, 0, monotonic=seconds)
    seconds.value += 1000
    assert clock.now() == START


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused_and_changes_nothing(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        MovableClock(START, speed)
    clock = MovableClock(START, 5, monotonic=Seconds())
    with pytest.raises(ValueError, match="speed"):
        clock.move(START + timedelta(days=1), speed=speed)
    assert clock.now() == START
    assert clock.speed == 5


async def test_who_waits_is_told_that_the_clock_was_moved() -> None:
    clock = MovableClock(START, 0)
    waiters = [asyncio.create_task(clock.changed()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(waiter.done() for waiter in waiters)
    clock.move(START + timedelta(days=1))
    await asyncio.wait_for(asyncio.gather(*waiters), timeout=5)


def test_a_followed_clock_runs_on_between_samples() -> None:
    seconds = Seconds()
    clock = FollowedClock(START, 60, 1, monotonic=seconds)
    seconds.value += 1
    assert clock.now() == START + timedelta(minutes=1)
    assert clock.speed == 60


def test_a_sample_of_the_same_version_corrects_drift_forwards_only() -> None:
    seconds = Seconds()
    clock = FollowedClock(START, 60, 1, monotonic=seconds)
    clock.follow(START + timedelta(seconds=30), 60, 1)
    assert clock.now() == START + timedelta(seconds=30)
    clock.follow(START, 60, 1)  # an answer that was long on its way
    assert clock.now() == START + timedelta(seconds=30)


async def test_a_new_version_moves_the_clock_back_too_and_tells() -> None:
    seconds = Seconds()
    clock = FollowedClock(START, 60, 1, monotonic=seconds)
    waiter = asyncio.create_task(clock.changed())
    await asyncio.sleep(0)
    clock.follow(START - timedelta(days=2), 1, 2)
    await asyncio.wait_for(waiter, timeout=5)
    assert clock.now() == START - timedelta(days=2)
    assert clock.speed == 1


def test_the_real_clock_is_aware_and_now() -> None:
    assert abs(RealClock().now() - datetime.fromtimestamp(time.time(), tz=UTC)) < timedelta(seconds=5)
    assert RealClock().now().tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "start", "speed"),
    [
        ("2016-11-16T08:00:00+01:00@60", START, 60),
        ("2016-11-16T08:00:00+01:00", START, 1),
        ("2016-11-16T07:00:00Z@0.5", START, 0.5),
        (" 2016-11-16T20:00:00+13:00@0 ", START, 0),
    ],
)
def test_a_clock_is_read_from_text(text: str, start: datetime, speed: float) -> None:
    found = parse_clock(text)
    assert found.start == start
    assert found.speed == speed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2016-11-16T08:00:00",  # no offset
        "2016-11-31T08:00:00+01:00",  # no such day
        "2016-11-16T08:00:00+01:00@",
        "2016-11-16T08:00:00+01:00@fast",
        "2016-11-16T08:00:00+01:00@-1",
        "2016-11-16T08:00:00+01:00@nan",
    ],
)
def test_what_is_no_clock_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="2016-11-16T08:00:00"):
        parse_clock(text)
