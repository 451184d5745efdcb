"""People of a campaign, for tests of what is planned for them, and what was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

import db.people_to_plan
from bot.campaign.campaign import Campaign
from db.engine import Database
from db.schema import broadcasts, deliveries, people
from tests.conversation import CAMPAIGN, paris

REGISTERED = paris("2016-10-01T10:00")
HOMES = (
    ("FR", "Europe/Paris"),
    ("FR", "Europe/Paris"),
    (None, "Europe/Paris"),
    ("971", "America/Guadeloupe"),
    ("988", "Pacific/Noumea"),
    ("abroad", "America/New_York"),
    ("abroad", "Asia/Tokyo"),
)


def somebody(number: int, **values: Any) -> dict[str, Any]:
    territory, zone = HOMES[number % len(HOMES)]
    row = {
        "telegram_id": number,
        "pseudonym": f"p{number}",
        "state": "registered",
        "territory": territory,
        "zone": zone,
        "consent_contact": True,
        "registered_at": REGISTERED,
        "created_at": REGISTERED,
        "seen_at": REGISTERED,
    }
    return {**row, **values}


def changed_file(step: str, **said: Any) -> Campaign:
    """The campaign file, which says otherwise of a step."""
    steps = [replace(each, **said) if each.name == step else each for each in CAMPAIGN.steps]
    return replace(CAMPAIGN, steps=tuple(steps))


async def add(database: Database, *rows: dict[str, Any]) -> list[int]:
    async with database.write() as tx:
        added = [await tx.scalar(sa.insert(people).values(row).returning(people.c.id)) for row in rows]
        for number in added:
            db.people_to_plan.mark(tx, number)
    return [int(number) for number in added if number is not None]


async def queued(database: Database, step: str) -> int:
    """How many people have this step queued."""
    query = (
        sa.select(sa.func.count())
        .select_from(deliveries)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    )
    async with database.read() as tx:
        return int(await tx.scalar(query.where(broadcasts.c.step == step)) or 0)
