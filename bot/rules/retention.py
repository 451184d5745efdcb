"""Retention: what is kept how long (DOMAIN.md 3.6), as data and as instants. Whatever is due is erased
daily.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from bot.frozen import Frozen
from bot.rules.ballots import Ballot

LEAST_AUDIT_DAYS = 180
"""So long the log of the team is kept by every campaign: what is said to have been forgotten earlier was removed."""
LEAP = timedelta(days=7)
"""A bot that runs purges every day: after so long a clock that nobody else confirms may as well have leapt."""
DRIFT = timedelta(days=1)
"""So far ahead of Telegram's a clock may be: what is kept is kept for days."""


class Retention(Frozen):
    """Days that each thing is kept, counted from what its name says.

    Raw updates are erased as soon as they are processed. campaign_days: events, messages and what became of them, after
    the last round. door_days: what was noted at doors, after the last round. former_staff_days: a role after it was
    withdrawn. suppression_days: the mark of somebody who left. proof_days: the sealed proof of their consents, 0 for
    none. audit_days: an entry of the team's log. conversation_days: what supporters and the team wrote to
    each other, after it was closed.
    """

    unfinished_days: int = 7
    event_answers_days: int = 30
    vote_days: int = 7
    door_days: int = 30
    profile_days: int = 30
    inactive_days: int = 365
    campaign_days: int = 365
    former_staff_days: int = 365
    suppression_days: int = 1095
    proof_days: int = 1826
    audit_days: int = 1095
    conversation_days: int = 30


def whole_years(days: int) -> int | None:
    """How many years a number of days are, leap days included or not; None: no whole number of them."""
    years = days // 365
    return years if years and days - 365 * years <= (years + 3) // 4 else None


def proof_ends(sealed_on: date, retention: Retention) -> date:
    """The day on which the sealed proof of somebody's consents is erased."""
    return sealed_on + timedelta(days=retention.proof_days)


def suppression_ends(left_on: date, retention: Retention) -> date:
    """The day on which the mark of somebody who left is erased."""
    return left_on + timedelta(days=retention.suppression_days)


class Cutoffs(Frozen):
    """The limits of one run of the purge: everything whose instant is at or before the cutoff (aware UTC).

    `votes` and `profiles` say whether the final ballot is long enough ago. Profiles erased are those
    without the consent `keep`; with it, those inactive since `inactive_since`. `campaign_since`: events that ended and
    messages that were made before it, None until the final ballot is long enough ago. What was withdrawn, left, sealed
    or noted since the others stays.
    """

    unfinished_since: datetime
    events_ended: datetime
    inactive_since: datetime
    votes: bool
    profiles: bool
    doors: bool
    campaign_since: datetime | None
    withdrawn_since: datetime
    left_since: date
    sealed_since: date
    noted_since: datetime
    closed_since: datetime


def final_ballot_end(ballots: Iterable[Ballot]) -> datetime:
    """When voting is over everywhere in the last ballot, in UTC."""
    return max(ballot.ends_at for ballot in ballots)


def votes_expire(ballots: Iterable[Ballot], retention: Retention) -> datetime:
    """When vote plans and "voted" are erased, of all rounds."""
    return final_ballot_end(ballots) + timedelta(days=retention.vote_days)


def cutoffs(*, now: datetime, ballots: Iterable[Ballot], retention: Retention) -> Cutoffs:
    """The limits of a purge at `now`, for set-based queries."""
    ballots = tuple(ballots)
    after_ballot = final_ballot_end(ballots) + timedelta(days=retention.profile_days)
    kept_on, today = timedelta(days=retention.campaign_days), now.astimezone(UTC).date()
    return Cutoffs(
        unfinished_since=now - timedelta(days=retention.unfinished_days),
        events_ended=now - timedelta(days=retention.event_answers_days),
        inactive_since=now - timedelta(days=retention.inactive_days),
        votes=now >= votes_expire(ballots, retention),
        profiles=now >= after_ballot,
        doors=now >= final_ballot_end(ballots) + timedelta(days=retention.door_days),
        campaign_since=now - kept_on if now - kept_on >= final_ballot_end(ballots) else None,
        withdrawn_since=now - timedelta(days=retention.former_staff_days),
        left_since=today - timedelta(days=retention.suppression_days),
        sealed_since=today - timedelta(days=retention.proof_days),
        noted_since=now - timedelta(days=retention.audit_days),
        closed_since=now - timedelta(days=retention.conversation_days),
    )


def may_erase(*, now: datetime, last: datetime | None, told: datetime | None, is_new: bool) -> bool:
    """Whether the clock is surely not ahead: what is erased before its time no clock that is set right brings back.

    `told`: what time it is by Telegram's clock, which says more than any pause; None: it does not say. Else it is so
    where the `last` purge (None: there was none) is not long ago, or where nobody's data can be erased yet: `is_new`.
    """
    if told is not None:
        return now - told <= DRIFT
    return is_new or (last is not None and now - last <= LEAP)
