"""Whether people still want what is sent about an event, an offer of a seat, a shift."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.outcomes import Stop
from bot.departure.batch import Batch
from bot.departure.sending import LeavingBroadcast
from bot.rules.kinds import Kind
from bot.rules.seats import ON_THE_LIST, Standing
from bot.rules.sending import INVITATION
from bot.rules.shifts import Shift
from db.people import Person
from db.rsvps import Rsvp
from db.seats import offer_key
from db.shifts import offer_key as shift_offer_key


def event_unwanted(person: Person, sending: LeavingBroadcast, batch: Batch) -> Stop | None:
    """An event's messages: not once it is cancelled (but the word of it), nor to those who will not come."""
    if sending.event is None or sending.is_cancellation:
        return None
    if not sending.event.is_public:
        return Stop(state="cancelled", reason="not_approved")
    if sending.row.series is not None:
        # Other dates take place, whatever became of the first.
        return None if sending.row.series["dates"] else Stop(state="cancelled", reason="event_cancelled")
    if sending.event.is_cancelled and not sending.is_why:
        return Stop(state="cancelled", reason="event_cancelled")
    if sending.row.follows:
        return None  # they come to one of its dates, perhaps to another one
    if sending.shift is not None:
        return shift_unwanted(batch.shifts.get(sending.shift), person, sending, batch)
    rsvp = batch.rsvps.get((sending.event.id, person.id))
    if sending.is_offer:
        return offer_unwanted(rsvp, sending, batch.now)
    if rsvp is None:
        return Stop(state="cancelled", reason="not_coming") if sending.kind is Kind.EVENT_SERVICE else None
    if sending.row.template == INVITATION:
        return Stop(state="cancelled", reason="answered")  # elsewhere, before it came to them
    # Who waits for a seat is told of changes, and invited by nothing else; they are not reminded to come.
    reminds = sending.row.template is not None and not (sending.is_change or sending.is_why)
    away = rsvp.answer in (Standing.NO, Standing.LAPSED) or (rsvp.answer in ON_THE_LIST and reminds)
    return Stop(state="cancelled", reason="not_coming") if away else None


def offer_unwanted(rsvp: Rsvp | None, sending: LeavingBroadcast, now: datetime) -> Stop | None:
    """A seat that came free: not once it was answered, or went to the next."""
    event = sending.event
    assert event is not None  # an offer is of one
    meant = rsvp is not None and rsvp.has_offer(now) and sending.row.key == offer_key(event.id, rsvp.offers)
    return None if meant else Stop(state="cancelled", reason="offer_over")


def shift_unwanted(
    shift: Shift | None, person: Person, sending: LeavingBroadcast, batch: Batch
) -> Stop | None:
    """What tells of a shift: not to who has left it, and no offer once it was answered, or went to the next."""
    place = batch.shift_places.get((shift.id, person.id)) if shift is not None else None
    if shift is None or place is None or place.answer not in (Standing.YES, *ON_THE_LIST):
        return Stop(state="cancelled", reason="not_coming")
    if sending.is_shift_offer:
        meant = place.has_offer(batch.now) and sending.row.key == shift_offer_key(shift.id, place.offers)
        return None if meant and shift.is_open else Stop(state="cancelled", reason="offer_over")
    return None
