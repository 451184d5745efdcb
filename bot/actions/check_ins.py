"""Check-in: somebody says by the code of the minute that they are there, or their host ticks them on the list.

Being there stands in the row of the answer (`attended`) and, with the way and the instant, in `check_ins`. Of who came
without being signed up nothing is kept but a count, until they join.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.check_ins
import db.events
import db.people
import db.rsvps
import db.seats
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.events import find_for
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record, response
from bot.frozen import Frozen
from bot.rules.check_ins import (
    EARLY,
    MOST_WRONG,
    WRONG_WITHIN,
    CheckInRefused,
    DoorKey,
    How,
    arrived,
    event_of_digits,
    event_of_token,
    is_at_its_door,
    minute_of,
)
from bot.rules.people import RsvpAnswer
from bot.rules.permissions import Action
from bot.rules.seats import Rsvp, Seats, door_opens, within_reach
from db.check_ins import AtTheDoor
from db.engine import Database
from db.events import Event, EventInWords
from db.people import Person
from db.responses import Response
from db.seats import Allotted

SCREEN = "door:"
"""What a host's message with the code is remembered as: `door:<event's code>`."""
LONGEST_SCREEN = timedelta(hours=12)
FROM_PAPER = timedelta(days=14)
"""So long after its end a list that was ticked on paper can be put in."""


class CheckedIn(Frozen):
    """Where somebody was checked in, and whether it was noted before."""

    found: EventInWords
    again: bool


async def at_its_door(tx: AsyncConnection, token: str, key: DoorKey, now: datetime) -> EventInWords:
    """The event of a link that was scanned, where people are let in now. Raises CheckInRefused."""
    code = event_of_token(token, key, now)
    found = await db.events.find(tx, code)
    if found is None or not found.event.is_public:
        raise CheckInRefused("This event is gone.", message="events/unknown")
    _require_door(found.event, now)
    return found


def _require_door(event: Event, now: datetime) -> None:
    """Raises CheckInRefused where nobody is let in at this moment."""
    if event.is_cancelled:
        raise CheckInRefused("This event was cancelled.", message="toasts/event_cancelled")
    if event.ends_at <= now:
        raise CheckInRefused("This event is over.", message="check_ins/over")
    if not is_at_its_door(event.starts_at, event.ends_at, now):
        opens = event.starts_at - EARLY
        raise CheckInRefused(
            "Nobody is let in yet.", message="check_ins/too_early", opens=opens, place_zone=event.zone
        )


async def check_in(
    tx: AsyncConnection, person: Person, origin: Origin, found: EventInWords, how: How
) -> CheckedIn:
    """Somebody is there. Raises NotASupporter."""
    require_supporter(person)
    event = found.event
    fresh = await db.check_ins.put(tx, event=event.id, person=person.id, at=origin.at, how=how.value)
    if fresh:
        said = response(person, origin, "check_in", how.value, event.code)
        await _arrive(tx, person.id, event, said, ticked=False)
    return CheckedIn(found=found, again=not fresh)


async def _arrive(tx: AsyncConnection, person: int, event: Event, said: Response, *, ticked: bool) -> None:
    blank = Rsvp(event=event.id, person=person, answer=RsvpAnswer.YES.value, at=said.at)

    def decide(seats: Seats, own: Rsvp | None, allotted: Callable[[Seats], Allotted]) -> Rsvp:
        is_open = door_opens(event.starts_at) <= said.at
        reach = within_reach(seats, own, {} if is_open else allotted(seats), door_open=is_open)
        return arrived(own, blank, reach=reach, ticked=ticked)

    if await db.seats.are_counted(tx, event):
        await db.seats.settle(tx, event=event.id, person=person, decide=decide, said=said)
    else:
        own = await db.rsvps.get(tx, event=event.id, person=person)
        await db.rsvps.put(tx, arrived(own, blank, reach=None, ticked=ticked), said)


async def check_in_by_digits(
    tx: AsyncConnection, person: Person, origin: Origin, digits: str, key: DoorKey
) -> CheckedIn | None:
    """Somebody typed the six digits on a host's phone; None where no event has them now, which is noted.

    Raises NotASupporter; CheckInRefused for who typed too many wrong ones.
    """
    require_supporter(person)
    wrong = await db.check_ins.wrong_codes(tx, person.id, since=origin.at - WRONG_WITHIN)
    if wrong >= MOST_WRONG:
        raise CheckInRefused("Too many wrong codes.", message="check_ins/too_many")
    code = event_of_digits(digits, await _doors(tx, origin.at), key, origin.at)
    found = await db.events.find(tx, code) if code is not None else None
    if found is None:
        await record(tx, person, origin, "check_in", "wrong")
        return None
    return await check_in(tx, person, origin, found, How.CODE)


async def _doors(tx: AsyncConnection, now: datetime) -> list[str]:
    return await db.check_ins.open_doors(tx, begins_before=now + EARLY, ends_after=now)


async def is_any_door_open(tx: AsyncConnection, now: datetime) -> bool:
    """Whether six digits may be a code: people are let in somewhere."""
    return bool(await _doors(tx, now))


async def walk_in(tx: AsyncConnection, found: EventInWords, telegram_id: int, key: DoorKey) -> None:
    """Somebody is there who is not signed up: counted once, and nothing else."""
    mark = key.mark(found.event.code, telegram_id)
    if await db.check_ins.mark_walk_in(tx, found.event.id, mark):
        await db.check_ins.count_walk_in(tx, found.event.id)


async def walk_in_joined(
    tx: AsyncConnection, person: Person, origin: Origin, code: str, key: DoorKey
) -> EventInWords | None:
    """Whoever was counted at the door signed up: checked in by name, and counted no more. None: the event is off."""
    found = await db.events.find(tx, code)
    if found is None or not found.event.is_public or found.event.is_cancelled:
        return None
    await check_in(tx, person, origin, found, How.WALK_IN)
    if await db.check_ins.forget_walk_in(tx, found.event.id, key.mark(code, person.telegram_id)):
        await db.check_ins.count_walk_in(tx, found.event.id, -1)
    return found


class CheckInDoor(Frozen):
    """What a host's phone shows: the event, the link in the QR code's token, the digits, and who is there already."""

    found: EventInWords
    token: str
    digits: str
    there: AtTheDoor


async def door(tx: AsyncConnection, author: Author, code: str, key: DoorKey) -> CheckInDoor:
    """The code of this minute, for whoever organizes the event. Raises NotAllowed, EventRefused, CheckInRefused."""
    found = await find_for(tx, author, code)
    _require_door(found.event, author.now)
    minute = minute_of(author.now)
    return CheckInDoor(
        found=found,
        token=key.token(code, minute),
        digits=key.digits(code, minute),
        there=await db.check_ins.at_the_door(tx, found.event.id),
    )


async def open_screen(
    tx: AsyncConnection, author: Author, code: str, key: DoorKey
) -> tuple[CheckInDoor, int | None]:
    """A host's phone begins to show the code, which is kept up to date until the event is over; and the message that
    showed it before, if one did. Raises NotAllowed, EventRefused, CheckInRefused.
    """
    author = await in_turn(tx, author)
    assert author.id is not None  # whoever has a phone is a person
    shown = await door(tx, author, code, key)
    event = shown.found.event
    before = await db.check_ins.begin_screen(
        tx,
        event=event.id,
        person=author.id,
        minute=minute_of(author.now),
        until=min(event.ends_at, author.now + LONGEST_SCREEN),
    )
    return shown, before


async def close_screen(tx: AsyncConnection, author: Author, code: str) -> EventInWords:
    """The code is shown no longer. Raises NotAllowed, EventRefused."""
    assert author.id is not None  # whoever has a phone is a person
    found = await find_for(tx, author, code)
    await db.check_ins.close_screen(tx, event=found.event.id, person=author.id)
    return found


async def remember_screen(database: Database, name: str, message: Mapping[str, Any]) -> None:
    """A message that was sent shows the code of an event: it is the one to be edited."""
    if not name.startswith(SCREEN):
        return
    async with database.write() as tx:
        await db.check_ins.screen_is(
            tx,
            event=name.removeprefix(SCREEN),
            telegram_id=message["chat"]["id"],
            message=message["message_id"],
        )


async def tick(tx: AsyncConnection, author: Author, code: str, number: int, *, there: bool) -> EventInWords:
    """Whoever organizes the event ticks somebody on its list, or takes the tick back; it is noted.

    Raises NotAllowed, EventRefused; CheckInRefused before the event's door opens, or for a number that nobody has.
    """
    author = await in_turn(tx, author)
    found = await find_for(tx, author, code)
    event = found.event
    if event.id not in author.hosted:
        author.require(Action.CHECK_IN, event.commune)
    if event.is_cancelled or author.now < event.starts_at - EARLY or author.now > event.ends_at + FROM_PAPER:
        _require_door(event, author.now)
    person = await _numbered(tx, event, number)
    said = _said_of(person, code, there=there, now=author.now)
    if there:
        changed = await db.check_ins.put(
            tx, event=event.id, person=person.id, at=author.now, how=How.LIST.value
        )
        if changed:
            await _arrive(tx, person.id, event, said, ticked=True)
    else:
        changed = await db.check_ins.take_back(tx, event=event.id, person=person.id)
        if changed:
            await _leave(tx, person.id, event, said)
    if changed:
        details = {"event": code, "number": number, "there": there}
        await audit.note(tx, actor=author.name, action=Action.CHECK_IN, details=details, now=author.now)
    return found


def _said_of(person: Person, code: str, *, there: bool, now: datetime) -> Response:
    """What is logged of somebody who was ticked: they tapped nothing themselves."""
    nothing_tapped = Origin(update_id=0, message_id=None, at=now)
    said = response(person, nothing_tapped, "check_in", How.LIST.value if there else "not_there", code)
    return replace(said, update_id=None)


async def _numbered(tx: AsyncConnection, event: Event, number: int) -> Person:
    """Somebody by their number on the list; whoever restricted the use of their data stands on none."""
    number_of = await db.check_ins.numbered(tx, event=event.id, number=number)
    person = await db.people.get(tx, number_of) if number_of is not None else None
    if person is None or person.is_restricted:
        raise CheckInRefused("Nobody has this number any more.", message="check_ins/nobody")
    return person


async def _leave(tx: AsyncConnection, person: int, event: Event, said: Response) -> None:
    """The tick was a mistake: what they answered stays."""
    own = await db.rsvps.get(tx, event=event.id, person=person)
    if own is None:
        return

    def decide(_seats: Seats, own: Rsvp | None, _allotted: Callable[[Seats], Allotted]) -> Rsvp:
        assert own is not None  # it was there a moment ago
        return replace(own, attended=None, at=said.at)

    if await db.seats.are_counted(tx, event):
        await db.seats.settle(tx, event=event.id, person=person, decide=decide, said=said)
    else:
        await db.rsvps.put(tx, replace(own, attended=None, at=said.at), said)
