"""Planning: at each tick, what is due is queued from the facts in the database. The database is the schedule.

A restart, a late tick or a moved clock changes nothing but lateness: a step is due in a window of time, is queued
once for each person it is meant for, and is useless after the window.

When a window opens, everybody is looked at, some after the others: messages leave, and people are answered, between
two transactions. After that only people are of whom something changed (`db.people_to_plan`, where every change of a
person or a plan marks them), so that a tick costs what has changed, not what there is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_walks
import db.people_to_plan
import db.planning
import db.seats
import db.shifts
import db.step_versions
from bot.actions import canvass_walks, event_reminders, shift_offers, waitlist
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.candidacy import ASKED_FOR
from bot.rules.kinds import mutes_of_step
from bot.rules.reminders import GAP_BEFORE_FOLLOW_UP, Step, StepOccurrence, territory_followed
from bot.rules.territories import ABROAD, METROPOLE
from db.backup import THE_BEGINNING, told_after
from db.engine import here
from db.planning import PlannedBroadcast, StepAudience, StepPlace
from db.step_versions import due_by_the_clock

log = structlog.get_logger(__name__)

# In their own courtesy hours, and by the clock of their consulate, people abroad get a step so much earlier than Paris
# at most, and it is of use so much longer.
ZONES_DIFFER = timedelta(days=2)
# So few who changed are planned for without a visit of the database's thread for each statement: whoever taps meanwhile
# waits for all of them.
FEW = 64
# What follows another message becomes due by the clock alone: everybody is looked at so often.
FOLLOW_UPS_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Opening:
    """A window that is open: one step of a ballot for one territory, slot and zone, from its instant on."""

    ballot: int
    step: str
    territory: str
    slot: str | None
    zone: str | None
    at: datetime


class TickFindings(Frozen):
    """The findings of a tick: how many messages it queued, and for which windows everybody has now been looked at.

    To be given to the next tick once the transaction is committed.
    """

    queued: int = 0
    openings: frozenset[Opening] = frozenset()
    followed_at: datetime | None = None


FIRST_LOOK = TickFindings()


Queue = Callable[[AsyncConnection, Collection[int] | None], Awaitable[int]]
"""Queues a step for those of some whom it is meant for, None: of everybody; how many messages. Whoever has it does not
get it again: it may begin anew.
"""


class ForMany(NamedTuple):
    """What is to be queued for many people, some after the others: `those`, in the order of their numbers; None: for
    everybody who is meant.
    """

    queue: Queue
    those: Sequence[int] | None = None


class OpenStep(Frozen):
    """A step that is due somewhere: in a territory; abroad, for those who live by `zone`."""

    ballot: Ballot
    step: Step
    occurrence: StepOccurrence
    zone: str | None = None

    @property
    def key(self) -> str:
        return step_key(self.ballot.number, self.step.name)

    @property
    def opening(self) -> Opening:
        occurrence = self.occurrence
        return Opening(
            occurrence.ballot,
            occurrence.step,
            occurrence.territory,
            occurrence.slot,
            self.zone,
            occurrence.at_utc,
        )


class TickPart(NamedTuple):
    """Something that a tick does besides the steps. It may have a transaction of its own: whoever taps meanwhile waits
    for that, and not for all of them.
    """

    is_due: Callable[[AsyncConnection], Awaitable[object]]
    """Whether there may be anything to do: it only reads, so that nobody waits for it."""
    work: Callable[[AsyncConnection], Awaitable[int]]
    """Queues what is due, and tells how many messages."""


async def plan(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """Queues every step and event reminder that is due, looking at everybody; how many messages."""
    queued = (await look(tx, campaign, now, before=FIRST_LOOK)).queued
    return queued + sum([await part.work(tx) for part in others(campaign, now)])


def others(campaign: Campaign, now: datetime) -> Sequence[TickPart]:
    """What a tick does besides the steps."""
    settling = [
        # Once the candidate is out, what was offered lapses.
        TickPart(lambda tx: db.seats.to_tend(tx, now), lambda tx: waitlist.tend(tx, campaign, now)),
        TickPart(lambda tx: db.shifts.to_tend(tx, now), lambda tx: shift_offers.tend(tx, campaign, now)),
    ]
    if campaign.is_out(now):
        return settling

    async def walks(tx: AsyncConnection) -> int:
        return await canvass_walks.tend(tx, now, after=await told_after(tx))

    return [
        TickPart(
            lambda tx: event_reminders.due_reminders(tx, campaign, now),
            lambda tx: event_reminders.plan_reminders(tx, campaign, now),
        ),
        *settling,
        TickPart(db.canvass_walks.are_under_way, walks),
    ]


async def is_to_be_looked_at(
    tx: AsyncConnection, campaign: Campaign, now: datetime, *, before: TickFindings
) -> bool:
    """Whether `look` may find anything: it only reads, so that nobody waits for it."""
    if campaign.is_out(now) or await db.people_to_plan.any_marked(tx):
        return True
    due = await _due(tx, campaign, now)
    if before.openings != {each.opening for each in due}:
        return True
    return _is_to_follow_up(before, now) and bool(
        await due_by_the_clock(tx, {each.key: each.step for each in due})
    )


async def look(
    tx: AsyncConnection, campaign: Campaign, now: datetime, *, before: TickFindings
) -> TickFindings:
    """Queues every step that is due, knowing what the tick `before` looked at."""
    changed = await db.planning.take_changed(tx)
    found, left = await look_at_changed(tx, campaign, now, changed, before=before)
    return replace(found, queued=found.queued + sum([await each.queue(tx, each.those) for each in left]))


async def look_at_changed(
    tx: AsyncConnection, campaign: Campaign, now: datetime, changed: Collection[int], *, before: TickFindings
) -> tuple[TickFindings, Sequence[ForMany]]:
    """Queues every step that is due for those who changed; and what is left to be queued for all others: the findings
    are true once that was done.

    Another process may have looked at everybody before, and knows by their marks alone who changed. What is due for
    them is queued in the transaction that takes these, also where everybody is looked at after it: any process may die.
    """
    if campaign.is_out(now):
        return await _look_when_out(tx, campaign, now, changed, before)
    due = await _due(tx, campaign, now)
    follow_up = _is_to_follow_up(before, now)
    again = await due_by_the_clock(tx, {each.key: each.step for each in due}) if follow_up else ()
    together: dict[tuple[str, str | None, bool], list[OpenStep]] = {}
    for each in due:
        everybody = each.key in again or each.opening not in before.openings
        if everybody or changed:
            together.setdefault((each.key, each.occurrence.slot, everybody), []).append(each)
    queued, left = 0, list[ForMany]()
    for (*_, everybody), dues in together.items():
        queue = partial(_plan_step, campaign=campaign, dues=dues, now=now)
        queued += await _queue_for_changed(tx, queue, changed)
        if everybody:
            left.append(ForMany(queue, await _who_lives_there(tx, dues)))
    found = TickFindings(
        queued=queued,
        openings=frozenset(each.opening for each in due),
        followed_at=now if follow_up else before.followed_at,
    )
    return found, left


async def _queue_for_changed(tx: AsyncConnection, queue: Queue, changed: Collection[int]) -> int:
    if not changed:
        return 0
    with here(tx) if len(changed) <= FEW else nullcontext():
        return await queue(tx, changed)


async def _who_lives_there(tx: AsyncConnection, dues: Sequence[OpenStep]) -> list[int] | None:
    """Those who live where a step is due; None: most of all people may, who are better not looked for."""
    places = [_place(due) for due in dues]
    if any(place.or_unknown or place.territory == METROPOLE for place in places):
        return None
    return await db.planning.supporters_in(tx, places)


async def _due(tx: AsyncConnection, campaign: Campaign, now: datetime) -> list[OpenStep]:
    zones = await _zones_abroad(tx, campaign) if _may_be_open_abroad(campaign, now) else []
    found = open_steps(campaign, now, zones)
    after = await told_after(tx) if found else THE_BEGINNING
    return [each for each in found if each.occurrence.at_utc > after]


def _is_to_follow_up(before: TickFindings, now: datetime) -> bool:
    return before.followed_at is None or abs(now - before.followed_at) >= FOLLOW_UPS_EVERY


def open_steps(campaign: Campaign, now: datetime, zones_abroad: Collection[str] = ()) -> list[OpenStep]:
    """The steps that are due somewhere now, by territory and slot; abroad in each person's own courtesy hours."""
    if campaign.is_out(now):
        return []
    here = [
        OpenStep(ballot=ballot, step=step, occurrence=each)
        for ballot, step, each in campaign.timetable
        if _is_open(each, now)
    ]
    abroad = [
        OpenStep(ballot=ballot, step=step, occurrence=each, zone=zone)
        for zone in zones_abroad
        for ballot, step, each in campaign.timetable_abroad(zone)
        if _is_open(each, now)
    ]
    return here + abroad


def _is_open(occurrence: StepOccurrence, now: datetime) -> bool:
    return occurrence.at_utc <= now < occurrence.expires_at


def _may_be_open_abroad(campaign: Campaign, now: datetime) -> bool:
    """Whether a step may be due in some zone; the zones are read only then."""
    return any(
        each.at_utc - ZONES_DIFFER <= now < each.expires_at + ZONES_DIFFER
        for each in campaign.occurrences_abroad
    )


async def _zones_abroad(tx: AsyncConnection, campaign: Campaign) -> list[str]:
    """The zones of those who follow the steps of people abroad."""
    unknown = any(territory_followed(None, ballot) == ABROAD for ballot in campaign.ballots)
    return await db.planning.zones_abroad(tx, or_unknown=unknown)


def step_key(ballot: int, step: str) -> str:
    """The key of the one broadcast of a step in a round."""
    return f"step:{ballot}:{step}"


async def _plan_step(
    tx: AsyncConnection,
    among: Collection[int] | None,
    *,
    campaign: Campaign,
    dues: Sequence[OpenStep],
    now: datetime,
) -> int:
    """Queues one step of a ballot, for one slot, in all the places where it is due; for everybody or among some."""
    ballot, step, slot = dues[0].ballot, dues[0].step, dues[0].occurrence.slot
    planned = PlannedBroadcast(
        key=dues[0].key,
        kind=step.kind,
        template=step.template,
        ballot=ballot.number,
        step=step.name,
        starts_at=min(due.occurrence.at_utc for due in dues),
    )
    versions = await db.step_versions.versions(tx, planned, now)
    if versions.is_new:
        log.warning(
            "step_changed", step=step.name, ballot=ballot.number, kind=step.kind, template=step.template
        )
    if versions.former:
        await db.step_versions.take_over(tx, versions, among)
    audience = StepAudience(
        places=[_place(due) for due in dues],
        ballot=ballot.number,
        slot=slot,
        slots=[slot.name for slot in campaign.slots] if step.follows_slot else None,
        silent_after=None if step.when_silent else campaign.caps.silent_after,
        when_voted=step.when_voted,
        mutes=mutes_of_step(step.kind),
        follows=await db.step_versions.keys(tx, step_key(ballot.number, step.follows))
        if step.follows
        else None,
        former=versions.former,
        followed_before=now - GAP_BEFORE_FOLLOW_UP,
        among=among,
    )
    return await db.planning.queue_step(tx, versions.broadcast, audience, now=now)


def _place(due: OpenStep) -> StepPlace:
    return StepPlace(
        territory=due.occurrence.territory,
        zone=due.zone,
        or_unknown=due.occurrence.territory == territory_followed(None, due.ballot),
        expires_at=due.occurrence.expires_at,
    )


async def _look_when_out(
    tx: AsyncConnection,
    campaign: Campaign,
    now: datetime,
    changed: Collection[int],
    before: TickFindings,
) -> tuple[TickFindings, Sequence[ForMany]]:
    """The last choice, for everybody who was there when the candidate was out."""
    after = await told_after(tx)
    step, out_from = campaign.last_choice, campaign.out_from
    assert step is not None  # the caller knows that the candidate is out
    assert out_from is not None
    opening = Opening(0, step.name, METROPOLE, None, None, out_from)
    if out_from <= after or now >= out_from + ASKED_FOR:
        return TickFindings(openings=before.openings), ()
    queue = partial(_plan_last_choice, campaign=campaign, step=step, out_from=out_from, now=now)
    queued = await _queue_for_changed(tx, queue, changed)
    left = () if opening in before.openings else (ForMany(queue),)
    return TickFindings(queued=queued, openings=frozenset({opening})), left


async def _plan_last_choice(
    tx: AsyncConnection,
    among: Collection[int] | None,
    *,
    campaign: Campaign,
    step: Step,
    out_from: datetime,
    now: datetime,
) -> int:
    planned = PlannedBroadcast(
        key=step.name,
        kind=step.kind,
        template=step.template,
        ballot=campaign.out_after,
        step=step.name,
        starts_at=out_from,
    )
    broadcast = await db.planning.ensure_broadcast(tx, planned, now)
    return await db.planning.queue_last_choice(
        tx,
        broadcast,
        registered_before=out_from,
        among=among,
        now=now,
        expires_at=out_from + ASKED_FOR,
    )
