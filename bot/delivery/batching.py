"""Group commit: what many tasks want written goes into one transaction, and each waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Writes items in batches: while one transaction is under way the next batch gathers.

    `write` gets the items in order and returns one result for each; what it raises reaches everybody of
    that batch. Where one item alone may be to blame (`is_apart`) the others are written without it.
    """

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[Sequence[Result]]],
        *,
        is_apart: Callable[[Exception], bool] = lambda _error: False,
    ) -> None:
        self._write = write
        self._is_apart = is_apart
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Have `item` written durably; its result."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None or self._writer.done():
            # A task of its own: a caller that is cancelled must not take the others with it.
            self._writer = asyncio.create_task(self._write_all())
        return await future

    async def stop(self) -> None:
        """Write nothing more; what waits is not written."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._write_batch(batch)

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for item, _future in batch])
        except Exception as error:  # whatever it is belongs to those who wait for it
            if len(batch) > 1 and self._is_apart(error):
                half = len(batch) // 2
                await self._write_batch(batch[:half])
                await self._write_batch(batch[half:])
                return
            for _item, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_item, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
