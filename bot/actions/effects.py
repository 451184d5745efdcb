"""Whether a message changed what people did: counted once everybody can be, kept as numbers, and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.effects
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.rules.effects import Count, Finding, Split, headline, judged, split_of
from bot.rules.experiments import (
    Experiment,
    Outcome,
    counted_since,
    counted_until,
    events_named,
)
from db.broadcast_accounts import Broadcast
from db.effects import OPENED, Asked
from db.engine import Database
from db.events import Event
from db.people import Person

COMPLETE = "complete"
"""What is kept beside the numbers once there is nothing left to count."""
WATCHED_FOR = timedelta(days=60)
"""How long after a message was written it is noted who of those who drew opens an event."""


class NothingCompared(PortevoixError):
    """A message that everybody got in one version, or that does not exist."""

    default_message: ClassVar[str] = "errors/broadcast_gone"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One outcome: how many of each group did it, what may be said of it, and when it is judged.

    `known_at` None: not before the last message has left.
    """

    outcome: Outcome
    counts: Mapping[str, Count]
    findings: list[Finding]
    known_at: datetime | None
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Everything that may be said of a message of which versions are compared, the goal first."""

    broadcast: int
    experiment: Experiment
    split: Split
    outcomes: list[Effect]

    @property
    def goal(self) -> Effect:
        return self.outcomes[0]

    @property
    def headline(self) -> Finding | None:
        """The one finding that is told in a sentence."""
        return headline(self.goal.findings)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is counted of one outcome, and when; `known_at` None: nobody knows yet."""

    outcome: Outcome
    asked: Asked
    known_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether everybody can be counted."""
        return self.known_at is not None and now >= self.known_at


async def effects_of(
    tx: AsyncConnection, broadcast: int, campaign: Campaign, now: datetime, *, so_far: bool = True
) -> Effects:
    """What may be said of a message at an instant. Raises NothingCompared.

    `so_far`: what cannot be judged yet is counted all the same, which reads everybody's answers.
    """
    found = await db.broadcast_accounts.get(tx, broadcast)
    experiment = found.compares if found is not None else None
    if found is None or experiment is None:
        raise NothingCompared(
            f"Of message {broadcast} no versions were compared, and nobody was left out: there is nothing to tell."
            if found is not None
            else f"There is no message {broadcast}: /broadcasts lists them."
        )
    kept = found.measured or {}
    counted = []
    for plan in await _plans(tx, found, experiment, campaign, now):
        is_over, counts = plan.is_over(now), {}
        if plan.outcome.value in kept:
            counts = _read(kept[plan.outcome.value])
        elif so_far:
            counts = await db.effects.counts(tx, plan.outcome, plan.asked)
        else:
            is_over = False  # it is counted at the next look
        counted.append((plan, counts, is_over))
    sizes = next((counts for _, counts, _ in counted if counts), {})
    split = split_of(experiment, {arm: count.drawn for arm, count in sizes.items()})
    outcomes = [
        Effect(
            outcome=plan.outcome,
            counts={arm: counts.get(arm, Count(drawn=0, did=0)) for arm in experiment.arms},
            findings=judged(experiment, plan.outcome, counts, is_over=is_over, fits=split.fits),
            known_at=plan.known_at,
            is_over=is_over,
        )
        for plan, counts, is_over in counted
    ]
    return Effects(broadcast=broadcast, experiment=experiment, split=split, outcomes=outcomes)


async def _plans(
    tx: AsyncConnection, broadcast: Broadcast, experiment: Experiment, campaign: Campaign, now: datetime
) -> list[_Plan]:
    """What is counted of each outcome that there can be, the goal first."""
    versions = (await db.broadcast_accounts.versions_of_many(tx, [broadcast.id])).get(broadcast.id, [])
    named = events_named(text for version in versions for text in version.values())
    ends = await db.effects.ends_of_events(tx, named) if named else []
    ballot = campaign.next_ballot(broadcast.starts_at)
    since = counted_since(broadcast.starts_at, local=broadcast.local_time)
    plans = []
    for outcome in experiment.outcomes:
        if ballot is None and outcome in (Outcome.PLANNED, Outcome.VOTED):
            continue
        known_at = None
        if broadcast.finished_at is not None:
            known_at = counted_until(
                outcome,
                left_at=broadcast.finished_at,
                events_end=max(ends, default=None),
                vote_ends=ballot.ends_at if ballot is not None else None,
            )
        asked = Asked(
            broadcast=broadcast.id,
            since=since,
            until=now if known_at is None else min(now, known_at),
            events=named,
            ballot=ballot.number if ballot is not None else None,
        )
        plans.append(_Plan(outcome=outcome, asked=asked, known_at=known_at))
    return plans


def _read(kept: Mapping[str, list[int]]) -> dict[str, Count]:
    return {arm: Count(drawn=drawn, did=did) for arm, (drawn, did) in kept.items()}


async def measure(database: Database, campaign: Campaign, now: datetime) -> int:
    """Counts what can be counted of everybody by now, and keeps the numbers: the answers are erased in their time.

    How many outcomes that were. Counting only reads, and hinders nobody.
    """
    measured = 0
    async with database.read() as tx:
        waiting = await db.effects.unmeasured(tx)
    for broadcast in waiting:
        async with database.read() as tx:
            new = await _measured(tx, broadcast, campaign, now)
        if new:
            async with database.write() as tx:
                await db.effects.keep(tx, broadcast.id, {**(broadcast.measured or {}), **new})
        measured += len(set(new) - {COMPLETE})
    return measured


async def _measured(
    tx: AsyncConnection, broadcast: Broadcast, campaign: Campaign, now: datetime
) -> dict[str, Any]:
    """What can be counted of a message by now, and was not."""
    experiment, kept = broadcast.compares, broadcast.measured or {}
    if experiment is None or COMPLETE in kept:
        return {}
    plans = await _plans(tx, broadcast, experiment, campaign, now)
    new: dict[str, Any] = {}
    for plan in plans:
        if plan.outcome.value not in kept and plan.is_over(now):
            counts = await db.effects.counts(tx, plan.outcome, plan.asked)
            new[plan.outcome.value] = {arm: [count.drawn, count.did] for arm, count in counts.items()}
    if len(kept) + len(new) == len(plans):
        new[COMPLETE] = True
    return new


async def opened(tx: AsyncConnection, person: Person, origin: Origin, event: Event) -> None:
    """Notes that somebody opened an event, once, and only of who drew in an experiment: of nobody else is it needed."""
    if not person.is_registered:
        return
    since = origin.at - WATCHED_FOR
    if await db.effects.is_watched(tx, person.id, event.code, since=since):
        await record(tx, person, origin, OPENED, "yes", subject=event.code)
