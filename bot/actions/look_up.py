"""Looking somebody up by their first name: only who agreed to be known to the team, in one's area, and it is noted.

There is no list to leaf through: a name has to be known. What was typed is not kept, that somebody looked is.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.known_people
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.permissions import Action
from db.known_people import KnownPerson

LEAST_LETTERS = 2
MOST_SHOWN = 20
"""Of a name that more people bear the others are not shown: there is nothing to leaf through."""


class NameTooShort(PortevoixError):
    """Too little to look somebody up by."""

    default_message = "console/name_too_short"


class LookedUp(Frozen):
    """Who was found by a name, and whether there are more of them."""

    name: str
    people: Sequence[KnownPerson]
    more: bool


async def search(tx: AsyncConnection, author: Author, typed: str) -> LookedUp:
    """Who bears a first name that begins so; `note` is to follow. Raises NotAllowed, NameTooShort."""
    author.require(Action.FIND_PEOPLE)
    name = " ".join(typed.split())
    if sum(each.isalpha() for each in name) < LEAST_LETTERS:
        raise NameTooShort("Two letters at least are needed.")
    found = await db.known_people.named_so(tx, name, author.areas(Action.FIND_PEOPLE), most=MOST_SHOWN + 1)
    return LookedUp(name=name, people=found[:MOST_SHOWN], more=len(found) > MOST_SHOWN)


async def note(tx: AsyncConnection, author: Author, found: LookedUp) -> None:
    """That they looked somebody up, and how many they were shown. Raises NotAllowed."""
    author = await in_turn(tx, author)
    author.require(Action.FIND_PEOPLE)
    details = {"people": len(found.people), "areas": list(author.areas(Action.FIND_PEOPLE))}
    await audit.note(tx, actor=author.name, action=Action.FIND_PEOPLE, details=details, now=author.now)
