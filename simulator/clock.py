"""The simulated clock: an instant that can be moved and a speed. Nothing else here reads the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.errors import PersonError

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
FASTEST = 1_000_000.0


def real_now() -> datetime:
    """The time of this machine, aware UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def monotonic() -> float:
    """Real seconds that never go back: for waits, limits and time-outs that Telegram counts in real time."""
    return time.monotonic()


class Clock:
    """A movable instant that advances `speed` simulated seconds each real second; speed 0 is a pause."""

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self._origin = start or real_now()
        self._anchor = monotonic()
        self.speed = speed
        self.version = 1
        self._leapt = 0.0
        self.when_moved: Callable[[], None] | None = None

    def now(self) -> datetime:
        """The simulated instant, aware UTC."""
        return self._origin + timedelta(seconds=(monotonic() - self._anchor) * self.speed)

    def timestamp(self) -> int:
        """The simulated instant in whole Unix seconds, as Telegram dates messages."""
        return int(self.now().timestamp())

    def age(self) -> float:
        """Seconds by which everything here grew older, for what lasts a time on Telegram: a tap, an update, a limit.

        It leaps as the clock is set forward. Otherwise it goes as real time does, also while the clock is paused or
        hastened: whoever writes, answers and waits becomes neither slower nor faster by that.
        """
        return monotonic() + self._leapt

    def move(
        self, *, to: datetime | None = None, by_seconds: float = 0.0, speed: float | None = None
    ) -> None:
        """Jump to an instant or by some seconds, and change the speed; every move is a new version."""
        if speed is not None and not 0 <= speed <= FASTEST:
            raise PersonError(f"The speed {speed:g} is not between 0 (paused) and {FASTEST:,.0f}.")
        try:
            instant = (to or self.now()) + timedelta(seconds=by_seconds)
        except OverflowError:
            raise PersonError("That instant is too far away for the clock.") from None
        if not EARLIEST <= instant <= LATEST:
            raise PersonError(f"The clock can only be set between {EARLIEST.year} and {LATEST.year}.")
        leap = (instant - self.now()).total_seconds()
        self._leapt += max(leap, 0.0)
        self._origin, self._anchor = instant, monotonic()
        if speed is not None:
            self.speed = speed
        self.version += 1
        if self.when_moved is not None:
            self.when_moved()

    def reading(self) -> dict[str, object]:
        """The clock as JSON: `now` (ISO 8601, UTC), `speed`, `version`."""
        return {"now": self.now().isoformat(), "speed": self.speed, "version": self.version}


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset, as aware UTC."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PersonError(
            f"“{text}” is not a date and time: write it as 2016-11-19T08:00:00+01:00."
        ) from None
    if instant.tzinfo is None:
        raise PersonError(f"“{text}” says no zone: add its offset, as in 2016-11-19T08:00:00+01:00.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise PersonError("That instant is too far away for the clock.") from None


def parse_clock(text: str) -> Clock:
    """`2016-11-16T08:00:00+01:00@60`, as on the command line; the `@speed` may be left out."""
    instant, _, speed = text.partition("@")
    try:
        factor = float(speed or 1)
    except ValueError:
        raise PersonError(f"“{speed}” is not a speed: write a number after the @, as in @60.") from None
    clock = Clock(parse_instant(instant))
    clock.move(to=parse_instant(instant), speed=factor)
    return clock
