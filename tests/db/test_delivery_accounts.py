"""What is told of deliveries that wait looks at what waits for the same people, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from db import broadcasts, delivery_accounts
from db.engine import Database
from db.schema import broadcasts as broadcast_rows
from db.schema import deliveries, people
from tests.campaigning import supporter
from tests.conversation import Conversation, paris

NOW = paris("2016-11-16T10:00")
TOMORROW = NOW + timedelta(days=1)


async def held(database: Database, key: str, **values: Any) -> int:
    """A message that a cap holds until tomorrow, for everybody."""
    row = {"key": key, "kind": "persuasion", "audience": {}, "area": "FR", "state": "active", **values}
    async with database.write() as tx:
        number = await broadcasts.create(tx, row | {"starts_at": NOW, "created_at": NOW})
        assert number is not None
        everybody = sa.select(people.c.id)
        await broadcasts.queue_deliveries(tx, broadcast=number, people=everybody, due_at=NOW, now=NOW)
        mine = sa.update(deliveries).where(deliveries.c.broadcast == number)
        await tx.execute(mine.values(state="withheld", reason="cap_day", due_at=TOMORROW))
    return number


async def behind(database: Database, broadcast: int) -> dict[bool, int]:
    """How many go on tomorrow (False), and how many only after another message."""
    async with database.read() as tx:
        account = await delivery_accounts.account(tx, broadcast, None)
    assert all(each.until == TOMORROW for each in account.withheld)
    return {each.is_behind: each.people.total for each in account.withheld}


async def test_of_two_that_wait_for_the_same_people_the_older_one_leaves_first(database: Database) -> None:
    for number in range(1, 4):
        await supporter(Conversation(database, NOW), number, "69123")
    first = await held(database, "staff:1")
    await supporter(Conversation(database, NOW), 4, "69123")
    second = await held(database, "staff:2")
    assert await behind(database, first) == {False: 3}
    assert await behind(database, second) == {False: 1, True: 3}


@pytest.mark.parametrize(
    "values",
    [
        {"state": "paused"},  # it leaves when somebody resumes it
        {"state": "cancelled"},
        {"finished_at": NOW},
        {"kind": "civic_neutral"},  # no cap counts it
    ],
)
async def test_nothing_waits_for_what_does_not_leave_or_does_not_count(
    database: Database, values: dict[str, Any]
) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    assert await behind(database, second) == {True: 1}
    async with database.write() as tx:
        await tx.execute(sa.update(broadcast_rows).where(broadcast_rows.c.id == first).values(**values))
    assert await behind(database, second) == {False: 1}


async def test_what_is_due_later_leaves_later(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    async with database.write() as tx:
        later = sa.update(deliveries).where(deliveries.c.broadcast == first)
        await tx.execute(later.values(due_at=TOMORROW + timedelta(hours=1)))
    assert await behind(database, second) == {False: 1}


async def test_what_is_of_no_use_sooner_leaves_first_unless_it_is_over_by_then(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    soon = sa.update(deliveries).where(deliveries.c.broadcast == second)
    for hours, is_behind in ((1, True), (-1, False)):
        async with database.write() as tx:
            await tx.execute(soon.values(expires_at=TOMORROW + timedelta(hours=hours)))
        assert await behind(database, first) == {is_behind: 1}


@pytest.mark.parametrize(
    ("days", "is_told"),
    [
        (1, True),  # the day has no room for both
        (7, True),  # nor, maybe, the week
        (9, False),  # by then both caps have room again
        (None, False),
    ],
)
async def test_what_may_be_over_before_its_turn_is_not_said_to_follow(
    database: Database, days: int | None, is_told: bool
) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    soon, over = TOMORROW + timedelta(hours=1), None if days is None else TOMORROW + timedelta(days=days)
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    async with database.write() as tx:
        for broadcast, expires_at in ((first, soon), (second, over)):
            mine = sa.update(deliveries).where(deliveries.c.broadcast == broadcast)
            await tx.execute(mine.values(expires_at=expires_at))
    async with database.read() as tx:
        (waits,) = (await delivery_accounts.account(tx, second, None)).withheld
        (leaves,) = (await delivery_accounts.account(tx, first, None)).withheld
    assert (waits.is_behind, waits.may_expire) == (True, over if is_told else None)
    assert (leaves.is_behind, leaves.may_expire) == (False, None)


async def test_those_for_whom_it_may_be_over_first_are_counted_apart(database: Database) -> None:
    """Of four who get another message first, it may expire for three, who live by two clocks."""
    for number in range(1, 5):
        await supporter(Conversation(database, NOW), number, "69123")
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    async with database.write() as tx:
        await tx.execute(sa.update(deliveries).values(expires_at=TOMORROW + timedelta(days=20)))
        mine = sa.select(deliveries.c.id).where(deliveries.c.broadcast == second)
        for place, days in enumerate((1, 3, 3)):
            one = sa.update(deliveries).where(
                deliveries.c.id.in_(mine.limit(1).offset(place).order_by(deliveries.c.id))
            )
            due_at = TOMORROW + timedelta(hours=place)
            await tx.execute(one.values(expires_at=TOMORROW + timedelta(days=days), due_at=due_at))
        soon = sa.update(deliveries).where(deliveries.c.broadcast == first)
        await tx.execute(soon.values(expires_at=TOMORROW + timedelta(hours=3)))
    async with database.read() as tx:
        waits = (await delivery_accounts.account(tx, second, None)).withheld
    told = {each.may_expire: (each.people.total, each.until, each.last) for each in waits}
    assert told == {
        TOMORROW + timedelta(days=1): (3, TOMORROW, TOMORROW + timedelta(hours=2)),
        None: (1, TOMORROW, TOMORROW),
    }


async def test_what_the_same_cap_will_hold_and_was_not_looked_at_yet_is_not_said_to_go_first(
    database: Database,
) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    first, second = await held(database, "staff:1"), await held(database, "staff:2")
    async with database.write() as tx:
        new = sa.update(deliveries).where(deliveries.c.broadcast == second)
        await tx.execute(new.values(state="queued", due_at=NOW))
    assert await behind(database, first) == {False: 1}


@pytest.mark.parametrize("quick", [delivery_accounts.QUICK, 0], ids=["small", "large"])
async def test_who_is_known_is_told_apart_in_a_small_one_and_in_a_large_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, quick: int
) -> None:
    monkeypatch.setattr(delivery_accounts, "QUICK", quick)
    for number, commune in enumerate(("69123", "69123", "69123", "13055", "69123"), start=1):
        await supporter(Conversation(database, NOW), number, commune)
    broadcast = await held(database, "staff:1")
    sent, mine = {"state": "sent", "answered_at": NOW}, deliveries.c.broadcast == broadcast
    async with database.write() as tx:
        ids = list(await tx.scalars(sa.select(people.c.id).order_by(people.c.telegram_id)))
        agreed, restricted, erased = ids[:2] + ids[3:4], ids[2], ids[4]
        await tx.execute(sa.update(people).where(people.c.id.in_(agreed)).values(consent_team=True))
        await tx.execute(sa.update(people).where(people.c.id == restricted).values(state="restricted"))
        await tx.execute(sa.update(deliveries).where(mine, deliveries.c.person != ids[1]).values(**sent))
        await tx.execute(sa.update(deliveries).where(deliveries.c.person == erased).values(person=None))
    found = []
    async with database.read() as tx:
        for known_in in (None, (), ("69",), ("FR",)):
            account = await delivery_accounts.account(tx, broadcast, known_in)
            sent_to, waits = account.count("sent"), account.count("withheld")
            found.append(((sent_to.known, sent_to.others), (waits.known, waits.others)))
            assert account.answered == sent_to
    assert found == [((0, 3), (0, 1)), ((0, 3), (0, 1)), ((1, 2), (1, 0)), ((2, 1), (1, 0))]
