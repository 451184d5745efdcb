"""Experiments: a message in two or three versions, and people who are left out of it, all drawn by lot beforehand.

Each person draws once, by a keyed hash of whole numbers that SQL computes too (`bot.rules.sampling`), before anything
is queued. Whoever is left out has a delivery that never leaves, so that nobody is counted who was not drawn.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.rules.retention import Retention, final_ballot_end, votes_expire
from bot.rules.sampling import Sampling, sampling_from

VERSIONS = ("A", "B", "C")
HOLDOUT = "holdout"
"""What stands for a version where somebody is left out."""
HELD_OUT = "held_out"
"""The state of a delivery that never leaves, because its person is left out."""
SHARES = (5, 10, 20)
"""Percent of the people that can be left out."""
MOST_HELD_OUT = 50
COMPARED_KINDS = (Kind.PERSUASION, Kind.GOTV, Kind.POLL, Kind.RESULT)
"""The kinds of which versions are compared: never what people are owed, nor what the program words."""
COUNTED_FOR = timedelta(days=7)
"""How long after the last message has left what people do is counted."""
REPORTED_WITHIN = timedelta(days=2)
"""How long after an event those who came are asked, and say so."""
COUNTED_BY = timedelta(days=1)
"""How long after a vote people say that they voted."""

_EVENT_LINK = re.compile(r"[?&](?:amp;)?start=ev_([0-9A-Za-z]{1,16})")


class Outcome(StrEnum):
    """What people may do that a message is to change; `stopped` is watched whatever it is to change."""

    OPENED = "opened"
    RSVP = "rsvp"
    CAME = "came"
    PLANNED = "planned"
    VOTED = "voted"
    STOPPED = "stopped"


OF_EVENTS = frozenset({Outcome.OPENED, Outcome.RSVP, Outcome.CAME})
OF_VOTES = frozenset({Outcome.PLANNED, Outcome.VOTED})


class Experiment(Frozen):
    """How many versions a message has, what percentage of its people is left out, and the outcome it is to change."""

    versions: int = 1
    holdout: int = 0
    goal: Outcome

    @property
    def arms(self) -> tuple[str, ...]:
        """The versions, and who is left out if anybody is: the groups that are compared."""
        return (*VERSIONS[: self.versions], *((HOLDOUT,) if self.holdout else ()))

    @property
    def shares(self) -> Mapping[str, float]:
        """The share of the people that each group is drawn for."""
        each = (100 - self.holdout) / 100 / self.versions
        return {arm: self.holdout / 100 if arm == HOLDOUT else each for arm in self.arms}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What is counted, the goal first."""
        return (self.goal, *(each for each in Outcome if each != self.goal))

    def drawn(self, lot: Sampling, person: int) -> str:
        """The group of a person: `db.experiments` computes the same."""
        number = lot.number(person)
        if number % 100 < self.holdout:
            return HOLDOUT
        return VERSIONS[number // 100 % self.versions]

    def as_json(self) -> dict[str, Any]:
        return {"versions": self.versions, "holdout": self.holdout, "goal": self.goal.value}


def experiment_from(data: Mapping[str, Any] | None) -> Experiment | None:
    """The experiment that a broadcast was kept with, if it is one."""
    if not data:
        return None
    return Experiment(
        versions=int(data["versions"]), holdout=int(data["holdout"]), goal=Outcome(data["goal"])
    )


def may_be_compared(kind: Kind, *, template: str | None) -> bool:
    """Whether versions of it may be compared, and people left out: only where staff write the words."""
    return template is None and kind in COMPARED_KINDS


def goals_of(*, votes_to_come: bool) -> tuple[Outcome, ...]:
    """The outcomes that a message may be meant to change. None is an answer to it: what is compared asks nothing."""
    return tuple(
        each for each in Outcome if each != Outcome.STOPPED and (each not in OF_VOTES or votes_to_come)
    )


def lot_of(key: str, broadcast: int) -> Sampling:
    """The lot that people draw for one broadcast. Without the campaign's `key` nobody can tell who draws what."""
    return sampling_from(hmac.new(key.encode(), f"experiment:{broadcast}".encode(), hashlib.sha256).digest())


def events_named(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes of the events to which the texts have a link."""
    return tuple(dict.fromkeys(code for text in texts for code in _EVENT_LINK.findall(text)))


def counted_until(
    outcome: Outcome,
    *,
    left_at: datetime,
    events_end: datetime | None,
    vote_ends: datetime | None,
) -> datetime:
    """When an outcome is known of everybody: the only time at which it is judged.

    `left_at`: when the last message had left. `events_end`: when the last event that it names ends; `vote_ends`: when
    the vote is over that follows it.
    """
    week = left_at + COUNTED_FOR
    if outcome is Outcome.CAME and events_end is not None:
        return max(left_at, events_end + REPORTED_WITHIN)
    if outcome is Outcome.VOTED and vote_ends is not None:
        return max(left_at, vote_ends + COUNTED_BY)
    if outcome is Outcome.PLANNED and vote_ends is not None:
        return max(left_at, min(week, vote_ends))
    return week


def erased_from(
    outcome: Outcome,
    *,
    since: datetime,
    first_event_ends: datetime | None,
    ballots: Iterable[Ballot],
    retention: Retention,
) -> datetime:
    """From when on what is counted of an outcome may have been erased: what is counted first after it is unknown.

    `since`: from when on it is counted. `first_event_ends`: when the first event that it names ends.
    """
    ballots = tuple(ballots)
    profiles = final_ballot_end(ballots) + timedelta(days=retention.profile_days)
    if outcome in OF_EVENTS:
        return min(profiles, (first_event_ends or since) + timedelta(days=retention.event_answers_days))
    return min(profiles, votes_expire(ballots, retention)) if outcome in OF_VOTES else profiles
