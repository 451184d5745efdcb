"""Meeting people: who writes, whether they can be reached, where they are in a dialog."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
import db.people
import db.staff
from db.dialogs import Dialog
from db.people import Person
from db.staff import Staff

# `seen_at` serves retention, which counts in months: an hour's precision spares a write for each tap.
SEEN_PRECISION = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """Everything a handler must know of the one who wrote."""

    person: Person
    staff: tuple[Staff, ...]
    dialog: Dialog | None


async def meet(tx: AsyncConnection, telegram_id: int, now: datetime) -> Meeting:
    """The person behind an update: found, or made with nothing known but the chat. Who writes is reachable."""
    person = await db.people.find(tx, telegram_id)
    if person is None:
        person = await db.people.create(tx, telegram_id=telegram_id, pseudonym=secrets.token_hex(8), now=now)
        return Meeting(person=person, staff=await db.staff.roles_of(tx, telegram_id), dialog=None)
    if person.unreachable_at is not None or now - person.seen_at > SEEN_PRECISION:
        await db.people.change(tx, person.id, unreachable_at=None, seen_at=now)
    return Meeting(
        person=person,
        staff=await db.staff.roles_of(tx, telegram_id),
        dialog=await db.dialogs.get(tx, person.id),
    )


async def lose(tx: AsyncConnection, telegram_id: int, now: datetime) -> None:
    """The person blocked the bot: nothing is tried again until they write."""
    person = await db.people.find(tx, telegram_id)
    if person is not None:
        await db.people.change(tx, person.id, unreachable_at=now)
