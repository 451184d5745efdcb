"""Every action x role x area: who may do what, where.

The target of every action lies in Lyon (69123); what varies is the role and the area it is held for.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

import db.saved_audiences
import db.staff
from bot.actions import admissions, audience_typing, audiences, doubts, export_orders, exports
from bot.actions.authority import Author
from bot.errors import NotAllowed, PortevoixError
from bot.rules.areas import EVERYWHERE
from bot.rules.expressions import EVERYBODY
from bot.rules.permissions import Action
from bot.rules.saved_audiences import SavedAudience
from db.engine import FILE_NAME, open_database
from db.key import DatabaseKey
from db.sqlite_connection import connection_of
from tests.acting import ACTOR, LYON, NOW, World, appointed, made_world
from tests.matrix import MATRIX
from tests.matrix.row import Row
from tests.thorough import IS_THOROUGH

AREAS = {"inside": LYON, "wider": "69", "everywhere": "FR", "narrower": "69382", "outside": "13"}
ROLES = ("supporter", "organizer", "coordinator", "admin", "revoked", "outsider")
RANK = {"organizer": 1, "coordinator": 2, "admin": 3}
HELD = (*RANK, "revoked")
# Whoever holds no role holds it nowhere: they are tried once.
TRIALS = [(role, area) for role in ROLES for area in AREAS if role in HELD or area == "inside"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, database_key: DatabaseKey
) -> AsyncIterator[World]:
    """One for every trial of a worker, since what each trial does is taken back."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copyfile(sqlite_template, folder / FILE_NAME)
    database = await open_database(None, folder=folder, key=database_key, here=True)
    async with database.write() as tx:
        yield await made_world(tx)
    await database.close()


@asynccontextmanager
async def tried(world: World, role: str, area: str) -> AsyncIterator[Author]:
    """Somebody in a role over an area, and as if they had never been once the block ends."""
    # SQLAlchemy's own stays open once it was taken back, and SQLite asks each that is open at every page it writes.
    await world.tx.exec_driver_sql("SAVEPOINT trial")
    try:
        yield await appointed(world, role, AREAS[area])
    finally:
        await world.tx.exec_driver_sql("ROLLBACK TO trial")
        await world.tx.exec_driver_sql("RELEASE trial")


def trials_of(row: Row) -> list[tuple[str, str]]:
    """Those at its border: the least role over every area; who ranks higher where that gives most and where it gives
    nothing; whoever ranks lower or has lost their role where they would have most. All of them are tried each night.
    """
    if IS_THOROUGH:
        return TRIALS

    def is_at_the_border(role: str, area: str) -> bool:
        beyond = RANK.get(role, 0) - RANK[row.least]
        return beyond == 0 or area == "everywhere" or (beyond > 0 and area == "outside") or role not in HELD

    return [trial for trial in TRIALS if is_at_the_border(*trial)]


def changes(tx: AsyncConnection) -> int:
    """How many rows were written on this connection, by SQLite's own count; what was taken back counts too."""
    return connection_of(tx).total_changes


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
    for role, area in trials_of(row):
        async with tried(world, role, area) as author:
            before = changes(world.tx)
            assert before > 0, "the world itself was written"
            try:
                result = await row.run(world, author)
            except NotAllowed:
                assert not is_allowed(row, role, area), f"{role} {area} was refused"
                assert changes(world.tx) == before, f"{role} {area} was refused, and something was written"
            else:
                assert is_allowed(row, role, area), f"{role} {area} was allowed"
                if row.check is not None:
                    await row.check(world, author, result)


@pytest.mark.parametrize("action", MATRIX)
async def test_a_role_that_was_taken_since_it_was_read_does_nothing(world: World, action: str) -> None:
    """Several processes serve one database: between reading the roles and acting on them somebody else may revoke."""
    for row in MATRIX[action].values():
        async with tried(world, "admin", "everywhere") as author:
            for held in await db.staff.roles_of(world.tx, ACTOR):
                await db.staff.revoke(world.tx, held.id, NOW)
            before = changes(world.tx)
            with suppress(PortevoixError):
                await row.run(world, author)
            assert changes(world.tx) == before


OF_LYON = SavedAudience(name="lyon", area=LYON, expression=EVERYBODY, saved_at=NOW)


async def test_what_narrows_gives_nothing_to_others(world: World) -> None:
    for role, area in TRIALS:
        async with tried(world, role, area) as author:
            await narrowed(world, author, role, area)


async def narrowed(world: World, author: Author, role: str, area: str) -> None:
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
    asked = await export_orders.waiting(world.tx, author)
    assert bool(asked) is (role == "admin" and area == "everywhere")
    waiting = await admissions.waiting(world.tx, author)
    assert bool(waiting) is (role == "admin" and area in ("inside", "wider", "everywhere"))
