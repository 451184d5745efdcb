"""Reminders of events: those that are due and that somebody does not have yet are queued."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.planning
from bot.campaign.campaign import Campaign
from bot.rules.event_reminders import AFTER_USEFUL, EventOccurrence, event_occurrences
from bot.rules.kinds import Kind
from db.backup import THE_BEGINNING, told_after
from db.planning import DueReminder, PlannedBroadcast

# An event is looked at from the eve of its day on, whatever its zone, until nobody is asked about it any more.
EVENT_HORIZON = timedelta(days=3)


async def plan_reminders(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    due = await due_reminders(tx, campaign, now)
    return sum([await _plan_reminder(tx, event, occurrence, now) for event, occurrence in due])


async def due_reminders(
    tx: AsyncConnection, campaign: Campaign, now: datetime
) -> list[tuple[int, EventOccurrence]]:
    """The reminders that are due and that somebody does not have yet, each with its event."""
    around = await db.planning.events_around(
        tx, after=now - AFTER_USEFUL - EVENT_HORIZON, before=now + EVENT_HORIZON
    )
    after = await told_after(tx) if around else THE_BEGINNING
    due = [
        (event.id, occurrence)
        for event in around
        for occurrence in event_occurrences(
            starts_at=event.starts_at, ends_at=event.ends_at, zone_name=event.zone, courtesy=campaign.courtesy
        )
        if after < occurrence.at_utc <= now < occurrence.expires_at
    ]
    keys = await db.planning.to_be_made(
        tx,
        (DueReminder(_key(event, occurrence), event, occurrence.at_utc) for event, occurrence in due),
    )
    return [(event, occurrence) for event, occurrence in due if _key(event, occurrence) in keys]


def _key(event: int, occurrence: EventOccurrence) -> str:
    return f"event:{event}:{occurrence.step.value}"


async def _plan_reminder(tx: AsyncConnection, event: int, occurrence: EventOccurrence, now: datetime) -> int:
    planned = PlannedBroadcast(
        key=_key(event, occurrence),
        kind=Kind.EVENT_SERVICE,
        template=f"broadcasts/{occurrence.step.value}",
        event=event,
        starts_at=occurrence.at_utc,
    )
    broadcast = await db.planning.ensure_broadcast(tx, planned, now)
    return await db.planning.queue_event_reminder(
        tx,
        broadcast,
        event=event,
        answered_before=occurrence.at_utc,
        now=now,
        expires_at=occurrence.expires_at,
    )
