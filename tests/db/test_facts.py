"""Facts of the installation, on both engines."""

import pytest

from db.engine import Database
from db.facts import forget_fact, get_fact, set_fact


@pytest.mark.parametrize("value", [0, 912_345_678_901, "tick", None, [1, "two"], {"at": "2016-11-20"}])
async def test_a_fact_is_remembered_as_it_was_set(database: Database, value: object) -> None:
    async with database.write() as transaction:
        await set_fact(transaction, "offset", "an earlier value")
        await set_fact(transaction, "offset", value)
    async with database.read() as transaction:
        assert await get_fact(transaction, "offset", "unknown") == value


async def test_what_is_not_known_or_forgotten_is_the_default(database: Database) -> None:
    async with database.write() as transaction:
        assert await get_fact(transaction, "offset") is None
        await set_fact(transaction, "offset", 7)
        await forget_fact(transaction, "offset")
        await forget_fact(transaction, "never set")
        assert await get_fact(transaction, "offset", 0) == 0
