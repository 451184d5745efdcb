"""The shifts of an event, as whoever organizes it plans them: added, changed, called off; who is concerned is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.attendees
import db.broadcasts
import db.event_news
import db.events
import db.faces
import db.planning
import db.shifts
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.events import ManagedEvent, find_managed, find_open, require_may_reword
from bot.actions.last_change import changed_meanwhile
from bot.frozen import Frozen
from bot.rules.event_news import DAY, told_next
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.seats import door_opens
from bot.rules.sending import SHIFT_CHANGED, SHIFT_OFF
from bot.rules.shifts import (
    MOST_SHIFTS,
    ROLES,
    BadShift,
    Shift,
    ShiftRefused,
    newest,
    require_no_twin,
    require_places,
    require_sound,
    role_in,
)
from db.planning import PlannedBroadcast
from db.shifts import Filled, ShiftHelper


async def planned(tx: AsyncConnection, author: Author, code: str) -> tuple[ManagedEvent, Sequence[Filled]]:
    """The shifts of an event that the author may change, and how full they are. Raises NotAllowed, EventRefused."""
    found = await find_managed(tx, author, code)
    return found, await db.shifts.filled(tx, found.event.id)


class PlannedShift(Frozen):
    """One shift as whoever organizes it sees it, and who is in it."""

    found: ManagedEvent
    filled: Filled
    helpers: Sequence[ShiftHelper]


async def shift(tx: AsyncConnection, author: Author, number: int) -> PlannedShift:
    """A shift of an event that the author may change. Raises NotAllowed, EventRefused, ShiftRefused."""
    own, found = await _find(tx, author, number)
    areas = author.areas(Action.SEE_EVENT_ANSWERS)
    await db.attendees.give_numbers(tx, found.event.id, shift=own.id)  # to whoever is not named
    (filled,) = [each for each in await db.shifts.filled(tx, found.event.id) if each.shift.id == own.id]
    helpers = await db.shifts.helpers(tx, own.id, areas)
    return PlannedShift(found=found, filled=filled, helpers=helpers)


async def _find(tx: AsyncConnection, author: Author, number: int) -> tuple[Shift, ManagedEvent]:
    own = await db.shifts.get(tx, number)
    event = (await db.events.get_many(tx, [own.event]))[own.event] if own is not None else None
    if own is None or event is None or not own.is_open:
        raise ShiftRefused("This shift is off.")
    return own, await find_managed(tx, author, event.code)


async def _find_to_change(
    tx: AsyncConnection, author: Author, number: int, seen: str | None
) -> tuple[Shift, ManagedEvent]:
    """`seen`: the shift's mark, as its author saw it; None: it is not asked whether it was changed since."""
    own, found = await _find(tx, author, number)
    found = await find_open(tx, author, found.event.code)
    if seen is not None and seen != own.mark:
        raise await changed_meanwhile(tx, author, found.event, shift=own.id)
    return own, found


async def add(
    tx: AsyncConnection,
    author: Author,
    code: str,
    *,
    role: str,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int | None,
    after: int | None = None,
) -> Shift:
    """A shift more; the event's cards lead to its shifts from the first one on. `after`: the newest shift that its
    author saw, 0 for none; None: it is not asked whether there are more by now.

    Raises NotAllowed, EventRefused, BadShift.
    """
    author = await in_turn(tx, author)  # nobody lets its invitation go meanwhile
    found = await find_open(tx, author, code)
    event, others = found.event, await db.shifts.of_event(tx, found.event.id)
    if after is not None and newest(others) != after:
        raise await changed_meanwhile(tx, author, event, shift=newest(others))
    require_sound(starts_at, ends_at, event=(event.starts_at, event.ends_at), now=author.now)
    role = role_in(role)
    if role not in ROLES:
        await require_may_reword(tx, author, event)
    if capacity is not None:
        require_places(capacity)
    require_no_twin(role, starts_at, ends_at, others)
    if len(others) >= MOST_SHIFTS:
        raise BadShift(
            "An event has so many shifts at most.", message="errors/too_many_shifts", most=MOST_SHIFTS
        )
    values = {"role": role, "starts_at": starts_at, "ends_at": ends_at, "capacity": capacity}
    number = await db.shifts.create(tx, event=event.id, **values)
    if not event.has_shifts:
        if not await db.events.change(tx, event.id, sequence=event.sequence, has_shifts=True):
            raise await changed_meanwhile(tx, author, event)
        await db.faces.look(tx, author.now, event=event.id)
    await _note(tx, author, code, number, "added")
    return Shift(id=number, event=event.id, **values)  # type: ignore[arg-type]  # of each its own


async def change_hours(
    tx: AsyncConnection,
    author: Author,
    number: int,
    *,
    starts_at: datetime,
    ends_at: datetime,
    seen: str | None = None,
) -> int:
    """Other hours; everybody who has a place in it, or waits for one, is told, and how many they are. `seen`: its mark,
    as its author saw it.

    Raises NotAllowed, EventRefused, ShiftRefused, BadShift.
    """
    author = await in_turn(tx, author)
    own, found = await _find_to_change(tx, author, number, seen)
    event = found.event
    require_sound(starts_at, ends_at, event=(event.starts_at, event.ends_at), now=author.now)
    await _require_no_twin(tx, replace(own, starts_at=starts_at, ends_at=ends_at))
    await db.shifts.lock(tx, own.id)
    changes = await db.shifts.change(tx, own.id, starts_at=starts_at, ends_at=ends_at)
    await db.shifts.shorten_offers(tx, own.id, door_opens(starts_at))
    moved = replace(own, starts_at=starts_at, ends_at=ends_at)
    told = await _tell(
        tx, author, moved, SHIFT_CHANGED, f"change:{changes}", starts_at=min(own.starts_at, starts_at)
    )
    await _note(tx, author, event.code, number, "hours", told=told)
    return told


async def change_role(
    tx: AsyncConnection, author: Author, number: int, *, role: str, seen: str | None = None
) -> int:
    """Something else to do; everybody who has a place in it, or waits for one, is told, and how many they are. `seen`:
    its mark, as its author saw it.

    Raises NotAllowed, EventRefused, ShiftRefused, BadShift.
    """
    author = await in_turn(tx, author)
    own, found = await _find_to_change(tx, author, number, seen)
    role = role_in(role)
    if role == own.role:
        return 0
    if role not in ROLES:
        await require_may_reword(tx, author, found.event)
    await _require_no_twin(tx, replace(own, role=role))
    await db.shifts.lock(tx, own.id)
    changes = await db.shifts.change(tx, own.id, role=role)
    told = await _tell(
        tx, author, own, SHIFT_CHANGED, f"change:{changes}", starts_at=max(own.starts_at, author.now)
    )
    await _note(tx, author, found.event.code, number, "role", told=told)
    return told


async def _require_no_twin(tx: AsyncConnection, changed: Shift) -> None:
    others = [each for each in await db.shifts.of_event(tx, changed.event) if each.id != changed.id]
    require_no_twin(changed.role, changed.starts_at, changed.ends_at, others)


async def change_places(
    tx: AsyncConnection, author: Author, number: int, *, capacity: int | None, seen: str | None = None
) -> PlannedShift:
    """More or fewer places, or as many as like to: nobody loses theirs, and what comes free is offered by itself.
    `seen`: its mark, as its author saw it.

    Raises NotAllowed, EventRefused, ShiftRefused, BadShift.
    """
    author = await in_turn(tx, author)
    own, found = await _find_to_change(tx, author, number, seen)
    if capacity is not None:
        require_places(capacity)
    await db.shifts.lock(tx, own.id)
    await db.shifts.change(tx, own.id, capacity=capacity)
    await _note(tx, author, found.event.code, number, "places")
    return await shift(tx, author, number)


async def call_off(tx: AsyncConnection, author: Author, number: int, *, seen: str | None = None) -> int:
    """A shift does not take place; who is told, and that they are still awaited at the event. How many. `seen`: its
    mark, as its author saw it.

    Raises NotAllowed, EventRefused, ShiftRefused.
    """
    author = await in_turn(tx, author)
    own, found = await _find_to_change(tx, author, number, seen)
    await db.shifts.lock(tx, own.id)
    await db.shifts.change(tx, own.id, state="off")
    told = await _tell(tx, author, own, SHIFT_OFF, "off", starts_at=own.starts_at)
    await _note(tx, author, found.event.code, number, "off", told=told)
    return told


async def _tell(
    tx: AsyncConnection, author: Author, own: Shift, template: str, what: str, *, starts_at: datetime
) -> int:
    """What has not left of earlier hours is not news any more, and they are told of no more often than events are."""
    key, due = f"shift:{own.id}:change:", author.now
    for untold in await db.event_news.untold(tx, key):
        await db.broadcasts.cancel(tx, untold.id)
    if template == SHIFT_CHANGED:
        told = await db.event_news.told_since(tx, key, author.now - DAY)
        due = told_next(now=author.now, starts_at=starts_at, told=told)
    news = PlannedBroadcast(
        key=f"shift:{own.id}:{what}",
        kind=Kind.EVENT_SERVICE,
        template=template,
        event=own.event,
        starts_at=due,
        details={"starts_at": starts_at.isoformat()},
    )
    broadcast = await db.planning.ensure_broadcast(tx, news, author.now)
    return await db.planning.queue_shift_news(
        tx, broadcast, shift=own.id, now=author.now, due_at=due, expires_at=own.ends_at
    )


async def _note(tx: AsyncConnection, author: Author, code: str, number: int, what: str, **more: Any) -> None:
    details: dict[str, object] = {"event": code, "shift": number, "changed": what, **more}
    await audit.note(tx, actor=author.name, action=Action.CHANGE_EVENT, details=details, now=author.now)
