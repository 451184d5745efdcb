"""Afterwards, by taps: how the event was, and what to change next time."""

from __future__ import annotations

from telegram import Update

from bot.actions import feedback
from bot.actions.rsvps import EventClosed
from bot.links import friend_link
from bot.rules.feedback import Change, Feedback
from db.events import EventInWords
from handlers import event_card
from handlers.buttons import arguments, one_of, whole_number
from handlers.context import Context
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton


async def show_came(context: Context, found: EventInWords, *, came: bool) -> None:
    """Thanks for coming, with what is asked of it; or that it is a pity. In a quiet period nothing is said of it."""
    said = await feedback.said_of(context.tx, context.person, found.event)
    await _show(context, found, said, came=came)


async def _show(context: Context, found: EventInWords, said: Feedback, *, came: bool = True) -> None:
    quiet = context.quiet_about_events
    if quiet is not None:
        context.edit("events/quiet", until=quiet.until)
        return
    context.edit(
        "events/came",
        event=await event_card.card_of(context, found),
        came=came,
        said=said,
        changes=list(Change),
        friend_link=friend_link(context.services.bot_username, context.person.friend_code),
        may_help=context.campaign.needs_hands(context.now),
    )


async def rate(update: Update, context: Context) -> None:
    code, stars = arguments(context, 2)
    found = await _event(context, code)
    if found is None:
        return
    try:
        said = await feedback.rate(
            context.tx, context.person, context.origin, found.event, whole_number(stars)
        )
    except ValueError:
        raise MalformedButton from None
    except EventClosed as closed:
        context.toast(closed.message, alert=True)
        return
    await _show(context, found, said)


async def change(update: Update, context: Context) -> None:
    code, named = arguments(context, 2)
    wanted = one_of(Change, named)
    found = await _event(context, code)
    if found is None:
        return
    try:
        said = await feedback.change(context.tx, context.person, context.origin, found.event, wanted)
    except EventClosed as closed:
        context.toast(closed.message, alert=True)
        return
    await _show(context, found, said)


async def _event(context: Context, code: str) -> EventInWords | None:
    """The event of a button, for a supporter."""
    found = await event_card.find_told(context, code)
    return None if found is None or await must_sign_up(context) else found


BUTTONS: dict[str, Handler] = {"stars": rate, "change": change}

DIALOGS: dict[str, dict[str, Awaited]] = {}
