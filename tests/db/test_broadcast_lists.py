"""What is under way, as Today tells it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import db.broadcast_lists
from db.broadcasts import by_the_program
from db.engine import Database
from db.schema import broadcasts
from tests.conversation import paris

NOW = paris("2016-11-16T10:00")


async def test_a_reminder_is_told_of_however_much_staff_wrote(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.broadcast_lists, "MOST_READ", 3)
    begun = {"kind": "gotv", "starts_at": NOW}
    async with database.write() as tx:
        planned = by_the_program("step:1", NOW, **begun, step="vote")
        written = [by_the_program(f"staff:{number}", NOW, **begun, created_by=7) for number in range(4)]
        for each in (planned, *written):
            await tx.execute(sa.insert(broadcasts).values(each))
        found = await db.broadcast_lists.under_way(tx, author=None, now=NOW)
    assert [each.key for each in found] == ["staff:3", "staff:2", "step:1"]
