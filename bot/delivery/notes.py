"""What the database is told of replies while they leave: many at a time, each in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.batching import GroupCommit
from bot.delivery.leaving import persistently
from db import people, updates
from db.engine import Database

Note = Callable[[AsyncConnection, Iterable[int], str], Awaitable[None]]


class ReplyNotes:
    """Notes of the replies of one process, each by the number of their update.

    `begin` (with how many of its calls are begun) and `look` tell whether they are still this process's to post; `free`
    lets the chat's next update be handled, `finish` forgets what was said. `newest`: the chat, and the last message put
    into it, which is known with either.
    """

    def __init__(self, *, database: Database, owner: str, newest: Mapping[int, tuple[int, int]]) -> None:
        self._database, self._owner, self._newest = database, owner, newest
        self.begin: GroupCommit[tuple[int, int], bool] = GroupCommit(self._write_begun)
        self.look: GroupCommit[int, bool] = GroupCommit(self._look_who_holds)
        self.free: GroupCommit[int, None] = GroupCommit(self._write_free)

    async def stop(self) -> None:
        """Write nothing more."""
        await asyncio.gather(*(each.stop() for each in (self.begin, self.look, self.free)))

    async def _write_begun(self, begun: list[tuple[int, int]]) -> list[bool]:
        async def begin() -> set[int]:
            async with self._database.write() as tx:
                return await updates.begin(tx, begun, self._owner)

        held = await persistently(begin)
        return [number in held for number, _count in begun]

    async def _look_who_holds(self, numbers: list[int]) -> list[bool]:
        async def look() -> set[int]:
            async with self._database.read() as tx:
                return await updates.held(tx, numbers, self._owner)

        held = await persistently(look)
        return [number in held for number in numbers]

    async def _write_free(self, numbers: list[int]) -> list[None]:
        await self._write(updates.free_chats, numbers)
        return [None] * len(numbers)

    async def finish(self, numbers: list[int]) -> None:
        """Forgets what was said in these updates."""
        if numbers:
            await self._write(updates.finish, numbers)

    async def _write(self, note: Note, numbers: list[int]) -> None:
        # Known before the chat’s next update is handled: that one waits for either.
        newest = [self._newest[number] for number in numbers if number in self._newest]

        async def write() -> None:
            async with self._database.write() as tx:
                await note(tx, numbers, self._owner)
                if newest:
                    await people.note_newest(tx, newest)

        await persistently(write)
