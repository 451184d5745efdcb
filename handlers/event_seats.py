"""The seats of one's own event: how many, who waits, how many guests; changed by taps, and one number typed.

The dialog `event_seats` keeps the event's code while the number of seats is awaited.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import event_news, event_seats, events
from bot.actions.authority import Author
from bot.actions.events import ManagedEvent
from bot.rules.event_draft import read_seats
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "event_seats"


async def show(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await _show(context, author, await events.find_open(context.tx, author, code), context.edit)


async def _show(
    context: Context,
    author: Author,
    found: ManagedEvent,
    answer: Callable[..., None],
    *,
    changed: bool = False,
) -> None:
    answer(
        "event_seats/seats",
        event=found.event,
        seats=found.seats,
        overbookings=OVERBOOKINGS,
        most=MOST_GUESTS,
        changed=changed,
        invited=await event_news.invited(context.tx, author, found.event),
        counts=author.reader,
    )


async def _change(context: Context, code: str, answer: Callable[..., None], **wanted: int | None) -> None:
    author = await desk.author(context)
    try:
        changed = await event_seats.change_seats(context.tx, author, code, **wanted)
    except ValueError:
        raise MalformedButton from None
    await _show(context, author, changed, answer, changed=True)


async def ask_capacity(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await events.find_open(context.tx, author, code)
    await context.ask_anew(FLOW, "capacity", code=code)
    context.say("event_seats/capacity")


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    answer("event_seats/capacity")


async def type_capacity(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    code, capacity = context.kept["code"], read_seats(context.message.text or "")
    await context.end_dialog()
    await _change(context, code, context.say, capacity=capacity)


async def lift_capacity(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    await _change(context, code, context.edit, capacity=None)


async def choose_overbooking(update: Update, context: Context) -> None:
    code, percent = arguments(context, 2)
    await _change(context, code, context.edit, overbooking=desk.number(percent))


async def choose_guests(update: Update, context: Context) -> None:
    code, number = arguments(context, 2)
    await _change(context, code, context.edit, guests=desk.number(number))


BUTTONS: dict[str, Handler] = {
    "seats": show,
    "seats_number": ask_capacity,
    "seats_enough": lift_capacity,
    "seats_over": choose_overbooking,
    "seats_guests": choose_guests,
}

DIALOGS = {FLOW: {"capacity": Awaited(text=type_capacity)}}
