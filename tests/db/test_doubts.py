"""Sending again what is in doubt, on both engines: once for each doubt, and only what may still leave."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.rules.small_counts import Headcount
from db import broadcasts, doubts
from db.doubts import Doubts
from db.engine import Database
from db.schema import broadcasts as broadcast_rows
from db.schema import deliveries, people
from tests.campaigning import supporter
from tests.conversation import Conversation, paris

NOW = paris("2016-11-16T10:00")
LYON, PARIS = "69123", "75056"
EVERYWHERE = ["FR"]


async def in_doubt(database: Database, *, since: datetime = NOW, kind: str = "persuasion") -> int:
    """A broadcast of which everybody's delivery is in doubt."""
    values = {"key": f"staff:{kind}", "kind": kind, "audience": {}, "area": "FR", "starts_at": NOW}
    values |= {"created_at": NOW, "finished_at": NOW, "state": "active"}
    async with database.write() as tx:
        broadcast = await broadcasts.create(tx, values)
        assert broadcast is not None
        everybody = sa.select(people.c.id)
        await broadcasts.queue_deliveries(tx, broadcast=broadcast, people=everybody, due_at=NOW, now=NOW)
        await tx.execute(deliveries.update().values(state="in_doubt", changed_at=since))
    return broadcast


async def states(database: Database) -> list[str]:
    async with database.read() as tx:
        return list((await tx.execute(sa.select(deliveries.c.state).order_by(deliveries.c.id))).scalars())


async def test_two_at_the_same_moment_send_again_once(database: Database) -> None:
    for number in range(1, 31):
        await supporter(Conversation(database, NOW), number, LYON)
    broadcast = await in_doubt(database)

    async def again() -> int:
        async with database.write() as tx:
            return await doubts.send_again(tx, broadcast, EVERYWHERE, until=NOW, now=NOW)

    assert sorted(await asyncio.gather(*(again() for _ in range(4)))) == [0, 0, 0, 30]
    assert set(await states(database)) == {"queued"}
    async with database.read() as tx:
        assert (await tx.execute(sa.select(broadcast_rows.c.finished_at))).scalar_one() is None


async def test_a_later_doubt_is_another(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, LYON)
    broadcast = await in_doubt(database, since=NOW + timedelta(seconds=1))
    async with database.write() as tx:
        assert await doubts.send_again(tx, broadcast, EVERYWHERE, until=NOW, now=NOW) == 0
        found = await doubts.summary(tx, broadcast, EVERYWHERE, NOW, known_in=None)
        one = Headcount(others=1)
        assert found == Doubts(people=one, again=one, named=0, until=NOW + timedelta(seconds=1))


CASES: tuple[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, list[str], int], ...] = (
    ({}, {}, {}, "persuasion", ["69"], 1),
    ({}, {}, {}, "persuasion", ["75", "R84"], 1),
    ({}, {}, {}, "persuasion", ["75"], 0),
    ({}, {}, {}, "persuasion", [], 0),
    ({"state": "stopped"}, {}, {}, "persuasion", EVERYWHERE, 0),
    ({"state": "stopped"}, {}, {}, "service", EVERYWHERE, 1),
    ({"consent_contact": False}, {}, {}, "persuasion", EVERYWHERE, 0),
    ({"unreachable_at": NOW}, {}, {}, "persuasion", EVERYWHERE, 0),
    ({}, {"expires_at": NOW}, {}, "persuasion", EVERYWHERE, 0),
    ({}, {"expires_at": NOW + timedelta(hours=1)}, {}, "persuasion", EVERYWHERE, 1),
    ({}, {"person": None}, {}, "persuasion", EVERYWHERE, 0),  # erased since
    ({}, {"state": "sent"}, {}, "persuasion", EVERYWHERE, 0),
    ({}, {}, {"state": "cancelled"}, "persuasion", EVERYWHERE, 0),
    ({}, {}, {"state": "paused"}, "persuasion", EVERYWHERE, 1),  # it leaves when it is resumed
    ({}, {}, {"expires_at": NOW}, "persuasion", EVERYWHERE, 0),
)
"""What else is true of the person, the delivery and the broadcast, its kind, who decides where, and how many get it."""


async def test_only_what_may_still_leave(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, LYON)
    number = await in_doubt(database)
    for person, delivery, broadcast, kind, areas, again in CASES:
        changes = ((people, person), (deliveries, delivery), (broadcast_rows, {"kind": kind, **broadcast}))
        async with database.write() as tx:
            for table, values in changes:
                if values:
                    await tx.execute(table.update().values(values))
            found = await doubts.summary(tx, number, areas, NOW, known_in=None)
            assert found.again.total == again, changes
            assert await doubts.send_again(tx, number, areas, until=NOW, now=NOW) == again, changes
            await tx.rollback()
