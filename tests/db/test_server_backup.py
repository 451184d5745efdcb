"""Backups of PostgreSQL: every row comes back, on either engine, and what happened since is carried over."""

from __future__ import annotations

import asyncio
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.processes
from bot.actions import audit, restores
from bot.rules.suppression import suppression_of
from db import portable
from db.backup import BACKED_UP_AT, backup, restore
from db.carried_outbox import RESTORED_AT
from db.engine import Database
from db.erasing import Sealing, erase_person, erase_roles
from db.errors import BackupFailed, InUse
from db.facts import get_fact, set_fact
from db.key import DatabaseKey
from db.schema import (
    answer_counts,
    broadcasts,
    consents,
    deliveries,
    metadata,
    people,
    polling_places,
    staff,
    suppressions,
    updates,
)
from db.schema import audit as log
from db.server_backup import backup_server, restore_server
from db.suppression_key import open_suppression_key
from db.unfinished import NOTES
from tests.backups import NOW, PLANTED, broadcast, contents, fill, names_in, person, reopened

KEY = DatabaseKey(hex="5e" * 32)
HOUR = timedelta(hours=1)


async def settle(tx: AsyncConnection, replaced: AsyncConnection | None, made_at: Any) -> int:
    source = restores.BackupSource(file="copy.db", made_at=made_at, user="root")
    return await restores.settle_log(tx, replaced, source, NOW + HOUR)


async def backed_up(database: Database, folder: Path) -> Path:
    target = folder / "copy.db"
    if database.dialect == "sqlite":
        await backup(database, target, notes=folder / NOTES, now=NOW)
    else:
        await backup_server(database, target, key=KEY, notes=folder / NOTES, now=NOW)
    return target


async def put_back(copy: Path, database: Database, folder: Path) -> Any:
    return await restore_server(
        copy,
        database=database,
        folder=folder / "data",
        key=KEY,
        suppression_key_file=folder / "suppression.key",
        notes=folder / NOTES,
        settle=settle,
        now=NOW + HOUR,
    )


async def fill_with_everything(database: Database) -> None:
    """Each kind of value: null in JSON and in its place, bytes, days, times, figures, no-break spaces, quotes."""
    await fill(database, 3)
    async with database.write() as tx:
        await tx.execute(sa.insert(broadcasts), broadcast("odd", details={"à": [1, 2.5, None, "“ ”"]}))
        await tx.execute(sa.insert(broadcasts), broadcast("null", details=None))
        await tx.execute(
            sa.insert(deliveries), {"broadcast": 1, "person": 2, "due_at": NOW + 9 * HOUR, "changed_at": NOW}
        )
        body = {
            "update_id": 2**40,
            "body": b"\x00\xff",
            "received_at": NOW,
            "state": "done",
            "replies": [{"a": 1}],
        }
        await tx.execute(sa.insert(updates), body)
        place = {
            "key": "k",
            "commune": "69123",
            "name": "É",
            "address": "1’",
            "opens": time(8, 30),
            "latitude": 45.7,
        }
        await tx.execute(sa.insert(polling_places), place)
        ledger = {
            "pseudonym": "sealed",
            "purpose": "contact",
            "given": True,
            "text_version": "1",
            "text_hash": "0",
        }
        proof = {"language": "fr", "at": NOW, "sealed": "s", "sealed_on": date(2016, 11, 20)}
        await tx.execute(sa.insert(consents), {**ledger, **proof})
        count = {"day": "", "question": "q", "subject": "s", "answer": "a", "area": "69", "count": 10}
        await tx.execute(sa.insert(answer_counts), count)
        await set_fact(tx, "some", {"fact": True})
        await audit.note(tx, actor="staff:1", action="broadcast", details={"é": 1.5}, now=NOW)
        # The last of them is gone: their number is not given again.
        await tx.execute(sa.delete(people).where(people.c.id == 3))


async def rows_of(database: Database) -> dict[str, list[Any]]:
    found = await contents(database)
    return {
        name: sorted(rows, key=repr)
        for name, rows in found.items()
        if name not in ("facts", "audit", "audit_numbers")
    }


async def test_a_backup_is_encrypted_and_holds_every_row(
    postgresql_database: Database, tmp_path: Path
) -> None:
    await fill_with_everything(postgresql_database)
    copy = await backed_up(postgresql_database, tmp_path)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["copy.db"]
    data = await asyncio.to_thread(copy.read_bytes)
    assert not any(name.encode() in data for name in (*PLANTED, "SQLite format"))
    opened = await reopened(copy, KEY)
    assert await rows_of(opened) == await rows_of(postgresql_database)
    async with opened.read() as tx:
        assert await get_fact(tx, BACKED_UP_AT) == NOW.isoformat()
        nulls = sa.select(broadcasts.c.key).where(sa.cast(broadcasts.c.details, sa.Text) == "null")
        assert list(await tx.scalars(nulls)) == ["null"]
        assert (await audit.verify(tx)).faults == ()
    await opened.close()


async def test_a_backup_comes_back_on_either_engine(
    database: Database, tmp_path: Path, postgresql_database: Database
) -> None:
    """From SQLite or PostgreSQL into a PostgreSQL that something else stood in."""
    await fill_with_everything(database)
    before = await rows_of(database)
    copy = await backed_up(database, tmp_path)
    target = postgresql_database
    if target is not database:
        await fill(target, 7)
    done = await put_back(copy, target, tmp_path)
    assert (done.in_doubt, done.carried) == (0, True)
    assert await rows_of(target) == before
    async with target.write() as tx:
        assert await get_fact(tx, RESTORED_AT) == (NOW + HOUR).isoformat()
        assert await get_fact(tx, BACKED_UP_AT) is None
        assert await get_fact(tx, "some") == {"fact": True}
        assert (await audit.verify(tx)).faults == ()
        await tx.execute(sa.insert(people), person(50))
        number = (await tx.execute(sa.select(people.c.id).where(people.c.pseudonym == "p50"))).scalar_one()
    assert number > 3, "the number of whoever is gone is not given again"
    kept = await reopened(tmp_path / "data" / "postgresql.replaced", KEY)
    await kept.close()


async def test_a_backup_of_postgresql_comes_back_on_sqlite(
    postgresql_database: Database, tmp_path: Path
) -> None:
    await fill_with_everything(postgresql_database)
    copy = await backed_up(postgresql_database, tmp_path)
    file = tmp_path / "elsewhere" / "portevoix.db"
    keys = tmp_path / "suppression.key"
    await restore(
        copy, file=file, key=KEY, suppression_key_file=keys, notes=tmp_path / NOTES, settle=settle, now=NOW
    )
    restored = await reopened(file, KEY)
    assert await rows_of(restored) == await rows_of(postgresql_database)
    async with restored.write() as tx:
        await tx.execute(sa.insert(people), person(50))
        assert (await tx.execute(sa.select(sa.func.max(people.c.id)))).scalar_one() == 4
    await restored.close()


async def test_what_people_asked_for_since_is_carried_over(
    postgresql_database: Database, tmp_path: Path
) -> None:
    key = await open_suppression_key(postgresql_database, tmp_path / "suppression.key")
    sealing = Sealing(key=key, today=NOW.date(), keeps_proof=True)
    agreed = {"state": "registered", "consent_contact": True}
    erased, silent, listed = (person(number, **agreed) for number in range(3))
    role = {"telegram_id": 5, "role": "admin", "area": "FR", "added_at": NOW}
    async with postgresql_database.write() as tx:
        for row in (erased, silent, listed):
            await tx.execute(sa.insert(people), row)
        await tx.execute(sa.insert(staff), role)
        await tx.execute(sa.insert(broadcasts), broadcast("b", state="active"))
        due = {"broadcast": 1, "person": 2, "due_at": NOW, "changed_at": NOW}
        await tx.execute(sa.insert(deliveries), due)
        await audit.note(tx, actor="staff:5", action="broadcast", details={}, now=NOW)
    copy = await backed_up(postgresql_database, tmp_path)
    async with postgresql_database.write() as tx:
        for row in (erased, listed):
            mark = suppression_of(key, row["telegram_id"])
            await tx.execute(sa.insert(suppressions), {"hash": mark, "day": NOW.date()})
        await erase_person(tx, 1, sealing)
        await erase_roles(tx, erased["telegram_id"])
        stopped = sa.update(people).where(people.c.id.in_((2, 3)))
        await tx.execute(stopped.values(state="stopped", consent_contact=False))
        await tx.execute(sa.update(staff).values(revoked_at=NOW))
        await audit.note(tx, actor="command line", action="revoke_staff", details={}, now=NOW)
    done = await put_back(copy, postgresql_database, tmp_path)
    assert (done.erased, done.in_doubt, done.entries, done.carried) == (1, 0, 1, True)
    async with postgresql_database.read() as tx:
        found = (await tx.execute(sa.select(people).order_by(people.c.id))).all()
        assert [(row.id, row.state, row.consent_contact) for row in found] == [
            (2, "stopped", False),
            (3, "stopped", False),
        ]
        assert list(await tx.scalars(sa.select(staff.c.revoked_at))) == [NOW]
        assert list(await tx.scalars(sa.select(deliveries.c.state))) == ["queued"], "known not to have left"
        actions = list(await tx.scalars(sa.select(log.c.action).order_by(log.c.id)))
        assert actions == ["broadcast", "revoke_staff", "restore"]
        assert (await audit.verify(tx)).faults == ()


async def test_a_restore_where_there_was_nothing_says_that_nothing_could_be_carried(
    postgresql_database: Database, sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database, 2)
    copy = await backed_up(sqlite_database, tmp_path)
    done = await put_back(copy, postgresql_database, tmp_path)
    assert (done.carried, done.kept) == (False, None)
    assert names_in(tmp_path / "data") == []


async def test_a_restore_under_a_running_bot_is_refused(
    postgresql_database: Database, tmp_path: Path
) -> None:
    copy = await backed_up(postgresql_database, tmp_path)
    async with postgresql_database.write() as tx:
        await db.processes.beat(tx, "another")
    with pytest.raises(InUse, match="stop every `portevoix run`"):
        await put_back(copy, postgresql_database, tmp_path)


async def test_what_goes_wrong_in_the_middle_changes_nothing(
    postgresql_database: Database, sqlite_database: Database, tmp_path: Path
) -> None:
    """PostgreSQL takes no NUL in a text, SQLite does: the last table but one fails."""
    await fill(sqlite_database, 2)
    async with sqlite_database.write() as tx:
        await tx.execute(sa.insert(people), person(9, first_name="\x00", registered_at=NOW))
    copy = await backed_up(sqlite_database, tmp_path)
    await fill(postgresql_database, 5)
    before = await rows_of(postgresql_database)
    with pytest.raises(BackupFailed, match="nothing was changed"):
        await put_back(copy, postgresql_database, tmp_path)
    assert await rows_of(postgresql_database) == before
    assert names_in(tmp_path / "data") == []


async def test_facts_of_processes_stay_where_they_run(postgresql_database: Database, tmp_path: Path) -> None:
    async with postgresql_database.write() as tx:
        await db.processes.beat(tx, "another")
    opened = await reopened(await backed_up(postgresql_database, tmp_path), KEY)
    async with opened.read() as tx:
        facts = metadata.tables["facts"]
        assert list(await tx.scalars(sa.select(facts.c.name).where(portable.OF_PROCESSES))) == []
    await opened.close()
