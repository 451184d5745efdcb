"""How long an offered seat is held: twelve hours in which the person may be written to, fewer as the event nears."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.rules.kinds import Kind
from bot.rules.leaving import Policy, free_until, hold
from bot.rules.seats import door_opens

LONGEST = timedelta(hours=12)
SHORTEST = timedelta(minutes=15)
SHARE = 4
"""Of the time that is left: so that three who say nothing leave some for a fourth."""
AS = Kind.PERSUASION
"""An offer rings like a message of the campaign: it wakes nobody up, and a quiet period silences it."""


def may_be_asked(*, territory: str | None, zone: str, now: datetime, policy: Policy) -> bool:
    """Whether somebody may be offered a seat at this moment: not at night, nor in a quiet period."""
    return hold(kind=AS, territory=territory, zone=zone, now=now, policy=policy) is None


def can_be_asked_in_time(
    *, starts_at: datetime, territory: str | None, zone: str, now: datetime, policy: Policy
) -> bool:
    """Whether somebody may be offered a seat at any moment before the door opens: if not, it is not kept for them."""
    at = now
    while at < door_opens(starts_at):
        held = hold(kind=AS, territory=territory, zone=zone, now=at, policy=policy)
        if held is None:
            return True
        at = held.until
    return False


def time_to_answer(starts_at: datetime, now: datetime) -> timedelta:
    """How long one person holds back the others, nights and quiet periods not counted."""
    return min(LONGEST, max(SHORTEST, (door_opens(starts_at) - now) / SHARE))


def offer_until(
    *, starts_at: datetime, territory: str | None, zone: str, now: datetime, policy: Policy
) -> datetime | None:
    """Until when a seat is held that is offered now; None where nothing is offered any more.

    The time runs while the person may be asked, and never beyond the opening of the door.
    """
    door = door_opens(starts_at)
    if now >= door:
        return None
    left, at = time_to_answer(starts_at, now), now
    while at < door:
        held = hold(kind=AS, territory=territory, zone=zone, now=at, policy=policy)
        if held is not None:
            at = held.until
            continue
        closes = free_until(kind=AS, territory=territory, zone=zone, now=at, policy=policy)
        if closes is None or at + left <= closes:
            return min(at + left, door)
        left -= closes - at
        at = closes
    return door
