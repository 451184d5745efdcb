"""The waitlists of shifts: what is offered lapses, and a place that is free is offered to who is next, by the clock and
the law of the waitlist of seats (bot.rules.offers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.faces
import db.planning
import db.seats
import db.shifts
from bot.actions.apart import settled_apart
from bot.actions.waitlist import lives_by
from bot.campaign.campaign import Campaign
from bot.rules.kinds import Kind
from bot.rules.offers import can_be_asked_in_time, may_be_asked, offer_until
from bot.rules.seats import Rsvp, Standing, WaitingParty, allot, door_opens, lapsed, offered
from bot.rules.sending import ON_THE_WAY, SHIFT_OFFER
from bot.rules.shifts import Shift, seats_of
from db.planning import PlannedBroadcast
from db.shifts import HelperLife

log = structlog.get_logger(__name__)


NEVER_CAME = (None, "expired", "cancelled", "failed", "unreachable")
"""What became of the message of an offer; in every other state it arrived, or may have."""


async def tend(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """Settles the waitlist of every shift that has something to settle; how many offers were queued."""
    return sum([await _apart(tx, campaign, shift, now) for shift in await db.shifts.to_tend(tx, now)])


async def _apart(tx: AsyncConnection, campaign: Campaign, number: int, now: datetime) -> int:
    async def settle() -> int:
        if (known := await db.shifts.get(tx, number)) is None:
            return 0
        # Whoever answers the event holds its seats before a place in its shift, and cards are noted at its seats.
        await db.seats.hold(tx, [known.event])
        shift = await db.shifts.lock(tx, number)
        return await _tend(tx, campaign, shift, now) if shift is not None and shift.is_open else 0

    return await settled_apart(
        tx, settle, report=lambda error: log.error("shift_not_settled", of=number, error=error)
    )


async def _tend(tx: AsyncConnection, campaign: Campaign, shift: Shift, now: datetime) -> int:
    places = await _without_what_is_over(tx, shift, now)
    if campaign.is_out(now) or now >= door_opens(shift.starts_at):
        return 0
    made = await _offers(tx, campaign, shift, places, now)
    for offer in made:
        await db.shifts.put(tx, offer)
    queued = 0
    for number in sorted({offer.offers for offer in made}):
        planned = PlannedBroadcast(
            key=db.shifts.offer_key(shift.id, number),
            kind=Kind.EVENT_SERVICE,
            template=SHIFT_OFFER,
            event=shift.event,
            starts_at=now,
        )
        broadcast = await db.planning.ensure_broadcast(tx, planned, now)
        queued += await db.planning.queue_shift_offers(tx, broadcast, shift=shift.id, number=number, now=now)
    return queued


async def _without_what_is_over(tx: AsyncConnection, shift: Shift, now: datetime) -> list[Rsvp]:
    """The places of a shift once offers lapsed whose time is over, or that nobody can answer."""
    places = await db.shifts.places_of(tx, shift.id)
    offers = [each for each in places if each.answer == Standing.OFFERED]
    lives = await db.shifts.lives_of(tx, [each.person for each in offers])
    states = await db.shifts.states_of_offers(tx, offers)
    changed: dict[int, Rsvp] = {}
    for each in offers:
        state, is_over = states[each.person], not each.has_offer(now)
        if is_over or state in NEVER_CAME or not lives[each.person].reachable:
            told = is_over and state not in (*NEVER_CAME, *ON_THE_WAY)
            changed[each.person] = lapsed(each, told=told, at=now)
            await db.shifts.put(tx, changed[each.person])
            await db.faces.shift_offer_over(tx, each.person, db.shifts.offer_key(shift.id, each.offers))
    return [changed.get(each.person, each) for each in places]


async def _offers(
    tx: AsyncConnection, campaign: Campaign, shift: Shift, places: Sequence[Rsvp], now: datetime
) -> list[Rsvp]:
    """The offers to be made: in order, and not to who cannot be asked before it begins, for whom nothing is kept."""
    seats = seats_of(shift, places)
    if not seats.waiting or seats.is_full:
        return []
    by_person = {each.person: each for each in places}
    listed = await db.shifts.waiting(tx, shift.id)
    lives = await db.shifts.lives_of(tx, [each.person for each in listed])
    in_time = [each for each in listed if _can_be_asked(campaign, shift, lives, each, now)]
    made = []
    for person in allot(seats.free, in_time):
        life = lives_by(lives[person])
        if may_be_asked(**life, now=now, policy=campaign.policy):
            until = offer_until(starts_at=shift.starts_at, **life, now=now, policy=campaign.policy)
            if until is not None:
                made.append(offered(by_person[person], 1, until))
    return made


def _can_be_asked(
    campaign: Campaign, shift: Shift, lives: Mapping[int, HelperLife], each: WaitingParty, now: datetime
) -> bool:
    life = lives_by(lives[each.person])
    return can_be_asked_in_time(starts_at=shift.starts_at, **life, now=now, policy=campaign.policy)
