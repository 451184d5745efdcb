"""Which messages show an event, and which of them show what is not true any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

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
from db.batches import DatabaseVisit, Statement, given_ids, instant_text, members, together
from db.newcomers import closed_to_newcomers
from db.postponed import Row, postpone
from db.records import records
from db.schema import Instant, broadcasts, deliveries, events, people, seats, shown_cards
from db.seats import hold
from db.upsert import put

MARKED = datetime(1970, 1, 1, tzinfo=UTC)
"""`seats.face_at` of an event that looks as it always did, of which single cards are marked: before any was sent."""


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
        await put(tx, seats, {"event": number}, {"faced": found, "face": count + 1, "face_at": now})


async def changed(
    tx: AsyncConnection, now: datetime, *, event: int | None = None
) -> dict[int, tuple[str, int]]:
    """The events that look otherwise than was noted: how, and how often they had before."""
    looks: dict[int, tuple[str, int]] = {}
    asked = {**_since(now), "of_event": event}
    rows = (await tx.execute(_LOOKS if event is None else _LOOK, asked)).all()
    closed = await closed_to_newcomers(tx, rows, now)
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


_SHOWN = ("id", "state", "sequence", "starts_at", "ends_at", "counted", "capacity", "overbooking")
# Each tick asks for them: as they stand they are not put together anew.
_IS_LOOKED_AFTER = events.c.state.in_(("open", "cancelled")) & (events.c.ends_at > sa.bindparam("since"))
_LOOKS = (
    sa.select(*(events.c[name] for name in _SHOWN), seats.c.faced, seats.c.face)
    .outerjoin(seats, seats.c.event == events.c.id)
    .where(_IS_LOOKED_AFTER)
    .order_by(events.c.id)
)
_LOOK = _LOOKS.where(events.c.id == sa.bindparam("of_event"))
_LOOKED_AFTER = sa.select(events.c.id).join(seats, seats.c.event == events.c.id).where(_IS_LOOKED_AFTER)


def _since(now: datetime) -> dict[str, datetime]:
    return {"since": now - LOOKED_AFTER}


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


_FACE_AT = sa.select(seats.c.face_at).where(seats.c.event == sa.bindparam("of_event"))
_UNTRUE = (
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
    .where(broadcasts.c.event == sa.bindparam("of_event"), broadcasts.c.template.in_((*CARDS, SHIFT_OFFER)))
    .where(deliveries.c.state == "sent", deliveries.c.message_id.is_not(None))
    .where(deliveries.c.id > sa.bindparam("after"))
    .where(sa.or_(sa.and_(broadcasts.c.template.in_(CARDS), _untrue()), _is_over_offer_of_shift()))
    .where(people.c.state == "registered", people.c.unreachable_at.is_(None), sa.not_(_IS_RECALLED))
    .order_by(deliveries.c.id)
    .limit(sa.bindparam("most"))
)
_UNTRUE_OPENED = (
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
    .where(shown_cards.c.event == sa.bindparam("of_event"), shown_cards.c.id > sa.bindparam("after"))
    .where(shown_cards.c.face < seats.c.face)
    .where(people.c.state == "registered", people.c.unreachable_at.is_(None))
    .order_by(shown_cards.c.id)
    .limit(sa.bindparam("most"))
)


async def untrue(tx: AsyncConnection, event: int, *, after: int, limit: int) -> list[EventMessage]:
    """Messages that show an event otherwise than it is, in order; not of people who may not be written to."""
    face_at = await tx.scalar(_FACE_AT, {"of_event": event})
    margin = None if face_at is None else face_at + WORDED_AHEAD
    asked = {"of_event": event, "after": after, "most": limit, "margin_before": margin}
    return records(EventMessage, await tx.execute(_UNTRUE, asked))


async def untrue_opened(tx: AsyncConnection, event: int, *, after: int, limit: int) -> list[EventMessage]:
    """Messages in which somebody opened the event, by a link or from the list, that show it otherwise than it is."""
    asked = {"of_event": event, "after": after, "most": limit}
    return records(EventMessage, await tx.execute(_UNTRUE_OPENED, asked))


async def of_event(tx: AsyncConnection, event: int) -> int:
    """How often what the cards of an event show has changed."""
    return await tx.scalar(sa.select(seats.c.face).where(seats.c.event == event)) or 0


async def opened(tx: AsyncConnection, *, person: int, message: int, event: int, face: int) -> None:
    """A message shows an event from now on, as it is at that count."""
    await put(tx, shown_cards, {"person": person, "message": message}, {"event": event, "face": face})


async def opened_by_link(
    tx: AsyncConnection, *, telegram_id: int, message: int, code: str, face: int
) -> None:
    """A message that was sent to somebody, who is still known, shows an event from now on."""
    who = await tx.scalar(sa.select(people.c.id).where(people.c.telegram_id == telegram_id))
    what = await tx.scalar(sa.select(events.c.id).where(events.c.code == code))
    if who is not None and what is not None:
        await opened(tx, person=who, message=message, event=what, face=face)


_ANY_LOOKED_AFTER = _LOOKED_AFTER.limit(1)


async def looked_after(tx: AsyncConnection, now: datetime) -> bool:
    """Whether messages may show events otherwise than they are."""
    return await tx.scalar(_ANY_LOOKED_AFTER, _since(now)) is not None


_WITH_CARDS = _LOOKED_AFTER.where(seats.c.face_at.is_not(None)).order_by(events.c.id)


async def with_untrue_cards(tx: AsyncConnection, now: datetime) -> list[int]:
    """The events that messages show otherwise than they are. Only of those that looked otherwise before, or of which a
    card was marked, all messages are read: of many events it would take long.
    """
    return [
        event
        for event in await tx.scalars(_WITH_CARDS, _since(now))
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


# Each tap on an event asks for it.
_WAS_SENT = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}(id) AS text) FROM deliveries WHERE person = :person AND message_id = :message"""
    )
)


async def was_sent(tx: AsyncConnection, person: int, message: int) -> bool:
    """Whether a message of somebody's chat was sent to many, and not to them alone."""
    return bool(await _WAS_SENT.rows(tx, person=person, message=message))


async def turned(tx: AsyncConnection, person: int, message: int) -> None:
    """A message shows something else than its event now."""
    which = sa.and_(deliveries.c.person == person, deliveries.c.message_id == message)
    await tx.execute(sa.update(deliveries).where(which).values(face=SHOWS_OTHERWISE))
    theirs = sa.and_(shown_cards.c.person == person, shown_cards.c.message == message)
    await tx.execute(sa.delete(shown_cards).where(theirs))


ON_THE_WAY_OR_THERE = ("sending", "sent", "in_doubt")
# Each tap that changes an answer asks for them: of people, each with an event. `+`: by the person, and not among all to
# whom the event was told.
_CARDS_OF_THESE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(card, person, event, message, is_opened)) AS text) FROM (
        SELECT deliveries.id AS card, person, event, COALESCE(message_id, 0) AS message, 0 AS is_opened
        FROM deliveries JOIN broadcasts ON broadcasts.id = +deliveries.broadcast
        WHERE person {s.among.format(given_ids(s))} AND event IN {given_ids(s, 1)} AND template IN {CARDS}
        AND (template = '{OFFER}' OR deliveries.state IN {ON_THE_WAY_OR_THERE})
        AND COALESCE(face, 0) <> {SHOWS_OTHERWISE}
        UNION ALL
        SELECT id, person, event, message, 1 FROM shown_cards
        WHERE person {s.among.format(given_ids(s))} AND event IN {given_ids(s, 1)}
    ) AS cards"""
    )
)


def _marking(table: str) -> Statement:
    """Another number each time: whoever edited the message meanwhile does not take it for true (see `shown`)."""
    return Statement(
        lambda s: (
            f"""
    UPDATE {table} SET face = CASE WHEN face < 0 THEN face + {UNTRUE} ELSE {UNTRUE} END
    WHERE id {s.among.format(given_ids(s))}"""
        )
    )


_MARK, _MARK_OPENED = _marking("deliveries"), _marking("shown_cards")


async def stand_otherwise(
    tx: AsyncConnection, event: int, persons: Collection[int], *, but: int | None = None
) -> None:
    """How these people stand with an event has changed by itself, or in one of their messages (`but`, which shows it):
    all others that show the event say so too.
    """
    rows = [(person, event, but or 0) for person in persons]
    await together(tx, lambda visit: _mark_others(visit, rows))


def stand_otherwise_at_end(tx: AsyncConnection, event: int, person: int, *, but: int | None) -> None:
    """The same of one person, by the end of the transaction: events in the order in which they were said."""
    postpone(tx, _mark_others, [(person, event, but or 0)])


def _mark_others(visit: DatabaseVisit, rows: Sequence[Row]) -> None:
    """Of people, each with an event, the messages that show it, but for one."""
    but = {(person, event): message for person, event, message in rows}
    found = [
        (card, event, is_opened)
        for card, person, event, message, is_opened in visit.rows(_CARDS_OF_THESE, rows=rows)
        if message != but.get((person, event), message)
    ]
    marked = {event for _card, event, _is_opened in found}
    if marked:
        _note(visit, [event for event in dict.fromkeys(event for _, event, _ in rows) if event in marked])
    for statement, which in ((_MARK, 0), (_MARK_OPENED, 1)):
        ids = [card for card, _event, is_opened in found if is_opened == which]
        if ids:
            visit.run(statement, rows=members(ids))


def _untrue_again(table: sa.Table) -> sa.ColumnElement[int]:
    """As `_marking` does."""
    return sa.case((table.c.face < 0, table.c.face + UNTRUE), else_=UNTRUE)


async def shift_offer_over(tx: AsyncConnection, person: int, key: str) -> None:
    """An offer of a place in a shift (db.shifts.offer_key) is over: its message says so."""
    event = await tx.scalar(sa.select(broadcasts.c.event).where(broadcasts.c.key == key))
    if event is not None:
        await note_marks(tx, [event])
    await _over(tx, [person], broadcasts.c.key == key)


async def _over(tx: AsyncConnection, persons: Collection[int], made_by: sa.ColumnElement[bool]) -> None:
    offers = sa.select(broadcasts.c.id).where(made_by)
    which = sa.and_(
        deliveries.c.person.in_(list(persons)),
        deliveries.c.broadcast.in_(offers),
        deliveries.c.face.is_distinct_from(SHOWS_OTHERWISE),
    )
    await tx.execute(sa.update(deliveries).where(which).values(face=_untrue_again(deliveries)))


_OF_THE_EVENT = (
    sa.select(deliveries.c.id)
    .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    .where(broadcasts.c.event == seats.c.event)
)
_HAS_MARKS = sa.or_(
    _OF_THE_EVENT.where(deliveries.c.face <= UNTRUE).correlate(seats).exists(),
    sa.exists().where(shown_cards.c.event == seats.c.event, shown_cards.c.face <= UNTRUE),
)
"""Of a row of `seats`: whether single cards of the event are to be edited."""


_NOTE = Statement(
    lambda s: (
        f"""
    INSERT INTO seats (event, face_at) SELECT CAST(each.value ->> 0 AS BIGINT), {s.at("each.value ->> 1")}
    FROM {s.each} WHERE true
    ON CONFLICT (event) DO UPDATE SET face_at = COALESCE(seats.face_at, excluded.face_at)"""
    )
)


async def note_marks(tx: AsyncConnection, numbers: Iterable[int]) -> None:
    """Single cards of these events are about to be marked: they are looked at, though the events are as they were.

    Their rows are held, so that `forget_marks` of another process comes before or sees the marks.
    """
    await together(tx, lambda visit: _note(visit, numbers))


def _note(visit: DatabaseVisit, numbers: Iterable[int]) -> None:
    visit.run(_NOTE, rows=[(number, instant_text(MARKED)) for number in numbers])


_MARKED_AND_NOT_NOTED = _LOOKED_AFTER.where(seats.c.face_at.is_(None), _HAS_MARKS).order_by(events.c.id)
_NOTED_FOR_NOTHING = _LOOKED_AFTER.where(seats.c.face_at == MARKED, ~_HAS_MARKS).order_by(events.c.id)


async def marked_and_not_noted(tx: AsyncConnection, now: datetime) -> list[int]:
    """Events of which cards were marked by a version that did not note it."""
    return list(await tx.scalars(_MARKED_AND_NOT_NOTED, _since(now)))


async def noted_for_nothing(tx: AsyncConnection, now: datetime) -> list[int]:
    """Events of which no card is marked any more."""
    return list(await tx.scalars(_NOTED_FOR_NOTHING, _since(now)))


async def forget_marks(tx: AsyncConnection, numbers: Collection[int]) -> None:
    """The cards of these events are not looked at any more, unless one was marked since."""
    await hold(tx, numbers)
    mine = sa.and_(seats.c.event.in_(list(numbers)), seats.c.face_at == MARKED, sa.not_(_HAS_MARKS))
    await tx.execute(sa.update(seats).where(mine).values(face_at=None))
