"""One snapshot for all who asked before it was taken.

What SQLite has read and deciphered it forgets as soon as anybody commits: of several who wait, each would read the same
again. Nobody sees less than they would by a snapshot of their own: it is of a moment after they had asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT_SECONDS = 0.25
"""For so long a snapshot waits for the next of those who may use it. SQLite's log cannot begin anew meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """When somebody did (`at`, by `time.monotonic`), and whether others have since who wait."""

    at: float
    others_wait: Callable[[], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    tx: AsyncConnection
    taken_at: float
    end: AsyncExitStack
    late: asyncio.TimerHandle


class Snapshots:
    """Those of readers who take turns. Each is one reader's at a time."""

    def __init__(self, take: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._take = take
        self._kept: _Kept | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def read(self, asked: Asked) -> AsyncIterator[AsyncConnection]:
        """The one that is kept, where it was taken since they asked, or a new one."""
        kept = await self._found(asked)
        async with AsyncExitStack() if kept is None else kept.end as end:
            if kept is None:
                taken_at, tx = time.monotonic(), await end.enter_async_context(self._take())
            else:
                taken_at, tx = kept.taken_at, kept.tx
            yield tx
            if self._kept is None and asked.others_wait():
                self._keep(tx, taken_at, end.pop_all())

    async def end(self) -> None:
        """Nothing is kept any more."""
        if (kept := self._taken_out()) is not None:
            await _let_go(kept)
        await asyncio.gather(*self._ending)

    async def _found(self, asked: Asked) -> _Kept | None:
        kept = self._taken_out()
        if kept is not None and kept.taken_at < asked.at:
            await _let_go(kept)
            return None
        return kept

    def _keep(self, tx: AsyncConnection, taken_at: float, end: AsyncExitStack) -> None:
        late = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._end_late)
        self._kept = _Kept(tx=tx, taken_at=taken_at, end=end, late=late)

    def _taken_out(self) -> _Kept | None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.late.cancel()
        return kept

    def _end_late(self) -> None:
        """Whoever waited needed none."""
        if (kept := self._taken_out()) is not None:
            task = asyncio.create_task(_let_go(kept))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


async def _let_go(kept: _Kept) -> None:
    """A connection that broke while nobody read is nobody's trouble: whoever reads next takes another."""
    with contextlib.suppress(sa.exc.SQLAlchemyError, OSError):
        await kept.end.aclose()
