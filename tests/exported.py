"""What the tests of exports read: two people of Lyon, two of Paris, one who was erased, and their answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.schema import event_texts, events, people, responses

NOON = datetime(2016, 11, 16, 12, 0, tzinfo=UTC)
LYON = {"commune": "69123", "department": "69", "region": "84", "territory": "FR"}
PARIS = {"commune": "75115", "department": "75", "region": "11", "territory": "FR"}
KEY = SuppressionKey(links=(b"k" * 32,))
"""What seals who left, where a test purges."""


async def add_person(database: Database, number: int, place: dict[str, Any], **values: Any) -> None:
    row = {
        "id": number,
        "telegram_id": 1000 + number,
        "pseudonym": f"p{number}",
        "state": "registered",
        "first_name": f"Name{number}",
        "created_at": NOON,
        "registered_at": NOON,
        "seen_at": NOON,
        **place,
        **values,
    }
    async with database.write() as tx:
        await tx.execute(sa.insert(people).values(row))


async def add_answer(
    database: Database, number: int, person: int | None, place: dict[str, Any], **values: Any
) -> None:
    row = {
        "at": NOON + timedelta(hours=number),
        "person": person,
        "question": "rsvp",
        "subject": "abc",
        "answer": "yes",
        "update_id": number,
        **{name: place[name] for name in ("commune", "department", "region")},
        **values,
    }
    async with database.write() as tx:
        await tx.execute(sa.insert(responses).values(row))


async def add_event(database: Database) -> None:
    """A meeting in Lyon."""
    event = {
        "id": 1,
        "code": "abc",
        "starts_at": NOON,
        "ends_at": NOON,
        "zone": "Europe/Paris",
        "address": "x",
    }
    async with database.write() as tx:
        await tx.execute(sa.insert(events).values(**event, **LYON, created_at=NOON))
        texts = {"event": 1, "language": "fr", "title": "Réunion", "description": ""}
        await tx.execute(sa.insert(event_texts).values(texts))


async def tell(database: Database) -> Database:
    """Camille of Lyon is known to the team, Dominique of Lyon is not, Claude votes in Paris, one was erased."""
    await add_person(database, 1, LYON, consent_team=True, first_name="=HYPERLINK(1)")
    await add_person(database, 2, LYON)
    await add_person(database, 3, PARIS, consent_team=True)
    await add_person(database, 4, PARIS, consent_team=True, state="stopped")
    nowhere = dict.fromkeys(LYON)
    await add_answer(database, 1, 1, LYON, question="commune", answer="69123", subject=None)
    await add_answer(database, 2, 2, nowhere, question="commune", answer="69123", subject=None)
    await add_answer(database, 3, 3, PARIS)
    await add_answer(database, 4, None, LYON)
    await add_answer(database, 5, 4, PARIS)
    return database
