"""The log of the team, as an admin of the whole campaign reads it on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
import db.events
from bot.actions.authority import Author
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Action
from bot.rules.territories import at_local, zone
from db.audit import Entry
from db.events import text_in

PAGE = 50
PARIS = "Europe/Paris"
"""By whose clock a day is meant of which no other is known."""


class Chosen(Frozen):
    """Which entries: of an action, of somebody, of a day (by the reader’s clock) and those before it."""

    action: str | None = None
    actor: str | None = None
    day: date | None = None


async def page(
    tx: AsyncConnection,
    author: Author,
    *,
    before: int | None = None,
    chosen: Chosen = Chosen(),
) -> Sequence[Entry]:
    """The latest of the chosen entries, the newest first; those `before` an entry's number. Raises NotAllowed."""
    author.require(Action.EXPORT_AUDIT, EVERYWHERE)
    until = None
    if chosen.day is not None:
        until = at_local(chosen.day + timedelta(days=1), time(), zone(author.person.zone or PARIS))
    return await db.audit.page(
        tx, before=before, most=PAGE, action=chosen.action, actor=chosen.actor, until=until
    )


async def titles(
    tx: AsyncConnection, author: Author, entries: Sequence[Entry], language: str
) -> Mapping[str, str]:
    """What the events of these entries are called, by code."""
    codes = {str(each.details["event"]) for each in entries if each.details.get("event")}
    found = await db.events.texts_by_code(tx, codes)
    return {
        code: text_in(texts, language, author.campaign.languages[0]).title for code, texts in found.items()
    }


async def first_names(tx: AsyncConnection, author: Author, actors: Iterable[str]) -> Mapping[str, str]:
    """What those who act in the log are called where they agreed to be known by the team, by their number in it.

    Raises NotAllowed.
    """
    author.require(Action.EXPORT_AUDIT, EVERYWHERE)
    numbers = [number for each in actors if (number := each.partition(":")[2]).isdigit()]
    found = await db.people.first_names(tx, map(int, numbers))
    return {str(number): name for number, name in found.items()}


async def told_of(tx: AsyncConnection, author: Author) -> tuple[Sequence[str], Sequence[str]]:
    """The actions that stand in the log, and who did any of them. Raises NotAllowed."""
    author.require(Action.EXPORT_AUDIT, EVERYWHERE)
    return await db.audit.told_of(tx)
