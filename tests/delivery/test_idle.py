"""A bot to which nothing happens only reads, in one question; whatever there is to do is seen in it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from db import broadcasts, updates
from db.engine import Database
from db.schema import broadcasts as table
from db.schema import deliveries
from tests.campaigning import supporter
from tests.conversation import Conversation, paris

NOW = paris("2016-11-16T18:30")
LATER, BEFORE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)


async def queued(database: Database, *, state: str, expires: bool, of_it: dict[str, object]) -> None:
    """A broadcast in a state, with one delivery, or none."""
    values = {"key": "staff:1", "kind": "persuasion", "audience": {}, "area": "FR", "state": state}
    values |= {"starts_at": BEFORE, "created_at": BEFORE, "expires_at": BEFORE if expires else None}
    async with database.write() as tx:
        broadcast = await broadcasts.create(tx, values)
        assert broadcast is not None
        if of_it:
            row = {"broadcast": broadcast, "person": 1, "changed_at": BEFORE, "attempts": 0, **of_it}
            await tx.execute(sa.insert(deliveries).values(row))


CASES = (
    ("active", False, {"state": "queued", "due_at": NOW}, True),
    ("active", False, {"state": "queued", "due_at": LATER}, False),
    ("paused", False, {"state": "queued", "due_at": NOW}, False),
    # Over: what waits is cancelled, or expires.
    ("cancelled", False, {"state": "queued", "due_at": LATER}, True),
    ("cancelled", False, {"state": "sending", "due_at": NOW}, False),
    ("active", True, {"state": "queued", "due_at": LATER}, True),
    ("paused", True, {"state": "withheld", "due_at": LATER}, True),
    ("unapproved", True, {"state": "queued", "due_at": NOW}, False),
    # A quiet period, and whether it is over.
    ("active", False, {"state": "withheld", "due_at": NOW}, True),
    ("active", False, {"state": "withheld", "due_at": LATER}, False),
    ("paused", False, {"state": "withheld", "due_at": NOW}, True),
    # Complete, and to be marked as finished.
    ("active", False, {"state": "sent", "due_at": NOW}, True),
    ("cancelled", False, {}, True),
    ("paused", False, {"state": "sent", "due_at": NOW}, False),
)
"""The state of a broadcast, whether it has expired, its delivery, and whether anybody has to look at it."""


async def test_one_question_sees_whatever_there_is_to_do(database: Database) -> None:
    await supporter(Conversation(database, NOW), 7, "69266")
    for state, expires, of_it, needed in CASES:
        await queued(database, state=state, expires=expires, of_it=of_it)
        async with database.read() as tx:
            assert await broadcasts.needs_sender(tx, NOW) is needed, (state, expires, of_it)
        async with database.write() as tx:
            await tx.execute(sa.delete(deliveries))
            await tx.execute(sa.delete(table))


async def test_what_is_finished_asks_for_nothing(database: Database) -> None:
    await queued(database, state="cancelled", expires=False, of_it={})
    async with database.write() as tx:
        assert await broadcasts.finish_complete(tx, NOW)
    async with database.read() as tx:
        assert not await broadcasts.needs_sender(tx, NOW)
        assert not await updates.any_wait(tx)
