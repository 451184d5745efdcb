"""The waitlist of an event: what is offered lapses, and seats that are free are offered to who is next.

Looked at with each tick, and so soon after every answer: whoever gives a seat back need not know who gets it, and
nobody new gets it meanwhile (bot.rules.seats).
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypedDict

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.faces
import db.planning
import db.seats
from bot.actions.apart import settled_apart
from bot.campaign.campaign import Campaign
from bot.rules.events import is_over
from bot.rules.kinds import Kind
from bot.rules.offers import can_be_asked_in_time, may_be_asked, offer_until
from bot.rules.seats import Rsvp, Seats, door_opens, lapsed, offered
from bot.rules.sending import OFFER
from db.events import Event
from db.planning import PlannedBroadcast
from db.seats import NextInLine

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 500
"""Offers of one event in one look: more than leave until the next, and nobody's reply waits for all of a large room."""


async def tend(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """Settles the waitlist of every event that has something to settle; how many offers were queued."""
    return sum([await _apart(tx, campaign, event, now) for event in await db.seats.to_tend(tx, now)])


async def _apart(tx: AsyncConnection, campaign: Campaign, event: int, now: datetime) -> int:
    return await settled_apart(
        tx,
        lambda: _tend(tx, campaign, event, now),
        report=lambda error: log.error("waitlist_not_settled", of=event, error=error),
    )


async def _tend(tx: AsyncConnection, campaign: Campaign, number: int, now: datetime) -> int:
    event, seats = await db.seats.lock(tx, number)
    if event.state != "open" or is_over(event.ends_at, now):
        return 0  # somebody cancelled or moved it since it was looked up
    for own, told in await db.seats.offers_over(tx, event.id, now):
        over = lapsed(own, told=told, at=now)
        seats = seats.moved(own, over)
        await db.seats.keep(tx, event.id, seats, [over])
        await db.faces.stand_otherwise(tx, event.id, [own.person])
    if campaign.is_out(now) or now >= door_opens(event.starts_at) or not seats.waiting or seats.is_full:
        return 0
    seats, made = await _offers(tx, campaign, event, seats, now)
    return await _queue(tx, event, seats, made, now) if made else 0


async def _offers(
    tx: AsyncConnection, campaign: Campaign, event: Event, seats: Seats, now: datetime
) -> tuple[Seats, list[Rsvp]]:
    """The offers to be made, and the seats with them. What is for somebody who cannot be asked in time is shared out
    anew, among all the others.
    """
    made: list[Rsvp] = []
    settled: set[int] = set()
    while True:
        silenced: set[int] = set()
        async for each in db.seats.next_in_line(tx, event.id, seats, without=settled):
            offer = _offer(campaign, event, each, now)
            if offer is not None:
                seats = seats.moved(each.rsvp, offer)
                made.append(offer)
            elif not can_be_asked_in_time(
                starts_at=event.starts_at, **lives_by(each), now=now, policy=campaign.policy
            ):
                silenced.add(each.rsvp.person)
            if len(made) == MOST_AT_ONCE:
                return seats, made
        if not silenced:
            return seats, made
        settled |= silenced | {offer.person for offer in made}


class HasPlace(Protocol):
    """Somebody of whom it is known, or not, where they live."""

    @property
    def territory(self) -> str | None: ...
    @property
    def zone(self) -> str | None: ...


class LivesBy(TypedDict):
    """By which law and clock somebody lives."""

    territory: str | None
    zone: str


def lives_by(found: HasPlace) -> LivesBy:
    """By which law and clock somebody lives, as they are known; by that of Paris who never said where."""
    return {"territory": found.territory, "zone": found.zone or "Europe/Paris"}


def _offer(campaign: Campaign, event: Event, to: NextInLine, now: datetime) -> Rsvp | None:
    """The seats held for somebody from now on; None where they may not be asked now: the seats wait for them."""
    if not may_be_asked(**lives_by(to), now=now, policy=campaign.policy):
        return None
    until = offer_until(starts_at=event.starts_at, **lives_by(to), now=now, policy=campaign.policy)
    return None if until is None else offered(to.rsvp, to.seats, until)


async def _queue(tx: AsyncConnection, event: Event, seats: Seats, made: list[Rsvp], now: datetime) -> int:
    """Keeps the offers and queues what tells of them: first offers are one broadcast, second ones another."""
    await db.seats.keep(tx, event.id, seats, made)
    await db.faces.stand_otherwise(tx, event.id, [offer.person for offer in made])
    queued = 0
    for number in sorted({offer.offers for offer in made}):
        planned = PlannedBroadcast(
            key=db.seats.offer_key(event.id, number),
            kind=Kind.EVENT_SERVICE,
            template=OFFER,
            event=event.id,
            starts_at=now,
        )
        broadcast = await db.planning.ensure_broadcast(tx, planned, now)
        queued += await db.planning.queue_offers(tx, broadcast, event=event.id, number=number, now=now)
    return queued
