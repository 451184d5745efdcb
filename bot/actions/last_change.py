"""Who changed an event a moment ago, and when, for whoever was about to change what is not there any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
from bot.actions.announcing import EventRefused
from bot.actions.authority import HOST, Author
from bot.actions.broadcast_subject import Colleague, member
from bot.frozen import Frozen
from bot.rules.permissions import Action
from db.events import Event


class LastChange(Frozen):
    """When it was changed. `is_mine`: by whoever reads this, elsewhere. `by`: a colleague, as the team knows them;
    None: somebody whom the reader need not know, as who hosts it does not know the team. `is_host`: by one of those.
    """

    at: datetime
    is_mine: bool
    by: Colleague | None = None
    is_host: bool = False


async def changed_meanwhile(
    tx: AsyncConnection, author: Author, event: Event, *, shift: int | None = None
) -> EventRefused:
    """What is told to whoever comes second with an event, or with one of its shifts."""
    which = {"sequence": event.sequence} if shift is None else {"shift": shift}
    found = await db.audit.last_of_event(tx, action=Action.CHANGE_EVENT, event=event.code, **which)
    last = None
    if found is not None:
        kind, _, number = found.actor.partition(":")
        is_known = bool(author.roles) and kind == "staff" and number.isdigit()
        last = LastChange(
            at=found.at,
            is_mine=found.actor == author.name,
            by=await member(tx, author.gazetteer, int(number)) if is_known else None,
            is_host=kind == HOST,
        )
    return EventRefused(
        "Somebody changed this event meanwhile.",
        message="errors/event_changed_meanwhile",
        last=last,
        is_of_shift=shift is not None,
    )


async def require_unchanged(tx: AsyncConnection, author: Author, event: Event, sequence: int) -> None:
    """Raises EventRefused where it is not any more as it was last seen."""
    if event.sequence != sequence:
        raise await changed_meanwhile(tx, author, event)
