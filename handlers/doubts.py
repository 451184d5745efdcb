"""Messages in doubt, from a broadcast's progress: how many, who, and sending them again by a typed word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from telegram import Update

from bot.actions import doubts as actions
from bot.actions.authority import area_name
from handlers import desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.following import follow
from handlers.routing import Awaited, Handler

FLOW = "send_again"


async def show_doubts(update: Update, context: Context) -> None:
    """A message of its own: the one that shows the progress is edited all the time."""
    (broadcast,) = arguments(context, 1)
    await _show(context, context.say, broadcast, 0)


async def turn_page(update: Update, context: Context) -> None:
    broadcast, number = arguments(context, 2)
    await _show(context, context.edit, broadcast, whole_number(number))


async def _show(context: Context, answer: Callable[..., None], broadcast: str, number: int) -> None:
    author = await desk.author(context)
    page = await actions.doubts_of(context.tx, author, desk.number(broadcast), number)
    communes = {
        each.commune: area_name(author.gazetteer, each.commune) for each in page.people if each.commune
    }
    answer("broadcasts/doubts", page=page, communes=communes, counts=author.reader)


async def ask(update: Update, context: Context) -> None:
    """Tells what sending again risks, and the word that does it."""
    (broadcast,) = arguments(context, 1)
    author = await desk.author(context)
    page = await actions.doubts_of(context.tx, author, desk.number(broadcast))
    if not page.doubts.again.total or page.doubts.until is None:
        context.edit("broadcasts/sent_again", people="")
        return
    # What comes in doubt after this is another doubt, which this word does not mean.
    until = page.doubts.until.isoformat()
    people = author.reader.shown(page.doubts.again)
    await context.ask(FLOW, "confirm", broadcast=page.broadcast.id, people=people, until=until)
    context.drop_buttons()
    await show_step(context, context.say)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    answer("broadcasts/send_again", people=context.kept["people"], broadcast=context.kept["broadcast"])


async def confirm(update: Update, context: Context) -> None:
    """The word sends again; any other is asked again."""
    if not desk.is_confirmation(context):
        context.say("broadcasts/not_confirmed")
        return
    broadcast, until = context.kept["broadcast"], datetime.fromisoformat(context.kept["until"])
    author, shown = await desk.author(context), context.kept["people"]
    again = await actions.send_again(context.tx, author, broadcast, until=until)
    await context.end_dialog()
    context.say("broadcasts/sent_again", people=shown if again else "")
    if again:
        await follow(context, broadcast)


BUTTONS: dict[str, Handler] = {
    "doubts": show_doubts,
    "doubts_page": turn_page,
    "doubts_again": ask,
}

DIALOGS = {FLOW: {"confirm": Awaited(text=confirm)}}
