"""The consent ledger: rows are added, never changed."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.days import day_of
from db.records import records
from db.schema import consents


class Consent(Frozen):
    """One choice: for which purpose, given or refused, on which exact text, when."""

    pseudonym: str
    purpose: str
    given: bool
    text_version: str
    text_hash: str
    language: str
    at: datetime
    update_id: int | None


class SealedConsent(Frozen):
    """One choice of somebody who left on the day `sealed_on`: the day is left of when it was made."""

    purpose: str
    given: bool
    text_version: str
    text_hash: str
    language: str
    day: date
    sealed_on: date


async def add(tx: AsyncConnection, consent: Consent) -> None:
    await tx.execute(sa.insert(consents).values(**vars(consent)))


_OF_PERSON = (
    sa.select(*(consents.c[field.name] for field in fields(Consent)))
    .where(consents.c.pseudonym == sa.bindparam("somebody"))
    .order_by(consents.c.id)
)


async def of_person(tx: AsyncConnection, pseudonym: str) -> list[Consent]:
    """Every choice of one person, oldest first."""
    return records(Consent, await tx.execute(_OF_PERSON, {"somebody": pseudonym}))


_SEALED = sa.select(consents).where(consents.c.sealed == sa.bindparam("mark")).order_by(consents.c.id)


async def sealed_under(tx: AsyncConnection, mark: str) -> list[SealedConsent]:
    """Every choice that is kept under a sealed reference, oldest first."""
    names = ("purpose", "given", "text_version", "text_hash", "language", "sealed_on")
    return [
        SealedConsent(day=day_of(row.at), **{name: row._mapping[name] for name in names})
        for row in await tx.execute(_SEALED, {"mark": mark})
    ]
