"""Who comes to an event, to those who organize it: exact counts, the list, the list as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.attendees
from bot.actions import audit
from bot.actions.authority import Author
from bot.actions.events import ManagedEvent, find_managed
from bot.exporting.formats import FORMATS
from bot.exporting.tables import columns_of
from bot.rules.attendees import Attendee, Part, in_order
from bot.rules.permissions import Action

FILE = columns_of("part first_name number:number guests:number confirmed:flag attended:flag")


async def attendees(
    tx: AsyncConnection, author: Author, code: str
) -> tuple[ManagedEvent, Sequence[Attendee]]:
    """An event that the author may change, and everybody who comes, may or waits. Raises NotAllowed, EventRefused.

    They are named where they agreed to be known to the team of an area that is the author's.
    """
    found = await find_managed(tx, author, code)
    areas = author.areas(Action.SEE_EVENT_ANSWERS)
    return found, await db.attendees.of_event(tx, found.event.id, areas)


async def attendees_file(tx: AsyncConnection, author: Author, code: str) -> tuple[ManagedEvent, bytes]:
    """The list as a spreadsheet; that it was made is noted. Raises NotAllowed, EventRefused."""
    found, everybody = await attendees(tx, author, code)
    rows = [(part, each) for part in Part for each in in_order(everybody, part)]
    stream = io.BytesIO()
    writer = FORMATS["csv"].open(stream, FILE)
    writer.write(
        [
            [part.value for part, _ in rows],
            [each.name for _, each in rows],
            [None if each.name is not None else each.number for _, each in rows],
            [each.guests for _, each in rows],
            [each.confirmed for _, each in rows],
            [each.attended for _, each in rows],
        ]
    )
    writer.close()
    details = {"event": code, "file": "attendees", "people": len(rows)}
    await audit.note(tx, actor=author.name, action=Action.SEE_EVENT_ANSWERS, details=details, now=author.now)
    return found, stream.getvalue()
