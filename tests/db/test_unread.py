"""What could not be read is kept for a while, once, and erased with whoever's number stands in it; on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.actions import retention
from db import unread
from db.engine import Database
from db.schema import unread_updates
from db.unread import Unread
from tests.conversation import CAMPAIGN
from tests.exported import KEY

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)


def of(body: bytes) -> Unread:
    return Unread(body=body, error="JSONDecodeError")


async def bodies(database: Database) -> list[bytes]:
    async with database.read() as tx:
        return list(await tx.scalars(sa.select(unread_updates.c.body).order_by(unread_updates.c.id)))


async def test_the_same_bytes_are_kept_once(database: Database) -> None:
    async with database.write() as tx:
        assert await unread.keep(tx, [of(b"a\x00\xff"), of(b""), of(b"a\x00\xff")], NOW) == 2
    async with database.write() as tx:
        assert await unread.keep(tx, [of(b"a\x00\xff"), of(b"c")], NOW) == 1
        assert await unread.count(tx) == 3
    assert await bodies(database) == [b"a\x00\xff", b"", b"c"]


async def test_no_more_is_kept_than_fits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_ROWS", 3)
    monkeypatch.setattr(unread, "MOST_BYTES", 4)
    for number in range(5):
        async with database.write() as tx:
            assert await unread.keep(tx, [of(b"%d-beginning" % number)], NOW) == 1
    assert await bodies(database) == [b"2-be", b"3-be", b"4-be"]
    async with database.read() as tx:
        assert set(await tx.scalars(sa.select(unread_updates.c.size))) == {11}


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b'{"update_id":7,"message":{"text":"\\"update_id\\":9,"}}', 7),
        (b'{ "update_id" : 7 }', 7),
        (b'{"message":{"text":"update_id\\":9,"},"update_id":7,', 7),
        (b'{"update_id":"7"}', None),
        (b'{"update_id":-7}', None),
        (b'{"update_id":7.5}', None),
        (b'{"update_id":9999999999}', None),
        (b'{"update_id":2147483648}', None),
        (b"", None),
    ],
)
def test_the_number_of_what_cannot_be_read(body: bytes, number: int | None) -> None:
    assert of(body).update_id == number


async def test_it_is_erased_with_whoevers_number_stands_in_it(database: Database) -> None:
    theirs, others = b'{"from":{"id":4711},"t":\x00\xff', b'{"from":{"id":42},"t":\xff'
    async with database.write() as tx:
        await unread.keep(tx, [of(theirs), of(others)], NOW)
        assert await unread.erase_of(tx, []) == 0
        assert await unread.erase_of(tx, [5, 4711]) == 1
    assert await bodies(database) == [others]


async def test_it_is_purged_after_two_days(database: Database) -> None:
    async with database.write() as tx:
        await unread.keep(tx, [of(b"{")], NOW)
    for later, purged in ((timedelta(days=2) - timedelta(seconds=1), 0), (timedelta(days=2), 1)):
        found = await retention.purge(database, CAMPAIGN, key=KEY, actor="a", now=NOW + later)
        assert found["processed updates"] == purged
    assert await bodies(database) == []
