"""Answers to invitations: one row for each person and event, changed at will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.batches import Statement, Visit, together
from db.responses import Response, log
from db.schema import rsvps


@dataclass(frozen=True, kw_only=True)
class Rsvp:
    """`answer` is yes, maybe or no; `confirmed` on the eve; `attended` as told afterwards, None if not asked."""

    event: int
    person: int
    answer: str
    at: datetime
    confirmed: bool = False
    attended: bool | None = None


async def get(tx: AsyncConnection, *, event: int, person: int) -> Rsvp | None:
    condition = sa.and_(rsvps.c.event == event, rsvps.c.person == person)
    row = (await tx.execute(sa.select(rsvps).where(condition))).one_or_none()
    return None if row is None else Rsvp(**row._mapping)


async def of_person(tx: AsyncConnection, person: int) -> dict[int, Rsvp]:
    """A person's answers by event id."""
    rows = await tx.execute(sa.select(rsvps).where(rsvps.c.person == person))
    return {row.event: Rsvp(**row._mapping) for row in rows}


_PUT = Statement(
    lambda _s: (
        """
    INSERT INTO rsvps (event, person, answer, at, confirmed, attended)
    VALUES (:event, :person, :answer, :now, :confirmed, :attended)
    ON CONFLICT (event, person) DO UPDATE SET answer = excluded.answer, at = excluded.at,
        confirmed = excluded.confirmed, attended = excluded.attended"""
    )
)


async def put(tx: AsyncConnection, rsvp: Rsvp, response: Response) -> None:
    """Sets a person's answer, in place of an earlier one, and logs it."""
    values = {**vars(rsvp)}
    values["now"] = values.pop("at")

    def answer(visit: Visit) -> None:
        visit.run(_PUT, **values)
        log(visit, response)

    await together(tx, answer)
