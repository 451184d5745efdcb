"""The menu: what one can do, by one's role."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from telegram import Update

from bot.actions import friends
from handlers import app
from handlers.buttons import arguments
from handlers.command import Command
from handlers.command_menu import team_menu_calls
from handlers.context import Context
from handlers.routing import Handler, MalformedButton, guarded

ITEMS = frozenset(
    {"menu", "events", "vote", "settings", "privacy"}
    | {"new_event", "broadcast", "broadcasts", "survey", "stats", "export"}
)
"""The commands that have a button."""


async def show(context: Context, answer: Callable[..., None], *, hello: bool = False) -> None:
    """`hello`: they said it first."""
    roles = {member.role for member in context.staff}
    answer(
        "menu/menu",
        roles=roles,
        hello=hello,
        brought=await friends.brought(context.tx, context.person),
        **app.way_in(context),
    )
    if roles:
        # Whoever was named on the command line has had no occasion yet to get the commands of their role.
        commands, languages = context.services.commands, context.campaign.languages
        context.replies += team_menu_calls(commands, context.chat_id, roles, languages)


async def menu(update: Update, context: Context) -> None:
    await show(context, answer=context.edit)


def opening(commands: Iterable[Command], not_staff: Handler) -> Handler:
    """The handler behind a button of the menu: that of the command of its name."""
    items = {command.name: guarded(command, not_staff) for command in commands if command.name in ITEMS}

    async def open_item(update: Update, context: Context) -> None:
        (name,) = arguments(context, 1)
        if name not in items:
            raise MalformedButton
        await items[name](update, context)

    return open_item
