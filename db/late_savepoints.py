"""Savepoints on PostgreSQL that wait for the first statement: where none follows they cost no way there and back.

All have one name: a new one hides the one around it until it ends. Numbered as SQLAlchemy's, each would be a statement
of its own to the server, and throw another out of those that a connection keeps prepared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

SAVEPOINT, RELEASE, ROLL_BACK = "SAVEPOINT ours", "RELEASE ours", "ROLLBACK TO ours"
# What the next statement of a connection's transaction comes after.
_DUE: WeakKeyDictionary[sa.Connection, list[str]] = WeakKeyDictionary()


def follow(engine: AsyncEngine) -> None:
    """From now on the savepoints that are due come before whatever is executed by the engine."""
    sa.event.listen(engine.sync_engine, "before_cursor_execute", _execute_due)


def _execute_due(connection: sa.Connection, *_statement: Any) -> None:
    if due := _DUE.pop(connection, ()):
        cursor = connection.connection.cursor()
        for statement in due:
            cursor.execute(statement)
        cursor.close()


@asynccontextmanager
async def late_savepoint(tx: AsyncConnection) -> AsyncIterator[None]:
    """Undoes what the block did, and nothing else, where it raises. The last one that began ends first."""
    connection = tx.sync_connection
    assert connection is not None  # a transaction has begun
    _DUE.setdefault(connection, []).append(SAVEPOINT)
    try:
        yield
    except BaseException:
        if not connection.invalidated:  # else everything is undone
            await _undo(tx, connection)
        raise
    if not _forgotten(connection):
        _DUE.setdefault(connection, []).append(RELEASE)


async def _undo(tx: AsyncConnection, connection: sa.Connection) -> None:
    """At once: a transaction in which a statement failed would be undone whole by its commit."""
    if not _forgotten(connection):
        for statement in (ROLL_BACK, RELEASE):
            await tx.exec_driver_sql(statement)


def _forgotten(connection: sa.Connection) -> bool:
    """Whether nothing followed the last savepoint, which is not made then."""
    due = _DUE.get(connection, [])
    if due[-1:] != [SAVEPOINT]:
        return False
    due.pop()
    return True
