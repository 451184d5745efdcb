"""Which messages show an event, and which of them show what is not true any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.faces import (
    CARDS,
    LOOKED_AFTER,
    NEW,
    SHOWS_OTHERWISE,
    UNTRUE,
    WORDED_AHEAD,
    WORDED_AT_ONCE,
    face,
)
from bot.rules.mends import RECALLED
from bot.rules.sending import OFFER, SHIFT_OFFER
from db.events import Event
from db.schema import Instant, broadcasts, deliveries, events, people, seats, shown_cards
from db.seats import closed_to_newcomers
from db.upsert import insert


class EventMessage(Frozen):
    """A message that shows an event; `face`: of the event, to be noted once it was edited; `noted`: what is so far."""

    delivery: int | None
    person: int
    message: int
    event: int
    face: int
    noted: int | None
    # Of a message that was no delivery: somebody opened the event.
    opened: int | None = None
    template: str | None = None


async def look(tx: AsyncConnection, now: datetime, *, event: int | None = None) -> None:
    """Notes which events (or whether one) look otherwise than before, or than a new one."""
    for number, (found, count) in (await changed(tx, now, event=event)).items():
        values = {"faced": found, "face": count + 1, "face_at": now}
        row = insert(tx, seats).values(event=number, **values)
        await tx.execute(row.on_conflict_do_update(index_elements=[seats.c.event], set_=values))


async def changed(
    tx: AsyncConnection, now: datetime, *, event: int | None = None
) -> dict[int, tuple[str, int]]:
    """The events that look otherwise than was noted: how, and how often they had before."""
    counted = (seats.c.faced, seats.c.face)
    query = (
        sa.select(events, *counted)
        .outerjoin(seats, seats.c.event == events.c.id)
        .where(events.c.state.in_(("open", "cancelled")), events.c.ends_at > now - LOOKED_AFTER)
    )
    if event is not None:
        query = query.where(events.c.id == event)
    looks: dict[int, tuple[str, int]] = {}
    rows = (await tx.execute(query.order_by(events.c.id))).all()
    closed = await closed_to_newcomers(tx, [_event(row) for row in rows if row.counted], now)
    for row in rows:
        found = face(
            sequence=row.sequence,
            is_cancelled=row.state == "cancelled",
            is_full=row.id in closed,
            is_over=row.ends_at <= now,
        )
        if found != (row.faced or NEW):
            looks[row.id] = found, row.face or 0
    return looks


def _event(row: sa.Row[Any]) -> Event:
    return Event(**{column.name: row._mapping[column] for column in events.c})


def _untrue() -> sa.ColumnElement[bool]:
    margin = sa.case((broadcasts.c.template.in_(WORDED_AT_ONCE), False), else_=True)
    since = sa.or_(
        deliveries.c.sent_at <= seats.c.face_at,
        sa.and_(margin, deliveries.c.sent_at <= sa.bindparam("margin_before", type_=Instant)),
    )
    never = sa.and_(deliveries.c.face.is_(None), seats.c.face_at.is_not(None), since)
    return sa.or_(never, deliveries.c.face < seats.c.face)


def _is_over_offer_of_shift() -> sa.ColumnElement[bool]:
    """A place in a shift that was held for somebody: the message says so once it is not."""
    return sa.and_(broadcasts.c.template == SHIFT_OFFER, deliveries.c.face <= UNTRUE)


_RECALLS = broadcasts.alias("recalls")
_IS_RECALLED = sa.exists().where(
    _RECALLS.c.mends == broadcasts.c.id, _RECALLS.c.template == RECALLED, _RECALLS.c.state != "cancelled"
)
"""Of a row of `broadcasts`: whether it is taken back, or about to be: what stands there then is no card."""


async def untrue(tx: AsyncConnection, event: int, *, after: int, limit: int) -> list[EventMessage]:
    """Messages that show an event otherwise than it is, in order; not of people who may not be written to."""
    face_at = await tx.scalar(sa.select(seats.c.face_at).where(seats.c.event == event))
    query = (
        sa.select(
            deliveries.c.id.label("delivery"),
            deliveries.c.person,
            deliveries.c.message_id.label("message"),
            broadcasts.c.event,
            seats.c.face,
            deliveries.c.face.label("noted"),
            broadcasts.c.template,
        )
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .join(seats, seats.c.event == broadcasts.c.event)
        .join(people, people.c.id == deliveries.c.person)
        .where(broadcasts.c.event == event, broadcasts.c.template.in_((*CARDS, SHIFT_OFFER)))
        .where(deliveries.c.state == "sent", deliveries.c.message_id.is_not(None), deliveries.c.id > after)
        .where(sa.or_(sa.and_(broadcasts.c.template.in_(CARDS), _untrue()), _is_over_offer_of_shift()))
        .where(people.c.state == "registered", people.c.unreachable_at.is_(None), sa.not_(_IS_RECALLED))
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    margin = None if face_at is None else face_at + WORDED_AHEAD
    return [EventMessage(**row._mapping) for row in await tx.execute(query, {"margin_before": margin})]


async def untrue_opened(tx: AsyncConnection, event: int, *, after: int, limit: int) -> list[EventMessage]:
    """Messages in which somebody opened the event, by a link or from the list, that show it otherwise than it is."""
    query = (
        sa.select(
            sa.null().label("delivery"),
            shown_cards.c.person,
            shown_cards.c.message,
            shown_cards.c.event,
            seats.c.face,
            shown_cards.c.face.label("noted"),
            shown_cards.c.id.label("opened"),
        )
        .join(seats, seats.c.event == shown_cards.c.event)
        .join(people, people.c.id == shown_cards.c.person)
        .where(shown_cards.c.event == event, shown_cards.c.id > after, shown_cards.c.face < seats.c.face)
        .where(people.c.state == "registered", people.c.unreachable_at.is_(None))
        .order_by(shown_cards.c.id)
        .limit(limit)
    )
    return [EventMessage(**row._mapping) for row in await tx.execute(query)]


async def of_event(tx: AsyncConnection, event: int) -> int:
    """How often what the cards of an event show has changed."""
    return await tx.scalar(sa.select(seats.c.face).where(seats.c.event == event)) or 0


async def opened(tx: AsyncConnection, *, person: int, message: int, event: int, face: int) -> None:
    """A message shows an event from now on, as it is at that count."""
    values = {"event": event, "face": face}
    row = insert(tx, shown_cards).values(person=person, message=message, **values)
    key = [shown_cards.c.person, shown_cards.c.message]
    await tx.execute(row.on_conflict_do_update(index_elements=key, set_=values))


async def opened_by_link(
    tx: AsyncConnection, *, telegram_id: int, message: int, code: str, face: int
) -> None:
    """A message that was sent to somebody, who is still known, shows an event from now on."""
    who = await tx.scalar(sa.select(people.c.id).where(people.c.telegram_id == telegram_id))
    what = await tx.scalar(sa.select(events.c.id).where(events.c.code == code))
    if who is not None and what is not None:
        await opened(tx, person=who, message=message, event=what, face=face)


async def looked_after(tx: AsyncConnection, now: datetime) -> list[int]:
    """The events whose messages may show what is not true."""
    query = (
        sa.select(events.c.id)
        .join(seats, seats.c.event == events.c.id)
        .where(events.c.state.in_(("open", "cancelled")), events.c.ends_at > now - LOOKED_AFTER)
    )
    return list(await tx.scalars(query.order_by(events.c.id)))


async def with_untrue_cards(tx: AsyncConnection, now: datetime) -> list[int]:
    """The events that messages show otherwise than they are: of many events it takes long to find."""
    return [
        event
        for event in await looked_after(tx, now)
        if await untrue(tx, event, after=0, limit=1) or await untrue_opened(tx, event, after=0, limit=1)
    ]


async def shown(tx: AsyncConnection, cards: Collection[EventMessage]) -> None:
    """These messages show their event as it is at the count of each, unless something else was noted of them since."""
    for number, noted in sorted({(card.face, card.noted) for card in cards}, key=str):
        alike = [card for card in cards if (card.face, card.noted) == (number, noted)]
        for table, ids in (
            (deliveries, [card.delivery for card in alike if card.delivery is not None]),
            (shown_cards, [card.opened for card in alike if card.opened is not None]),
        ):
            still = sa.and_(table.c.id.in_(ids), table.c.face.is_not_distinct_from(noted))
            if ids:
                await tx.execute(sa.update(table).where(still).values(face=number))


async def is_turned(tx: AsyncConnection, card: EventMessage) -> bool:
    """Whether somebody has leafed on in the message since it was found to be untrue."""
    if card.delivery is None:
        there = sa.select(shown_cards.c.id).where(shown_cards.c.id == card.opened)
        return await tx.scalar(there) is None
    face = await tx.scalar(sa.select(deliveries.c.face).where(deliveries.c.id == card.delivery))
    return face == SHOWS_OTHERWISE


async def was_sent(tx: AsyncConnection, person: int, message: int) -> bool:
    """Whether a message of somebody's chat was sent to many, and not to them alone."""
    which = sa.and_(deliveries.c.person == person, deliveries.c.message_id == message)
    return await tx.scalar(sa.select(deliveries.c.id).where(which)) is not None


async def turned(tx: AsyncConnection, person: int, message: int) -> None:
    """A message shows something else than its event now."""
    which = sa.and_(deliveries.c.person == person, deliveries.c.message_id == message)
    await tx.execute(sa.update(deliveries).where(which).values(face=SHOWS_OTHERWISE))
    theirs = sa.and_(shown_cards.c.person == person, shown_cards.c.message == message)
    await tx.execute(sa.delete(shown_cards).where(theirs))


async def stand_otherwise(
    tx: AsyncConnection, event: int, persons: Collection[int], *, but: int | None = None
) -> None:
    """How these people stand with an event has changed by itself, or in one of their messages (`but`, which shows it):
    all others that show the event say so too.
    """
    here = list(persons)
    # What nobody counts the seats of has no row there yet, by which it is looked after.
    row = insert(tx, seats).values(event=event)
    await tx.execute(row.on_conflict_do_nothing(index_elements=[seats.c.event]))
    left = sa.or_(broadcasts.c.template == OFFER, deliveries.c.state.in_(ON_THE_WAY_OR_THERE))
    cards = (
        sa.select(deliveries.c.id)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .where(
            broadcasts.c.event == event, broadcasts.c.template.in_(CARDS), deliveries.c.person.in_(here), left
        )
        .where(deliveries.c.face.is_distinct_from(SHOWS_OTHERWISE))
        .where(deliveries.c.message_id.is_distinct_from(but or 0))
    )
    found = list(await tx.scalars(cards))
    if found:
        await tx.execute(
            sa.update(deliveries).where(deliveries.c.id.in_(found)).values(face=_untrue_again(deliveries))
        )
    opened_there = sa.and_(
        shown_cards.c.event == event, shown_cards.c.person.in_(here), shown_cards.c.message != (but or 0)
    )
    await tx.execute(sa.update(shown_cards).where(opened_there).values(face=_untrue_again(shown_cards)))


def _untrue_again(table: sa.Table) -> sa.ColumnElement[int]:
    """Another number each time: whoever edited the message meanwhile does not take it for true (see `shown`)."""
    return sa.case((table.c.face < 0, table.c.face + UNTRUE), else_=UNTRUE)


ON_THE_WAY_OR_THERE = ("sending", "sent", "in_doubt")


async def shift_offer_over(tx: AsyncConnection, person: int, key: str) -> None:
    """An offer of a place in a shift (db.shifts.offer_key) is over: its message says so."""
    await _over(tx, [person], broadcasts.c.key == key)


async def _over(tx: AsyncConnection, persons: Collection[int], made_by: sa.ColumnElement[bool]) -> None:
    offers = sa.select(broadcasts.c.id).where(made_by)
    which = sa.and_(
        deliveries.c.person.in_(list(persons)),
        deliveries.c.broadcast.in_(offers),
        deliveries.c.face.is_distinct_from(SHOWS_OTHERWISE),
    )
    await tx.execute(sa.update(deliveries).where(which).values(face=_untrue_again(deliveries)))
