"""What was written to an SQLite database goes from its log into its file, beside those who write and read.

SQLite leaves that to whoever commits when the log has become long: they, and whoever waits for them, would wait for
thousands of pages and two more visits of the disk.

Nor does the log begin anew by itself where many read: SQLite waits for an instant at which nobody reads what stands in
it, and with twenty readers there is none. It grew to 147,000 pages within minutes, in all of which whatever is read is
looked for first: a page of the console took a quarter longer. Where it is long, whoever writes therefore waits for a
moment (`RESTART`): all of it is in the file then, so that those who come to read need the log no more, and once those
who were there are gone it begins anew. Who reads for longer than that moment lets it grow until the next try: what
counts for seconds does so statement by statement (`Database.count`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import structlog

from db import sqlite
from db.key import DatabaseKey
from db.turns import Turns

log = structlog.get_logger(__name__)

# What is written in so long goes into the file together.
PAUSE_SECONDS = 1.0
MOST_PAGES = 4_096
"""When the log is so long, those who write wait for the rest of it to be folded, and for those who read it."""
MOMENT = 0.05
"""Seconds that they wait for those who read."""
MOST_ROUNDS = 8
"""After a try that somebody read through, so many pauses pass at most until the next."""


class Checkpoints:
    """Call `wrote` after each commit."""

    def __init__(self, file: Path, key: DatabaseKey | None, turns: Turns) -> None:
        self._file, self._key, self._turns = file, key, turns
        self._connection: sqlite3.Connection | None = None
        self._uses = threading.Lock()
        self._has_ended = False
        self._is_due = False
        self._task: asyncio.Task[None] | None = None
        # Pauses until the next try, and how many it was the last time.
        self._rounds_left, self._rounds = 0, 0

    def wrote(self) -> None:
        """Something was committed: it goes into the file soon."""
        self._is_due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """Leave the rest to whoever closes the database as the last."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if not self._ended_unused():
            await asyncio.to_thread(self._close)

    async def _run(self) -> None:
        while self._is_due:
            await asyncio.sleep(PAUSE_SECONDS)
            self._is_due = False
            try:
                await self._fold()
            except sqlite.Error as error:  # a full disk: the log stays, and nothing of it is lost
                log.warning("log_not_folded", error=type(error).__name__)

    async def _fold(self) -> None:
        _is_busy, pages = await asyncio.to_thread(self._checkpoint, "PASSIVE")
        if pages <= MOST_PAGES:
            self._rounds = self._rounds_left = 0
        elif self._rounds_left:
            self._rounds_left -= 1
        else:
            async with self._turns.mine():
                was_read, _ = await asyncio.to_thread(self._checkpoint, "RESTART")
            self._rounds = min(self._rounds * 2 + 1, MOST_ROUNDS) if was_read else 0
            self._rounds_left = self._rounds

    def _checkpoint(self, mode: str) -> tuple[bool, int]:
        """Whether somebody stood in the way, and how many pages are in the log."""
        with self._uses:
            if self._has_ended or not self._file.exists():  # SQLite would make an empty one
                return False, 0
            if self._connection is None:
                pragmas = (*sqlite.CHECKPOINT_PRAGMAS, f"PRAGMA busy_timeout = {int(MOMENT * 1000)}")
                self._connection = sqlite.connect(self._file, self._key, pragmas)
            is_busy, pages, _folded = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            return bool(is_busy), pages

    def _ended_unused(self) -> bool:
        """Whether nothing was folded, nor is: then nothing is to be waited for, and no thread is begun for it."""
        if not self._uses.acquire(blocking=False):
            return False
        try:
            self._has_ended = self._connection is None
            return self._has_ended
        finally:
            self._uses.release()

    def _close(self) -> None:
        with self._uses:
            self._has_ended = True
            if self._connection is not None:
                self._connection.close()
