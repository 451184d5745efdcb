"""Cutting what leads to a person, and deleting people. What only counts stays."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import approvals, notices
from db.schema import broadcasts, consents, deliveries, dialogs, downloads, people, responses, staff, updates

ERASED = "erased"
"""Stands in the consent ledger in place of the pseudonyms of people who were erased."""


async def cut_loose(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> int:
    """Answers that lead to nobody any more: no person, message, update or commune; how many."""
    named = sa.and_(condition, responses.c.person.is_not(None))
    # Where one votes was an answer too; the département is left of it.
    place = sa.update(responses).where(named, responses.c.question == "commune")
    await tx.execute(place.values(answer=sa.func.coalesce(responses.c.department, "")))
    traces = {"person": None, "message_id": None, "update_id": None, "commune": None}
    return (await tx.execute(sa.update(responses).where(named).values(**traces))).rowcount


async def erase_person(tx: AsyncConnection, person: int) -> None:
    """Deletes one person: see `erase_people`."""
    await erase_people(tx, people.c.id == person)


async def erase_roles(tx: AsyncConnection, telegram_id: int) -> None:
    """Deletes the roles of somebody who is erased, what the team was told of them, and where they followed their
    broadcasts. The audit log stays.
    """
    await tx.execute(sa.delete(staff).where(staff.c.telegram_id == telegram_id))
    await tx.execute(sa.delete(downloads).where(downloads.c.telegram_id == telegram_id))
    await erase_mentions(tx, telegram_id)
    followed = sa.update(broadcasts).where(broadcasts.c.progress_chat == telegram_id)
    await tx.execute(followed.values(progress_chat=None, progress_message=None))


async def erase_mentions(tx: AsyncConnection, telegram_id: int) -> None:
    """Deletes what the team was told of somebody, and what they asked of it or waited for."""
    await tx.execute(sa.delete(broadcasts).where(notices.names(telegram_id)))
    await approvals.forget_person(tx, telegram_id)


async def erase_people(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> int:
    """Deletes people; plans and RSVPs go with them, answers and deliveries lose their link. How many."""
    doomed = sa.select(people.c.id).where(condition)
    await cut_loose(tx, responses.c.person.in_(doomed))
    cut = {"person": None, "message_id": None}
    await tx.execute(sa.update(deliveries).where(deliveries.c.person.in_(doomed)).values(**cut))
    await tx.execute(sa.update(people).where(people.c.recruiter.in_(doomed)).values(recruiter=None))
    chats = sa.select(people.c.telegram_id).where(condition)
    # What failed is kept to find out why, but not beyond its author.
    failed = sa.and_(updates.c.state == "failed", updates.c.chat.in_(chats))
    await tx.execute(sa.update(updates).where(failed).values(chat=None, body=None))
    # The ledger still counts what was agreed to and when; whose choices they were is not known any more.
    names = sa.select(people.c.pseudonym).where(condition)
    ledger = sa.update(consents).where(consents.c.pseudonym.in_(names))
    await tx.execute(ledger.values(pseudonym=ERASED, update_id=None))
    await tx.execute(sa.delete(dialogs).where(dialogs.c.person.in_(doomed)))
    return (await tx.execute(sa.delete(people).where(condition))).rowcount
