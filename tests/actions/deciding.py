"""`python -m tests.actions.deciding URL KEY` decides in a transaction, says so, and waits with its commit."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import db.people
from bot.actions import broadcast_approvals
from bot.actions.authority import Author
from db.engine import Database, open_database
from db.key import DatabaseKey
from tests.acting import NOW, author_in
from tests.conversation import CAMPAIGN

NADIA = 2
TOGETHER = replace(CAMPAIGN, approval_above=1)


async def author(database: Database, telegram_id: int) -> Author:
    """As a handler knows them, before anybody else acts."""
    async with database.read() as tx:
        person = await db.people.find(tx, telegram_id)
        assert person is not None
        return replace(await author_in(tx, person), campaign=TOGETHER, now=NOW)


async def decide(url: str, key: str) -> None:
    database = await open_database(url, folder=Path(), key=DatabaseKey(hex=key))
    nadia = await author(database, NADIA)
    async with database.write() as tx:
        await broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES)
        print("decided", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    asyncio.run(decide(*sys.argv[1:]))
