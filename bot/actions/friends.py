"""Friends who came by somebody's link: they are counted, and whoever invited them hears that one is in, never who."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.friends
import db.people
from bot.rules.friends import KEPT, told_at
from db.people import Person


async def brought(tx: AsyncConnection, person: Person) -> int:
    """How many supporters came by the person's link."""
    return (await db.friends.brought_by_many(tx, [person.id])).get(person.id, 0)


async def tell_recruiter(tx: AsyncConnection, newcomer: Person, now: datetime) -> None:
    """Whoever invited the newcomer, if anybody did, is told the next day that a friend is in."""
    recruiter = await db.people.get(tx, newcomer.recruiter) if newcomer.recruiter is not None else None
    if recruiter is None or not recruiter.is_registered:
        return
    due = told_at(now=now, zone=recruiter.zone or "Europe/Paris")
    await db.friends.tell_joined(tx, recruiter.id, due_at=due, expires_at=due + KEPT, now=now)
