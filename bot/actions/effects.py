"""Whether a message changed what people did: counted once everybody can be, kept as numbers, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.broadcast_changes
import db.effects
import db.mends
import db.people
import db.retention
from bot.actions import notices
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.effects import (
    Count,
    Finding,
    HowMuchLeft,
    Split,
    between_versions,
    headline,
    judged,
    split_of,
    with_gone,
)
from bot.rules.experiments import OF_VOTES, Experiment, Outcome, counted_until, erased_from, events_named
from db.broadcast_accounts import Broadcast
from db.due_rows import erase_each
from db.effects import COMPLETE, OPENED, EffectQuery
from db.engine import Database
from db.events import Event
from db.people import Person


class NothingCompared(PortevoixError):
    """A message that everybody got in one version, or that does not exist."""

    default_message: ClassVar[str] = "errors/broadcast_gone"


class Effect(Frozen):
    """One outcome: how many of each group did it, what may be said of it, and when it is judged.

    `known_at` None: not before the last message has left. `split`: the groups of whom this was counted.
    """

    outcome: Outcome
    counts: Mapping[str, Count]
    split: Split
    findings: list[Finding]
    known_at: datetime | None
    is_over: bool
    # It is time to count it; it is not counted yet.
    is_due: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the answers were erased before anybody counted them."""
        return self.is_over and not any(count.drawn for count in self.counts.values())


class MessageEffects(Frozen):
    """Everything that may be said of a message of which versions are compared, the goal first; of one that never left
    nothing. `left`: how much of it did, None while it leaves. `was_recalled`: it was taken back.
    """

    broadcast: int
    experiment: Experiment
    left: HowMuchLeft | None
    was_recalled: bool
    outcomes: list[Effect]

    @property
    def goal(self) -> Effect | None:
        return next(iter(self.outcomes), None)

    @property
    def split(self) -> Split:
        """The groups, as they were when the first outcome was counted of them."""
        counted = (each.split for each in self.outcomes if any(each.split.counted.values()))
        return next(counted, None) or split_of(self.experiment, {})

    @property
    def headline(self) -> Finding | None:
        """The one finding that is told in a sentence."""
        return None if self.goal is None else headline(self.goal.findings)

    @property
    def between_versions(self) -> Finding | None:
        """Which version did better, where the sentence is about who was left out."""
        told = self.headline
        return None if told is None or self.goal is None else between_versions(told, self.goal.findings)


class _Plan(Frozen):
    """What is counted of one outcome, and when; `known_at` None: nobody knows yet. `kept`: the numbers, for good."""

    outcome: Outcome
    known_at: datetime | None
    kept: Mapping[str, Count] | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether everybody can be counted, or was."""
        return self.kept is not None or (self.known_at is not None and now >= self.known_at)


class _Meant(Frozen):
    """What a message is about: the events that it names, when they end, and the number and end of the vote to come."""

    events: tuple[str, ...]
    ends: Sequence[datetime]
    ballot: int | None
    vote_ends: datetime | None


async def effects_of(
    tx: AsyncConnection, broadcast: int, campaign: Campaign, now: datetime, *, so_far: bool = True
) -> MessageEffects:
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
    left = await _left(tx, found)
    mends = await db.mends.of(tx, broadcast)
    meant = await _meant(tx, found, campaign)
    told = [
        await _told(tx, found, experiment, plan, meant, campaign, now, so_far=so_far)
        for plan in (() if left is HowMuchLeft.NOTHING else _plans(found, experiment, meant))
    ]
    return MessageEffects(
        broadcast=broadcast,
        experiment=experiment,
        left=left,
        was_recalled=any(each.is_recall and each.state != "cancelled" for each in mends),
        outcomes=told,
    )


async def _left(tx: AsyncConnection, broadcast: Broadcast) -> HowMuchLeft | None:
    """How much of it left; None while it may still leave."""
    if broadcast.finished_at is None and broadcast.state != "cancelled":
        return None
    if not await db.broadcast_changes.has_left(tx, broadcast.id):
        return HowMuchLeft.NOTHING
    return HowMuchLeft.PART if broadcast.state == "cancelled" else HowMuchLeft.ALL


async def _told(
    tx: AsyncConnection,
    broadcast: Broadcast,
    experiment: Experiment,
    plan: _Plan,
    meant: _Meant,
    campaign: Campaign,
    now: datetime,
    *,
    so_far: bool,
) -> Effect:
    """What may be said of one outcome. What is over and was not kept is counted at the next look, unless `so_far`."""
    is_over = plan.is_over(now) and (so_far or plan.kept is not None)
    counts = plan.kept or {}
    if plan.kept is None and so_far:
        counts = await _counted(tx, broadcast, plan, meant, campaign, now)
    split = split_of(experiment, {arm: count.drawn for arm, count in counts.items()})
    return Effect(
        outcome=plan.outcome,
        counts={arm: counts.get(arm, Count(drawn=0, did=0)) for arm in experiment.arms},
        split=split,
        findings=judged(experiment, plan.outcome, counts, is_over=is_over, fits=split.fits),
        known_at=plan.known_at,
        is_over=is_over,
        is_due=plan.is_over(now),
    )


async def _meant(tx: AsyncConnection, broadcast: Broadcast, campaign: Campaign) -> _Meant:
    versions = (await db.broadcast_accounts.versions_of_many(tx, [broadcast.id])).get(broadcast.id, [])
    named = events_named(text for version in versions for text in version.values())
    ballot = campaign.next_ballot(broadcast.starts_at)
    return _Meant(
        events=named,
        ends=await db.effects.ends_of_events(tx, named) if named else (),
        ballot=None if ballot is None else ballot.number,
        vote_ends=None if ballot is None else ballot.ends_at,
    )


def _plans(broadcast: Broadcast, experiment: Experiment, meant: _Meant) -> list[_Plan]:
    """What is counted of each outcome that there can be, the goal first. What was kept is over for good: a message that
    leaves again for some, later, is judged by what was counted then.
    """
    plans = []
    for outcome in experiment.outcomes:
        if meant.ballot is None and outcome in OF_VOTES:
            continue
        kept = (broadcast.measured or {}).get(outcome.value)
        if kept is not None:
            known_at = datetime.fromisoformat(kept["known_at"])
            plans.append(_Plan(outcome=outcome, known_at=known_at, kept=_read(kept["counts"])))
            continue
        left_at, events_end = broadcast.finished_at, max(meant.ends, default=None)
        until = left_at and counted_until(
            outcome, left_at=left_at, events_end=events_end, vote_ends=meant.vote_ends
        )
        plans.append(_Plan(outcome=outcome, known_at=until))
    return plans


def _read(kept: Mapping[str, list[int]]) -> dict[str, Count]:
    return {arm: Count(drawn=drawn, did=did) for arm, (drawn, did) in kept.items()}


async def _counted(
    tx: AsyncConnection, broadcast: Broadcast, plan: _Plan, meant: _Meant, campaign: Campaign, now: datetime
) -> Mapping[str, Count]:
    """How many of each group did it; nobody at all where the answers may have been erased: that is not known then."""
    since = await db.effects.first_left(tx, broadcast.id) or broadcast.starts_at
    gone_from = erased_from(
        plan.outcome,
        since=since,
        first_event_ends=next((end for end in meant.ends if end > since), None),
        ballots=campaign.ballots,
        retention=campaign.retention,
    )
    if now >= gone_from and plan.is_over(now):
        return {}
    asked = EffectQuery(
        broadcast=broadcast.id,
        since=since,
        until=now if plan.known_at is None else min(now, plan.known_at),
        events=meant.events,
        ballot=meant.ballot,
    )
    counts = await db.effects.counts(tx, plan.outcome, asked)
    return with_gone(plan.outcome, counts, broadcast.gone)


async def measure(database: Database, campaign: Campaign, now: datetime) -> int:
    """Counts what can be counted of everybody by now, and keeps the numbers: the answers are erased in their time.

    How many outcomes that were. Counting only reads, and hinders nobody. Who opened what is known no longer than it
    takes to count it.
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
                await _tell_author(tx, broadcast, new, now)
        measured += len(set(new) - {COMPLETE})
    if measured:
        async with database.read() as tx:
            counted = await db.effects.opened_before(tx, now)
        await erase_each(database, db.retention.opens(counted))
    return measured


async def _measured(
    tx: AsyncConnection, broadcast: Broadcast, campaign: Campaign, now: datetime
) -> dict[str, Any]:
    """What can be counted of a message by now, and was not. Of one that never left there is nothing to count."""
    experiment = broadcast.compares
    if experiment is None or await _left(tx, broadcast) is HowMuchLeft.NOTHING:
        return {}
    meant = await _meant(tx, broadcast, campaign)
    plans = _plans(broadcast, experiment, meant)
    new: dict[str, Any] = {}
    for plan in plans:
        if plan.kept is None and plan.known_at is not None and plan.is_over(now):
            counts = await _counted(tx, broadcast, plan, meant, campaign, now)
            numbers = {arm: [count.drawn, count.did] for arm, count in counts.items()}
            new[plan.outcome.value] = {"counts": numbers, "known_at": plan.known_at.isoformat()}
    if all(plan.kept is not None or plan.outcome.value in new for plan in plans):
        new[COMPLETE] = True
    return new


async def _tell_author(
    tx: AsyncConnection, broadcast: Broadcast, new: Mapping[str, Any], now: datetime
) -> None:
    """Tells whoever wrote it that what it was to change was counted: the card says the rest."""
    experiment = broadcast.compares
    if experiment is None or experiment.goal.value not in new or broadcast.created_by is None:
        return
    author = await db.people.get(tx, broadcast.created_by)
    if author is not None:
        details = {"broadcast": broadcast.id, "kind": broadcast.kind}
        key = f"effects:{broadcast.id}"
        await notices.tell(tx, [author.telegram_id], "effects_known", details, now=now, key=key)


async def opened(tx: AsyncConnection, person: Person, origin: Origin, event: Event) -> None:
    """Notes that somebody opened an event, of who drew in an experiment about it: of nobody else is it needed.

    It is no answer to the message below which they tapped: what is due to them stays as it is.
    """
    if not person.is_registered:
        return
    watched = await db.effects.watching(tx, person.id, event.code)
    versions = await db.broadcast_accounts.versions_of_many(tx, [each.id for each in watched])
    about = [each for each in watched if _may_be_about(event, versions.get(each.id, []))]
    if not all(each.noted for each in about):
        await record(tx, person, replace(origin, message_id=None), OPENED, "yes", subject=event.code)


def _may_be_about(event: Event, versions: Sequence[Mapping[str, str]]) -> bool:
    """Whether a message in these words is about an event: one that it names, or any where it names none."""
    named = events_named(text for version in versions for text in version.values())
    return not named or event.code in named
