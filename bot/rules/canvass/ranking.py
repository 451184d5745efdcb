"""What a visit to a station is worth: how many are registered, how many of them do not vote, and how many for us.

It is an order in which to go, not a promise. What was measured is told in docs/canvassing.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.frozen import Frozen


class Weights(Frozen):
    """How much each factor counts, as its power in the product: 1 as it is, 2 twice as strongly, 0 not at all."""

    registered: float = 1.0
    abstention: float = 1.0
    share: float = 1.0


class StationResult(Frozen):
    """What happened at a station: who was registered, who voted, how many votes were cast, how many were ours."""

    station: str
    commune: str
    registered: int
    voters: int
    cast: int
    ours: int

    @property
    def abstention(self) -> float:
        return 1 - self.voters / self.registered if self.registered else 0.0

    @property
    def share(self) -> float:
        return self.ours / self.cast if self.cast else 0.0


class Ranked(Frozen):
    """A station in its place: 1 is the first to go to."""

    turnout: StationResult
    worth: float
    rank: int


def worth(turnout: StationResult, weights: Weights) -> float:
    """Registered x abstention x share, each to the power of its weight."""
    factors = (
        (turnout.registered, weights.registered),
        (turnout.abstention, weights.abstention),
        (turnout.share, weights.share),
    )
    found = 1.0
    for factor, weight in factors:
        # A factor that does not count is left out, also where it is nothing.
        found *= factor**weight if weight else 1.0
    return found


def rank(stations: Iterable[StationResult], weights: Weights) -> list[Ranked]:
    """The best first; equal ones by their code."""
    valued = sorted(
        ((-worth(each, weights), each.station, each) for each in stations), key=lambda row: row[:2]
    )
    return [
        Ranked(turnout=each, worth=-negative, rank=place)
        for place, (negative, _station, each) in enumerate(valued, start=1)
    ]
