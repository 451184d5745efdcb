"""/app: a one-time link to one's own pages in a browser, and over https the same as a Mini App."""

from __future__ import annotations

from telegram import Update

from bot.actions import console
from bot.links import app_link, app_url
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler


async def open_(update: Update, context: Context) -> None:
    address = context.services.links_to
    if address is None:
        context.say("app/no_address")
        return
    token = await console.offer_app(context.tx, context.person, context.language, context.now)
    context.say("app/link", url=app_link(address, token), app_url=url_in_telegram(context))


async def open_by_button(update: Update, context: Context) -> None:
    arguments(context, 0)
    await open_(update, context)


def url_in_telegram(context: Context, to: str = "") -> str | None:
    """Where Telegram opens the app, or one of its pages, within itself; None without https."""
    address = context.services.links_to
    return app_url(address, to) if address is not None and address.startswith("https:") else None


BUTTONS: dict[str, Handler] = {"app": open_by_button}
DIALOGS: dict[str, dict[str, Awaited]] = {}
