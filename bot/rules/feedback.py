"""Afterwards: what may be said of an event by taps, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.frozen import Frozen

STARS = "stars"
CHANGE = "change"
MOST_STARS = 5
SAID_WITHIN = timedelta(days=14)
"""So long after the end it may be said how it was: later nobody remembers, and nobody reads it."""


class Change(StrEnum):
    """What somebody would change next time; `nothing` stands alone."""

    TIME = "time"
    PLACE = "place"
    LENGTH = "length"
    CONTENTS = "contents"
    MORE_SAY = "more_say"
    NEWS = "news"
    NOTHING = "nothing"


class Feedback(Frozen):
    """What one person said; `stars` None: nothing yet."""

    stars: int | None = None
    changes: frozenset[Change] = frozenset()


def may_be_rated(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether it may be said how an event was: once it began, for two weeks after its end."""
    return starts_at <= now < ends_at + SAID_WITHIN


def toggled(said: Feedback, change: Change) -> frozenset[Change]:
    """The changes once one was tapped: tapped again it is taken back, and `nothing` goes with no other."""
    if change in said.changes:
        return said.changes - {change}
    if change is Change.NOTHING:
        return frozenset({change})
    return (said.changes | {change}) - {Change.NOTHING}


class Figures(Frozen):
    """What is counted of an event, by figure and option; `kept`: the answers themselves were erased since."""

    kept: bool
    sums: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, figure: str) -> int:
        return self.sums.get((figure, ""), 0)

    @property
    def stars(self) -> dict[int, int]:
        """How many gave how many stars, the most first."""
        return {given: self.sums.get((STARS, str(given)), 0) for given in range(MOST_STARS, 0, -1)}

    @property
    def rated(self) -> int:
        return sum(self.stars.values())

    @property
    def average(self) -> float | None:
        """The stars on average; None where nobody gave any."""
        if not self.rated:
            return None
        return sum(given * people for given, people in self.stars.items()) / self.rated

    @property
    def changes(self) -> list[tuple[Change, int]]:
        """What people would change, what most would first."""
        found = [(change, self.sums.get((CHANGE, change.value), 0)) for change in Change]
        return sorted((each for each in found if each[1]), key=lambda each: -each[1])
