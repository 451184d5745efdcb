"""A command: its name, what it does, for whom, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from telegram import Update

from bot.frozen import Frozen
from bot.rules.permissions import STAFF_ROLES, Role

EVERYONE: frozenset[Role] = frozenset()
STAFF = frozenset(STAFF_ROLES)
COORDINATORS = frozenset({Role.COORDINATOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


class Command(Frozen):
    """A command: who may use it (empty: everyone), whether the menu lists it, and whether it is about one's data.

    Its one-line description is the template `commands/<name>`. The handler gets a Context, which knows every command.
    """

    name: str
    handler: Callable[[Update, Any], Coroutine[Any, Any, None]]
    roles: frozenset[Role] = EVERYONE
    listed: bool = True
    about_data: bool = False


def allowed(commands: Iterable[Command], roles: Collection[str]) -> list[Command]:
    """The commands of /help and of the menu for somebody with these roles."""
    return [
        command
        for command in commands
        if command.listed and (not command.roles or set(roles) & command.roles)
    ]
