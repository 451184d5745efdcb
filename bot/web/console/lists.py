"""Who comes to an event, page by page. A long list is read whole at most every few seconds, for its order and the names
that are searched; whoever a page shows is read anew for each page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import attendees
from bot.actions.events import find_for
from bot.frozen import Frozen
from bot.links import list_link
from bot.printing.codes import qr_path
from bot.rules.attendees import AttendeePart, AttendeeSheet, Roll, cut, meant, roll_of
from bot.rules.permissions import Action
from bot.web.console.events import code_of
from bot.web.desk import Desk, Visit, whole_number
from bot.web.remembered import WITHOUT_RESTS
from db.events import EventInWords, text_in

KEPT_FOR = timedelta(seconds=10)
AT_ONCE = 200
"""Lines of a part of the list."""


class EventList(Frozen):
    """The list of an event for whoever asks. `roll`: everybody as of a moment ago; `is_long`: then not as of now."""

    visit: Visit
    found: EventInWords
    roll: Roll
    is_long: bool
    read_out: bool

    async def page(
        self, part: AttendeePart | None, *, number: int, size: int, search: str = ""
    ) -> AttendeeSheet:
        """A page of one part, or of everybody, part by part."""
        sheet = cut(self.roll, part, number=number, search=search, size=size)
        return (await self._now([sheet], search))[0]

    async def parts(self, numbers: Mapping[AttendeePart, int], *, size: int) -> list[AttendeeSheet]:
        """A page of each part, by its number."""
        return await self._now(
            [cut(self.roll, part, number=number, search="", size=size) for part, number in numbers.items()]
        )

    async def _now(self, sheets: list[AttendeeSheet], search: str = "") -> list[AttendeeSheet]:
        """With the people on them as they are now, asked at once; whoever is not on the list any more is left out."""
        visit, numbers = self.visit, [each.number for sheet in sheets for each in sheet.rows]
        if not self.is_long or not numbers:
            return sheets
        now = await attendees.listed(
            visit.tx, visit.author, self.found, read_out=self.read_out, numbers=numbers
        )
        by_number = {each.number: each for each in now}
        found = [
            [by_number[each.number] for each in sheet.rows if each.number in by_number] for sheet in sheets
        ]
        # Searched again: the name by which somebody was found may be one that is not to be known any more.
        return [replace(sheet, rows=meant(rows, search)) for sheet, rows in zip(sheets, found, strict=True)]


async def listed(visit: Visit, *, read_out: bool = False) -> EventList:
    """`read_out`: for a screen that others see too. Raises NotAllowed, EventRefused, MadeElsewhere, CountFirst."""
    author = visit.author
    found = await find_for(visit.tx, author, code_of(visit))

    async def roll(tx: AsyncConnection) -> Roll:
        return roll_of(await attendees.listed(tx, author, found, read_out=read_out))

    is_long = await attendees.is_long(visit.tx, found)
    if not is_long:
        await attendees.number(visit.tx, author, found, is_long=False)
        kept = await roll(visit.tx)
    else:
        # To see that nobody lacks a number all of them are looked at: here, and not among what is counted behind the
        # pages, as whoever stands at the door waits for it.
        key, kept_counts = ("numbered", found.event.id), visit.desk.remembered
        if kept_counts.fresh(key, visit.now, kept_for=attendees.SOON) is None:
            await attendees.number(visit.tx, author, found, is_long=True)
            kept_counts.keep(key, None, visit.now)
        areas, hosted = author.areas(Action.SEE_EVENT_ANSWERS), author.hosted.get(found.event.id)
        kept, _ = visit.looked_up(
            ("roll", found.event.id, areas, hosted, attendees.shows_names(author, found, read_out=read_out)),
            lambda: visit.desk.in_reading(roll),
            kept_for=KEPT_FOR,
            older=WITHOUT_RESTS,
        )
    return EventList(visit=visit, found=found, roll=kept, is_long=is_long, read_out=read_out)


async def number_all(visit: Visit) -> None:
    """What a list may need to be noted first: whoever came to it since has a number."""
    await attendees.number_all(visit.tx, visit.author, code_of(visit))


class Lists:
    """Who comes to an event: on the screen and on paper."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/events/{code}"
        return [
            Route(f"{one}/people", desk.reading(self.people, note=number_all)),
            Route(f"{one}/sheet", desk.changing(self.sheet), methods=["POST"]),
        ]

    async def people(self, visit: Visit) -> Response:
        """By name to whoever gets the names on paper too."""
        people = await listed(visit, read_out=True)
        sheets = await people.parts(
            {part: whole_number(visit, part, 1) - 1 for part in AttendeePart}, size=AT_ONCE
        )
        return visit.page("people", event=people.found.event, text=_text(visit, people.found), sheets=sheets)

    async def sheet(self, visit: Visit) -> Response:
        """Numbered, with the day on which it is destroyed, and noted, as in the chat."""
        paper = await attendees.paper_list(visit.tx, visit.author, code_of(visit))
        size, path = qr_path(list_link(self._desk.composer.bot_username, paper.found.event.code))
        parts = [(part, [each for each in paper.everybody if each.part is part]) for part in AttendeePart]
        return visit.page(
            "sheet",
            event=paper.found.event,
            text=_text(visit, paper.found),
            paper=paper,
            parts=parts,
            size=size,
            path_of_code=path,
        )


def _text(visit: Visit, found: EventInWords) -> object:
    return text_in(found.texts, visit.language, visit.author.campaign.languages[0])
