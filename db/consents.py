"""The consent ledger: rows are added, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema import consents


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One choice: for which purpose, given or refused, on which exact text, when."""

    pseudonym: str
    purpose: str
    given: bool
    text_version: str
    text_hash: str
    language: str
    at: datetime
    update_id: int | None


async def add(tx: AsyncConnection, consent: Consent) -> None:
    await tx.execute(sa.insert(consents).values(**vars(consent)))


async def of_person(tx: AsyncConnection, pseudonym: str) -> list[Consent]:
    """Every choice of one person, oldest first."""
    columns = [column for column in consents.c if column.name != "id"]
    query = sa.select(*columns).where(consents.c.pseudonym == pseudonym).order_by(consents.c.id)
    return [Consent(**row._mapping) for row in await tx.execute(query)]
