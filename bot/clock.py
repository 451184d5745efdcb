"""The clock: nothing else reads the time.

    RealClock       the machine's own time
    MovableClock    starts at any instant, runs at any speed, can be moved: `2016-11-16T08:00:00+01:00@60`
    FollowedClock   follows a clock served elsewhere, from samples that somebody else fetches

Whoever waits for an instant also waits for `changed()`, so that a moved clock is noticed at once. A clock
is used from one event loop.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.frozen import Frozen


class Clock(Protocol):
    """A clock."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""

    @property
    def speed(self) -> float:
        """Seconds of this clock that pass in one second of the machine."""

    async def changed(self) -> None:
        """Returns when the clock is moved or its speed changes; never for a clock that cannot be."""


class _Moves:
    """Wakes everybody who waits for a clock to be moved."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()

    def announce(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def next(self) -> None:
        await self._moved.wait()


class RealClock:
    """The machine's own time."""

    speed = 1.0

    def __init__(self) -> None:
        self._moves = _Moves()

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this module is the one that may

    async def changed(self) -> None:
        """Never returns: real time is not moved."""
        await self._moves.next()


class MovableClock:
    """Starts at `start` and runs at `speed`; 0 stands still. `monotonic` gives the machine's seconds."""

    def __init__(
        self, start: datetime, speed: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._moves = _Moves()
        self._anchor = start.astimezone(UTC)
        self._anchored_at = monotonic()
        self._speed = _checked_speed(speed)

    @property
    def speed(self) -> float:
        """Seconds of this clock that pass in one second of the machine."""
        return self._speed

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return self._anchor + timedelta(seconds=(self._monotonic() - self._anchored_at) * self._speed)

    def move(self, to: datetime | None = None, *, speed: float | None = None) -> None:
        """Moves the clock, backwards too, or changes its speed, and wakes who waits for it."""
        checked = self._speed if speed is None else _checked_speed(speed)
        self._anchor = self.now() if to is None else to.astimezone(UTC)
        self._anchored_at = self._monotonic()
        self._speed = checked
        self._moves.announce()

    async def changed(self) -> None:
        """Returns when the clock is moved or its speed changes."""
        await self._moves.next()


class FollowedClock:
    """Follows a clock served elsewhere. Between samples it runs on by itself at the speed last heard.

    A sample whose `version` differs from the last one says that the clock was moved. Samples of the same
    version correct drift, never backwards.
    """

    def __init__(
        self,
        now: datetime,
        speed: float,
        version: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = MovableClock(now, speed, monotonic=monotonic)
        self._version = version

    @property
    def speed(self) -> float:
        """Seconds of this clock that pass in one second of the machine."""
        return self._clock.speed

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return self._clock.now()

    def follow(self, now: datetime, speed: float, version: int) -> None:
        """Takes a fresh sample of the clock that is followed."""
        if version != self._version:
            self._version = version
            self._clock.move(now, speed=speed)
        elif now.astimezone(UTC) > self._clock.now():
            self._clock.move(now)

    async def changed(self) -> None:
        """Returns when the clock that is followed was moved, or drift was corrected."""
        await self._clock.changed()


class ClockStart(Frozen):
    """Where a movable clock starts (aware) and how fast it runs."""

    start: datetime
    speed: float = 1.0


def parse_clock(text: str) -> ClockStart:
    """Reads `2016-11-16T08:00:00+01:00@60`; raises ValueError with a sentence."""
    instant, at, speed_text = text.strip().partition("@")
    try:
        start = datetime.fromisoformat(instant)
        speed = float(speed_text) if at else 1.0
        if start.tzinfo is None:
            raise ValueError("no offset")
        _checked_speed(speed)
    except ValueError:
        raise ValueError(
            f"“{text}” is not a clock: write an instant with its offset, optionally @ and a speed, "
            "such as 2016-11-16T08:00:00+01:00@60"
        ) from None
    return ClockStart(start=start, speed=speed)


def _checked_speed(speed: float) -> float:
    if not 0 <= speed <= 1_000_000:
        raise ValueError("the speed of a clock is a number from 0 to 1,000,000")
    return speed
