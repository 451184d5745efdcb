"""Offers to help: one a person, changed at will, erased when it is withdrawn."""

from __future__ import annotations

import functools
import operator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.volunteering import FreeTime, Task
from db.schema import broadcasts, people, volunteering
from db.upsert import insert


class Offer(Frozen):
    """What somebody offers. `contact`: whether the team may write to them, None while they were not asked.

    `taken_by`: who of the team writes to them, as a person.
    """

    id: int
    person: int
    tasks: tuple[Task, ...]
    moments: tuple[FreeTime, ...]
    contact: bool | None
    at: datetime
    taken_by: int | None
    taken_at: datetime | None


def _offer(row: sa.Row[Any] | None) -> Offer | None:
    if row is None:
        return None
    return Offer(
        id=row.id,
        person=row.person,
        tasks=tuple(task for task in Task if row._mapping[task]),
        moments=tuple(moment for moment in FreeTime if row._mapping[moment]),
        contact=row.contact,
        at=row.at,
        taken_by=row.taken_by,
        taken_at=row.taken_at,
    )


async def get(tx: AsyncConnection, offer: int) -> Offer | None:
    """The offer with this number; None where it was withdrawn."""
    return _offer((await tx.execute(sa.select(volunteering).where(volunteering.c.id == offer))).one_or_none())


_OF_PERSON = sa.select(volunteering).where(volunteering.c.person == sa.bindparam("somebody"))


async def of_person(tx: AsyncConnection, person: int) -> Offer | None:
    return _offer((await tx.execute(_OF_PERSON, {"somebody": person})).one_or_none())


async def change(tx: AsyncConnection, person: int, at: datetime, **values: Any) -> Offer:
    """Sets these columns of a person's offer, which is made where there was none."""
    changed = {"at": at, **values}
    statement = insert(tx, volunteering).values(person=person, **changed)
    statement = statement.on_conflict_do_update(index_elements=[volunteering.c.person], set_=changed)
    row = (await tx.execute(statement.returning(volunteering))).one()
    found = _offer(row)
    assert found is not None  # it was just written
    return found


async def take(tx: AsyncConnection, offer: Offer, by: int, at: datetime) -> bool:
    """Somebody of the team will write to whoever made it; False if another took it first, or it was withdrawn."""
    as_seen = sa.and_(
        volunteering.c.id == offer.id,
        volunteering.c.contact.is_(True),
        volunteering.c.taken_by.is_not_distinct_from(offer.taken_by),
    )
    taken = sa.update(volunteering).where(as_seen).values(taken_by=by, taken_at=at)
    return (await tx.execute(taken)).rowcount == 1


def notice_key(offer: int) -> str:
    """By which the notice that tells the team of an offer is found again."""
    return f"help:{offer}"


async def recall(tx: AsyncConnection, offer: int) -> None:
    """Takes back what the team was told of an offer: what has not left yet does not leave."""
    await tx.execute(sa.delete(broadcasts).where(broadcasts.c.key == notice_key(offer)))


async def withdraw(tx: AsyncConnection, offer: Offer) -> None:
    """Erases an offer, and what the team was told of it."""
    await recall(tx, offer.id)
    await tx.execute(sa.delete(volunteering).where(volunteering.c.id == offer.id))


def offered() -> sa.ScalarSelect[Any]:
    """What each row of `people` offers, as words between spaces; empty where it is nothing."""
    named = [sa.case((volunteering.c[name], f"{name} "), else_="") for name in (*Task, *FreeTime)]
    words: sa.ColumnElement[str] = functools.reduce(operator.add, named, sa.literal("", sa.Text))
    query = sa.select(sa.func.nullif(sa.func.trim(words), "")).where(volunteering.c.person == people.c.id)
    return query.correlate(people).scalar_subquery()
