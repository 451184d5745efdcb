"""Following a message of staff while it leaves: a card that goes on telling, with the buttons that stop it."""

from __future__ import annotations

from telegram import Update

from bot.actions import broadcast_control as actions
from bot.actions.broadcast_control import CHANGES
from bot.delivery.progress import template_of
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton


async def follow(context: Context, broadcast: int) -> None:
    """A message that shows how far a broadcast has come, and goes on doing so."""
    author = await desk.author(context)
    progress = await actions.followed(context.tx, author, broadcast)
    context.say(
        template_of(progress),
        remember=f"progress:{broadcast}",
        progress=progress,
        counts=author.reader,
    )


async def control(update: Update, context: Context) -> None:
    """Pause, resume or cancel, or ask for an approval again.

    `ask` puts the question before cancelling, in a message of its own: that of the progress changes all the time.
    `keep` answers it.
    """
    change, broadcast = arguments(context, 2)
    author = await desk.author(context)
    number = desk.number(broadcast)
    if change in ("ask", "keep"):
        progress = await actions.followed(context.tx, author, number)
        if change == "keep":
            context.edit("broadcasts/kept", broadcast=progress.broadcast)
        else:
            context.say(
                "broadcasts/cancel", broadcast=progress.broadcast, is_unapproved=progress.is_unapproved
            )
        return
    if change in CHANGES:
        await actions.control(context.tx, author, number, change)
    elif change == "again":
        await actions.ask_again(context.tx, author, number)
    else:
        raise MalformedButton
    progress = await actions.followed(context.tx, author, number)
    context.edit(template_of(progress), progress=progress, counts=author.reader)


BUTTONS: dict[str, Handler] = {"broadcast_do": control}
DIALOGS: dict[str, dict[str, Awaited]] = {}
