"""Staff and supporters for tests of what is sent: who holds which role, who lives where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

import db.staff
from bot.actions import audit
from bot.actions import staff as actions
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Role
from bot.rules.territories import TERRITORIES, territory_of
from db.schema import broadcasts, deliveries, people, rsvps
from tests.conversation import Conversation, Talker
from tests.places import place_of


async def staff(conversation: Conversation, telegram_id: int, role: str, area: str) -> Talker:
    """Somebody who holds a role over an area."""
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=telegram_id, role=role, area=area, added_by=None, now=conversation.clock.now()
        )
    return conversation.person(telegram_id)


async def named(
    conversation: Conversation, telegram_id: int, role: Role, *areas: str, language: str = "en"
) -> Talker:
    """The same, named on the command line and noted in the log; everywhere unless areas are given."""
    async with conversation.database.write() as tx:
        for area in areas or (EVERYWHERE,):
            await actions.add(
                tx,
                telegram_id=telegram_id,
                role=role,
                area=area,
                actor=audit.COMMAND_LINE,
                now=conversation.clock.now(),
            )
    return conversation.person(telegram_id, language=language)


async def revoke(conversation: Conversation, telegram_id: int) -> None:
    async with conversation.database.write() as tx:
        for held in await db.staff.roles_of(tx, telegram_id):
            await db.staff.revoke(tx, held.id, conversation.clock.now())


async def supporter(conversation: Conversation, telegram_id: int, commune: str | None, **values: Any) -> int:
    """A registered supporter, who agreed to everything unless told otherwise; gives their number."""
    row = _supporter(conversation, telegram_id, commune, **values)
    async with conversation.database.write() as tx:
        added = await tx.execute(sa.insert(people).values(row).returning(people.c.id))
        return int(added.scalar_one())


async def supporters(
    conversation: Conversation, telegram_ids: Iterable[int], commune: str | None, **values: Any
) -> None:
    """Many who are alike."""
    rows = [_supporter(conversation, each, commune, **values) for each in telegram_ids]
    async with conversation.database.write() as tx:
        if rows:
            await tx.execute(sa.insert(people), rows)


def _supporter(
    conversation: Conversation, telegram_id: int, commune: str | None, **values: Any
) -> dict[str, Any]:
    now = conversation.clock.now()
    territory = values.pop("territory", None) or (territory_of(commune) if commune else "FR")
    return {
        "telegram_id": telegram_id,
        "pseudonym": f"p{telegram_id}",
        "state": "registered",
        "first_name": "Awa",
        "language": "fr",
        **place_of(commune),
        "territory": territory,
        "zone": TERRITORIES[territory].zone,
        "consent_contact": True,
        "consent_commune": True,
        "registered_at": now,
        "created_at": now,
        "seen_at": now,
        **values,
    }


async def answer(conversation: Conversation, person: int, event: int, said: str) -> None:
    async with conversation.database.write() as tx:
        values = {"event": event, "person": person, "answer": said, "at": conversation.clock.now()}
        await tx.execute(sa.insert(rsvps).values(values))


async def rows(conversation: Conversation, table: sa.Table) -> list[Any]:
    async with conversation.database.read() as tx:
        return list(await tx.execute(sa.select(table).order_by(*table.primary_key.columns)))


async def written(conversation: Conversation) -> list[Any]:
    """What staff wrote: every broadcast but the bot’s own."""
    return [row for row in await rows(conversation, broadcasts) if row.created_by is not None]


async def recipients(conversation: Conversation, key: str) -> dict[int, Any]:
    """The deliveries of the broadcast whose key is like this, by the person's number."""
    async with conversation.database.read() as tx:
        query = (
            sa.select(deliveries)
            .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
            .where(broadcasts.c.key.like(key))
        )
        return {row.person: row for row in await tx.execute(query)}
