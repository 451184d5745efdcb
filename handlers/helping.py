"""/help: the commands this person may use."""

from __future__ import annotations

from telegram import Update

import handlers
from handlers.context import Context


async def help_(update: Update, context: Context) -> None:
    held = {member.role for member in context.staff}
    allowed = [
        command
        for command in handlers.COMMANDS
        if command.listed and (not command.roles or held & command.roles)
    ]
    lines = [(command.name, context.words(f"commands/{command.name}")) for command in allowed]
    context.say("general/help", commands=lines)
