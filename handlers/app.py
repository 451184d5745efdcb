"""/app: a one-time link to one's own pages in a browser, and over https the same as a Mini App."""

from __future__ import annotations

from typing import Any

from telegram import Update

from bot.actions import console
from bot.links import app_link, app_url
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler


async def open_(update: Update, context: Context) -> None:
    await offer(context, "app/link")


async def offer(context: Context, message: str, to: str = "", **said: Any) -> None:
    """A message with the link to the app, or to one of its pages, that serves once; where there is none, that."""
    address = context.services.links_to
    if address is None:
        context.say("app/no_address")
        return
    token = await console.offer_app(context.tx, context.person, context.language, context.now)
    context.say(message, url=app_link(address, token, to), app_url=url_in_telegram(context, to), **said)


def way_in(context: Context) -> dict[str, Any]:
    """What a message is told that has a button to the app."""
    return {"has_app": context.services.links_to is not None, "app_url": url_in_telegram(context)}


async def open_by_button(update: Update, context: Context) -> None:
    arguments(context, 0)
    await open_(update, context)


def url_in_telegram(context: Context, to: str = "") -> str | None:
    """Where Telegram opens the app, or one of its pages, within itself; None without https."""
    address = context.services.links_to
    return app_url(address, to) if address is not None and address.startswith("https:") else None


BUTTONS: dict[str, Handler] = {"app": open_by_button}
DIALOGS: dict[str, dict[str, Awaited]] = {}
