"""Transactions, on both engines."""

import sqlalchemy as sa

from db.engine import Database
from db.schema import facts


async def test_what_is_written_is_read(database: Database) -> None:
    async with database.write() as transaction:
        await transaction.execute(facts.insert(), {"name": "a", "value": {"x": 1}})
    async with database.read() as transaction:
        assert (await transaction.execute(sa.select(facts))).all() == [("a", {"x": 1})]
