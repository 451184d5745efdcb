"""When and where the people of a walk meet, and who goes well with whom: one who has walked, one who has not."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.frozen import Frozen

MOST_PLACE = 200
"""Characters of where one meets."""
WAITED = timedelta(minutes=30)
"""So long after the hour somebody may still come along."""
TOLD_BEFORE = timedelta(hours=3)
"""When those who come are told once more."""


class MeetingPoint(Frozen):
    """Where a walk begins, for whoever wants to come along."""

    at: datetime
    where: str


def is_missed(meeting: MeetingPoint | None, now: datetime) -> bool:
    """Whether it is too late to come along."""
    return meeting is not None and now > meeting.at + WAITED


def fit(*, has_walked: bool, waiting: bool | None) -> int:
    """How well somebody goes on a walk, 0 best: where one waits who may show them, or whom they may show, then where
    one waits, then where nobody does. `waiting`: whether whoever waits has walked; None: nobody does.
    """
    if waiting is None:
        return 2
    return 1 if waiting == has_walked else 0
