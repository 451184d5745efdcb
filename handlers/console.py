"""/console: a one-time link to the console and the Mini App, one's open sessions and their end."""

from __future__ import annotations

from telegram import Update

from bot.actions import console
from bot.links import console_app_url, console_url
from handlers import buttons, desk
from handlers.context import Context
from handlers.routing import Awaited, Handler


async def open_(update: Update, context: Context) -> None:
    address, author = context.services.links_to, await desk.author(context)
    if address is None:
        context.say("console/no_address")
        return
    token = await console.offer(context.tx, author, context.language)
    context.say(
        "console/link",
        url=console_url(address, token),
        app_url=console_app_url(address) if address.startswith("https:") else None,
        sessions=len(await console.own_sessions(context.tx, author)),
    )


async def sign_out(update: Update, context: Context) -> None:
    """Everywhere: whoever lost their laptop does not know which session was on it."""
    buttons.arguments(context, 0)
    ended = await console.sign_out_everywhere(context.tx, await desk.author(context))
    context.edit("console/signed_out_everywhere", ended=ended)


BUTTONS: dict[str, Handler] = {"console_out": sign_out}
DIALOGS: dict[str, dict[str, Awaited]] = {}
