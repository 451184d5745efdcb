"""Every action x role x area: who may do what, where.

The target of every action lies in Lyon (69123); what varies is the role and the area it is held for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.saved_audiences
from bot.actions import admissions, audience_typing, audiences, doubts, exports
from bot.errors import NotAllowed
from bot.rules.areas import EVERYWHERE
from bot.rules.expressions import EVERYBODY
from bot.rules.permissions import Action
from bot.rules.saved_audiences import SavedAudience
from db.engine import Database
from tests.acting import LYON, NOW, World, appointed, made_world
from tests.matrix import MATRIX, Row

AREAS = {"inside": LYON, "wider": "69", "everywhere": "FR", "narrower": "69382", "outside": "13"}
ROLES = ("supporter", "organizer", "coordinator", "admin", "revoked", "outsider")
RANK = {"organizer": 1, "coordinator": 2, "admin": 3}


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with sqlite_database.write() as tx:
        yield await made_world(tx)


async def changes(tx: AsyncConnection) -> int:
    """How many rows were written on this connection, by SQLite's own count; what was taken back counts too."""
    return int((await tx.execute(sa.text("SELECT total_changes()"))).scalar_one())


def is_allowed(row: Row, role: str, area: str) -> bool:
    """The matrix, said again without the code's own tables."""
    if RANK.get(role, 0) < RANK[row.least]:
        return False
    return {
        "any": True,
        "target": area in ("inside", "wider", "everywhere"),
        "everywhere": area == "everywhere",
    }[row.where]


@pytest.mark.parametrize(
    ("action", "variant"),
    [(action, variant) for action, variants in MATRIX.items() for variant in variants],
    ids=lambda text: text or "-",
)
async def test_only_who_may(world: World, action: str, variant: str) -> None:
    """Who may does it; who may not is refused, and nothing is written."""
    row = MATRIX[action][variant]
    for role, area in product(ROLES, AREAS):
        trial = await world.tx.begin_nested()
        author = await appointed(world, role, AREAS[area])
        before = await changes(world.tx)
        assert before > 0, "the world itself was written"
        try:
            result = await row.run(world, author)
        except NotAllowed:
            assert not is_allowed(row, role, area), f"{role} {area} was refused"
            assert await changes(world.tx) == before, f"{role} {area} was refused, and something was written"
        else:
            assert is_allowed(row, role, area), f"{role} {area} was allowed"
            if row.check is not None:
                await row.check(world, author, result)
        await trial.rollback()


OF_LYON = SavedAudience(name="lyon", area=LYON, expression=EVERYBODY, saved_at=NOW)


async def test_what_narrows_gives_nothing_to_others(world: World) -> None:
    for role, area in product(ROLES, AREAS):
        trial = await world.tx.begin_nested()
        author = await appointed(world, role, AREAS[area])
        target = await audiences.target_of(world.tx, author, EVERYBODY, author.areas(Action.BROADCAST))
        assert (target.expression is None) is (role not in RANK)
        assert target.area == (AREAS[area] if role in RANK else EVERYWHERE)
        # One's own event always, and all in one's area; what is saved for it or for all that holds it.
        known = await audience_typing.events_known(world.tx, author)
        within = area in ("inside", "wider", "everywhere")
        assert len(known) == (0 if role not in RANK else 2 if within else 1)
        await db.saved_audiences.put(world.tx, OF_LYON)
        shared = await audience_typing.saved_known(world.tx, author)
        assert bool(shared) is (role in RANK and (within or area == "narrower"))
        tables = {table.name for table in exports.tables_for(author, LYON)}
        here = area in ("inside", "wider", "everywhere") and RANK.get(role, 0) >= RANK["coordinator"]
        assert bool(tables - {"audit"}) is here
        assert ("audit" in tables) is (role == "admin" and area == "everywhere")
        assert len(await doubts.unattended(world.tx, author)) == int(here)
        waiting = await admissions.waiting(world.tx, author)
        assert bool(waiting) is (role == "admin" and area in ("inside", "wider", "everywhere"))
        await trial.rollback()
