"""The menu: what one can do, by one's role."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

import handlers
from handlers.buttons import arguments
from handlers.command_menu import team_menu_calls
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton, guarded

ITEMS = frozenset(
    {"menu", "events", "vote", "settings", "privacy"}
    | {"new_event", "broadcast", "broadcasts", "stats", "export"}
)
"""The commands that have a button."""


async def show(context: Context, answer: Callable[..., None]) -> None:
    roles = {member.role for member in context.staff}
    answer("menu/menu", roles=roles)
    if roles:
        # Whoever was named on the command line has had no occasion yet to get the commands of their role.
        context.replies += team_menu_calls(context.chat_id, roles, context.campaign.languages)


async def menu(update: Update, context: Context) -> None:
    await show(context, answer=context.say)


async def open_item(update: Update, context: Context) -> None:
    """A button of the menu does what the command of that name does."""
    (name,) = arguments(context, 1)
    if name not in ITEMS:
        raise MalformedButton
    command = next(each for each in handlers.COMMANDS if each.name == name)
    await guarded(command, handlers.ROUTES.not_staff)(update, context)


BUTTONS: dict[str, Handler] = {"menu": open_item}
DIALOGS: dict[str, dict[str, Awaited]] = {}
