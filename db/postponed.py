"""What many write alike in one transaction is written together, at its end: one visit of the database for all.

What was postponed in a savepoint that is undone is never written. Who reads, in the same transaction, what may have
been postponed writes it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.batches import DatabaseVisit, together

Row = Sequence[Any]
WriteAll = Callable[[DatabaseVisit, list[Row]], None]
"""Writes rows in their order."""
Waiting = tuple[list[tuple[WriteAll, Row]], int]
_WAITING: WeakKeyDictionary[sa.Connection, list[tuple[WriteAll, Row]]] = WeakKeyDictionary()
"""Lists that only grow: what waited at a moment is the beginning of one."""


def _begun(tx: AsyncConnection) -> sa.Connection:
    """What stays the same in a transaction, and is found by what it is: SQLAlchemy compares what it wraps by what is in
    it, in ten times as long.
    """
    assert tx.sync_connection is not None  # a transaction has begun
    return tx.sync_connection


def postpone(tx: AsyncConnection, write: WriteAll, rows: Iterable[Row]) -> None:
    """These rows are written before the transaction is committed, with all others that `write` writes."""
    begun = _begun(tx)
    waiting = _WAITING.get(begun)
    if waiting is None:
        waiting = _WAITING[begun] = []
    waiting.extend((write, row) for row in rows)


def postponed(tx: AsyncConnection) -> Waiting:
    """What waits now."""
    waiting = _WAITING.get(_begun(tx), [])
    return waiting, len(waiting)


def wait_again(tx: AsyncConnection, before: Waiting) -> None:
    """After a savepoint was undone: what waited when it began waits again, written in it or not; what came since is
    forgotten.
    """
    waiting, count = before
    begun = _begun(tx)
    if count or begun in _WAITING:
        _WAITING[begun] = waiting[:count]


def taken_up(tx: AsyncConnection) -> Callable[[DatabaseVisit], None]:
    """Writes what waits, in a visit that begins now: each kind in its order."""
    by_kind: dict[WriteAll, list[Row]] = {}
    for write, row in _WAITING.pop(_begun(tx), ()):
        by_kind.setdefault(write, []).append(row)

    def work(visit: DatabaseVisit) -> None:
        for write, rows in by_kind.items():
            write(visit, rows)

    return work


async def write_postponed(tx: AsyncConnection, *, and_commit: bool = False) -> None:
    """Writes what waits. `and_commit`: nothing follows in the transaction."""
    if _begun(tx) in _WAITING:
        await together(tx, taken_up(tx), and_commit=and_commit)
