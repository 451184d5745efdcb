"""Facts of the installation, on both engines."""

import contextlib

import pytest

from db.engine import Database
from db.facts import forget_fact, get_fact, note_fact, set_fact


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


@pytest.mark.parametrize("value", [912_345_678_901, None, {"at": "2016-11-20"}])
async def test_what_is_noted_is_known_once_the_transaction_has_ended(
    database: Database, value: object
) -> None:
    for before in ("unknown", value):
        async with database.write() as transaction:
            note_fact(transaction, "offset", value)
            assert await get_fact(transaction, "offset", "unknown") == before
    async with database.read() as transaction:
        assert await get_fact(transaction, "offset", "unknown") == value


async def test_what_is_noted_goes_with_a_transaction_that_fails(database: Database) -> None:
    with contextlib.suppress(RuntimeError):
        async with database.write() as transaction:
            note_fact(transaction, "offset", 7)
            raise RuntimeError
    async with database.write() as transaction:
        assert await get_fact(transaction, "offset") is None
