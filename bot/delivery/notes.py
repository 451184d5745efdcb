"""What the database is told of replies while they leave: many at a time, each in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.delivery.batching import GroupCommit
from bot.delivery.leaving import persistently
from db import people, updates
from db.engine import Database


class Notes:
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
        self.finish: GroupCommit[int, None] = GroupCommit(self._write_finished)

    async def stop(self) -> None:
        """Write nothing more."""
        await asyncio.gather(*(each.stop() for each in (self.begin, self.look, self.free, self.finish)))

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
        sent = self._newest_of(numbers)

        async def free() -> None:
            async with self._database.write() as tx:
                await updates.free_chats(tx, numbers, self._owner)
                if sent:
                    await people.note_newest(tx, sent)

        await persistently(free)
        return [None] * len(numbers)

    def _newest_of(self, numbers: list[int]) -> list[tuple[int, int]]:
        return [self._newest[number] for number in numbers if number in self._newest]

    async def _write_finished(self, numbers: list[int]) -> list[None]:
        # Known before the chat’s next update is handled: that one waits for `free`, or for this.
        sent = self._newest_of(numbers)

        async def finish() -> None:
            async with self._database.write() as tx:
                await updates.finish(tx, numbers, self._owner)
                if sent:
                    await people.note_newest(tx, sent)

        await persistently(finish)
        return [None] * len(numbers)
