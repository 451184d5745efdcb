"""Small facts of the installation that must survive a restart, by name: the polling offset, the last tick."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.batches import DatabaseVisit, Statement
from db.postponed import Row, postpone
from db.schema import facts
from db.upsert import put

_VALUE = sa.select(facts.c.value).where(facts.c.name == sa.bindparam("name"))


async def get_fact(transaction: AsyncConnection, name: str, default: Any = None) -> Any:
    """The value last set under `name`: anything that JSON can hold, or `default`."""
    row = (await transaction.execute(_VALUE, {"name": name})).first()
    return default if row is None else row.value


async def set_fact(transaction: AsyncConnection, name: str, value: Any) -> None:
    """Remember `value`, which JSON can hold, under `name`."""
    await put(transaction, facts, {"name": name}, {"value": value})


_NOTE = Statement(
    lambda s: (
        f"""
    INSERT INTO facts (name, value)
    SELECT each.value ->> 0, {s.to_json.format("each.value ->> 1")} FROM {s.each} WHERE true
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
    )
)


def note_fact(transaction: AsyncConnection, name: str, value: Any) -> None:
    """Remember a value by the end of the transaction, with what else is written then; once in a transaction."""
    postpone(transaction, _note, [(name, orjson.dumps(value).decode())])


def _note(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_NOTE, rows=rows)


async def forget_fact(transaction: AsyncConnection, name: str) -> None:
    """Forget `name`; nothing happens where it is not known."""
    await transaction.execute(facts.delete().where(facts.c.name == name))
