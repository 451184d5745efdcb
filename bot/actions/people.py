"""Meeting people: who writes, whether they can be reached, where they are in a dialog."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
import db.people
import db.personal_data
import db.staff
from bot.errors import PortevoixError
from bot.frozen import Frozen
from db.canvass_doors import SideView
from db.dialogs import Dialog
from db.people import Person
from db.postponed import write_postponed
from db.staff import HeldRole
from db.tapped_events import TappedEvent

# `seen_at` serves retention, which counts in months: an hour's precision spares a write for each tap.
SEEN_PRECISION = timedelta(hours=1)
PUZZLED = timedelta(days=1)
"""After so long what the assistant can do is told in full again."""


class NotASupporter(PortevoixError):
    """Somebody who has not agreed to anything yet: nothing about them is kept but the chat."""

    default_message = "errors/not_a_supporter"


class DataRestricted(PortevoixError):
    """Somebody who asked that nothing be made of their data: but for their rights nothing is answered."""

    default_message = "privacy/restriction_stands"


def require_unrestricted(person: Person) -> None:
    """Raises DataRestricted for whoever restricted the use of their data."""
    if person.is_restricted:
        raise DataRestricted("Their data are kept and not used: they lift that first.")


def require_supporter(person: Person) -> None:
    """Raises DataRestricted, and NotASupporter for whoever did not sign up, or left."""
    require_unrestricted(person)
    if not person.is_registered:
        raise NotASupporter("Only supporters answer this: sign up first.")


class Meeting(Frozen):
    """Everything a handler must know of the one who wrote."""

    person: Person
    staff: tuple[HeldRole, ...]
    dialog: Dialog | None
    # The event whose button they tapped, where it was found for many together.
    tapped: TappedEvent | None = None
    # What stands at the door that they tapped, where it was found for many together.
    at_door: SideView | None = None


Meetings = Mapping[int, Meeting]
"""By Telegram id."""


async def find_all(tx: AsyncConnection, telegram_ids: Collection[int]) -> dict[int, Meeting]:
    """Those of them who wrote before, found together."""
    await write_postponed(tx)  # what an update before noted of them
    found = await db.people.find_many(tx, telegram_ids)
    staff = await db.staff.roles_of_many(tx, telegram_ids)
    dialogs = await db.dialogs.get_many(tx, [person.id for person in found])
    return {
        person.telegram_id: Meeting(
            person=person, staff=staff.get(person.telegram_id, ()), dialog=dialogs.get(person.id)
        )
        for person in found
    }


async def meet(tx: AsyncConnection, telegram_id: int, now: datetime, met: Meetings) -> Meeting:
    """The person behind an update: found, or made with nothing known but the chat. Who writes is reachable.

    `met`: people found already.
    """
    meeting = met.get(telegram_id) or (await find_all(tx, [telegram_id])).get(telegram_id)
    if meeting is None:
        person = await db.people.create(tx, telegram_id=telegram_id, pseudonym=secrets.token_hex(8), now=now)
        return Meeting(person=person, staff=await db.staff.roles_of(tx, telegram_id), dialog=None)
    person = meeting.person
    if person.unreachable_at is not None or now - person.seen_at > SEEN_PRECISION:
        await db.people.change(tx, person.id, unreachable_at=None, seen_at=now)
    return meeting


async def puzzles_again(tx: AsyncConnection, person: Person, now: datetime) -> bool:
    """Notes that they wrote what means nothing, not what it was; whether the last they wrote did so too."""
    before = person.puzzled_at
    await db.people.change(tx, person.id, puzzled_at=now)
    return before is not None and now - before < PUZZLED


async def was_understood(tx: AsyncConnection, person: Person) -> None:
    """What they wrote last meant something."""
    if person.puzzled_at is not None:
        await db.people.change(tx, person.id, puzzled_at=None)


async def stands_last(tx: AsyncConnection, person: Person, message_id: int) -> bool:
    """Whether nothing that is known of stands below this message: no answer to them, and nothing sent by itself."""
    newest = (person.newest_message, await db.personal_data.newest_message(tx, person.id))
    return all(message_id >= each for each in newest if each is not None)


async def refreshed(tx: AsyncConnection, person: Person) -> Person:
    """The person as they are now; as they were where they were just erased."""
    return await db.people.get(tx, person.id) or person


async def keep_language(tx: AsyncConnection, person: Person, language: str) -> None:
    """The language somebody is spoken with, kept for what is written to them by itself."""
    await db.people.change(tx, person.id, language=language)


async def lose(tx: AsyncConnection, telegram_id: int, now: datetime) -> None:
    """The person blocked the bot: nothing is tried again until they write."""
    person = await db.people.find(tx, telegram_id)
    if person is not None:
        await db.people.change(tx, person.id, unreachable_at=now)
