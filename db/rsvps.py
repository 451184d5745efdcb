"""Answers to invitations: one row for each person and event, changed at will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import rsvps
from db.upsert import insert


@dataclass(frozen=True, kw_only=True)
class Rsvp:
    """`answer` is yes, maybe or no; `confirmed` on the eve; `attended` as told afterwards, None if not asked."""

    event: int
    person: int
    answer: str
    confirmed: bool
    attended: bool | None
    at: datetime


async def get(tx: AsyncConnection, *, event: int, person: int) -> Rsvp | None:
    condition = sa.and_(rsvps.c.event == event, rsvps.c.person == person)
    row = (await tx.execute(sa.select(rsvps).where(condition))).one_or_none()
    return None if row is None else Rsvp(**row._mapping)


async def of_person(tx: AsyncConnection, person: int) -> dict[int, Rsvp]:
    """A person's answers by event id."""
    rows = await tx.execute(sa.select(rsvps).where(rsvps.c.person == person))
    return {row.event: Rsvp(**row._mapping) for row in rows}


async def put(
    tx: AsyncConnection,
    *,
    event: int,
    person: int,
    answer: str,
    at: datetime,
    confirmed: bool = False,
    attended: bool | None = None,
) -> None:
    """Sets a person's answer, in place of an earlier one."""
    values = {"answer": answer, "at": at, "confirmed": confirmed, "attended": attended}
    statement = insert(tx, rsvps).values(event=event, person=person, **values)
    await tx.execute(
        statement.on_conflict_do_update(index_elements=[rsvps.c.event, rsvps.c.person], set_=values)
    )
