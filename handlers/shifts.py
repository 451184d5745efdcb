"""The shifts of an event, as people take them and give them back by taps."""

from __future__ import annotations

from telegram import Update

from bot.actions import shifts
from bot.actions.rsvps import EventClosed
from bot.rules.shifts import ShiftRefused
from db.events import EventInWords
from handlers import event_card
from handlers.buttons import arguments, yes_or_no
from handlers.context import Context
from handlers.desk import number
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler


async def show(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    found = await event_card.find_told(context, code)
    if found is not None and not await must_sign_up(context, start=f"ev_{code}"):
        await _show(context, found)


async def _show(context: Context, found: EventInWords, *, is_gone: bool = False) -> None:
    quiet = context.quiet_about_events
    if quiet is not None:
        context.edit("events/quiet", until=quiet.until)
        return
    context.edit(
        "shifts/list",
        event=await event_card.card_of(context, found),
        shifts=await shifts.shifts_of(context.tx, context.person, found.event),
        is_gone=is_gone,
    )


async def answer(update: Update, context: Context) -> None:
    """A shift is taken, waited for, given back."""
    shift, said = arguments(context, 2)
    wanted = yes_or_no(said)
    if await must_sign_up(context):
        return
    try:
        _, found = await shifts.find(context.tx, number(shift))
        change = shifts.take if wanted else shifts.give_back
        await change(context.tx, context.person, context.origin, number(shift))
    except (ShiftRefused, EventClosed) as refused:
        is_gone = refused.message == ShiftRefused.default_message
        if not (is_gone and await _show_without(context, number(shift))):
            context.toast(refused.message, alert=True, **refused.values)
        return
    await _show(context, found)


async def _show_without(context: Context, shift: int) -> bool:
    """In place of the list that was tapped, which may show a shift that is off as theirs. News stay: False."""
    message = context.message
    if message is None or "1:shifts:" in str(message.reply_markup):
        return False
    found = await shifts.event_of(context.tx, shift)
    if found is None:
        return False
    await _show(context, found, is_gone=True)
    return True


BUTTONS: dict[str, Handler] = {"shifts": show, "shift": answer}

DIALOGS: dict[str, dict[str, Awaited]] = {}
