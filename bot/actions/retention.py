"""Erasing every day what is kept no longer than the campaign file says (bot.rules.retention)."""

from __future__ import annotations

from datetime import datetime, timedelta

import db.retention
from bot.actions import audit
from bot.campaign.campaign import Campaign
from bot.rules.permissions import Action
from bot.rules.retention import cutoffs
from db.engine import Database
from db.retention import DueRows

UPDATES_KEPT = timedelta(days=2)
"""Processed updates hold no text any more; their numbers are kept so long to recognise repeats."""

NOTICES_KEPT = timedelta(days=30)
"""What the team was told of itself and decided names people by their Telegram number; the log says it for longer."""

DAILY = "retention"
"""The actor in the audit log when the bot purges by itself."""


async def purge(
    database: Database, campaign: Campaign, *, actor: str, now: datetime, dry_run: bool = False
) -> dict[str, int]:
    """Erases what is due at `now` piece by piece, and notes it; how much of each thing. A dry run only counts."""
    erased: dict[str, int] = {}
    for thing, dues in _due(campaign, now).items():
        counts = [await (due.count(database) if dry_run else due.erase_all(database)) for due in dues]
        erased[thing] = sum(counts)
    if any(erased.values()) and not dry_run:
        async with database.write() as tx:
            await audit.note(tx, actor=actor, action=Action.PURGE, details=erased, now=now)
    return erased


def _due(campaign: Campaign, now: datetime) -> dict[str, list[DueRows]]:
    due = cutoffs(now=now, ballots=campaign.ballots, retention=campaign.retention)
    ballots = [ballot.number for ballot in campaign.ballots]
    inactive_since = due.inactive_since if due.profiles else None
    return {
        "unfinished sign-ups": db.retention.unfinished(due.unfinished_since),
        "answers to past events": db.retention.event_answers(due.events_ended),
        "vote plans and votes": db.retention.votes(ballots) if due.votes else [],
        "profiles": db.retention.profiles(inactive_since) if inactive_since is not None else [],
        "unfinished dialogs": db.retention.dialogs_left(due.unfinished_since, inactive_since=inactive_since),
        "processed updates": db.retention.processed_updates(now - UPDATES_KEPT),
        "expired download links": db.retention.expired_links(now),
        "notices to the team": db.retention.notices_told(now - NOTICES_KEPT),
        "approvals of the team": db.retention.approvals_over(now - NOTICES_KEPT),
    }
