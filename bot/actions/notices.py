"""Telling the team: service messages that leave like every other, each in its reader's language."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.notices
import db.people
import db.staff
from bot.rules.permissions import Role
from bot.rules.territories import METROPOLE, TERRITORIES

Details = Mapping[str, object]
"""What fills a template: what JSON can hold; instants, under names that end in `_at`, in ISO 8601."""


async def tell(
    tx: AsyncConnection,
    telegram_ids: Collection[int],
    template: str,
    details: Details,
    *,
    now: datetime,
    key: str | None = None,
) -> int:
    """Queues `notices/<template>` for these Telegram users, in the transaction of what it tells; for how many.

    `key`: by which it is found again.
    """
    key = key or f"notice:{secrets.token_hex(8)}"
    return await db.notices.queue(
        tx, key=key, template=template, details=details, telegram_ids=telegram_ids, now=now
    )


async def tell_admins(
    tx: AsyncConnection, template: str, details: Details, *, now: datetime, but: int | None = None
) -> int:
    """Tells every admin of this moment, whatever their area, `but` one who has the news in front of them."""
    return await tell(tx, set(await admins(tx)) - {but}, template, details, now=now)


async def admins(tx: AsyncConnection) -> list[int]:
    """The Telegram numbers of all admins."""
    members = await db.staff.all_current(tx)
    return sorted({member.telegram_id for member in members if member.role == Role.ADMIN})


async def admins_by_zone(tx: AsyncConnection) -> dict[str, list[int]]:
    """The Telegram numbers of all admins who ever wrote to the bot, by their zone, Paris where none is known."""
    by_zone: dict[str, list[int]] = {}
    for person in await db.people.find_many(tx, await admins(tx)):
        by_zone.setdefault(person.zone or TERRITORIES[METROPOLE].zone, []).append(person.telegram_id)
    return dict(sorted(by_zone.items()))
