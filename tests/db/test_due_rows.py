"""What is due is erased a piece at a time, to its end, and what cannot be erased is not tried for ever."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.due_rows
from db.due_rows import Condition, DueRows, deleting, erase_each
from db.engine import Database
from db.schema import facts


@pytest.fixture
async def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Seven facts, of which a page has three at most."""
    monkeypatch.setattr(db.due_rows, "PAGE", 3)
    async with database.write() as tx:
        await tx.execute(sa.delete(facts))
        await tx.execute(facts.insert(), [{"name": f"fact {n}", "value": n} for n in range(7)])
    return database


@pytest.mark.parametrize("by_index", [False, True])
async def test_what_is_due_goes_to_its_end_and_nothing_else(filled: Database, *, by_index: bool) -> None:
    due = DueRows(
        key=facts.c.name, condition=facts.c.name != "fact 3", by_index=by_index, erase=deleting(facts)
    )
    assert await erase_each(filled, [due]) == [6]
    async with filled.read() as tx:
        assert list(await tx.scalars(sa.select(facts.c.name))) == ["fact 3"]


@pytest.mark.parametrize("by_index", [False, True])
async def test_what_cannot_be_erased_is_not_tried_for_ever(filled: Database, *, by_index: bool) -> None:
    async def nothing(_tx: AsyncConnection, _condition: Condition) -> int:
        return 0

    due = DueRows(key=facts.c.name, condition=sa.true(), by_index=by_index, erase=nothing)
    assert await erase_each(filled, [due]) == [0]


async def test_rows_that_are_found_are_asked_in_their_own_words(filled: Database) -> None:
    """Whoever came back between the look and the piece is spared."""
    due = DueRows(
        key=facts.c.name,
        condition=sa.true(),
        of_found=facts.c.name < "fact 5",
        by_index=True,
        erase=deleting(facts),
    )
    assert await erase_each(filled, [due]) == [5]


async def test_whoever_erases_rests_between_two_pieces(filled: Database) -> None:
    """And not after the last: what is little waits for nothing."""
    rested: list[float] = []

    async def rest(seconds: float) -> None:
        async with filled.read() as tx:
            assert (await tx.scalar(sa.select(sa.func.count()).select_from(facts))) == 7 - 3 * (
                len(rested) + 1
            )
        rested.append(seconds)

    due = DueRows(key=facts.c.name, condition=facts.c.name != "fact 6", erase=deleting(facts))
    assert await erase_each(filled, [due], rest=rest) == [6]
    assert len(rested) == 1
    assert rested[0] > 0
