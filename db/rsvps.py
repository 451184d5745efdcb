"""Answers to invitations: one row for each person and event, changed at will."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.seats import Rsvp as Rsvp
from db.batches import Columns, Statement, Visit, together
from db.responses import Response, log
from db.schema import rsvps

NAMES = tuple(rsvps.c.keys())
READ = Columns(rsvps.c)


def read(row: list[Any]) -> Rsvp:
    """A row of JSON values, in the order of the table's columns."""
    return Rsvp(**dict(zip(NAMES, READ.read(row), strict=True)))


_GET = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({READ})) AS text) FROM rsvps WHERE event = :event AND person = :person"""
    )
)


async def get(tx: AsyncConnection, *, event: int, person: int) -> Rsvp | None:
    """A person's answer. Each tap asks for it."""
    found = await _GET.rows(tx, event=event, person=person)
    return read(found[0]) if found else None


async def of_person(tx: AsyncConnection, person: int) -> dict[int, Rsvp]:
    """A person's answers by event id."""
    rows = await tx.execute(sa.select(rsvps).where(rsvps.c.person == person))
    return {row.event: Rsvp(**row._mapping) for row in rows}


_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in NAMES if name not in ("event", "person"))
_SPELLED = {"at": "now", "offer_until": "until"}
_GIVEN = ", ".join(f":{_SPELLED.get(name, name)}" for name in NAMES)
_PUT = Statement(
    lambda _s: (
        f"""
    INSERT INTO rsvps ({", ".join(NAMES)}) VALUES ({_GIVEN})
    ON CONFLICT (event, person) DO UPDATE SET {_CHANGED}"""
    )
)


def write(visit: Visit, rsvp: Rsvp) -> None:
    """Sets a person's row, among other statements."""
    values = {**vars(rsvp)}
    values["now"], values["until"] = values.pop("at"), values.pop("offer_until")
    visit.run(_PUT, **values)


async def put(tx: AsyncConnection, rsvp: Rsvp, response: Response) -> None:
    """Sets a person's answer, in place of an earlier one, and logs it."""

    def answer(visit: Visit) -> None:
        write(visit, rsvp)
        log(visit, response)

    await together(tx, answer)
