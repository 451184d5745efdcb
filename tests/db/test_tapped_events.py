"""Events that many tap at once stay as they were found until what follows from the taps is committed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import db.tapped_events
from db.engine import Database
from db.schema import events
from db.tapped_events import Tap
from tests.conversation import Conversation, paris


async def count_seats(database: Database, event: int) -> None:
    """As an organizer does who gives an event a capacity; they do not wait."""
    async with database.write() as tx:
        await tx.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
        await tx.execute(sa.update(events).where(events.c.id == event).values(counted=True))


async def test_nobody_begins_to_count_seats_while_taps_are_answered(postgresql_database: Database) -> None:
    """They would be answered as if there were enough, and nobody would count them."""
    conversation = Conversation(postgresql_database, paris("2016-11-16T10:00"))
    tapped, other = [await conversation.add_event(code) for code in ("lyon1", "lyon2")]
    taps = {7: Tap(code="lyon1", message=None), 8: Tap(code="gone", message=3)}
    async with postgresql_database.write() as tx:
        found = await db.tapped_events.find(tx, taps)
        assert {person: each.told.event.id for person, each in found.items()} == {7: tapped}
        with pytest.raises(sa.exc.DBAPIError, match="lock timeout"):
            await count_seats(postgresql_database, tapped)
        await count_seats(postgresql_database, other)
    await count_seats(postgresql_database, tapped)
    async with postgresql_database.write() as tx:
        (seen,) = (await db.tapped_events.find(tx, taps)).values()
    assert seen.told.event.counted
    assert not seen.in_one_go
