"""What many tests begin with is remembered, so that the next test that begins alike does not have it acted again.

What it leaves in the database, on the screens and of what was sent is kept the first time that it is acted in a
process, by all that it depends on: every row, every screen, the hour and what is to be done. Where all of that is the
same it is put there. tests/test_remembering.py holds it to be the same; what is tested of it is so where each of its
steps is taken.

A test that changes how the program works (`monkeypatch`) acts everything itself, and so does one on PostgreSQL.
"""

from __future__ import annotations

import copy
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import pytest

from db.engine import Database
from db.schema import metadata
from db.schema.changes import changed_people
from db.sqlite_connection import connection_of

if TYPE_CHECKING:
    from tests.conversation import Shown, Talker

P = ParamSpec("P")
Act = Callable[Concatenate["Talker", P], Awaitable[None]]
Row = tuple[Any, ...]
Rows = Mapping[str, Mapping[Any, Row]]
"""Of each table that holds any, as SQLite keeps them, by SQLite's number; where it has none, by themselves."""

WITHOUT_NUMBERS = frozenset(
    each.name for each in metadata.sorted_tables if each.dialect_kwargs.get("sqlite_with_rowid") is False
)
NOTED = (changed_people.name, "sqlite_sequence")
"""Written by triggers, and by SQLite, while others are: always put, and last."""
TABLES = (*(each.name for each in metadata.sorted_tables if each is not changed_people), *NOTED)
WHOLE = {*WITHOUT_NUMBERS, *NOTED}
"""Put whole: nothing belongs to a row of these."""
_FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in TABLES)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What somebody sees, sent, and was answered last."""

    screen: list[Shown]
    sent: Mapping[int, Mapping[str, Any]]
    calls: list[Any]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of a table: which rows were gone, which were others in their place, and what was new."""

    gone: list[tuple[Any]]
    others: list[Row]
    new: Mapping[Any, Row]


@dataclass(frozen=True, kw_only=True)
class Left:
    """What was so afterwards: what became of each table, what was numbered so far, what each sees."""

    changes: Mapping[str, Change]
    numbered: int
    seen: Mapping[int, Seen]


_kept: dict[bytes, Left] = {}
_is_changed = False


def look_at(item: pytest.Item) -> None:
    """Whether the next test changes how the program works: nothing of it may be kept for others."""
    global _is_changed
    _is_changed = "monkeypatch" in getattr(item, "fixturenames", ())


def remembered(act: Act[P]) -> Act[P]:
    """Has it acted once where it begins alike."""

    @wraps(act)
    async def done(talker: Talker, *given: P.args, **named: P.kwargs) -> None:
        conversation = talker.conversation
        is_known = conversation.talker(talker.telegram_id) is talker
        if _is_changed or not (conversation.is_plain and is_known):
            await act(talker, *given, **named)
            return
        database = conversation.database
        before = await rows_of(database)
        key = _digest(act.__module__, act.__qualname__, given, sorted(named.items()), _state(talker), before)
        if key in _kept:
            await _put(talker, _kept[key])
        else:
            await act(talker, *given, **named)
            _kept[key] = await _left(talker, before)

    return done


def _digest(*of: object) -> bytes:
    return hashlib.blake2b(repr(of).encode("utf-8", "backslashreplace")).digest()


def _state(talker: Talker) -> tuple[object, ...]:
    """All that it depends on, beside what is stored."""
    conversation = talker.conversation
    everybody = [(each._user, each.screen, each.sent) for each in conversation.talkers]
    return talker._user, conversation.clock.now(), conversation.numbered, everybody


async def rows_of(database: Database) -> Rows:
    """Everything that a database on SQLite holds."""
    async with database._writer.connect() as tx:  # no transaction that counts as one
        return await connection_of(tx).visit(rows_by_table)


def rows_by_table(connection: sqlite3.Connection) -> Rows:
    found = {}
    for (name,) in connection.execute(_FILLED).fetchall():
        if name in WITHOUT_NUMBERS:
            found[name] = {row: row for row in connection.execute(f"SELECT * FROM {name}")}
        else:
            found[name] = {row[0]: row[1:] for row in connection.execute(f"SELECT rowid, * FROM {name}")}
    return found


async def _left(talker: Talker, before: Rows) -> Left:
    conversation = talker.conversation
    after = await rows_of(conversation.database)
    return Left(
        changes=what_became(before, after),
        numbered=conversation.numbered,
        seen={
            each.telegram_id: Seen(
                screen=copy.deepcopy(each.screen), sent=dict(each.sent), calls=list(each.calls)
            )
            for each in conversation.talkers
        },
    )


def what_became(before: Rows, after: Rows) -> Mapping[str, Change]:
    """What `apply` does to each table, in this order."""
    both = {name: (before.get(name, {}), after.get(name, {})) for name in TABLES}
    return {name: _change(name, *each) for name, each in both.items() if each[0] != each[1] or name in NOTED}


def _change(name: str, there: Mapping[Any, Row], then: Mapping[Any, Row]) -> Change:
    if name in WHOLE:
        return Change(gone=[], others=[], new=then)
    return Change(
        gone=[(number,) for number in there if number not in then],
        # Changed in their place: what belongs to a row would go with it.
        others=[(*row, number) for number, row in then.items() if row != there.get(number, row)],
        new={number: row for number, row in then.items() if number not in there},
    )


async def _put(talker: Talker, left: Left) -> None:
    conversation = talker.conversation

    def put(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys = ON").close()
        for name, change in left.changes.items():
            apply(connection, name, change)

    async with conversation.database.write() as tx:
        await connection_of(tx).visit(put)
    conversation.numbered = left.numbered
    for each in conversation.talkers:
        seen = left.seen[each.telegram_id]
        each.screen, each.sent, each.calls = copy.deepcopy(seen.screen), dict(seen.sent), list(seen.calls)


def apply(connection: sqlite3.Connection, name: str, change: Change) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
    if name in WHOLE:
        connection.execute(f"DELETE FROM {name}").close()
    if change.gone:
        connection.executemany(f"DELETE FROM {name} WHERE rowid = ?", change.gone)
    if change.others:
        set_all = ", ".join(f"{column} = ?" for column in columns)
        connection.executemany(f"UPDATE {name} SET {set_all} WHERE rowid = ?", change.others)
    values = list(change.new.values())
    if name not in WITHOUT_NUMBERS:
        columns, values = ["rowid", *columns], [(number, *row) for number, row in change.new.items()]
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", values)
