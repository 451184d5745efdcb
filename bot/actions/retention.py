"""Erasing every day what is kept no longer than the campaign file says (bot.rules.retention)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.downloads
import db.retention
from bot.actions import audit
from bot.campaign import Campaign
from bot.rules.permissions import Action
from bot.rules.retention import cutoffs
from db.engine import Database

UPDATES_KEPT = timedelta(days=2)
"""Processed updates hold no text any more; their numbers are kept so long to recognise repeats."""

DAILY = "retention"
"""The actor in the audit log when the bot purges by itself."""


async def purge(
    database: Database, campaign: Campaign, *, actor: str, now: datetime, dry_run: bool = False
) -> dict[str, int]:
    """Erases what is due at `now`, and notes it; how much of each thing. A dry run only tells."""
    async with database.write() as tx:
        trial = await tx.begin_nested()
        erased = await _erase(tx, campaign, now)
        if dry_run:
            await trial.rollback()
        else:
            await trial.commit()
            if any(erased.values()):
                await audit.note(tx, actor=actor, action=Action.PURGE, details=erased, now=now)
    return erased


async def _erase(tx: AsyncConnection, campaign: Campaign, now: datetime) -> dict[str, int]:
    due = cutoffs(now=now, ballots=campaign.ballots, retention=campaign.retention)
    ballots = [ballot.number for ballot in campaign.ballots]
    return {
        "unfinished sign-ups": await db.retention.erase_unfinished(tx, due.unfinished_since),
        "answers to past events": await db.retention.erase_event_answers(tx, due.events_ended),
        "vote plans and votes": await db.retention.erase_votes(tx, ballots) if due.votes else 0,
        "profiles": await db.retention.erase_profiles(tx, due.inactive_since) if due.profiles else 0,
        "unfinished dialogs": await db.retention.erase_dialogs(tx, due.unfinished_since),
        "processed updates": await db.retention.erase_updates(tx, now - UPDATES_KEPT),
        "expired download links": await db.downloads.forget_expired(tx, now),
    }
