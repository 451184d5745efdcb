"""Queueing what is due, from the facts of the moment: one INSERT … SELECT for each territory, never a row twice."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.kinds import Mute
from bot.rules.people import VoteState
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES
from db import people_to_plan
from db.batches import Statement, instant_text
from db.broadcasts import BROADCAST, NOW, by_the_program, ensure, queue, queue_deliveries, queueing
from db.schema import broadcasts, deliveries, events, people, rsvps, shift_places, vote_plans
from db.vote_plans import SAID

MOST_CHANGED = 1_000
"""So many people of a list at most are looked at in one transaction."""

PORTION = 5_000
"""So many people at most are looked at in one transaction: whoever taps, and what leaves, waits no longer."""

ZONE_OF_THE_UNKNOWN = TERRITORIES[METROPOLE].zone


class PlannedBroadcast(Frozen):
    """A broadcast that a step or an event makes by itself; `key` makes it one of its kind."""

    key: str
    kind: str
    template: str
    starts_at: datetime
    ballot: int | None = None
    step: str | None = None
    event: int | None = None
    details: Mapping[str, Any] | None = None


class StepPlace(Frozen):
    """A territory where a step is due until `expires_at`; abroad, for those who live by `zone`.

    `or_unknown`: also for those of whom no territory is known. Who has no zone lives by that of `METROPOLE`.
    """

    territory: str
    zone: str | None
    or_unknown: bool
    expires_at: datetime


class StepAudience(Frozen):
    """The people whom a step is for, in all the places where it is due now.

    `slot` None: those without a plan, `slots` being the known ones. `follows`: the broadcasts one of which must have
    left before `followed_before`. `former`: those of which nobody may have one (db.step_versions). `silent_after`
    None: silence does not matter. `mutes`: the switches that keep it away.
    `among` None: everybody is looked at. It is for those of whom `bot.rules.reminders.reason_not_meant` says nothing.
    """

    places: Sequence[StepPlace]
    ballot: int
    slot: str | None
    slots: Collection[str] | None
    silent_after: int | None
    when_voted: bool
    mutes: Collection[Mute]
    follows: tuple[str, ...] | None
    followed_before: datetime
    former: tuple[int, ...] = ()
    among: Collection[int] | None = None


_NEXT = sa.select(sa.func.min(people.c.id)).where(people.c.id > sa.bindparam("last"))


async def next_portion(tx: AsyncConnection, those: Sequence[int] | None, last: int) -> Sequence[int] | None:
    """Whom to look at after a number: some of `those`, which are in order, or of everybody. None: nobody is left."""
    if those is not None:
        start = bisect_right(those, last)
        return those[start : start + MOST_CHANGED] or None
    first = await tx.scalar(_NEXT, {"last": last})
    return None if first is None else range(first, first + PORTION)


async def supporters_in(tx: AsyncConnection, places: Sequence[StepPlace]) -> list[int]:
    """The people, in order, who are registered in some places."""
    conditions = sa.or_(*_within(places, people.c.territory))
    return sorted(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered", conditions)))


async def ensure_broadcast(tx: AsyncConnection, planned: PlannedBroadcast, now: datetime) -> int:
    """The id of the broadcast of that key, made if it is the first time."""
    return await ensure(tx, by_the_program(now=now, **vars(planned)))


async def queue_step(tx: AsyncConnection, broadcast: int, audience: StepAudience, *, now: datetime) -> int:
    """Queues the step for everybody it is meant for and who has no delivery of it yet; how many."""
    others: dict[str, Any] = {}
    if audience.follows is not None:
        others[_FOLLOWED_BEFORE.key] = audience.followed_before
    if isinstance(audience.among, range):
        others |= {_FIRST.key: audience.among[0], _LAST.key: audience.among[-1]}
    elif audience.among is not None:
        others[_AMONG.key] = list(audience.among)
    statement = _queueing_step(
        tx.dialect.name,
        tuple(audience.places),
        audience.ballot,
        audience.slot,
        None if audience.slots is None else tuple(audience.slots),
        audience.silent_after,
        audience.when_voted,
        tuple(sorted(audience.mutes)),
        audience.follows,
        audience.former,
        None if audience.among is None else type(audience.among) is range,
    )
    return await queue(tx, statement, broadcast=broadcast, now=now, **others)


_FOLLOWED_BEFORE: sa.BindParameter[datetime] = sa.bindparam(
    "followed_before", type_=deliveries.c.sent_at.type
)
_AMONG: sa.BindParameter[Sequence[int]] = sa.bindparam("among", expanding=True)
# PostgreSQL takes an array that it makes itself for short, and looks for each.
_ANY_AMONG: sa.ColumnElement[int] = sa.func.any(
    sa.func.array(
        sa.select(sa.func.unnest(sa.bindparam("among", type_=sa.ARRAY(people.c.id.type)))).scalar_subquery()
    )
)
_FIRST, _LAST = (sa.bindparam(name, type_=people.c.id.type) for name in ("first", "last"))


# Made of expressions for each look, it takes many times as long as to execute it for the few who changed; and whoever
# taps meanwhile waits.
@lru_cache(maxsize=64)
def _queueing_step(
    dialect: str,
    places: tuple[StepPlace, ...],
    ballot: int,
    slot: str | None,
    slots: tuple[str, ...] | None,
    silent_after: int | None,
    when_voted: bool,
    mutes: tuple[Mute, ...],
    follows: tuple[str, ...] | None,
    former: tuple[int, ...],
    is_range: bool | None,
) -> sa.Insert:
    refused = [VoteState.CANNOT] if when_voted else [VoteState.CANNOT, VoteState.VOTED]
    conditions: list[sa.ColumnElement[bool]] = [
        *(people.c[f"mutes_{mute}"].is_(False) for mute in mutes),
        SAID.not_in([state.value for state in refused]),
    ]
    if is_range is not None:
        some = people.c.id == _ANY_AMONG if dialect == "postgresql" else people.c.id.in_(_AMONG)
        conditions.append(people.c.id.between(_FIRST, _LAST) if is_range else some)
    if slots is not None:
        conditions.append(_slot_condition(slot, slots))
    if silent_after is not None:
        conditions.append(people.c.unanswered < silent_after)
    if follows is not None:
        conditions.append(_has_left(follows))
    conditions += [_not_queued(each) for each in former]
    plan = sa.and_(vote_plans.c.person == people.c.id, vote_plans.c.ballot == ballot)
    by_expiry = _by_expiry(places)
    expires = sa.case(*((within, sa.literal(at, deliveries.c.expires_at.type)) for at, within in by_expiry))
    who = (
        sa.select(people.c.id, NOW, expires)
        .select_from(people.outerjoin(vote_plans, plan))
        .where(*_reachable(_STATE, _CONSENT, _UNREACHABLE), sa.or_(*(within for _, within in by_expiry)))
        .where(*conditions, _not_queued(BROADCAST))
    )
    return queueing(dialect, who)


# An index has none of these: people are found by their numbers, and not among all supporters, all of a territory, or
# all who have a plan, for some after the others.
_STATE, _CONSENT, _UNREACHABLE = (
    sa.func.coalesce(column, None)
    for column in (people.c.state, people.c.consent_contact, people.c.unreachable_at)
)
_TERRITORY, _SLOT = sa.func.coalesce(people.c.territory, None), sa.func.coalesce(vote_plans.c.slot, None)


def _by_expiry(places: Iterable[StepPlace]) -> list[tuple[datetime, sa.ColumnElement[bool]]]:
    """The condition that people are in one of the places where a step expires at an instant, for each instant."""
    together: dict[datetime, list[StepPlace]] = {}
    for place in places:
        together.setdefault(place.expires_at, []).append(place)
    return [(at, sa.or_(*_within(some, _TERRITORY))) for at, some in sorted(together.items())]


def _within(places: Sequence[StepPlace], territory: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    whole = [place.territory for place in places if place.zone is None]
    conditions: list[sa.ColumnElement[bool]] = [territory.in_(whole)]
    if any(place.or_unknown for place in places if place.zone is None):
        conditions.append(territory.is_(None))
    abroad = [place for place in places if place.zone is not None]
    if abroad:
        zones = {place.zone for place in abroad}
        lives_by: sa.ColumnElement[bool] = people.c.zone.in_(
            sorted(zone for zone in zones if zone is not None)
        )
        if ZONE_OF_THE_UNKNOWN in zones:
            lives_by = sa.or_(lives_by, people.c.zone.is_(None))
        where: sa.ColumnElement[bool] = territory == abroad[0].territory
        if any(place.or_unknown for place in abroad):
            where = sa.or_(where, territory.is_(None))
        conditions.append(sa.and_(where, lives_by))
    return conditions


async def queue_last_choice(
    tx: AsyncConnection,
    broadcast: int,
    *,
    registered_before: datetime,
    among: Collection[int] | None,
    now: datetime,
    expires_at: datetime,
) -> int:
    """Queues it for every supporter who had registered before and has no delivery of it yet; how many."""
    who = sa.select(people.c.id).where(
        *_reachable(), people.c.registered_at < registered_before, _not_queued(broadcast)
    )
    if isinstance(among, range):
        who = who.where(people.c.id.between(among[0], among[-1]))
    elif among is not None:
        who = who.where(people.c.id.in_(among))
    return await queue_deliveries(
        tx, broadcast=broadcast, people=who, due_at=now, expires_at=expires_at, now=now
    )


async def take_changed(tx: AsyncConnection) -> list[int]:
    """The people, `MOST_CHANGED` at most, of whom something changed since this last told of them."""
    return await people_to_plan.take(tx, most=MOST_CHANGED)


class DueReminder(NamedTuple):
    """A reminder of an event that is due: `key` is that of its broadcast."""

    key: str
    event: int
    answered_before: datetime


# Who comes, and who was told already, lie together by their event and their message. Whether each of those who come was
# told lies far apart, as do people: those alone are looked at who were not.
_TO_BE_REMINDED = Statement(
    lambda s: (
        f"""
    WITH given AS MATERIALIZED (
        SELECT each.value ->> 0 AS key, CAST(each.value ->> 1 AS BIGINT) AS event,
               {s.at("each.value ->> 2")} AS answered_before FROM {s.each}),
    untold AS MATERIALIZED (
        SELECT given.key, rsvps.person FROM given CROSS JOIN rsvps
        WHERE rsvps.event = given.event AND rsvps.answer IN ('yes', 'maybe') AND rsvps.at <= given.answered_before
        EXCEPT
        SELECT given.key, deliveries.person FROM given CROSS JOIN broadcasts CROSS JOIN deliveries
        WHERE broadcasts.key = given.key AND deliveries.broadcast = broadcasts.id)
    SELECT CAST({s.collect}({s.array}(key)) AS text) FROM (
        SELECT DISTINCT untold.key FROM untold CROSS JOIN people WHERE people.id = untold.person
          AND people.state = 'registered' AND people.consent_contact AND people.unreachable_at IS NULL) AS found"""
    )
)


async def to_be_made(tx: AsyncConnection, due: Iterable[DueReminder]) -> set[str]:
    """The keys of those reminders for which `queue_event_reminder` would find anybody who does not have them."""
    asked = [(each.key, each.event, instant_text(each.answered_before)) for each in due]
    return {key for (key,) in await _TO_BE_REMINDED.rows(tx, rows=asked)} if asked else set()


async def queue_event_reminder(
    tx: AsyncConnection,
    broadcast: int,
    *,
    event: int,
    answered_before: datetime,
    now: datetime,
    expires_at: datetime,
) -> int:
    """Queues a reminder for those who said yes or maybe before it was due; how many."""
    who = (
        sa.select(people.c.id)
        .join(rsvps, rsvps.c.person == people.c.id)
        .where(*_reachable(), rsvps.c.event == event, rsvps.c.answer.in_(("yes", "maybe")))
        .where(rsvps.c.at <= answered_before, _not_queued(broadcast))
    )
    return await queue_deliveries(
        tx, broadcast=broadcast, people=who, due_at=now, expires_at=expires_at, now=now
    )


async def queue_offers(tx: AsyncConnection, broadcast: int, *, event: int, number: int, now: datetime) -> int:
    """Queues the offer of a seat for those who were made their offer of that number; how many."""
    who = (
        sa.select(people.c.id, sa.literal(now, deliveries.c.due_at.type), rsvps.c.offer_until)
        .join(rsvps, rsvps.c.person == people.c.id)
        .where(rsvps.c.event == event, rsvps.c.ticket > 0, rsvps.c.answer == "offered")
        .where(rsvps.c.offers == number, _not_queued(broadcast))
    )
    return await queue_deliveries(tx, broadcast=broadcast, people=who, now=now)


async def queue_shift_offers(
    tx: AsyncConnection, broadcast: int, *, shift: int, number: int, now: datetime
) -> int:
    """Queues the offer of a place in a shift for those who were made their offer of that number; how many."""
    who = (
        sa.select(people.c.id, sa.literal(now, deliveries.c.due_at.type), shift_places.c.offer_until)
        .join(shift_places, shift_places.c.person == people.c.id)
        .where(shift_places.c.shift == shift, shift_places.c.answer == "offered")
        .where(shift_places.c.offers == number, _not_queued(broadcast))
    )
    return await queue_deliveries(tx, broadcast=broadcast, people=who, now=now)


async def queue_shift_news(
    tx: AsyncConnection, broadcast: int, *, shift: int, now: datetime, due_at: datetime, expires_at: datetime
) -> int:
    """Queues what became of a shift for those who have a place in it, wait for one, or were offered one; how many."""
    who = (
        sa.select(people.c.id)
        .join(shift_places, shift_places.c.person == people.c.id)
        .where(*_reachable(), shift_places.c.shift == shift)
        .where(shift_places.c.answer.in_(("yes", "waiting", "offered")), _not_queued(broadcast))
    )
    return await queue_deliveries(
        tx, broadcast=broadcast, people=who, due_at=due_at, expires_at=expires_at, now=now
    )


_IS_ABROAD = people.c.territory == ABROAD
_ZONES_ABROAD, _ZONES_ABROAD_OR_UNKNOWN = (
    sa.select(people.c.zone).distinct().where(where)
    for where in (_IS_ABROAD, sa.or_(_IS_ABROAD, people.c.territory.is_(None)))
)


async def zones_abroad(tx: AsyncConnection, *, or_unknown: bool = False) -> list[str]:
    """The zones that supporters abroad live by; `or_unknown`: and those of whom no territory is known."""
    found = await tx.scalars(_ZONES_ABROAD_OR_UNKNOWN if or_unknown else _ZONES_ABROAD)
    return list({zone or ZONE_OF_THE_UNKNOWN for zone in found})


_EVENTS_AROUND = sa.select(events.c.id, events.c.starts_at, events.c.ends_at, events.c.zone).where(
    events.c.state == "open",
    events.c.ends_at > sa.bindparam("after"),
    events.c.starts_at < sa.bindparam("before"),
)


async def events_around(
    tx: AsyncConnection, *, after: datetime, before: datetime
) -> list[sa.Row[tuple[object, ...]]]:
    """Open events that end after one instant and start before another: id, starts_at, ends_at, zone."""
    return list(await tx.execute(_EVENTS_AROUND, {"after": after, "before": before}))


def _not_queued(broadcast: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    # The unique key would refuse them too, but a tick that finds nothing new must write nothing.
    known = sa.select(deliveries.c.id).where(
        deliveries.c.broadcast == broadcast, deliveries.c.person == people.c.id
    )
    return sa.not_(known.exists())


def _reachable(
    state: sa.ColumnElement[str] = people.c.state,
    consent: sa.ColumnElement[bool] = people.c.consent_contact,
    unreachable: sa.ColumnElement[datetime | None] = people.c.unreachable_at,
) -> tuple[sa.ColumnElement[bool], ...]:
    return state == "registered", consent.is_(True), unreachable.is_(None)


def _has_left(keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a person got the broadcast of one of these keys, before an instant."""
    followed = sa.select(deliveries.c.id).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    return followed.where(
        broadcasts.c.key == keys[0] if len(keys) == 1 else broadcasts.c.key.in_(keys),
        deliveries.c.person == people.c.id,
        deliveries.c.state == "sent",
        deliveries.c.sent_at <= _FOLLOWED_BEFORE,
    ).exists()


def _slot_condition(slot: str | None, slots: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_SLOT.is_(None), _SLOT.not_in(list(slots))) if slot is None else _SLOT.in_([slot])
