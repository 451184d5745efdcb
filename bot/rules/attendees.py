"""Who comes, as a list: which part of it, sorted, searched, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple, TypeAlias

from bot.frozen import Frozen
from bot.rules.seats import ON_THE_LIST, Standing
from bot.rules.typed import folded

PAGE = 25
"""Lines that are read on a phone without losing one's place."""
AT_THE_DOOR = 12
"""Buttons, one below the other, that are tapped while people come in."""


class AttendeePart(StrEnum):
    """What a list shows; in this order where it shows everybody."""

    COMING = "coming"
    MAYBE = "maybe"
    OFFERED = "offered"
    WAITING = "waiting"


class Attendee(NamedTuple):
    """Somebody who comes, may, was offered a seat, or waits for one. `name` where they agreed to be known; `number`
    tells the others; `place`: which one on the waiting list they are, from 1.
    """

    number: int
    name: str | None
    answer: str
    guests: int
    confirmed: bool
    attended: bool | None
    ticket: int | None
    checked_in: bool = False
    place: int | None = None

    @property
    def part(self) -> AttendeePart:
        if self.answer in ON_THE_LIST:
            return AttendeePart.OFFERED if self.answer == Standing.OFFERED else AttendeePart.WAITING
        return AttendeePart.COMING if self.answer == Standing.YES else AttendeePart.MAYBE


class AttendeeSheet(Frozen):
    """A page of a list. `people` and `guests`: of the whole part, whoever is shown; `found`: what a search found.

    `part` None: of everybody.
    """

    part: AttendeePart | None
    rows: Sequence[Attendee]
    number: int
    pages: int
    people: int
    guests: int
    found: int


class Ordered(NamedTuple):
    """People in the order of a list, and how many come with them."""

    rows: Sequence[Attendee]
    guests: int


Roll: TypeAlias = Mapping[AttendeePart | None, Ordered]
"""Each part of a list; None: everybody, part by part."""


def roll_of(attendees: Iterable[Attendee]) -> Roll:
    """A list in its order: by name and then by number; who waits, as they wait."""
    parts: dict[AttendeePart, list[Attendee]] = {part: [] for part in AttendeePart}
    for each in attendees:
        parts[each.part].append(each)
    fold = cache(folded)  # many bear the same name

    def by_name(each: Attendee) -> tuple[bool, str, int]:
        return each.name is None, fold(each.name or ""), each.number

    def as_they_wait(each: Attendee) -> tuple[int, bool, str, int]:
        return each.ticket or 0, *by_name(each)

    for part, rows in parts.items():
        rows.sort(key=as_they_wait if part is AttendeePart.WAITING else by_name)
    everybody = [each for rows in parts.values() for each in rows]
    return {None: _ordered(everybody), **{part: _ordered(rows) for part, rows in parts.items()}}


def _ordered(rows: Sequence[Attendee]) -> Ordered:
    return Ordered(rows=rows, guests=sum(each.guests for each in rows))


def in_order(attendees: Iterable[Attendee]) -> Sequence[Attendee]:
    """Everybody, part by part."""
    return roll_of(attendees)[None].rows


def sheet(
    attendees: Iterable[Attendee],
    part: AttendeePart | None,
    *,
    number: int = 0,
    search: str = "",
    size: int = PAGE,
) -> AttendeeSheet:
    """A page, counted from 0; one beyond the last is the last. `search`: how a name begins, or a number."""
    return cut(roll_of(attendees), part, number=number, search=search, size=size)


def cut(
    roll: Roll,
    part: AttendeePart | None,
    *,
    number: int = 0,
    search: str = "",
    size: int = PAGE,
) -> AttendeeSheet:
    """A page of what is in order already."""
    rows, guests = roll[part]
    found = meant(rows, search)
    pages = max(1, -(-len(found) // size))
    number = min(max(number, 0), pages - 1)
    return AttendeeSheet(
        part=part,
        rows=found[number * size : (number + 1) * size],
        number=number,
        pages=pages,
        people=len(rows),
        guests=guests,
        found=len(found),
    )


def meant(rows: Sequence[Attendee], search: str) -> Sequence[Attendee]:
    """Those with that number, or of whose name a word begins so; everybody where nothing is searched."""
    wanted, fold = folded(search), cache(folded)
    if not wanted:
        return rows
    return [
        each
        for each in rows
        if wanted == str(each.number) or (each.name is not None and _begins_so(fold(each.name), wanted))
    ]


def named_so(names: Iterable[tuple[int, str]], search: str) -> list[int]:
    """Of people by number and name, the numbers of those of whose name a word begins so."""
    wanted, fold = folded(search), cache(folded)
    return [number for number, name in names if wanted and _begins_so(fold(name), wanted)]


def _begins_so(name: str, wanted: str) -> bool:
    return name == wanted or any(word.startswith(wanted) for word in name.split())


def sheet_by_number(rows: Iterable[Attendee], *, number: int, last: int, size: int) -> AttendeeSheet:
    """A page of a list too long to be put in order for each look: those of its numbers who are still on it. `last`: the
    last number of the list.
    """
    shown = sorted(rows, key=lambda each: each.number)
    pages = max(1, -(-last // size))
    return AttendeeSheet(
        part=None, rows=shown, number=number, pages=pages, people=last, guests=0, found=len(shown)
    )
