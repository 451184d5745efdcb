"""What was written to an SQLite database goes from its log into its file, beside those who write and read.

SQLite leaves that to whoever commits when the log has become long: they, and whoever waits for them, would wait for
thousands of pages and two more visits of the disk.
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
"""Where nobody ever pauses the log would grow: when it is so long, those who write wait for the rest of it."""


class Checkpoints:
    """Call `wrote` after each commit."""

    def __init__(self, file: Path, key: DatabaseKey | None, turns: Turns) -> None:
        self._file, self._key, self._turns = file, key, turns
        self._connection: sqlite3.Connection | None = None
        self._uses = threading.Lock()
        self._has_ended = False
        self._is_due = False
        self._task: asyncio.Task[None] | None = None

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
        pages, folded = await asyncio.to_thread(self._checkpoint)
        if pages > MOST_PAGES and folded < pages:
            async with self._turns.mine():
                await asyncio.to_thread(self._checkpoint)

    def _checkpoint(self) -> tuple[int, int]:
        """Of the log: how many pages are in it, and how many of these are in the file now."""
        with self._uses:
            if self._has_ended or not self._file.exists():  # SQLite would make an empty one
                return 0, 0
            if self._connection is None:
                self._connection = sqlite.connect(self._file, self._key, sqlite.CHECKPOINT_PRAGMAS)
            _is_busy, pages, folded = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return pages, folded

    def _close(self) -> None:
        with self._uses:
            self._has_ended = True
            if self._connection is not None:
                self._connection.close()
