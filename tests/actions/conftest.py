"""A crowd that draws versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.people
import db.staff
from db.engine import Database
from db.schema import events, people
from tests.acting import ACTOR, LYON, NOW
from tests.drawing import (
    EVENT,
    FIRST,
    MANY,
)
from tests.places import place_of


@pytest.fixture
async def crowd(database: Database) -> Database:
    """Many supporters in Lyon, an admin, and an event."""
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=ACTOR, pseudonym="actor", now=NOW)
        await db.staff.add(tx, telegram_id=ACTOR, role="admin", area="FR", added_by=None, now=NOW)
        base = {
            "state": "registered",
            "consent_contact": True,
            "consent_commune": True,
            "zone": "Europe/Paris",
        }
        base |= {"created_at": NOW, "seen_at": NOW, "territory": "FR", **place_of(LYON)}
        rows = [
            {"telegram_id": number, "pseudonym": str(number), **base} for number in range(FIRST, FIRST + MANY)
        ]
        await tx.execute(sa.insert(people), rows)
        ends = NOW + timedelta(days=3)
        row = {"code": EVENT, "zone": "Europe/Paris", "address": "x", "starts_at": ends, "ends_at": ends}
        await tx.execute(sa.insert(events).values(territory="FR", created_at=NOW, **row, **place_of(LYON)))
    return database
