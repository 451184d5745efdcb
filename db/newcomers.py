"""Whether whoever comes new to an event finds a seat: asked of many events at once, for the cards that say so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.seats import door_opens
from db.batches import Statement, given_ids, members
from db.seats import HasSeats, seats_of, with_allotted

_ALL_TAKEN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(event, taken, waiting, offered, tickets)) AS text) FROM seats
    WHERE event IN {given_ids(s)}"""
    )
)


class Announced(HasSeats, Protocol):
    """What must be known of an event to tell whether whoever comes new finds a seat: an `Event`, or some of its row."""

    @property
    def id(self) -> int: ...
    @property
    def counted(self) -> bool: ...
    @property
    def starts_at(self) -> datetime: ...


async def closed_to_newcomers(tx: AsyncConnection, found: Iterable[Announced], now: datetime) -> set[int]:
    """Those of some events where whoever comes new finds no seat: none is free, or all are for who waits."""
    asked = [event for event in found if event.counted]
    if not asked:
        return set()
    numbers = {row[0]: row[1:] for row in await _ALL_TAKEN.rows(tx, rows=members(each.id for each in asked))}
    closed = set()
    for event in asked:
        seats_ = seats_of(event, *numbers.get(event.id, (0, 0, 0, 0)))
        if door_opens(event.starts_at) > now:
            seats_ = await with_allotted(tx, event.id, seats_)
        if seats_.left == 0:
            closed.add(event.id)
    return closed
