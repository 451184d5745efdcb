"""Of several processes on one PostgreSQL exactly one leads: it polls, edits progress messages and purges.

The others send and answer what it keeps. Another takes its place at the next beat when its process ends, and within
30 s when its machine is gone: a row says who leads and when it was last heard of, and a lock of its database session
says sooner that the process is no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from db import processes
from db.engine import Database

log = structlog.get_logger(__name__)

# Who could not say for so long that it leads stops leading, before others take it for dead.
SURE_SECONDS = processes.DEAD_AFTER_SECONDS - processes.BEAT_SECONDS


class Leadership:
    """Whether this process leads, as far as it knows: `renew` it at every beat."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._held = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._lock: AsyncConnection | None = None
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def held(self) -> bool:
        return self._held.is_set()

    async def renew(self) -> None:
        """Lead, or go on leading, unless another process does."""
        if self._database.dialect == "sqlite":
            self._begin()
            return
        await self._keep_lock()
        async with self._database.write() as tx:
            leads = await processes.lead(tx, self._owner, alone=self._lock is not None)
        self._cancel_expiry()
        if leads:
            if not self.held:
                log.info(
                    "leads",
                    hint="This process does what one alone may do: long polling, progress messages, purging.",
                )
            self._begin()
            self._expiry = asyncio.get_running_loop().call_later(SURE_SECONDS, self._end)
        else:
            self._end()

    async def _keep_lock(self) -> None:
        if self._lock is not None and not await processes.still_held(self._lock):
            await self._drop_lock()
        if self._lock is None:
            self._lock = await self._database.hold(processes.Lock.LEADING)

    async def _drop_lock(self) -> None:
        if self._lock is not None:
            lock, self._lock = self._lock, None
            await lock.invalidate()
            await lock.close()

    async def resign(self) -> None:
        """End in good order: another may lead at once."""
        self._cancel_expiry()
        self._held.clear()
        self._lost.set()
        await self._drop_lock()

    def _begin(self) -> None:
        self._lost.clear()
        self._held.set()

    def _end(self) -> None:
        if self.held:
            log.warning("leads_no_more", hint="Another process on this database leads now.")
        self._held.clear()
        self._lost.set()

    def _cancel_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    async def while_held(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run `part` whenever this process leads, until cancelled."""
        while True:
            await self._held.wait()
            running = asyncio.ensure_future(part())
            losing = asyncio.ensure_future(self._lost.wait())
            try:
                await asyncio.wait((running, losing), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (running, losing):
                    task.cancel()
                await asyncio.gather(running, losing, return_exceptions=True)
            if not running.cancelled():
                running.result()
