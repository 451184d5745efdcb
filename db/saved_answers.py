"""What the team of an area answers often, in its words."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.records import records
from db.schema import saved_answers
from db.upsert import put


class SavedAnswer(Frozen):
    """One row of `saved_answers`: a text with placeholders, in one language."""

    id: int
    area: str
    language: str
    title: str
    text: str


_COLUMNS = [saved_answers.c[name] for name in ("id", "area", "language", "title", "text")]


async def all_of_them(tx: AsyncConnection) -> list[SavedAnswer]:
    """Every one, by language and title."""
    query = sa.select(*_COLUMNS).order_by(saved_answers.c.language, saved_answers.c.title, saved_answers.c.id)
    return records(SavedAnswer, await tx.execute(query))


async def get(tx: AsyncConnection, number: int) -> SavedAnswer | None:
    row = (await tx.execute(sa.select(*_COLUMNS).where(saved_answers.c.id == number))).one_or_none()
    return None if row is None else SavedAnswer(**row._mapping)


async def save(
    tx: AsyncConnection, *, area: str, language: str, title: str, text: str, now: datetime
) -> None:
    """Keeps one, in place of what had its title there."""
    keys = {"area": area, "language": language, "title": title}
    await put(tx, saved_answers, keys, {"text": text, "saved_at": now})


async def delete(tx: AsyncConnection, number: int) -> None:
    await tx.execute(sa.delete(saved_answers).where(saved_answers.c.id == number))
