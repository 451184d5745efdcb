"""Events: the list, a card with its answers, the place, the calendar file, and what is asked on the eve and after."""

from __future__ import annotations

from telegram import Update

from bot.actions import effects, event_cards, rsvps
from bot.actions.event_calendar import calendar_file, file_name
from bot.actions.event_cards import EventCard, upcoming_page
from bot.actions.rsvps import EventClosed, EventNotBegun, TooFewSeats
from bot.rules.consent import Purpose
from bot.rules.people import RsvpAnswer
from db.events import EventInWords
from db.people import Person
from db.rsvps import Rsvp
from handlers import event_card, feedback
from handlers.buttons import arguments, one_of, whole_number, yes_or_no
from handlers.choices import ask_once
from handlers.context import Context
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

PAGE = 5


async def list_events(update: Update, context: Context) -> None:
    """/events: what is to come, nearest first. Staff see it without being supporters."""
    if context.staff or not await must_sign_up(context):
        await _show_page(context, 0)


async def near_here(update: Update, context: Context) -> None:
    """A location, shared in the middle of nothing: what is nearest to it; nobody keeps it."""
    assert context.message is not None  # a location handler
    location = context.message.location
    assert location is not None  # the handler's filter
    if context.staff or not await must_sign_up(context):
        here = context.person._replace(latitude=location.latitude, longitude=location.longitude)
        await _show_page(context, 0, near=here)


async def said_yes_to(context: Context) -> list[EventCard]:
    """The events to come that the person said they would come to, the soonest first."""
    coming = await rsvps.coming_to(context.tx, context.person, now=context.now)
    cards = [event_card.worded(context, found.event, found.texts, rsvp) for found, rsvp in coming]
    return sorted(cards, key=lambda card: card.starts_at)


async def turn_page(update: Update, context: Context) -> None:
    (number,) = arguments(context, 1)
    await _show_page(context, whole_number(number))


async def _show_page(context: Context, number: int, *, near: Person | None = None) -> None:
    """`near`: the person, as if where they are were where they vote. Later pages go by where they vote."""
    quiet = context.quiet_about_events
    if quiet is not None:
        context.edit("events/quiet", until=quiet.until)
        return
    page = await upcoming_page(context.tx, near or context.person, number=number, size=PAGE, now=context.now)
    cards = [
        event_card.worded(context, event, page.texts[event.id], page.answers.get(event.id), seen_by=near)
        for event in page.events
    ]
    context.edit(
        "events/list",
        events=cards,
        full={event.code for event in page.events if event.id in page.full},
        page=page,
        here=near is not None,
        organizes=bool(context.staff),
        may_host=not context.staff and context.campaign.needs_hands(context.now),
        invited=_is_invited(context),
    )


def _is_invited(context: Context) -> bool:
    """Whether a promise to write about the next event can be kept."""
    person = context.person
    return person.consent_contact and not person.mutes_events and not context.campaign.is_out(context.now)


async def show(update: Update, context: Context) -> None:
    """An event chosen in the list."""
    (code,) = arguments(context, 1)
    found = await event_card.find_told(context, code)
    if found is not None:
        await effects.opened(context.tx, context.person, context.origin, found.event)
        await event_card.show_from_list(context, found)


async def show_date(update: Update, context: Context) -> None:
    """A date of a series, below its invitation, which keeps the others."""
    (code,) = arguments(context, 1)
    found = await event_card.find_told(context, code)
    if found is not None:
        await effects.opened(context.tx, context.person, context.origin, found.event)
        await event_card.show_below(context, found)


async def _event_to_describe(context: Context, code: str) -> EventInWords | None:
    """The event, unless the law asks for silence about it now: then that was said."""
    found = await event_card.find_told(context, code)
    quiet = context.quiet_about_events
    if found is None or quiet is None:
        return found
    context.say("events/quiet", until=quiet.until)
    return None


async def _event_to_answer(context: Context, code: str) -> tuple[EventInWords | None, Rsvp | None]:
    """The event and their answer so far, for a supporter; whoever is none signs up first, and comes back to it."""
    found: EventInWords | None
    if context.tapped is not None and context.tapped.told.event.code == code:
        found, before = context.tapped.told, context.tapped.before
    else:
        found, before = await event_cards.find_with_answer(context.tx, code, context.person)
    if found is None:
        event_card.tell_unknown(context)
    elif await must_sign_up(context, start=f"ev_{code}"):
        found = None
    return found, before


async def answer_invitation(update: Update, context: Context) -> None:
    """Yes, maybe or no: noted at once, confirmed on the card, changed at will."""
    code, tapped = arguments(context, 2)
    answer = one_of(RsvpAnswer, tapped)
    found, before = await _event_to_answer(context, code)
    if found is None:
        return
    tapped_event = context.tapped if context.tapped is not None and context.tapped.told is found else None
    try:
        said = await rsvps.answer_invitation(
            *(context.tx, context.person, context.origin, found.event, answer),
            before=before,
            tapped=tapped_event,
        )
    except EventClosed:
        await event_card.show(context, found)  # it says why
    except TooFewSeats as few:
        context.toast(few.message, alert=True, **few.values)
    else:
        await event_card.show(context, found, said.rsvp)
        _overtake(context, said.overtaken)
        if said.rsvp.answer == RsvpAnswer.YES and context.quiet_about_events is None:
            await ask_once(context, Purpose.TEAM)


async def bring_guests(update: Update, context: Context) -> None:
    """How many come along, or wait with whoever taps."""
    code, number = arguments(context, 2)
    found, _before = await _event_to_answer(context, code)
    if found is None:
        return
    try:
        rsvp = await rsvps.bring_guests(
            context.tx, context.person, context.origin, found.event, whole_number(number)
        )
    except ValueError:
        raise MalformedButton from None
    except TooFewSeats as few:
        context.toast(few.message, alert=True, **few.values)
        return
    except EventClosed:
        await event_card.show(context, found)  # it says why
        return
    await event_card.show(context, found, rsvp)


async def wait_for_all(update: Update, context: Context) -> None:
    """Fewer seats came free than the party needs, and they would rather wait."""
    (code,) = arguments(context, 1)
    found, _before = await _event_to_answer(context, code)
    if found is None:
        return
    try:
        rsvp = await rsvps.wait_for_all(context.tx, context.person, context.origin, found.event)
    except EventClosed:
        await event_card.show(context, found)  # it says how they stand
    else:
        await event_card.show(context, found, rsvp)


async def confirm_coming(update: Update, context: Context) -> None:
    """The eve's question."""
    code, tapped = arguments(context, 2)
    coming = yes_or_no(tapped, yes="confirm", no="cancel")
    found, before = await _event_to_answer(context, code)
    if found is None:
        return
    try:
        said = await rsvps.confirm_coming(
            context.tx, context.person, context.origin, found.event, coming=coming, before=before
        )
    except EventClosed:
        await event_card.show(context, found)  # it says why
    else:
        await event_card.show(context, found, said.rsvp)
        _overtake(context, said.overtaken)


def _overtake(context: Context, messages: list[int]) -> None:
    """What asked the same elsewhere, the invitation say, asks it no more."""
    for message in messages:
        context.drop_buttons_of(message)


async def tell_whether_came(update: Update, context: Context) -> None:
    """The question asked after the end."""
    code, said = arguments(context, 2)
    came = yes_or_no(said)
    found = await event_card.find_told(context, code)
    if found is None or await must_sign_up(context):
        return
    try:
        overtaken = await rsvps.tell_whether_came(
            context.tx, context.person, context.origin, found.event, came=came
        )
    except EventClosed:
        await event_card.show(context, found)  # it says why
        return
    except EventNotBegun as early:
        context.toast(early.message, alert=True)
        return
    _overtake(context, overtaken)
    await feedback.show_came(context, found, came=came)


async def send_venue(update: Update, context: Context) -> None:
    """The place, as a card that opens a map."""
    (code,) = arguments(context, 1)
    found = await _event_to_describe(context, code)
    if found is None:
        return
    event, card = found.event, await event_card.card_of(context, found)
    if event.latitude is None or event.longitude is None:
        context.say("events/place", event=card)
        return
    context.call(
        "sendVenue",
        latitude=event.latitude,
        longitude=event.longitude,
        title=card.title,
        address=f"{card.address}, {card.commune}",
    )


async def send_calendar(update: Update, context: Context) -> None:
    """The event as a file for the person's calendar."""
    (code,) = arguments(context, 1)
    found = await _event_to_describe(context, code)
    if found is not None:
        event, card = found.event, await event_card.card_of(context, found)
        content = calendar_file(event, card, sender=context.campaign.sender.name, now=context.now)
        context.send_file(content, name=file_name(card), caption="events/calendar_file", event=card)


BUTTONS: dict[str, Handler] = {
    "events_page": turn_page,
    "event": show,
    "series_date": show_date,
    "rsvp": answer_invitation,
    "attend": confirm_coming,
    "guests": bring_guests,
    "seats_all": wait_for_all,
    "came": tell_whether_came,
    "venue": send_venue,
    "ics": send_calendar,
}

DIALOGS: dict[str, dict[str, Awaited]] = {}
