"""The migrations climb, descend and climb again, and end where `db/schema` says, on both engines."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.expressions import as_json, stored
from bot.rules.people import VoteState
from db import changes
from db.engine import Database, open_database
from db.errors import CannotOpen, UnknownRevision
from db.key import DatabaseKey
from db.schema import broadcasts, dialogs, events, metadata, people, rsvps
from db.upgrade import config, downgrade, revision, revisions, upgrade
from tests.foundations import unmigrated

HEAD = revisions()[-1]


@pytest.fixture
async def empty_database(empty_url: str, database_key: DatabaseKey) -> AsyncIterator[Database]:
    database = await open_database(empty_url, folder=Path(), key=database_key, here=True)
    yield database
    await database.close()


def shape(connection: sa.Connection) -> dict[str, object]:
    """Everything a migration may make, in a form that can be compared."""
    if connection.dialect.name == "sqlite":
        return {table: _described(connection, table, made) for table, made in _made(connection)}
    found: dict[str, object] = {}
    for table, made in groupby(connection.execute(_SHAPE), key=lambda row: row.made_of):
        found[table] = sorted((each.what, each.said) for each in made)
    return found


_SHAPE = sa.text("""
WITH tables AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
)
SELECT relname AS made_of, 'column' AS what,
    concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END, attidentity,
        pg_get_expr(adbin, adrelid)) AS said
FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT relname, 'index', pg_get_indexdef(indexrelid) FROM tables JOIN pg_index ON indrelid = tables.oid
UNION ALL
SELECT relname, 'constraint', conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
FROM tables JOIN pg_constraint ON conrelid = tables.oid AND contype IN ('p', 'u', 'f')
ORDER BY made_of
""")
"""PostgreSQL's own words for it, of all tables in one question."""


def _made(connection: sa.Connection) -> list[tuple[str, str]]:
    """Each table of SQLite, and all that was said to make it."""
    said = sa.text(
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"
        " AND tbl_name NOT IN ('alembic_version', 'sqlite_sequence') ORDER BY tbl_name, name"
    )
    found: dict[str, str] = {}
    for table, name, sql in connection.execute(said):
        found[table] = f"{found.get(table, '')}{name}: {sql};\n"
    return list(found.items())


_DESCRIBED: dict[str, object] = {}
"""What SQLite says of a table that was made so: ten questions each, and few change from stair to stair."""


def _described(connection: sa.Connection, table: str, made: str) -> object:
    if made not in _DESCRIBED:
        _DESCRIBED[made] = _asked(connection, table)
    return _DESCRIBED[made]


def _asked(connection: sa.Connection, table: str) -> dict[str, object]:
    inspector = sa.inspect(connection)
    columns = inspector.get_columns(table)
    return {
        "columns": sorted(
            (column["name"], str(column["type"]), column["nullable"], column["default"]) for column in columns
        ),
        "primary key": inspector.get_pk_constraint(table),
        "foreign keys": sorted(map(str, inspector.get_foreign_keys(table))),
        "unique": sorted(map(str, inspector.get_unique_constraints(table))),
        "indexes": sorted(map(_index, inspector.get_indexes(table))),
    }


def _index(index: Any) -> str:
    """An index; the condition of a partial one in its words."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


async def shape_of(database: Database) -> dict[str, object]:
    async with database.read() as transaction:
        return await transaction.run_sync(shape)


def test_the_files_are_numbered_as_alembic_climbs_them() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert revisions() == tuple(reversed([script.revision for script in scripts.walk_revisions()]))


async def test_each_stair_climbs_descends_and_climbs(empty_database: Database) -> None:
    shapes = {"base": await shape_of(empty_database)}
    for stair in revisions():
        await upgrade(empty_database, to=stair)
        shapes[stair] = await shape_of(empty_database)
    *below, head = shapes
    for stair in reversed(below):
        await downgrade(empty_database, to=stair)
        assert await shape_of(empty_database) == shapes[stair], f"what stands above {stair} descends to it"
    assert shapes["base"] == {}
    await upgrade(empty_database, to=HEAD)
    assert await shape_of(empty_database) == shapes[head]
    assert await revision(empty_database) == HEAD
    await downgrade(empty_database, to="base")
    assert await shape_of(empty_database) == {}


async def test_an_empty_database_is_made_as_the_one_that_climbed(empty_database: Database) -> None:
    """Finer than Alembic's comparison: defaults, keys, the names of constraints, triggers, what is there at first."""
    await upgrade(empty_database, to=HEAD)
    assert await unmigrated(empty_database) == []
    climbed = await whole(empty_database)
    async with empty_database.migrate() as transaction:
        await transaction.run_sync(_emptied)
    await upgrade(empty_database)
    assert await whole(empty_database) == climbed
    assert await unmigrated(empty_database) == []


async def test_tables_of_somebody_else_are_left_alone(empty_database: Database) -> None:
    async with empty_database.migrate() as tx:
        await tx.execute(sa.text("CREATE TABLE people (name VARCHAR(9))"))
    with pytest.raises(CannotOpen, match="did not make \\(people\\): give it an empty one"):
        await upgrade(empty_database)
    async with empty_database.read() as tx:
        tables = await tx.run_sync(lambda connection: sa.inspect(connection).get_table_names())
    assert tables == ["people"]


def _emptied(connection: sa.Connection) -> None:
    """As it was before anything was made."""
    changes.unwatch(connection)
    every = sa.MetaData()
    every.reflect(connection)
    every.drop_all(connection)


async def whole(database: Database) -> dict[str, object]:
    """The shape, and all that is beside it: revision, rules of rows, what SQLite alone knows, triggers, rows."""
    async with database.read() as tx:
        found: dict[str, object] = {"shape": await tx.run_sync(shape), "revision": await revision(database)}
        checks = await tx.run_sync(lambda connection: sa.inspect(connection).get_multi_check_constraints())
        found["checks"] = {key[1]: sorted(map(str, rules)) for key, rules in checks.items() if rules}
        if tx.dialect.name == "sqlite":
            made = (await tx.execute(sa.text("SELECT type, name, sql FROM sqlite_master"))).all()
            found["triggers"] = sorted((each.name, each.sql) for each in made if each.type == "trigger")
            tables = [(each.name, each.sql) for each in made if each.type == "table"]
            found["tables"] = sorted(
                (name, "AUTOINCREMENT" in sql, sql.rpartition(")")[2]) for name, sql in tables
            )
        else:
            query = (
                "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
            )
            found["triggers"] = [tuple(row) for row in await tx.execute(sa.text(query))]
        rows = {table.name: (await tx.execute(sa.select(table))).all() for table in metadata.sorted_tables}
        found["rows"] = {name: [row[0] for row in some] for name, some in rows.items() if some}
    return found


async def test_everybody_known_before_is_given_a_code_for_friends(empty_database: Database) -> None:
    """Another one each, and none of them the pseudonym, which links showed until then."""
    await upgrade(empty_database, to="0006")
    async with empty_database.write() as transaction:
        for number in range(1, 4):
            await transaction.execute(
                sa.text(
                    "INSERT INTO people (telegram_id, pseudonym, state, unanswered, created_at, seen_at)"
                    f" VALUES ({number}, 'p{number}', 'registered', 0, '2016-11-16 12:00:00', '2016-11-16 12:00:00')"
                )
            )
    await upgrade(empty_database)
    async with empty_database.read() as transaction:
        rows = (await transaction.execute(sa.text("SELECT pseudonym, friend_code FROM people"))).all()
    assert [row.pseudonym for row in rows] == ["p1", "p2", "p3"]
    assert len({row.friend_code for row in rows}) == 3
    assert all(len(row.friend_code) == 16 for row in rows)


OLD = {
    "everybody": ({"area": "FR"}, "in:FR"),
    "nobody chose": ({}, {}),
    "around": (
        {
            "area": "FR",
            "radius": {"commune": "69123", "km": 30},
            "language": "fr",
            "volunteers": True,
        },
        {"all": ["near:69123:30", "language:fr", "volunteer"]},
    ),
    "of a place": ({"area": "69"}, "in:69"),
    "an event": (
        {"area": "FR", "rsvp": {"event": 1, "answers": ["maybe", "yes"]}},
        {"any": ["rsvp:aa11:maybe", "rsvp:aa11:yes"]},
    ),
    "silent on one that is gone": (
        {"area": "75", "rsvp": {"event": 7, "answers": []}},
        {"all": ["in:75", "rsvp:7:silent"]},
    ),
    "voted": ({"area": "FR", "vote": {"ballot": 1, "states": ["voted"]}}, "vote:1:voted"),
    "planned": (
        {"area": "FR", "vote": {"ballot": 2, "states": list(VoteState), "planned": False}},
        "plan:2:none",
    ),
    "not voted": (
        {"area": "FR", "vote": {"ballot": 1, "states": ["none", "unsure", "will", "later"]}},
        {
            "not": {
                "any": [
                    {"any": ["vote:1:cannot", {"all": ["vote:1:silent", "intention:1:cannot"]}]},
                    "vote:1:voted",
                ]
            }
        },
    ),
}
"""What a broadcast kept before it chose people by expressions, and what it keeps since."""


async def test_whom_an_old_message_was_for_is_said_as_an_expression(empty_database: Database) -> None:
    await upgrade(empty_database, to=before("0026"))
    now = datetime(2016, 11, 16, 9, tzinfo=UTC)
    place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
    times = {"starts_at": now, "ends_at": now, "created_at": now, "zone": "Europe/Paris", "state": "open"}
    draft = {"kind": "gotv", "audience": {"area": "69"}, "chosen": True}
    async with empty_database.write() as tx:
        await add_event(tx, id=1, code="aa11", pinned=False, sequence=0, **place, **times)
        for number, (name, (record, _)) in enumerate(OLD.items(), start=1):
            row = {"id": number, "key": name, "kind": "gotv", "state": "active", "area": "FR"}
            await tx.execute(
                sa.insert(broadcasts).values(audience=record, starts_at=now, created_at=now, **row)
            )
        kept = {"flow": "broadcast", "step": "summary", "updated_at": now}
        await tx.execute(sa.insert(dialogs).values(person=1, data=draft, **kept))
        await tx.execute(sa.insert(dialogs).values(person=2, data={"kind": "gotv"}, **kept))
    await upgrade(empty_database, to="0026")
    async with empty_database.read() as tx:
        found = await audiences_of(tx)
        drafts = await drafts_of(tx)
    assert found == {name: tree for name, (_, tree) in OLD.items()}
    assert all(as_json(stored(tree)) == tree for tree in found.values() if tree)
    assert drafts == {1: {**draft, "audience": "in:69"}, 2: {"kind": "gotv"}}
    await downgrade(empty_database, to=before("0026"))
    async with empty_database.read() as tx:
        found = await audiences_of(tx)
        drafts = await drafts_of(tx)
    # Whoever does not want their commune used is still asked for by it.
    assert found["around"] == {"area": "FR", "radius": {"commune": "69123", "km": 30}}
    assert found["of a place"] == {"area": "69"}
    assert drafts[1] == {**draft, "audience": None, "chosen": None}


async def add_event(tx: AsyncConnection, **values: Any) -> None:
    """A row of a table that has no more columns than these yet: today's has defaults for its own."""
    table = sa.table("events", *(sa.column(name, events.c[name].type) for name in values))
    await tx.execute(sa.insert(table).values(values))


async def test_who_waits_for_a_seat_has_said_maybe_where_there_is_no_waitlist(
    empty_database: Database,
) -> None:
    await upgrade(empty_database)
    now = datetime(2016, 11, 16, 9, tzinfo=UTC)
    person = {"created_at": now, "seen_at": now}
    said = {1: "yes", 2: "waiting", 3: "offered", 4: "lapsed"}
    place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
    times = {"starts_at": now, "ends_at": now, "created_at": now, "zone": "Europe/Paris", "state": "open"}
    async with empty_database.write() as tx:
        await add_event(tx, id=1, code="aa11", **place, **times)
        for number, answer in said.items():
            values = {"telegram_id": number, "pseudonym": f"p{number}", **person}
            await tx.execute(sa.insert(people).values(id=number, **values))
            await tx.execute(sa.insert(rsvps).values(event=1, person=number, answer=answer, at=now))
    await downgrade(empty_database, to=before("0036"))
    async with empty_database.read() as tx:
        columns = (rsvps.c.person, rsvps.c.answer)
        rows = (await tx.execute(sa.select(*columns))).all()
    assert {row.person: row.answer for row in rows} == {1: "yes", 2: "maybe", 3: "maybe", 4: "no"}


async def audiences_of(tx: AsyncConnection) -> dict[str, Any]:
    rows = await tx.execute(sa.select(broadcasts.c.key, broadcasts.c.audience))
    return {row.key: row.audience for row in rows}


async def drafts_of(tx: AsyncConnection) -> dict[int, Any]:
    rows = await tx.execute(sa.select(dialogs.c.person, dialogs.c.data))
    return {row.person: row.data for row in rows}


def before(stair: str) -> str:
    """The revision under another one."""
    return revisions()[revisions().index(stair) - 1]


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    await upgrade(database)
    assert await revision(database) == HEAD


async def test_several_processes_that_start_at_once_do_not_collide(
    empty_url: str, database_key: DatabaseKey
) -> None:
    opening = functools.partial(open_database, empty_url, folder=Path(), key=database_key)
    starting = [await opening() for _ in range(4)]
    await asyncio.gather(*(upgrade(database) for database in starting))
    for database in starting:
        assert await revision(database) == HEAD
        await database.close()


async def test_a_failed_migration_leaves_nothing(empty_database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with empty_database.migrate() as transaction:
            await transaction.run_sync(metadata.create_all)
            _ = 1 / 0
    assert await shape_of(empty_database) == {}


async def test_a_newer_database_is_told(empty_database: Database) -> None:
    await upgrade(empty_database)
    async with empty_database.write() as transaction:
        await transaction.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnknownRevision, match=r"newer Portevoix \(revision 9999\)"):
        await upgrade(empty_database)


async def test_a_migration_may_remake_a_table_without_losing_its_children(sqlite_database: Database) -> None:
    """SQLite drops the old table, which with foreign keys on would delete what refers to it."""
    async with sqlite_database.write() as transaction:
        await transaction.execute(sa.text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await transaction.execute(
            sa.text("CREATE TABLE child (parent INTEGER REFERENCES parent ON DELETE CASCADE)")
        )
        await transaction.execute(sa.text("INSERT INTO parent VALUES (1)"))
        await transaction.execute(sa.text("INSERT INTO child VALUES (1)"))
    async with sqlite_database.migrate() as transaction:
        await transaction.execute(sa.text("CREATE TABLE anew (id INTEGER PRIMARY KEY, name TEXT)"))
        await transaction.execute(sa.text("INSERT INTO anew SELECT id, '' FROM parent"))
        await transaction.execute(sa.text("DROP TABLE parent"))
        await transaction.execute(sa.text("ALTER TABLE anew RENAME TO parent"))
    async with sqlite_database.read() as transaction:
        assert await transaction.scalar(sa.text("SELECT count(*) FROM child")) == 1
    with pytest.raises(RuntimeError, match="without their parent"):
        async with sqlite_database.migrate() as transaction:
            await transaction.execute(sa.text("DELETE FROM parent"))
    async with sqlite_database.read() as transaction:
        assert await transaction.scalar(sa.text("SELECT count(*) FROM parent")) == 1
