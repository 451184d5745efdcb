"""Counts that take seconds of a processor over very many people, made where nobody who sends or taps notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database

T = TypeVar("T")

Count: TypeAlias = Callable[[AsyncConnection], Awaitable[T]]
"""What is found in a transaction that only reads. Another process may make it: therefore it is a function of a module
with what it is given (`functools.partial`), and finds what is made of fields, lists, numbers, words and instants."""
Read: TypeAlias = Callable[[Any], T]
"""Makes of that, as JSON has it, what was found."""


class CountMaker(Protocol):
    """Makes counts, each in a transaction of its own, of what was committed last."""

    async def made(self, count: Count[T], read: Read[T]) -> T: ...


class CountsHere:
    """Those of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def made(self, count: Count[T], _read: Read[T]) -> T:
        async with self._database.count() as tx:
            return await count(tx)
