"""Who comes to one's own event: the list, a search in it, the list as a file, a message to them.

The dialog `attendees` keeps the event's code and the part of the list while a name is awaited.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import attendees, events
from bot.rules.attendees import AttendeePart, sheet
from bot.rules.leaves import read_leaf
from bot.rules.people import FIRST_NAME_LIMIT
from bot.rules.permissions import Action
from handlers import broadcasts, desk, event_words
from handlers.buttons import arguments, one_of, whole_number
from handlers.context import Context
from handlers.routing import Awaited, Handler

FLOW = "attendees"


async def show(update: Update, context: Context) -> None:
    code, part, number = arguments(context, 3)
    await _show(context, code, one_of(AttendeePart, part), context.edit, number=whole_number(number))


async def _show(
    context: Context,
    code: str,
    part: AttendeePart,
    answer: Callable[..., None],
    *,
    number: int = 0,
    search: str = "",
) -> None:
    author = await desk.author(context)
    found, everybody = await attendees.attendees(context.tx, author, code)
    answer(
        "attendees/list",
        event=found.event,
        text=desk.event_text(context, found.texts),
        sheet=sheet(everybody, part, number=number, search=search),
        search=search,
        parts=list(AttendeePart),
    )


async def ask_name(update: Update, context: Context) -> None:
    code, part = arguments(context, 2)
    author = await desk.author(context)
    await events.find_for(context.tx, author, code)
    await context.ask_anew(FLOW, "search", code=code, part=one_of(AttendeePart, part))
    context.say("attendees/search")


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    answer("attendees/search")


async def type_name(update: Update, context: Context) -> None:
    search = desk.typed(context, FIRST_NAME_LIMIT)
    code, part = context.kept["code"], AttendeePart(context.kept["part"])
    await context.end_dialog()
    await _show(context, code, part, context.say, search=search)


async def send_file(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found, content = await attendees.attendees_file(context.tx, author, code)
    text = desk.event_text(context, found.texts)
    context.send_file(content, name=f"{code}.csv", caption="attendees/file", event=found.event, text=text)


async def write_to_them(update: Update, context: Context) -> None:
    """A message to those who come: written like any other, its audience is chosen already."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found = await events.find_for(context.tx, author, code)
    if not author.may(Action.BROADCAST, found.event.commune):
        await event_words.begin(context, code)
        return
    coming = str(read_leaf(f"rsvp:{code}:yes"))
    await broadcasts.begin_to(context, coming)


async def thank_them(update: Update, context: Context) -> None:
    """A message to those who were there, of the kind that its author chooses, under the law of that kind."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await events.find_for(context.tx, author, code)
    await broadcasts.begin_to(context, str(read_leaf(f"rsvp:{code}:attended")))


BUTTONS: dict[str, Handler] = {
    "attendees": show,
    "attendees_search": ask_name,
    "attendees_file": send_file,
    "attendees_write": write_to_them,
    "attendees_thank": thank_them,
}

DIALOGS = {FLOW: {"search": Awaited(text=type_name)}}
