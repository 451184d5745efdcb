"""Who of the team answers when, and under which name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.conversations import Duty
from db.schema import duties, people
from db.upsert import insert


class Answerer(Frozen):
    """Somebody of the team who answers, or did; `shown`: how many waited, as their menu of commands said last."""

    person: int
    telegram_id: int
    zone: str | None
    language: str | None
    name: str
    duty: Duty
    shown: int


_QUERY = sa.select(duties, people.c.telegram_id, people.c.zone, people.c.language).join(
    people, people.c.id == duties.c.person
)


def _answerer(row: sa.Row[Any]) -> Answerer:
    return Answerer(
        person=row.person,
        telegram_id=row.telegram_id,
        zone=row.zone,
        language=row.language,
        name=row.name,
        duty=Duty(on_duty=row.on_duty, from_hour=row.from_hour, to_hour=row.to_hour),
        shown=row.shown,
    )


_OF_PERSON = _QUERY.where(duties.c.person == sa.bindparam("somebody"))


async def of_person(tx: AsyncConnection, person: int) -> Answerer | None:
    row = (await tx.execute(_OF_PERSON, {"somebody": person})).one_or_none()
    return None if row is None else _answerer(row)


async def told_to(tx: AsyncConnection, person: int) -> dict[str, Any] | None:
    """What is held of how somebody answers supporters, for /mydata."""
    found = await of_person(tx, person)
    if found is None:
        return None
    duty = found.duty
    return {
        "name": found.name,
        "on_duty": duty.on_duty,
        "from_hour": duty.from_hour,
        "to_hour": duty.to_hour,
    }


_ALL = _QUERY.order_by(duties.c.person)


async def all_of_them(tx: AsyncConnection) -> list[Answerer]:
    """Everybody who ever answered, on duty or not."""
    return [_answerer(row) for row in await tx.execute(_ALL)]


async def leave(tx: AsyncConnection, person: int) -> None:
    """Somebody answers no more."""
    await tx.execute(sa.delete(duties).where(duties.c.person == person))


async def change(tx: AsyncConnection, person: int, **values: Any) -> None:
    """Sets these columns of one of them, whose row is made where there was none."""
    statement = insert(tx, duties).values(person=person, **{"name": "", **values})
    statement = statement.on_conflict_do_update(index_elements=[duties.c.person], set_=values)
    await tx.execute(statement)
