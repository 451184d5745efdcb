"""Counts that take long over many people, kept for a minute for whoever asks for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

KEPT_FOR = timedelta(minutes=1)
MOST_KEPT = 256


@dataclass
class _Kept:
    at: datetime
    value: Any


@dataclass
class Remembered:
    """What was counted, by what it depends on: the area, and how its reader reads counts, among it."""

    _kept: dict[Hashable, _Kept] = field(default_factory=dict)
    _turns: dict[Hashable, asyncio.Lock] = field(default_factory=dict)

    def fresh(self, key: Hashable, now: datetime) -> tuple[Any, datetime] | None:
        """The value and when it was counted; None where it has to be counted (again)."""
        kept = self._kept.get(key)
        return (kept.value, kept.at) if kept is not None and now - KEPT_FOR < kept.at <= now else None

    async def get(
        self, key: Hashable, count: Callable[[], Awaitable[Any]], now: datetime
    ) -> tuple[Any, datetime]:
        """The value and when it was counted. Of many who ask at once one counts."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            if self.fresh(key, now) is None:
                self._forget()
                self._kept[key] = _Kept(now, await count())
            kept = self._kept[key]
            return kept.value, kept.at

    def _forget(self) -> None:
        """Room for another one."""
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        for key in [key for key, turn in self._turns.items() if key not in self._kept and not turn.locked()]:
            del self._turns[key]
