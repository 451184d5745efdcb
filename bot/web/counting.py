"""What pages count: looked up before the page is made, kept for the next one, and never waited for in a transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bot.clock import Clock
from bot.web.remembered import KEPT_FOR, Key, Older, Remembered

T = TypeVar("T")

MOST_LOOKED_UP = 64
"""Counts of one page."""
PATIENCE = 0.1
"""Seconds that somebody waits for what is counted, before the page says that it is."""
AGAIN_SECONDS = 1
"""After so long such a page asks again by itself."""


class CountFirst(Exception):
    """What a page shows is to be looked up first, outside of its transaction; then the page is made anew."""

    def __init__(self, key: Key, look: Callable[[], Awaitable[Any]], kept_for: timedelta) -> None:
        super().__init__(key)
        self.key, self.look, self.kept_for = key, look, kept_for


def kept(
    remembered: Remembered,
    key: Key,
    look: Callable[[], Awaitable[Any]],
    now: datetime,
    *,
    kept_for: timedelta = KEPT_FOR,
    older: Older | None = None,
) -> tuple[Any, datetime]:
    """What takes long to look up, and when it was; `key`: all that it depends on. `older`: what is so old still serves
    while it is looked up anew.

    It is not waited for in a transaction: few may read at once. Raises CountFirst.
    """
    found = (
        remembered.fresh(key, now, kept_for=kept_for)
        if older is None
        else remembered.shown(key, look, now, kept_for=kept_for, older=older)
    )
    if found is None:
        raise CountFirst(key, look, kept_for)
    return found


class Outside(Generic[T]):
    """What is looked up once a transaction that found out what to ask is over: few may read at once."""

    def __init__(self, look: Callable[[], Awaitable[T]]) -> None:
        self.look = look


async def outside(found: Outside[T] | T) -> T:
    """What was found, or is now."""
    return await found.look() if isinstance(found, Outside) else found


async def having_counted(
    make: Callable[[], Awaitable[T]],
    remembered: Remembered,
    clock: Clock,
    *,
    patience: float = PATIENCE,
    meanwhile: Callable[[], Awaitable[T]] | None = None,
    waits: Callable[[], None] | None = None,
) -> T:
    """What is made, over and over until everything that it counts is known: no transaction waits for a count.

    `meanwhile`: what is made instead where a count takes longer than `patience`; None: it is waited for. `waits`:
    called when it begins to wait.
    """
    for _ in range(MOST_LOOKED_UP):
        try:
            return await make()
        except CountFirst as first:
            if waits is not None:
                waits()
            asked, now = (first.key, first.look), clock.now()
            if meanwhile is None:
                await remembered.get(*asked, now, kept_for=first.kept_for)
            elif not await remembered.within(patience, *asked, now, kept_for=first.kept_for):
                return await meanwhile()
    raise RuntimeError("a page never had all that it shows")
