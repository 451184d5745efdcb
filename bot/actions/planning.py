"""Planning: at each tick, what is due is queued from the facts in the database. The database is the schedule.

A restart, a late tick or a moved clock changes nothing but lateness: a step is due in a window of time, is queued
once for each person it is meant for, and is useless after the window.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy.ext.asyncio import AsyncConnection

import db.planning
from bot.campaign import Campaign
from bot.rules.ballots import Ballot
from bot.rules.event_reminders import AFTER_USEFUL, EventOccurrence, event_occurrences
from bot.rules.kinds import Kind
from bot.rules.reminders import GAP_BEFORE_FOLLOW_UP, Step, StepOccurrence, in_own_zone
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES
from db.backup import RESTORED_AT
from db.facts import get_fact
from db.planning import Planned, StepAudience

# An event is looked at from the eve of its day on, whatever its zone, until nobody is asked about it any more.
EVENT_HORIZON = timedelta(days=3)


async def plan(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """Queues every step and event reminder that is due; how many messages."""
    queued = 0
    restored_at = await get_fact(tx, RESTORED_AT)
    # After a restore the backup may not know that a step left: it does not leave again.
    after = datetime.fromisoformat(restored_at) if restored_at else None
    for due in open_steps(campaign, now, await db.planning.zones_abroad(tx)):
        if after is None or due.occurrence.at_utc > after:
            queued += await _plan_step(tx, campaign, due, now)
    return queued + await _plan_events(tx, campaign, now)


@dataclass(frozen=True, kw_only=True)
class OpenStep:
    """A step that is due somewhere: in a territory; abroad, for those who live by `zone`."""

    ballot: Ballot
    step: Step
    occurrence: StepOccurrence
    zone: str | None = None


def open_steps(campaign: Campaign, now: datetime, zones_abroad: Iterable[str] = ()) -> list[OpenStep]:
    """The steps that are due somewhere now, by territory and slot; abroad in each person's own courtesy hours."""
    found = []
    for ballot, step, territory in product(campaign.ballots, campaign.steps, (*TERRITORIES,)):
        if not ballot.takes_place_in(territory):
            continue
        for occurrence in campaign.occurrences(ballot, step, territory):
            dues = [OpenStep(ballot=ballot, step=step, occurrence=occurrence)]
            if territory == ABROAD:
                dues = [
                    OpenStep(
                        ballot=ballot,
                        step=step,
                        occurrence=in_own_zone(occurrence, zone=zone, step=step, schedule=campaign.schedule),
                        zone=zone,
                    )
                    for zone in zones_abroad
                ]
            found += [due for due in dues if due.occurrence.at_utc <= now < due.occurrence.expires_at]
    return found


def step_key(ballot: int, step: str) -> str:
    """The key of the one broadcast of a step in a round."""
    return f"step:{ballot}:{step}"


async def _plan_step(tx: AsyncConnection, campaign: Campaign, due: OpenStep, now: datetime) -> int:
    ballot, step, occurrence = due.ballot, due.step, due.occurrence
    planned = Planned(
        key=step_key(ballot.number, step.name),
        kind=step.kind,
        template=step.template,
        ballot=ballot.number,
        step=step.name,
        starts_at=occurrence.at_utc,
    )
    broadcast = await db.planning.ensure_broadcast(tx, planned, now)
    audience = StepAudience(
        territory=occurrence.territory,
        zone=due.zone,
        with_unknown_territory=occurrence.territory == METROPOLE,
        ballot=ballot.number,
        slot=occurrence.slot,
        slots=[slot.name for slot in campaign.slots] if step.follows_slot else None,
        silent_after=None if step.when_silent else campaign.caps.silent_after,
        when_voted=step.when_voted,
        follows=step_key(ballot.number, step.follows) if step.follows else None,
        followed_before=now - GAP_BEFORE_FOLLOW_UP,
    )
    return await db.planning.queue_step(tx, broadcast, audience, now=now, expires_at=occurrence.expires_at)


async def _plan_events(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    queued = 0
    around = await db.planning.events_around(
        tx, after=now - AFTER_USEFUL - EVENT_HORIZON, before=now + EVENT_HORIZON
    )
    for event in around:
        occurrences = event_occurrences(
            starts_at=event.starts_at, ends_at=event.ends_at, zone_name=event.zone, courtesy=campaign.courtesy
        )
        for occurrence in occurrences:
            if occurrence.at_utc <= now < occurrence.expires_at:
                queued += await _plan_event_step(tx, event.id, occurrence, now)
    return queued


async def _plan_event_step(
    tx: AsyncConnection, event: int, occurrence: EventOccurrence, now: datetime
) -> int:
    planned = Planned(
        key=f"event:{event}:{occurrence.step.value}",
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
