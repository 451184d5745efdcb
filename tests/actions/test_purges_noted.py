"""What a purge has erased is noted once, also where it was killed, and where there are two."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

import db.purges
from bot.actions import audit, retention
from db.engine import Database
from db.schema import audit as audit_rows
from db.schema import facts, people
from tests.actions.test_retention import DAY, KEY, START, purged
from tests.bots import until
from tests.conversation import CAMPAIGN
from tests.locks import somebody_waits


async def test_what_a_purge_erased_that_was_killed_is_noted_by_the_next_one(database: Database) -> None:
    """Of each piece it is kept how much it was, with it: nothing is noted twice, and nothing is lost."""
    moments = {"created_at": START, "seen_at": START}
    async with database.write() as tx:
        rows = [{"telegram_id": number, "pseudonym": f"p{number}", **moments} for number in range(1, 26)]
        await tx.execute(sa.insert(people), rows)

    class Killed(BaseException):
        pass

    async def kill(_seconds: float) -> None:
        raise Killed

    later = START + 8 * DAY
    for actor in ("retention", "command line"):
        with pytest.raises(Killed):
            await retention.purge(database, CAMPAIGN, key=KEY, actor=actor, now=later, rest=kill)
    await purged(database, later + DAY)
    await purged(database, later + 2 * DAY)
    async with database.read() as tx:
        query = sa.select(audit_rows.c.actor, audit_rows.c.details).order_by(audit_rows.c.id)
        noted = (await tx.execute(query)).all()
        left = await tx.scalar(sa.select(sa.func.count()).where(facts.c.name.like("purging:%")))
        assert (await audit.verify(tx)).faults == ()
    what = "unfinished sign-ups"
    assert [(row.actor, row.details[what], "so_far" in row.details) for row in noted] == [
        ("retention", 10, True),
        ("command line", 10, True),
        ("retention", 5, False),
    ]
    assert left == 0


async def begun(database: Database) -> str:
    """A purge that has erased something which is not noted yet."""
    run = db.purges.new_run("command line")
    async with database.write() as tx:
        await db.purges.add(tx, run, "profiles", 3)
    return run


async def purging_blocked(database: Database) -> asyncio.Task[dict[str, int]]:
    """A second purge, as soon as it waits for what the test’s own transaction holds."""
    purging = asyncio.create_task(purged(database, START))
    async with database.read() as tx:

        async def is_blocked() -> bool:
            assert not purging.done(), "It waited for nothing."
            return await somebody_waits(tx)

        await until(is_blocked, "the second purge waits")
    return purging


async def purges_noted(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.read() as tx:
        query = sa.select(audit_rows.c.actor, audit_rows.c.details).order_by(audit_rows.c.id)
        return [(row.actor, row.details) for row in await tx.execute(query)]


async def test_a_purge_that_begins_while_another_one_forgets_entries_waits_for_it(
    postgresql_database: Database,
) -> None:
    """Both would want the end of the log and what the other one has erased so far."""
    run = await begun(postgresql_database)
    async with postgresql_database.write() as tx:
        await audit.take_turn(tx)  # as `audit.forget_some` does
        purging = await purging_blocked(postgresql_database)
        await db.purges.add(tx, run, retention.LOG, 2)
    async with asyncio.timeout(20):
        await purging
    assert await purges_noted(postgresql_database) == [
        ("command line", {"profiles": 3, retention.LOG: 2, "so_far": True})
    ]


async def test_what_two_purges_find_unnoted_is_noted_by_one_of_them(postgresql_database: Database) -> None:
    run = await begun(postgresql_database)
    async with postgresql_database.write() as tx:
        assert await db.purges.taken(tx, run) == {"profiles": 3}
        purging = await purging_blocked(postgresql_database)
    async with asyncio.timeout(20):
        await purging
    assert await purges_noted(postgresql_database) == []
