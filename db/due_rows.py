"""What is due to be erased, and erasing it a piece at a time: nobody else who writes waits for a whole table.

What is due is looked for by a reader, which hinders nobody; each piece is then erased in a transaction of its own,
under the same condition: whoever came back meanwhile is spared.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.engine import Database

Condition = sa.ColumnElement[bool]

Rest = Callable[[float], Awaitable[None]]
"""Is told how many seconds a piece took, and returns when it is time for the next one."""

PIECE_SECONDS = 0.008
"""About how long one piece keeps the writer; its size follows from how long the last one took."""
SMALLEST, LARGEST = 10, 1_000
PAGE = 20_000


class DueRows(Frozen):
    """Rows that are due: of a table, under a condition, found by `key`; `erase` tells how many it erased.

    `beforehand`: those of them that are due for another reason too, and gone when their turn comes.
    """

    key: sa.Column[Any]
    condition: Condition
    erase: Callable[[AsyncConnection, Condition], Awaitable[int]]
    beforehand: Condition = field(default_factory=sa.false)
    of_found: Condition | None = None
    """The same condition for rows that their keys have found, where SQLite would rather begin with the other table:
    3,000 events times 50 people are 150,000 looks for 50 rows."""
    by_index: bool = False
    """Whether an index that is not in the order of the keys finds what is due: each page begins with what is left, as
    to sort them would read all that is due once for each page. Otherwise it begins after the last key."""
    fewest: int = SMALLEST
    """Keys of one piece at least: one, where a key has many rows."""

    async def count(self, database: Database) -> int:
        """How many rows are due now."""
        query = sa.select(sa.func.count()).select_from(self.key.table)
        query = query.where(self.condition, sa.not_(self.beforehand))
        async with database.read() as tx:
            return int((await tx.execute(query)).scalar_one())

    async def first_keys(self, tx: AsyncConnection) -> list[Any]:
        """The keys to begin with; none where nothing is due."""
        return await self._keys(tx, after=None)

    def among(self, keys: Sequence[Any]) -> Condition:
        """What is due of the rows with these keys."""
        return sa.and_(self.key.in_(keys), self.condition if self.of_found is None else self.of_found)

    async def erase_all(self, database: Database, keys: list[Any], rest: Rest) -> int:
        """Erases them piece by piece, beginning with these, and rests between two of them; how many."""
        erased, size, page = 0, self.fewest, keys
        while keys:
            piece, keys = keys[:size], keys[size:]
            async with database.write() as tx:
                began = time.monotonic()
                erased += await self.erase(tx, self.among(piece))
            took = max(time.monotonic() - began, 0.001)
            size = max(self.fewest, min(LARGEST, 2 * size, int(size * PIECE_SECONDS / took)))
            if not keys:
                async with database.read() as tx:
                    keys = await self._keys(tx, after=piece[-1])
                if keys == page:  # nothing of it could be erased: it would be tried for ever
                    break
                page = keys
            if keys:
                await rest(time.monotonic() - began)
        return erased

    async def _keys(self, tx: AsyncConnection, *, after: Any) -> list[Any]:
        """The next keys of rows that are due: so many that they are looked for seldom, and so few that it is quick."""
        found = sa.select(self.key).distinct().where(self.condition).limit(PAGE)
        if not self.by_index:
            found = found.order_by(self.key)
            found = found if after is None else found.where(self.key > after)
        keys = list(await tx.scalars(found))
        # Neighbours go together: what is erased of them lies in the same pages of the index.
        return sorted(keys) if self.by_index else keys


async def no_rest(_seconds: float) -> None:
    """Somebody waits for it."""


async def erase_each(database: Database, due: Sequence[DueRows], *, rest: Rest = no_rest) -> list[int]:
    """Erases each in its turn, as what is erased before it may make more of it due; how much of each.

    What has nothing to erase, as most have on most days, is passed by in one look at the database.
    """
    erased = [0] * len(due)
    place = 0
    while place < len(due):
        keys: list[Any] = []
        async with database.read() as tx:
            while place < len(due) and not (keys := await due[place].first_keys(tx)):
                place += 1
        if keys:
            erased[place] = await due[place].erase_all(database, keys, rest)
            place += 1
    return erased


def deleting(table: sa.Table) -> Callable[[AsyncConnection, Condition], Awaitable[int]]:
    """What deletes the rows of a table for which a condition holds, and tells how many."""

    async def delete(tx: AsyncConnection, condition: Condition) -> int:
        return (await tx.execute(sa.delete(table).where(condition))).rowcount

    return delete
