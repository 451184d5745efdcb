"""Whether a clock was set back: what is due by it then waits until it shows again what it had shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.frozen import Frozen

LEAST = timedelta(minutes=1)
"""Whoever keeps a clock right moves it by seconds, for which nobody has to be called."""


class WentBack(Frozen):
    """So far a clock went back; `until` it shows this again, what is due by then waits."""

    by: timedelta
    until: datetime

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do."""
        return (
            f"The machine’s clock went back by {_amount(self.by)}: what is due waits until it shows "
            f"{self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC again. Set it if it is wrong; if it is right, wait."
        )


class Backsteps:
    """Compares a clock at each look with the machine’s seconds, which only run on, and with what it is known to have
    shown before.
    """

    def __init__(self) -> None:
        self._furthest: datetime | None = None
        self._seen: tuple[datetime, float] | None = None
        self._by = timedelta()

    def remember(self, shown: datetime | None) -> None:
        """It showed this once, before the first look."""
        if shown is not None:
            self._furthest = shown if self._furthest is None else max(self._furthest, shown)

    def look(self, now: datetime, seconds: float) -> WentBack | None:
        """What the clock shows `now`, at so many of the machine’s seconds; None where nothing waits for it."""
        if self._seen is not None:
            shown, at = self._seen
            step = shown + timedelta(seconds=seconds - at) - now
            if abs(step) >= LEAST:  # set forward again, too
                self._by = max(timedelta(), self._by + step)
        self._seen = (now, seconds)
        if self._furthest is None or now >= self._furthest - LEAST:
            self.remember(now)
            self._by = timedelta()
            return None
        self._by = max(self._by, self._furthest - now)
        return WentBack(by=self._by, until=self._furthest)


def _amount(length: timedelta) -> str:
    """“3 days 2 h”, “1 h 5 min”, “2 min”."""
    minutes = round(length.total_seconds() / 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} day{'s' * (days > 1)}" + (f" {hours} h" if hours else "")
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part
    )
