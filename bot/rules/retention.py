"""Retention: what is kept how long (DOMAIN.md 3.6), as data and as instants. Whatever is due is erased
daily.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules.ballots import Ballot


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Days that each thing is kept, counted from what its name says.

    Raw updates are erased as soon as they are processed; aggregates stay.
    """

    unfinished_days: int = 7
    event_answers_days: int = 30
    vote_days: int = 7
    profile_days: int = 30
    inactive_days: int = 365


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """What one run of the purge erases: everything whose instant is at or before the cutoff (aware UTC).

    `votes` and `profiles` say whether the final ballot is long enough ago. Profiles erased are those
    without the consent `keep`; with it, those inactive since `inactive_since`.
    """

    unfinished_since: datetime
    events_ended: datetime
    inactive_since: datetime
    votes: bool
    profiles: bool


def final_ballot_end(ballots: Iterable[Ballot]) -> datetime:
    """When voting is over everywhere in the last ballot, in UTC."""
    return max(ballot.ends_at for ballot in ballots)


def votes_expire(ballots: Iterable[Ballot], retention: Retention) -> datetime:
    """When vote plans and "voted" are erased, of all rounds."""
    return final_ballot_end(ballots) + timedelta(days=retention.vote_days)


def cutoffs(*, now: datetime, ballots: Iterable[Ballot], retention: Retention) -> Cutoffs:
    """What a purge at `now` erases, for set-based queries."""
    ballots = tuple(ballots)
    after_ballot = final_ballot_end(ballots) + timedelta(days=retention.profile_days)
    return Cutoffs(
        unfinished_since=now - timedelta(days=retention.unfinished_days),
        events_ended=now - timedelta(days=retention.event_answers_days),
        inactive_since=now - timedelta(days=retention.inactive_days),
        votes=now >= votes_expire(ballots, retention),
        profiles=now >= after_ballot,
    )
