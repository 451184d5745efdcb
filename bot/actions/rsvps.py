"""Answering an invitation, confirming on the eve, telling afterwards whether one came.

Where an event has a capacity, what is said is settled while nobody else can take a seat (db.seats): yes may become a
place on the waitlist, and a seat that came free is taken, refused, or waited for until there are enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.deliveries
import db.events
import db.faces
import db.people
import db.rsvps
import db.seats
import db.shifts
import db.tapped_events
import db.upcoming
from bot.actions.people import require_supporter
from bot.actions.questions import about_coming, about_having_come
from bot.actions.responses import Origin, response
from bot.errors import PortevoixError
from bot.frozen import Frozen, changed
from bot.rules.events import is_over, may_tell_whether_came
from bot.rules.people import RsvpAnswer
from bot.rules.seats import (
    Rsvp,
    Seats,
    Standing,
    answered,
    brought,
    door_opens,
    lapsed,
    waits_for_all,
    within_reach,
)
from db.events import Event, EventInWords
from db.people import Person
from db.seats import Allotted
from db.tapped_events import TappedEvent


class EventClosed(PortevoixError):
    """An event of which nothing can be said any more: it was cancelled, or is over."""

    default_message: ClassVar[str] = "toasts/event_over"


class EventNotBegun(PortevoixError):
    """Nobody came to an event yet that has not begun."""

    default_message: ClassVar[str] = "toasts/event_not_begun"


class TooFewSeats(PortevoixError):
    """More guests than there are seats; what was said before stays."""

    default_message: ClassVar[str] = "toasts/too_few_seats"


class Answered(Frozen):
    """What became of an answer, and the messages (Telegram's ids) that ask the same elsewhere: they need not now."""

    rsvp: Rsvp
    overtaken: list[int]


async def answer_of(tx: AsyncConnection, person: Person, event: Event) -> Rsvp | None:
    """The person's answer to an event; None while they said nothing."""
    return await db.rsvps.get(tx, event=event.id, person=person.id)


async def coming_to(tx: AsyncConnection, person: Person, *, now: datetime) -> list[tuple[EventInWords, Rsvp]]:
    """The events still to come that the person said yes to, and what they said."""
    answers = await db.rsvps.of_person(tx, person.id)
    ids = [each.id for each in await db.upcoming.upcoming(tx, now) if _says_yes(answers.get(each.id))]
    events, texts = await db.events.get_many(tx, ids), await db.events.texts_of_many(tx, ids)
    return [(EventInWords(event=events[each], texts=texts[each]), answers[each]) for each in ids]


def _says_yes(rsvp: Rsvp | None) -> bool:
    return rsvp is not None and rsvp.answer == RsvpAnswer.YES


async def seats_held(tx: AsyncConnection, person: Person, *, now: datetime) -> list[Event]:
    """The events still to come at which somebody has a seat, was offered one, or waits for one, by their number."""
    answers = await db.rsvps.of_person(tx, person.id)
    held = [number for number, own in answers.items() if own.answer in BRINGS]
    events = await db.events.get_many(tx, held)
    return [
        event
        for _, event in sorted(events.items())
        if not event.is_cancelled and not is_over(event.ends_at, now)
    ]


async def free_seats(tx: AsyncConnection, person: Person, origin: Origin) -> int:
    """Whoever wants to hear no more leaves every seat, and every shift, to the others; at how many events."""
    events = await seats_held(tx, person, now=origin.at)
    for event in events:
        blank = Rsvp(event=event.id, person=person.id, answer=RsvpAnswer.NO.value, at=origin.at)
        # One update answers for several events: none of these answers is on a message about one.
        said = response(person, origin, "rsvp", RsvpAnswer.NO.value, event.code)
        said = replace(said, update_id=None, message_id=None)
        if await db.seats.are_counted(tx, event):
            await db.seats.settle(
                tx, event=event.id, person=person.id, decide=partial(_gone, blank), said=said
            )
        else:
            await db.rsvps.put(tx, blank, said)
        await _leave_shifts(tx, event, blank)
    return len(events)


def _gone(blank: Rsvp, seats: Seats, own: Rsvp | None, _allotted: Callable[[Seats], Allotted]) -> Rsvp:
    return answered(RsvpAnswer.NO, seats=seats, own=own, blank=blank, reach=None)


async def answer_invitation(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    event: Event,
    answer: RsvpAnswer,
    *,
    before: Rsvp | None,
    tapped: TappedEvent | None = None,
) -> Answered:
    """Yes, maybe or no, in place of what was said `before`; a new answer has to be confirmed anew. What was found of
    what they `tapped` is not read again.

    Raises NotASupporter, EventClosed; TooFewSeats where the door is open and a party finds too little.
    """
    require_open(person, event, origin.at)
    said = await _answer(
        *(tx, person, origin, event, answer), before=before, logged=("rsvp", answer.value), tapped=tapped
    )
    if person.undisturbed_until is not None:
        await db.people.change(tx, person.id, undisturbed_until=None)
        await db.deliveries.look_again(tx, person.id, origin.at)
    return said


async def confirm_coming(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, coming: bool, before: Rsvp | None
) -> Answered:
    """The eve's question: who confirms comes, who cancels leaves the place to another.

    Raises NotASupporter, EventClosed.
    """
    require_open(person, event, origin.at)
    answer = RsvpAnswer.YES if coming else RsvpAnswer.NO
    logged = ("attendance", "confirm" if coming else "cancel")
    return await _answer(tx, person, origin, event, answer, before=before, logged=logged, confirmed=coming)


async def _answer(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    event: Event,
    answer: RsvpAnswer,
    *,
    before: Rsvp | None,
    logged: tuple[str, str],
    confirmed: bool = False,
    tapped: TappedEvent | None = None,
) -> Answered:
    """`logged`: the question and the answer, as they are kept of what was said; what became of it is in the row."""
    blank = Rsvp(event=event.id, person=person.id, answer=answer.value, at=origin.at)
    said = response(person, origin, *logged, event.code)
    said_maybe = before is not None and before.answer == RsvpAnswer.MAYBE
    asked = about_coming(person, origin, event, said_maybe=said_maybe)
    in_one_go = tapped is not None and tapped.in_one_go
    # What was found of a tap is held as it is to the end of the transaction.
    if not (event.counted if tapped is not None else await db.seats.are_counted(tx, event)):
        own = before if event.guests else None
        rsvp = answered(answer, seats=Seats(limit=None), own=own, blank=blank, reach=None)
        rsvp = changed(rsvp, confirmed=confirmed)
        if tapped is not None and in_one_go:
            overtaken = db.tapped_events.answer(tx, tapped, rsvp, said, asked)
        else:
            overtaken = await db.rsvps.put(tx, rsvp, said, asked)
        await _leave_shifts(tx, event, rsvp)
        await _tell_other_cards(tx, origin, before, rsvp, in_one_go=in_one_go)
        return Answered(rsvp=rsvp, overtaken=overtaken)

    def decide(seats: Seats, own: Rsvp | None, allotted: Callable[[Seats], Allotted]) -> Rsvp:
        seats, own = _without_a_late_offer(seats, own, origin.at)
        reach = _reach(event, seats, own, allotted, origin.at)
        if (
            answer is RsvpAnswer.YES
            and own is not None
            and own.waits
            and door_opens(event.starts_at) <= origin.at
        ):
            _require_seats(own, reach)
        rsvp = answered(answer, seats=seats, own=own, blank=blank, reach=reach)
        return replace(rsvp, confirmed=confirmed and rsvp.answer == RsvpAnswer.YES)

    settled = await db.seats.settle(
        tx, event=event.id, person=person.id, decide=decide, said=said, asked=asked
    )
    await _leave_shifts(tx, event, settled.rsvp)
    await _tell_other_cards(tx, origin, before, settled.rsvp)
    return Answered(rsvp=settled.rsvp, overtaken=settled.overtaken)


async def _tell_other_cards(
    tx: AsyncConnection, origin: Origin, before: Rsvp | None, now: Rsvp, *, in_one_go: bool = False
) -> None:
    """Where somebody said something else before, their other messages of the event say what holds now."""
    if before is None or _stands(before) == _stands(now):
        return
    if in_one_go:
        db.faces.stand_otherwise_at_end(tx, now.event, now.person, but=origin.message_id)
    else:
        await db.faces.stand_otherwise(tx, now.event, [now.person], but=origin.message_id)


def _stands(rsvp: Rsvp) -> tuple[object, ...]:
    """What a card tells of an answer."""
    return rsvp.answer, rsvp.guests, rsvp.offered, rsvp.confirmed


async def _leave_shifts(tx: AsyncConnection, event: Event, rsvp: Rsvp) -> None:
    """Whoever does not come takes no shift either; of an event without shifts nothing is asked."""
    if event.has_shifts and rsvp.answer != Standing.YES:
        await db.shifts.leave_all(tx, event=event.id, person=rsvp.person, at=rsvp.at)


def _require_seats(own: Rsvp, reach: int | None) -> None:
    """Raises TooFewSeats where somebody who waits takes what is there, and it is too little."""
    if reach is not None and own.party > reach:
        raise TooFewSeats("There are not so many seats.", message="toasts/seats_at_the_door", left=reach)


def _without_a_late_offer(seats: Seats, own: Rsvp | None, now: datetime) -> tuple[Seats, Rsvp | None]:
    """Whose offer is over holds nothing by it any more, also where nobody has looked since."""
    if own is None or not own.offered or own.has_offer(now):
        return seats, own
    over = lapsed(own, told=True, at=own.at)
    return seats.moved(own, over), over


def _reach(
    event: Event, seats: Seats, own: Rsvp | None, allotted: Callable[[Seats], Allotted], now: datetime
) -> int | None:
    door_open = door_opens(event.starts_at) <= now
    return within_reach(seats, own, {} if door_open else allotted(seats), door_open=door_open)


async def bring_guests(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, guests: int
) -> Rsvp:
    """How many somebody brings along, or waits with. Raises NotASupporter, EventClosed, TooFewSeats.

    Raises ValueError for more than the organizer allows.
    """
    require_open(person, event, origin.at)
    if not 0 <= guests <= event.guests:
        raise ValueError("So many guests were not offered.")

    def decide(seats: Seats, own: Rsvp | None, allotted: Callable[[Seats], Allotted]) -> Rsvp:
        seats, own = _without_a_late_offer(seats, own, origin.at)
        if own is None or own.answer not in BRINGS:
            raise EventClosed("Nothing was said that guests could join.", message="toasts/already_answered")
        reach = _reach(event, seats, own, allotted, origin.at) if event.counted else None
        rsvp = brought(own, guests, at=origin.at, reach=reach)
        if rsvp is None:
            raise TooFewSeats("There are not so many seats.", left=max(0, (reach or 0) - own.party))
        return rsvp

    said = response(person, origin, "guests", str(guests), event.code)
    rsvp = (await db.seats.settle(tx, event=event.id, person=person.id, decide=decide, said=said)).rsvp
    await db.faces.stand_otherwise(tx, event.id, [person.id], but=origin.message_id)
    return rsvp


BRINGS = (Standing.YES, Standing.WAITING, Standing.OFFERED)


async def wait_for_all(tx: AsyncConnection, person: Person, origin: Origin, event: Event) -> Rsvp:
    """Somebody who was offered fewer seats than they need keeps their place. Raises NotASupporter, EventClosed."""
    require_open(person, event, origin.at)

    def decide(_seats: Seats, own: Rsvp | None, _allotted: Callable[[Seats], Allotted]) -> Rsvp:
        # A full offer is all there is to wait for: what an old button says of it is answered by the card.
        if own is None or not own.has_offer(origin.at) or own.offered >= own.party:
            raise EventClosed("The offer is over.", message="toasts/offer_over")
        return waits_for_all(own, origin.at)

    said = response(person, origin, "offer", "wait", event.code)
    rsvp = (await db.seats.settle(tx, event=event.id, person=person.id, decide=decide, said=said)).rsvp
    await db.faces.stand_otherwise(tx, event.id, [person.id], but=origin.message_id)
    return rsvp


async def tell_whether_came(
    tx: AsyncConnection, person: Person, origin: Origin, event: Event, *, came: bool
) -> list[int]:
    """Asked after the end; what had been answered before stays. The messages that ask the same elsewhere.

    Raises NotASupporter, EventClosed, EventNotBegun.
    """
    require_supporter(person)
    _require_not_cancelled(event)
    if not may_tell_whether_came(event.starts_at, origin.at):
        raise EventNotBegun("This event has not begun.")
    answer = RsvpAnswer.YES if came else RsvpAnswer.NO
    unasked = Rsvp(event=event.id, person=person.id, answer=answer, at=origin.at)
    said = response(person, origin, "came", "yes" if came else "no", event.code)
    asked = about_having_come(person, origin, event)

    def decide(_seats: Seats, own: Rsvp | None, _allotted: Callable[[Seats], Allotted]) -> Rsvp:
        return replace(own or unasked, attended=came, at=origin.at)

    if await db.seats.are_counted(tx, event):
        settled = await db.seats.settle(
            tx, event=event.id, person=person.id, decide=decide, said=said, asked=asked
        )
        return settled.overtaken
    before = await db.rsvps.get(tx, event=event.id, person=person.id)
    return await db.rsvps.put(tx, replace(before or unasked, attended=came, at=origin.at), said, asked)


def require_open(person: Person, event: Event, now: datetime) -> None:
    """Raises NotASupporter; EventClosed where nothing can be answered any more."""
    require_supporter(person)
    _require_not_cancelled(event)
    if is_over(event.ends_at, now):
        raise EventClosed("This event is over.")


def _require_not_cancelled(event: Event) -> None:
    if event.is_cancelled:
        raise EventClosed("This event was cancelled.", message="toasts/event_cancelled")
