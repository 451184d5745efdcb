"""Who comes to an event, to those who organize it: exact counts, the list, the list as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.attendees
import db.check_ins
from bot.actions import audit
from bot.actions.announcing import EventRefused
from bot.actions.authority import Author, in_turn
from bot.actions.events import find_for
from bot.exporting.formats import FORMATS
from bot.exporting.tables import columns_of
from bot.frozen import Frozen
from bot.rules.areas import department_of
from bot.rules.attendees import (
    AT_THE_DOOR,
    Attendee,
    AttendeeSheet,
    in_order,
    named_so,
    sheet,
    sheet_by_number,
)
from bot.rules.permissions import Action
from bot.rules.territories import zone
from bot.rules.typed import is_number
from db.check_ins import AtTheDoor
from db.events import EventInWords

FILE = columns_of("part first_name number:number guests:number confirmed:flag attended:flag checked_in:flag")


MANY = 1_000
"""From so many people on a list reading all of them takes longer than a page may."""
MOST_FOUND = 100
"""Of those whose name begins as it was typed; whoever stands there types more of it."""
SOON = timedelta(seconds=2)
"""On a long list whoever has just answered may be missing for so long: somebody always has."""


async def attendees(
    tx: AsyncConnection, author: Author, code: str
) -> tuple[EventInWords, Sequence[Attendee]]:
    """An event that the author may change, and everybody who comes, may or waits. Raises NotAllowed, EventRefused;
    MadeElsewhere where somebody has no number yet and the transaction only reads: `number_all` first.

    They are named where they agreed to be known to the team of an area that is the author's.
    """
    found = await number_all(tx, author, code)
    return found, await listed(tx, author, found)


async def listed(
    tx: AsyncConnection,
    author: Author,
    found: EventInWords,
    *,
    read_out: bool = False,
    numbers: Sequence[int] | None = None,
) -> list[Attendee]:
    """Everybody with a number on the list of an event that was found for its author, or those of these numbers.

    `read_out`: for a list that others see too: names leave with the team alone, not with who hosts it.
    """
    rows = await db.attendees.of_event(tx, found.event.id, _known_in(author, found), numbers=numbers)
    if shows_names(author, found, read_out=read_out):
        return rows
    return [each._replace(name=None) for each in rows]


def shows_names(author: Author, found: EventInWords, *, read_out: bool) -> bool:
    """Whether a list names those who agreed to it: one that others see too does to the team alone."""
    return not read_out or author.may(Action.SEE_EVENT_ANSWERS, found.event.commune)


def _known_in(author: Author, found: EventInWords) -> Sequence[str]:
    areas = author.areas(Action.SEE_EVENT_ANSWERS)
    return (*areas, department_of(found.event.commune)) if found.event.id in author.hosted else areas


async def number_all(tx: AsyncConnection, author: Author, code: str) -> EventInWords:
    """The event, once everybody on its list has a number. Raises NotAllowed, EventRefused, MadeElsewhere."""
    found = await find_for(tx, author, code)
    await number(tx, author, found, is_long=await is_long(tx, found))
    return found


async def number(tx: AsyncConnection, author: Author, found: EventInWords, *, is_long: bool) -> None:
    """Gives a number to everybody on the list of an event that was found for its author. Raises MadeElsewhere."""
    answered_by = author.now - SOON if is_long else None
    await db.attendees.give_numbers(tx, found.event.id, answered_by=answered_by)


async def is_long(tx: AsyncConnection, found: EventInWords) -> bool:
    """Whether more are on the list of an event than are read for a page."""
    return await db.attendees.are_many(tx, found.event.id, MANY)


async def at_the_door(
    tx: AsyncConnection, author: Author, code: str, *, page: int, search: str = "", ticked: int | None = None
) -> tuple[EventInWords, AttendeeSheet]:
    """A page of the list as it is ticked: by name, a long one by number, as each tap is to cost the same. `ticked`: the
    page on which this number stands, where the list is long. Raises as `attendees` does.
    """
    found = await find_for(tx, author, code)
    # Of a long list whoever came since is numbered as it is opened, leafed or searched, not at each tick.
    if ticked is None or not await is_long(tx, found):
        found = await number_all(tx, author, code)
    if not await is_long(tx, found):
        everybody = await listed(tx, author, found)
        return found, sheet(everybody, None, number=page, search=search, size=AT_THE_DOOR)
    last = await db.attendees.last_number(tx, found.event.id)
    if search:
        said = await db.attendees.names(tx, found.event.id, _known_in(author, found))
        numbers = named_so(said, search)
        if is_number(search, 9):
            numbers.append(int(search))
        everybody = await listed(tx, author, found, numbers=numbers[:MOST_FOUND])
        return found, sheet(everybody, None, search=search, size=AT_THE_DOOR)
    page = (ticked - 1) // AT_THE_DOOR if ticked is not None else page
    page = min(max(page, 0), max(0, last - 1) // AT_THE_DOOR)
    numbers = list(range(page * AT_THE_DOOR + 1, (page + 1) * AT_THE_DOOR + 1))
    rows = await listed(tx, author, found, numbers=numbers)
    return found, sheet_by_number(rows, number=page, last=last, size=AT_THE_DOOR)


async def attendees_file(tx: AsyncConnection, author: Author, code: str) -> tuple[EventInWords, bytes]:
    """The list as a spreadsheet; that it was made is noted. Raises NotAllowed, EventRefused."""
    author = await in_turn(tx, author)
    found, everybody = await attendees(tx, author, code)
    author.require(Action.SEE_EVENT_ANSWERS, found.event.commune)  # names leave with the team alone
    rows = in_order(everybody)
    stream = io.BytesIO()
    writer = FORMATS["csv"].open(stream, FILE)
    writer.write(
        [
            [each.part.value for each in rows],
            [each.name for each in rows],
            [each.number for each in rows],
            [each.guests for each in rows],
            [each.confirmed for each in rows],
            [each.attended for each in rows],
            [each.checked_in for each in rows],
        ]
    )
    writer.close()
    details = {"event": code, "file": "attendees", "people": len(rows)}
    await audit.note(tx, actor=author.name, action=Action.SEE_EVENT_ANSWERS, details=details, now=author.now)
    return found, stream.getvalue()


async def there(tx: AsyncConnection, found: EventInWords) -> AtTheDoor:
    """How many were checked in at an event that was found for its author."""
    return await db.check_ins.at_the_door(tx, found.event.id)


class PaperList(Frozen):
    """A list to be printed: of which event, whose names, its number, and the day on which it is destroyed."""

    found: EventInWords
    everybody: Sequence[Attendee]
    number: int
    destroy_on: date


async def read_out(tx: AsyncConnection, author: Author, code: str) -> tuple[EventInWords, Sequence[Attendee]]:
    """Who comes, for a list that others see too. Raises as `attendees` does."""
    found = await number_all(tx, author, code)
    return found, await listed(tx, author, found, read_out=True)


async def paper_list(tx: AsyncConnection, author: Author, code: str) -> PaperList:
    """The list on paper, by name, of whoever hosts it by number; that it was made, and until when it may lie about, is
    noted. Raises NotAllowed, EventRefused.
    """
    author = await in_turn(tx, author)
    found, everybody = await read_out(tx, author, code)
    if found.event.is_cancelled:
        raise EventRefused("This event was cancelled.", message="errors/event_cancelled")
    kept = timedelta(days=author.campaign.retention.event_answers_days)
    paper = PaperList(
        found=found,
        everybody=in_order(everybody),
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
