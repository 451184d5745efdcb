"""Stopping many people at once: who is known among given Telegram ids, and silence for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.consent import Purpose
from db import unread
from db.erasing import Sealing, erase_people
from db.people import NOTHING_TO_RENEW
from db.records import records
from db.restrictions import IS_RESTRICTED
from db.schema import consents, conversations, dialogs, people, staff, suppressions, volunteering
from db.upsert import insert

T = TypeVar("T")

AT_ONCE = 500
"""Values in one statement: PostgreSQL and SQLite take some ten thousand, of all columns together."""


class KnownOptOut(Frozen):
    """Somebody on the list whom the bot has met. `is_staff`: they hold a role."""

    id: int
    telegram_id: int
    pseudonym: str
    state: str
    language: str | None
    consent_contact: bool
    renew_contact: bool
    is_registered: bool
    is_staff: bool

    @property
    def agreed(self) -> bool:
        """To being written to, be it that they are asked again because the text changed."""
        return self.consent_contact or self.renew_contact


async def known(tx: AsyncConnection, telegram_ids: Sequence[int]) -> list[KnownOptOut]:
    """Those of these people who are known, by their numbers: so their rows are held in the order in which others hold
    them too (`erase_people`, db.filling), however the list is ordered.
    """
    holds_role = sa.exists().where(staff.c.telegram_id == people.c.telegram_id, staff.c.revoked_at.is_(None))
    query = sa.select(
        people.c.id,
        people.c.telegram_id,
        people.c.pseudonym,
        people.c.state,
        people.c.language,
        people.c.consent_contact,
        people.c.renew_contact,
        people.c.registered_at.is_not(None).label("is_registered"),
        holds_role.label("is_staff"),
    )
    found: list[KnownOptOut] = []
    for some in _pages(telegram_ids):
        rows = await tx.execute(query.where(people.c.telegram_id.in_(some)))
        found += records(KnownOptOut, rows)
    return sorted(found, key=lambda person: person.id)


class ListProof(Frozen):
    """What the consent ledger says of a list in place of a text: that it was one, and the SHA-256 of its file."""

    version: str
    digest: str


async def silence(
    tx: AsyncConnection, stopped: Sequence[KnownOptOut], proof: ListProof, now: datetime
) -> None:
    """Stops people; the consent of those who had given it is withdrawn in the ledger."""
    for some in _pages([person.id for person in stopped]):
        # Whoever restricted their data is silent already, and will be once they lift it.
        state = sa.case((IS_RESTRICTED, people.c.state), else_="stopped")
        values = {"state": state, "consent_contact": False, **NOTHING_TO_RENEW}
        await tx.execute(sa.update(people).where(people.c.id.in_(some)).values(values))
        await tx.execute(sa.delete(dialogs).where(dialogs.c.person.in_(some)))
    await withdraw_consents(tx, [person for person in stopped if person.agreed], Purpose.CONTACT, proof, now)


async def withdraw_consents(
    tx: AsyncConnection, whose: Sequence[KnownOptOut], purpose: str, proof: ListProof, now: datetime
) -> None:
    """Says in the ledger that these people take back what they had agreed to."""
    withdrawn = [
        {
            "pseudonym": person.pseudonym,
            "purpose": purpose,
            "given": False,
            "text_version": proof.version,
            "text_hash": proof.digest,
            "language": person.language or "",
            "at": now,
        }
        for person in whose
    ]
    if withdrawn:
        await tx.execute(sa.insert(consents), withdrawn)


async def with_something_begun(tx: AsyncConnection, known: Sequence[KnownOptOut]) -> list[KnownOptOut]:
    """Those of them who offered to help, or who wrote to the team."""
    found: set[int] = set()
    for some in _pages([person.id for person in known]):
        for owner in (volunteering.c.person, conversations.c.person):
            found |= set(await tx.scalars(sa.select(owner).where(owner.in_(some))))
    return [person for person in known if person.id in found]


async def forget(tx: AsyncConnection, unfinished: Sequence[KnownOptOut], sealing: Sealing) -> None:
    """Erases people of whom nothing is known but the chat."""
    for some in _pages([person.id for person in unfinished]):
        await erase_people(tx, people.c.id.in_(some), sealing)
    await unread.erase_of(tx, [person.telegram_id for person in unfinished])


async def suppressed(tx: AsyncConnection, hashes: Sequence[str]) -> int:
    """How many of these hashes are on the suppression list."""
    count = 0
    for some in _pages(hashes):
        query = sa.select(sa.func.count()).select_from(suppressions).where(suppressions.c.hash.in_(some))
        count += (await tx.execute(query)).scalar_one()
    return count


async def suppress(tx: AsyncConnection, hashes: Sequence[str], today: date) -> None:
    """Puts hashes on the suppression list; those that are on it stay as they are."""
    statement = insert(tx, suppressions).on_conflict_do_nothing(index_elements=[suppressions.c.hash])
    for some in _pages(hashes):
        await tx.execute(statement.values([{"hash": each, "day": today} for each in some]))


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
