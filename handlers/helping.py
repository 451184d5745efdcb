"""/help: the commands this person may use."""

from __future__ import annotations

from telegram import Update

from handlers.command import allowed
from handlers.context import Context


async def help_(update: Update, context: Context) -> None:
    held = {member.role for member in context.staff}
    commands = allowed(context.services.commands, held)
    lines = [(command.name, context.words(f"commands/{command.name}")) for command in commands]
    context.say("general/help", commands=lines)
