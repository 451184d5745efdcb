"""The menu: what one can do, by one's role."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from handlers import events, privacy, settings, vote
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton


async def show(context: Context, answer: Callable[..., None]) -> None:
    answer("menu/menu", roles={member.role for member in context.staff})


async def menu(update: Update, context: Context) -> None:
    await show(context, answer=context.say)


async def open_item(update: Update, context: Context) -> None:
    """A button of the menu does what the command of that name does."""
    (name,) = arguments(context, 1)
    items: dict[str, Handler] = {
        "menu": menu,
        "events": events.list_events,
        "vote": vote.vote,
        "settings": settings.settings,
        "privacy": privacy.privacy,
    }
    if name not in items:
        raise MalformedButton
    await items[name](update, context)


BUTTONS: dict[str, Handler] = {"menu": open_item}
DIALOGS: dict[str, dict[str, Awaited]] = {}
