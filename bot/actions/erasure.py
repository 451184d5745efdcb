"""Forgetting a person: at their request, because they may not take part, or because the law says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.erasing
import db.suppressions
from bot.actions.broadcasts import pause_orphans
from db.people import Person


def suppression_hash(key: bytes, telegram_id: int) -> str:
    """What remains of an erased person: a keyed hash that only this campaign's key can compare."""
    return db.suppressions.hash_of(key, telegram_id)


async def erase(tx: AsyncConnection, person: Person, *, key: bytes, now: datetime) -> None:
    """Erases the person, their roles and whatever leads to them; counts of answers and deliveries stay."""
    await db.erasing.erase_roles(tx, person.telegram_id)
    await pause_orphans(tx, person.telegram_id)
    await db.erasing.erase_person(tx, person.id)
    await db.suppressions.add(tx, suppression_hash(key, person.telegram_id), now)


async def forget(tx: AsyncConnection, person: Person) -> None:
    """Erases someone who never became a supporter: there is nobody to keep from being invited again."""
    await db.erasing.erase_person(tx, person.id)
