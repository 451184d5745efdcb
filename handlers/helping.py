"""/help: what this person may do, by their role, in a few lines: the menu of Telegram lists every command."""

from __future__ import annotations

from telegram import Update

from handlers import app
from handlers.command import allowed
from handlers.context import Context


async def help_(update: Update, context: Context) -> None:
    held = {member.role for member in context.staff}
    commands = [
        command
        for command in allowed(context.services.commands, held)
        if command.name != "events" or context.offers_events()
    ]
    described = [
        (command, context.words(f"commands/{command.name}"))
        for command in commands
        if not command.about_data and command.name != "help"
    ]
    context.say(
        "general/help",
        team=[(command.name, words) for command, words in described if command.roles],
        own=[(command.name, words) for command, words in described if not command.roles],
        data=[command.name for command in commands if command.about_data],
        **app.way_in(context),
    )
