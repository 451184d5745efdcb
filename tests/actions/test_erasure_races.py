"""Somebody is deleted while they act: nothing stays of what they just did, and who is kept loses nothing."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.erasing
import db.people
from bot.actions import broadcasts, erasure
from bot.actions.registration import decide_consent
from bot.actions.responses import Origin
from db.engine import Database
from db.erasing import Sealing, erase_people
from db.schema import consents, deliveries, people, responses
from tests.actions.test_broadcasts import NEWS, NOW, author, supporters
from tests.actions.test_staff_races import meanwhile
from tests.conversation import services
from tests.places import place_of

SEALING = Sealing(key=services().suppression_key, today=NOW.date(), keeps_proof=True)
SOMEBODY = 1000


async def test_what_somebody_tapped_while_they_were_deleted_is_erased_with_them(database: Database) -> None:
    async with database.write() as tx:
        await supporters(tx, 1)
        await tx.execute(sa.update(people).values(registered_at=NOW, **place_of("69123")))

    async def tap(tx: AsyncConnection) -> None:
        person = await db.people.find(tx, SOMEBODY)
        assert person is not None
        origin = Origin(update_id=None, message_id=None, at=NOW)
        await decide_consent(tx, person, origin, purpose="team", given=True, language="fr", text="x")

    async def delete(tx: AsyncConnection) -> None:
        person = await db.people.find(tx, SOMEBODY)
        assert person is not None
        await erasure.erase(tx, person, SEALING, NOW)

    await meanwhile(database, tap, delete)
    async with database.read() as tx:
        assert (await tx.scalars(sa.select(people.c.id))).all() == []
        assert set(await tx.scalars(sa.select(consents.c.pseudonym))) == {db.erasing.SEALED}
        assert (
            await tx.scalars(sa.select(responses.c.id).where(responses.c.commune.is_not(None)))
        ).all() == []


async def test_who_asks_to_be_kept_meanwhile_is_kept_whole(database: Database) -> None:
    """Half of somebody would be written to twice: what they got is known by it."""
    async with database.write() as tx:
        admin = await author(tx, 7, "admin")
        await supporters(tx, 1)
        somebody = await db.people.find(tx, SOMEBODY)
        assert somebody is not None
        await db.people.change(tx, somebody.id, consent_keep=False)
        await broadcasts.send(tx, admin, NEWS)

    async def keep(tx: AsyncConnection) -> None:
        await db.people.change(tx, somebody.id, consent_keep=True)

    async def purge(tx: AsyncConnection) -> None:
        await erase_people(tx, sa.and_(people.c.id == somebody.id, ~people.c.consent_keep), SEALING)

    await meanwhile(database, keep, purge)
    async with database.read() as tx:
        assert await db.people.find(tx, SOMEBODY) is not None
        theirs = sa.select(deliveries.c.state).where(deliveries.c.person == somebody.id)
        assert (await tx.scalars(theirs)).all() == ["queued"]
