"""Messages do not go back in time with a backup: what left, was called off or was put right since stays so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.departure
from db.backup import Restored, backup, restored_at
from db.carried_outbox import LOST, RESTORED_AT
from db.deliveries import Leased
from db.engine import Database
from db.erasing import Sealing, erase_person
from db.facts import get_fact, set_fact
from db.schema import (
    approvals,
    broadcast_texts,
    broadcasts,
    deliveries,
    events,
    host_links,
    people,
    responses,
    rsvps,
)
from db.schema import audit as log
from db.server_backup import backup_server
from db.suppression_key import open_suppression_key
from db.unfinished import NOTES
from tests import backups
from tests.backups import NOW, broadcast, file_of, person, reopened
from tests.db import test_server_backup
from tests.db.test_server_backup import KEY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STAYS, LEAVES, CAME = 1, 2, 3  # of both databases; erased since; signed up since


def delivery(number: int, to: int, state: str, **values: Any) -> dict[str, Any]:
    return {
        "broadcast": number,
        "person": to,
        "state": state,
        "due_at": NOW + DAY,
        "changed_at": NOW,
        **values,
    }


def event(number: int, **values: Any) -> dict[str, Any]:
    place = {
        "zone": "Europe/Paris",
        "commune": "69123",
        "department": "69",
        "region": "84",
        "territory": "FR",
    }
    when = {"starts_at": NOW + DAY, "ends_at": NOW + DAY + HOUR, "created_at": NOW}
    return {"id": number, "code": f"code{number}", "address": "1", **place, **when, **values}


def written(number: int, **values: Any) -> dict[str, Any]:
    return broadcast(f"staff:{number}", id=number, state="active", created_by=STAYS, **values)


async def insert(tx: AsyncConnection, table: sa.Table, *rows: dict[str, Any]) -> None:
    for row in rows:
        await tx.execute(sa.insert(table), row)


async def backed_up(database: Database, folder: Path) -> Path:
    copy = folder / "copy.db"
    if database.dialect == "sqlite":
        await backup(database, copy, notes=folder / NOTES, now=NOW)
    else:
        await backup_server(database, copy, key=KEY, notes=folder / NOTES, now=NOW)
    return copy


@asynccontextmanager
async def put_back(
    copy: Path, database: Database, folder: Path
) -> AsyncIterator[tuple[Restored, AsyncConnection]]:
    """The database as it is after a restore an hour later."""
    if database.dialect == "postgresql":
        done = await test_server_backup.put_back(copy, database, folder)
        async with database.write() as tx:
            yield done, tx
        return
    await database.close()
    done = await backups.put_back(copy, database, now=NOW + HOUR)
    restored = await reopened(file_of(database), database.key)
    try:
        async with restored.write() as tx:
            yield done, tx
    finally:
        await restored.close()


async def states(tx: AsyncConnection, table: sa.Table) -> dict[int, str]:
    return {row.id: row.state for row in await tx.execute(sa.select(table.c.id, table.c.state))}


async def test_what_left_and_what_was_called_off_since_stays_so(database: Database, tmp_path: Path) -> None:
    key = await open_suppression_key(database, tmp_path / "suppression.key")
    sealing = Sealing(key=key, today=NOW.date(), keeps_proof=True)
    agreed = {"state": "registered", "consent_contact": True}
    async with database.write() as tx:
        await insert(tx, people, person(0, **agreed), person(1, **agreed))
        await insert(tx, events, event(7), event(8))
        await insert(tx, rsvps, {"event": 7, "person": STAYS, "answer": "waiting", "ticket": 1, "at": NOW})
        link = {"token_hash": "t", "event": 7, "created_at": NOW, "expires_at": NOW + DAY}
        await insert(tx, host_links, link)
        await insert(tx, broadcasts, *(written(number) for number in range(1, 6)))
        await insert(tx, broadcast_texts, {"broadcast": 3, "language": "fr", "text": "old words"})
        waiting = [delivery(number, STAYS, "queued") for number in range(1, 6)]
        waiting[4]["due_at"] = NOW - HOUR  # it would be in doubt, if it were not known that it still waits
        await insert(tx, deliveries, *waiting, delivery(1, LEAVES, "queued"))
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        await insert(tx, people, person(2, **agreed))
        at = {"sent_at": NOW + HOUR / 2, "changed_at": NOW + HOUR / 2, "message_id": 77}
        one = sa.update(deliveries).where(deliveries.c.broadcast == 1)
        await tx.execute(one.values(state="sent", **at))
        for number, state in ((2, "cancelled"), (4, "unapproved")):
            await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == number).values(state=state))
        await tx.execute(sa.update(broadcast_texts).values(text="new words"))
        asked = {"what": "broadcast", "broadcast": 4, "details": {}, "asked_at": NOW}
        await insert(tx, approvals, asked)
        await insert(tx, events, event(9))
        moved = sa.update(events).where(events.c.id == 7)
        await tx.execute(moved.values(starts_at=NOW + 2 * DAY, ends_at=NOW + 3 * DAY, sequence=1))
        await tx.execute(sa.update(events).where(events.c.id == 8).values(state="cancelled"))
        await tx.execute(sa.update(rsvps).values(offers=1))
        await tx.execute(sa.update(host_links).values(used_at=NOW))
        planned = {"state": "active", "starts_at": NOW, "created_at": NOW}
        await insert(
            tx,
            broadcasts,
            broadcast("step:1:go", **{**planned, "id": 6, "step": "go"}),
            written(7),
            broadcast("event:9:eve", **{**planned, "id": 8, "event": 9}),
            broadcast("talk:1:card:x", **{**planned, "id": 9, "template": "notices/conversation_waits"}),
            written(10, kind="event_service", event=7),
            broadcast(
                "log:1", **{**planned, "id": 11, "template": "notices/log", "details": {"name": "Zoé"}}
            ),
        )
        await insert(
            tx,
            deliveries,
            *(delivery(6, each, "sent", **at) for each in (STAYS, LEAVES, CAME)),
            delivery(7, STAYS, "queued"),
            delivery(8, STAYS, "queued"),
            delivery(9, STAYS, "queued"),
            delivery(10, STAYS, "queued"),
        )
        await erase_person(tx, LEAVES, sealing)
    async with put_back(copy, database, tmp_path) as (done, tx):
        assert (done.erased, done.outbox, done.in_doubt, done.paused) == (1, True, 0, 1)
        assert await states(tx, broadcasts) == {
            **{1: "active", 2: "cancelled", 3: "active", 4: "unapproved", 5: "active", 6: "active"},
            **{7: "paused", 8: "cancelled", 10: "active", 11: "cancelled"},
        }
        about = sa.select(deliveries.c.broadcast, deliveries.c.state, deliveries.c.message_id)
        mine = about.where(deliveries.c.person == STAYS).order_by(deliveries.c.broadcast)
        assert list(map(tuple, await tx.execute(mine))) == [
            *((1, "sent", 77), (2, "queued", None), (3, "queued", None), (4, "queued", None)),
            *((5, "queued", None), (6, "sent", 77), (7, "queued", None), (8, "queued", None)),
            (10, "queued", None),
        ]
        assert await tx.scalar(sa.select(broadcast_texts.c.text)) == "new words"
        assert await tx.scalar(sa.select(approvals.c.broadcast)) == 4
        lost = (await tx.execute(sa.select(broadcasts).where(broadcasts.c.id == 8))).one()
        assert (lost.key, lost.event) == (f"{LOST}event:9:eve", None), "another event may bear its number"
        assert await tx.scalar(sa.select(broadcasts.c.details).where(broadcasts.c.id == 11)) is None
        told = {row.id: row for row in await tx.execute(sa.select(events))}
        assert (told[7].starts_at, told[7].sequence, told[8].state) == (NOW + 2 * DAY, 1, "cancelled")
        assert await tx.scalar(sa.select(rsvps.c.offers)) == 1, "the next offer is another message"
        assert await tx.scalar(sa.select(host_links.c.used_at)) == NOW
        row = Leased(id=0, broadcast=0, person=STAYS, expires_at=None, attempts=0)
        sent = await db.departure.partisan_sent(tx, [row], since=NOW - DAY)
        assert sent == {STAYS: [at["sent_at"]] * 2}, "the caps know what left"


async def test_numbers_that_were_given_since_are_not_given_again(database: Database, tmp_path: Path) -> None:
    async with database.write() as tx:
        await insert(tx, people, person(0))
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        await insert(tx, people, person(1), person(2))
    async with put_back(copy, database, tmp_path) as (_, tx):
        await insert(tx, people, person(3))
        assert list(await tx.scalars(sa.select(people.c.id).order_by(people.c.id))) == [1, 4]


UNKNOWN = [
    *("nothing has happened since", "somebody is not in it", "it is older", "it tells of another story"),
    "some of it cannot be read",
]


@pytest.mark.parametrize("why", UNKNOWN)
async def test_where_the_replaced_database_does_not_tell_nothing_leaves_by_itself(
    sqlite_database: Database, tmp_path: Path, why: str
) -> None:
    """One that the server's own tools had put back, and that no bot ran on since, is the first of these."""
    database = sqlite_database
    async with database.write() as tx:
        await insert(tx, people, person(0))
        await insert(tx, broadcasts, written(1))
        await insert(tx, deliveries, delivery(1, 1, "queued", due_at=NOW))
        await set_fact(tx, RESTORED_AT, (NOW - DAY).isoformat())
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        noted = {"at": NOW, "actor": "a", "action": "a", "details": {}, "previous_hash": "", "hash": ""}
        if why != "nothing has happened since":
            await insert(tx, log, noted)
        if why == "somebody is not in it":
            await tx.execute(sa.delete(people))
        if why == "it tells of another story":
            await tx.execute(sa.update(broadcasts).values(key="staff:9"))
        if why == "some of it cannot be read":
            await tx.execute(sa.text("DROP TABLE event_texts"))
    if why == "it is older":
        older = await reopened(copy, database.key)
        async with older.write() as tx:
            await insert(tx, log, noted, noted)
        await older.close()
    async with put_back(copy, database, tmp_path) as (done, tx):
        assert (done.outbox, done.carried) == (False, True)
        assert await restored_at(tx) == NOW + HOUR
        if why != "somebody is not in it":
            assert (done.in_doubt, done.paused) == (1, 1)
            assert await states(tx, deliveries) == {1: "in_doubt"}


async def test_what_the_replaced_database_did_not_know_itself_is_not_known(
    database: Database, tmp_path: Path
) -> None:
    async with database.write() as tx:
        await insert(tx, people, person(0))
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        answer = {"person": 1, "question": "q", "subject": "s", "answer": "a", "at": NOW}
        await insert(tx, responses, answer)
        await set_fact(tx, RESTORED_AT, (NOW - DAY).isoformat())
    async with put_back(copy, database, tmp_path) as (done, tx):
        assert done.outbox
        assert await get_fact(tx, RESTORED_AT) == (NOW - DAY).isoformat()
