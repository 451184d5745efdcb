"""How many people answered what to each event, and came: for the operator, who has the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.event_files
import db.events
import db.feedback
import db.shifts
from bot.errors import PortevoixError
from bot.frozen import Frozen
from db.events import Event, EventInWords
from db.shifts import Filled


class NoSuchEvent(PortevoixError):
    """There is no event of this code."""

    default_message: ClassVar[str] = "errors/event_gone"


class EventAccount(Frozen):
    """An event, and how many stand how with it; `guests` come with those who said yes."""

    found: EventInWords
    yes: int = 0
    maybe: int = 0
    no: int = 0
    guests: int = 0
    waitlisted: int = 0
    offered: int = 0
    checked_in: int = 0
    attended: int = 0
    absent: int = 0
    shifts: Sequence[Filled] = ()

    @property
    def event(self) -> Event:
        return self.found.event


async def listed(tx: AsyncConnection) -> list[EventAccount]:
    """Every event but those that were given up before anybody saw them, the soonest first."""
    found = await db.event_files.all_made(tx)
    counts = await db.event_files.counts(tx)
    return [EventAccount(found=each, **await _counted(tx, each.event, counts)) for each in found]


async def _counted(
    tx: AsyncConnection, event: Event, counts: Mapping[int, Mapping[str, int]]
) -> dict[str, Any]:
    """What is counted of an event; of one whose answers were erased, what was kept of it."""
    figures = await db.feedback.figures(tx, event.id)
    told = {"checked_in": figures.of("checked_in")}
    if not figures.kept:
        return {**counts.get(event.id, {}), **told}
    names = ("yes", "maybe", "no", "guests", "attended", "absent")
    return {**{name: figures.of(name) for name in names}, **told}


async def account(tx: AsyncConnection, code: str) -> EventAccount:
    """One event. Raises NoSuchEvent."""
    found = await db.events.find(tx, code.removeprefix("ev_"))
    if found is None or found.event.is_dropped:
        raise NoSuchEvent(f"There is no event {code}: `portevoix events list` tells their codes.")
    counts = await db.event_files.counts(tx, found.event.id)
    shifts = await db.shifts.filled(tx, found.event.id) if found.event.has_shifts else []
    return EventAccount(found=found, shifts=shifts, **await _counted(tx, found.event, counts))
