"""Where each person is in a dialog: kept here so that a restart loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db import upsert
from db.batches import Statement, given_ids, members
from db.schema import dialogs


class Dialog(Frozen):
    """A flow (`registration`), the step whose answer is awaited, and what was said so far."""

    flow: str
    step: str
    data: dict[str, Any]


async def get(tx: AsyncConnection, person: int) -> Dialog | None:
    return (await get_many(tx, [person])).get(person)


_OPEN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(person, flow, step, {s.json.format("data")})) AS text) FROM dialogs
    WHERE person {s.among.format(given_ids(s))}"""
    )
)


async def get_many(tx: AsyncConnection, people: Collection[int]) -> dict[int, Dialog]:
    """Where these people are in a dialog, by person; those in none are left out."""
    rows = await _OPEN.rows(tx, rows=members(people))
    return {person: Dialog(flow=flow, step=step, data=data) for person, flow, step, data in rows}


async def put(
    tx: AsyncConnection, person: int, *, flow: str, step: str, data: Mapping[str, Any], now: datetime
) -> None:
    """Moves the person's only dialog to this step."""
    values = {"flow": flow, "step": step, "data": dict(data), "updated_at": now}
    await upsert.put(tx, dialogs, {"person": person}, values)


_NOTE = sa.update(dialogs).where(dialogs.c.person == sa.bindparam("of_person"))
_END = sa.delete(dialogs).where(dialogs.c.person == sa.bindparam("of_person"))


async def note(tx: AsyncConnection, person: int, *, data: Mapping[str, Any]) -> None:
    """Changes what is kept in the dialog, where it stands."""
    await tx.execute(_NOTE, {"of_person": person, "data": dict(data)})


async def replace(tx: AsyncConnection, person: int, dialog: Dialog) -> None:
    """Puts a dialog in the place of another one that ended; its term goes on."""
    values = {"flow": dialog.flow, "step": dialog.step, "data": dialog.data}
    await tx.execute(sa.update(dialogs).where(dialogs.c.person == person).values(values))


async def end(tx: AsyncConnection, person: int) -> None:
    await tx.execute(_END, {"of_person": person})
