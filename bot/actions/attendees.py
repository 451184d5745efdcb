"""Who comes to an event, to those who organize it: exact counts, the list, the list as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.attendees
import db.check_ins
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.events import ManagedEvent, find_managed
from bot.exporting.formats import FORMATS
from bot.exporting.tables import columns_of
from bot.frozen import Frozen
from bot.rules.areas import department_of
from bot.rules.attendees import Attendee, AttendeePart, in_order
from bot.rules.permissions import Action
from bot.rules.territories import zone
from db.check_ins import AtTheDoor

FILE = columns_of("part first_name number:number guests:number confirmed:flag attended:flag checked_in:flag")


async def attendees(
    tx: AsyncConnection, author: Author, code: str
) -> tuple[ManagedEvent, Sequence[Attendee]]:
    """An event that the author may change, and everybody who comes, may or waits. Raises NotAllowed, EventRefused.

    They are named where they agreed to be known to the team of an area that is the author's.
    """
    found = await find_managed(tx, author, code)
    areas = author.areas(Action.SEE_EVENT_ANSWERS)
    if found.event.id in author.hosted:
        areas = (*areas, department_of(found.event.commune))
    return found, await db.attendees.of_event(tx, found.event.id, areas)


async def attendees_file(tx: AsyncConnection, author: Author, code: str) -> tuple[ManagedEvent, bytes]:
    """The list as a spreadsheet; that it was made is noted. Raises NotAllowed, EventRefused."""
    author = await in_turn(tx, author)
    found, everybody = await attendees(tx, author, code)
    author.require(Action.SEE_EVENT_ANSWERS, found.event.commune)  # names leave with the team alone
    rows = [(part, each) for part in AttendeePart for each in in_order(everybody, part)]
    stream = io.BytesIO()
    writer = FORMATS["csv"].open(stream, FILE)
    writer.write(
        [
            [part.value for part, _ in rows],
            [each.name for _, each in rows],
            [each.number for _, each in rows],
            [each.guests for _, each in rows],
            [each.confirmed for _, each in rows],
            [each.attended for _, each in rows],
            [each.checked_in for _, each in rows],
        ]
    )
    writer.close()
    details = {"event": code, "file": "attendees", "people": len(rows)}
    await audit.note(tx, actor=author.name, action=Action.SEE_EVENT_ANSWERS, details=details, now=author.now)
    return found, stream.getvalue()


async def there(tx: AsyncConnection, found: ManagedEvent) -> AtTheDoor:
    """How many were checked in at an event that was found for its author."""
    return await db.check_ins.at_the_door(tx, found.event.id)


class PaperList(Frozen):
    """A list to be printed: of which event, whose names, its number, and the day on which it is destroyed."""

    found: ManagedEvent
    everybody: Sequence[Attendee]
    number: int
    destroy_on: date


async def read_out(tx: AsyncConnection, author: Author, code: str) -> tuple[ManagedEvent, Sequence[Attendee]]:
    """Who comes, for a list that others see too: names leave with the team alone, not with who hosts it.

    Raises NotAllowed, EventRefused.
    """
    found, everybody = await attendees(tx, author, code)
    if author.may(Action.SEE_EVENT_ANSWERS, found.event.commune):
        return found, everybody
    return found, [each._replace(name=None) for each in everybody]


async def paper_list(tx: AsyncConnection, author: Author, code: str) -> PaperList:
    """The list on paper, by name, of whoever hosts it by number; that it was made, and until when it may lie about, is
    noted. Raises NotAllowed, EventRefused.
    """
    author = await in_turn(tx, author)
    found, everybody = await read_out(tx, author, code)
    kept = timedelta(days=author.campaign.retention.event_answers_days)
    paper = PaperList(
        found=found,
        everybody=in_order(everybody, None),
        number=await db.check_ins.next_sheet(tx, found.event.id),
        destroy_on=(found.event.ends_at + kept).astimezone(zone(found.event.zone)).date(),
    )
    details = {
        "event": code,
        "file": "paper_list",
        "number": paper.number,
        "people": len(everybody),
        "destroy_on": paper.destroy_on.isoformat(),
    }
    await audit.note(tx, actor=author.name, action=Action.SEE_EVENT_ANSWERS, details=details, now=author.now)
    return paper
