"""Areas in buttons: which ones a member of staff may choose among, and the one that was tapped."""

from __future__ import annotations

from bot.actions.authority import Author, area_name
from bot.errors import UnknownArea
from bot.rules.areas import normal_area
from bot.rules.permissions import Action
from handlers.routing import MalformedButton


def choices(author: Author, action: Action) -> list[tuple[str, str]]:
    """The areas where somebody may do something, each once, with its name."""
    return [(area, area_name(author.gazetteer, area)) for area in dict.fromkeys(author.areas(action))]


def tapped(text: str) -> str:
    """The area code of a button; raises MalformedButton for what is none."""
    try:
        return normal_area(text)
    except UnknownArea:
        raise MalformedButton from None
