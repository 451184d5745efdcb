"""Events, surveys, and others at the same moment: what is ordered for many while somebody acts on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
import db.delivery_accounts
import db.filling
import db.planning
from bot.actions import announcing, broadcast_changes, broadcast_control, broadcasts, events, surveys
from bot.actions.authority import Author
from bot.actions.events import EventChange
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.sending import CANCELLATION, all_at
from db.engine import Database
from db.events import Event
from db.schema import broadcasts as table
from db.schema import deliveries, fillings, people, rsvps
from tests.acting import new_event
from tests.actions.test_broadcasts import supporters
from tests.backups import NOW as MORNING
from tests.backups import person
from tests.bots import until
from tests.db.test_carried_outbox import backed_up, delivery, insert, put_back, written
from tests.db.test_reading_little import plan_of
from tests.filling import HOUR, MANY, NEWS, NOW, author, fill, is_filling, rows, sent, the_author
from tests.locks import somebody_waits
from tests.surveying import TRAINS

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.planning, "PORTION", 2)


async def announced(database: Database) -> Event:
    async with database.write() as tx:
        one = await author(tx, 7, "coordinator")
        await supporters(tx, MANY)
        made = await announcing.announce(tx, one, replace(new_event(one), starts_at=NOW + 5 * DAY))
        assert made.invitation.people == MANY
        return made.event


async def all_come(database: Database, event: Event) -> None:
    async with database.write() as tx:
        who = await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered"))
        come = [{"event": event.id, "person": each, "answer": "yes", "at": NOW} for each in who]
        await tx.execute(sa.insert(rsvps), come)


async def kinds(database: Database) -> list[str]:
    """Of what stands in the queue: the template that words it."""
    async with database.read() as tx:
        query = sa.select(table.c.template).join(deliveries, deliveries.c.broadcast == table.c.id)
        return list(await tx.scalars(query.where(table.c.event.is_not(None))))


async def test_an_invitation_is_filled_until_its_event_is_off_and_so_is_that_news(database: Database) -> None:
    event = await announced(database)
    await all_come(database, event)
    assert len(await kinds(database)) == 2
    async with database.write() as tx:
        told = await events.cancel_event(tx, await the_author(tx), event.code)
        assert told.people.total == MANY, "also those for whom it is not queued yet"
    await fill(database)
    found = await kinds(database)
    assert found.count(CANCELLATION) == MANY
    assert len(found) == MANY + 2, "the invitation is filled no more"


async def test_an_invitation_to_an_event_that_moved_is_of_use_until_then_for_all(database: Database) -> None:
    event = await announced(database)
    async with database.write() as tx:
        wanted = EventChange(starts_at=NOW + 2 * DAY)
        await events.change_event(tx, await the_author(tx), event.code, wanted, sequence=event.sequence)
    await fill(database)
    assert await rows(database, "expires_at") == [NOW + 2 * DAY] * MANY


async def test_a_survey_is_for_all_of_them(database: Database) -> None:
    async with database.write() as tx:
        one = await author(tx, 7, "coordinator")
        await supporters(tx, MANY)
        dates = {"closes_at": NOW + 2 * DAY, "erase_at": NOW + 9 * DAY}
        new = surveys.NewSurvey(code="s1", kind=Kind.POLL, form=TRAINS, audience=EVERYBODY, **dates)
        assert (await surveys.send(tx, one, new)).people == MANY
    assert len(await rows(database, "person")) == 2
    await fill(database)
    assert await rows(database, "expires_at") == [NOW + 2 * DAY] * MANY


async def cancelled(tx: AsyncConnection, one: Author, broadcast: int) -> None:
    await broadcast_control.control(tx, one, broadcast, "cancel")


async def written_anew(tx: AsyncConnection, one: Author, broadcast: int) -> None:
    await broadcast_changes.change(tx, one, broadcast, replace(NEWS, audience=read_leaf("language:en")))


async def expiring(tx: AsyncConnection, _: Author, broadcast: int) -> None:
    await db.broadcasts.expire_at(tx, broadcast, NOW + HOUR)


async def while_it_waits(
    database: Database,
    first: Callable[[AsyncConnection], Awaitable[Any]],
    second: Callable[[AsyncConnection], Awaitable[Any]],
) -> None:
    """The second begins in the middle of the first, and has to wait for its end."""

    async def later() -> None:
        async with database.write() as beside:
            await second(beside)

    async with database.write() as tx:
        await first(tx)
        waiting = asyncio.create_task(later())

        async def waits() -> bool:
            async with database.read() as beside:
                return waiting.done() or await somebody_waits(beside)

        await until(waits, "the second waits for the first")
        assert not waiting.done()
    await waiting


@pytest.mark.parametrize("fills_first", [True, False])
@pytest.mark.parametrize("act", [cancelled, written_anew, expiring])
async def test_who_acts_on_it_and_who_fills_it_at_that_moment_wait_for_each_other(
    postgresql_database: Database,
    act: Callable[[AsyncConnection, Author, int], Awaitable[None]],
    *,
    fills_first: bool,
) -> None:
    """What was queued before is seen by whoever waited, and nothing is queued afterwards as it was before."""
    database = postgresql_database
    queued = await sent(database)
    async with database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 1006).values(language="en"))

    async def acts(tx: AsyncConnection) -> None:
        await act(tx, await the_author(tx), queued.broadcast)

    async def fills(tx: AsyncConnection) -> None:
        await db.filling.fill_some(tx, queued.broadcast, NOW)

    await while_it_waits(database, *((fills, acts) if fills_first else (acts, fills)))
    await fill(database)
    if act is written_anew:
        assert len(await rows(database, "person")) == 1
    elif act is expiring:
        assert await rows(database, "expires_at") == [NOW + HOUR] * MANY
    else:
        assert len(await rows(database, "person")) == (4 if fills_first else 2)


def filling(number: int, above: int, up_to: int) -> dict[str, Any]:
    whom = {"audience": "in:FR", "radii": [], "people": 3}
    return {"broadcast": number, "above": above, "up_to": up_to, "ordered_at": MORNING, **whom}


async def three_people(database: Database) -> None:
    agreed = {"state": "registered", "consent_contact": True, "territory": "FR"}
    async with database.write() as tx:
        await insert(tx, people, *(person(number, **agreed) for number in range(3)))


async def test_what_left_since_a_backup_made_while_it_was_filled_leaves_no_more(
    database: Database, tmp_path: Path
) -> None:
    await three_people(database)
    async with database.write() as tx:
        await insert(tx, table, written(1))
        await insert(tx, deliveries, delivery(1, 1, "queued", due_at=MORNING))
        await insert(tx, fillings, filling(1, 1, 3))
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        await db.filling.fill_up(tx, MORNING)
        left = {"state": "sent", "sent_at": MORNING + HOUR / 2, "message_id": 77}
        await tx.execute(sa.update(deliveries).where(deliveries.c.person < 3).values(**left))
    async with put_back(copy, database, tmp_path) as (done, tx):
        assert done.outbox
        found = await tx.execute(sa.select(deliveries.c.person, deliveries.c.state))
        assert sorted(map(tuple, found)) == [(1, "sent"), (2, "sent"), (3, "queued")]
        assert await db.filling.next_one(tx) is None


async def test_what_was_ordered_since_a_backup_is_filled_on(database: Database, tmp_path: Path) -> None:
    """It waits until somebody has looked at it, as all that was written since."""
    await three_people(database)
    copy = await backed_up(database, tmp_path)
    async with database.write() as tx:
        await insert(tx, table, written(1))
        left = {"sent_at": MORNING + HOUR / 2, "message_id": 77}
        await insert(tx, deliveries, delivery(1, 1, "sent", **left))
        await insert(tx, fillings, filling(1, 1, 3))
    async with put_back(copy, database, tmp_path) as (_, tx):
        assert await db.broadcasts.state_of(tx, 1) == "paused"
        await db.filling.fill_up(tx, MORNING)
        found = await tx.execute(sa.select(deliveries.c.person, deliveries.c.state))
        assert sorted(map(tuple, found)) == [(1, "sent"), (2, "queued"), (3, "queued")]


async def test_where_nobody_knows_what_left_it_is_in_doubt_for_all(
    sqlite_database: Database, tmp_path: Path
) -> None:
    database = sqlite_database
    await three_people(database)
    async with database.write() as tx:
        await insert(tx, table, written(1, starts_at=MORNING))
        await insert(tx, deliveries, delivery(1, 1, "queued", due_at=MORNING))
        await insert(tx, fillings, filling(1, 1, 3))
    copy = await backed_up(database, tmp_path)
    async with put_back(copy, database, tmp_path) as (done, tx):
        assert (done.outbox, done.in_doubt, done.paused) == (False, 3, 1)
        assert await db.filling.next_one(tx) is None


async def test_what_cannot_be_filled_keeps_no_other_from_its_turn(database: Database) -> None:
    """Whom it is for is no audience that this version can read."""
    broken = await sent(database)
    async with database.write() as tx:
        other = await broadcasts.send(tx, await the_author(tx), replace(NEWS, key="staff:2"))
        unread = sa.update(fillings).where(fillings.c.broadcast == broken.broadcast)
        await tx.execute(unread.values(audience="gone:1"))
    with pytest.raises(ExceptionGroup):
        await fill(database)
    assert (await rows(database, "broadcast")).count(other.broadcast) == MANY
    async with database.read() as tx:
        assert await db.filling.next_one(tx) == broken.broadcast


async def test_those_who_are_next_are_found_by_their_numbers_alone(sqlite_database: Database) -> None:
    """Where an index of all who live there were asked, each portion would read all of them; so it would by the wider of
    two spans of numbers.
    """
    queued = await sent(sqlite_database)
    asked: list[str] = []
    writer = sqlite_database._writer.sync_engine
    sa.event.listen(
        writer, "before_cursor_execute", lambda _connection, _cursor, said, *_: asked.append(said)
    )
    steps = await plan_of(sqlite_database, lambda tx: db.filling.fill_some(tx, queued.broadcast, NOW))
    of_people = {step for step in steps if "people" in step}
    assert of_people == {
        "SEARCH people USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH people USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    }
    (queueing,) = (said for said in asked if said.startswith("INSERT INTO deliveries"))
    assert queueing.count("BETWEEN") == 1


async def test_an_account_is_large_while_it_is_filled(database: Database) -> None:
    queued = await sent(database)
    async with database.read() as tx:
        assert await db.delivery_accounts.is_large(tx, queued.broadcast)
    await fill(database)
    assert not await is_filling(database)
    async with database.read() as tx:
        assert not await db.delivery_accounts.is_large(tx, queued.broadcast)


async def test_what_is_due_later_is_filled_at_once(database: Database) -> None:
    await sent(database, replace(NEWS, when=all_at(NOW + 3 * HOUR)))
    await fill(database)
    assert await rows(database, "due_at") == [NOW + 3 * HOUR] * MANY
