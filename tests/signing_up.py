"""Whoever signs up first in a test is remembered, so that the next test that begins alike does not have it acted again.

What it leaves in the database and on the screen is kept the first time that it is acted in a process, by everything
that it depends on, and put there where somebody signs up in a database in which nothing else was written; and so on
with whoever signs up next. tests/test_signing_up.py holds it to be the same; what signing up does is tested where each
of its steps is taken.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.schema import metadata
from db.schema.changes import changed_people

if TYPE_CHECKING:
    from tests.conversation import Conversation, Shown, Talker

NOTED_BY_ITSELF = (changed_people.name, "sqlite_sequence")
"""Written by triggers and by SQLite while other tables are: put last."""
TABLES = (*(each.name for each in metadata.sorted_tables if each is not changed_people), *NOTED_BY_ITSELF)

Rows = Mapping[str, list[tuple[Any, ...]]]
"""Of each table, as SQLite keeps them."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What was so once somebody had signed up: every row, what was numbered so far, their screen and what they sent."""

    rows: Rows
    numbered: int
    screen: list[Shown]
    sent: Mapping[int, Mapping[str, Any]]
    calls: list[Any]


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The sign-ups that a conversation began with, as long as nothing else happens in it."""

    signed_up: tuple[Hashable, ...] = ()
    written: int = 0
    numbered: int = 0
    rows: Rows | None = None

    def is_all_of(self, conversation: Conversation) -> bool:
        return (self.written, self.numbered) == (conversation.database.written, conversation.numbered)


_remembered: dict[tuple[Hashable, ...], Left] = {}
_nothing: dict[str, Rows] = {}
"""What is in a database that nobody has written to, by what is drawn when it is made."""


async def sign_up(talker: Talker, who: Hashable, act: Callable[[], Awaitable[None]]) -> None:
    """Somebody signs up: as it is remembered, or by `act`. `who`: all that it depends on, beside those before them."""
    conversation, database = talker.conversation, talker.conversation.database
    is_first = database.dialect == "sqlite" and conversation.begun.is_all_of(conversation)
    before = (conversation.begun.rows or await _if_nothing(database)) if is_first else None
    if before is None:
        await act()
        return
    signed_up = (*conversation.begun.signed_up, str(before["facts"]), who)
    if signed_up in _remembered:
        await _put(talker, before, _remembered[signed_up])
    else:
        await act()
        _remembered[signed_up] = Left(
            rows=await rows_of(database),
            numbered=conversation.numbered,
            screen=copy.deepcopy(talker.screen),
            sent=dict(talker.sent),
            calls=list(talker.calls),
        )
    conversation.begun = Begun(
        signed_up=signed_up,
        written=database.written,
        numbered=conversation.numbered,
        rows=_remembered[signed_up].rows,
    )


async def _if_nothing(database: Database) -> Rows | None:
    """What a database holds in which nothing but its making was written; None where somebody wrote."""
    async with database.read() as tx:
        facts, numbered = [await _rows(tx, name) for name in ("facts", "sqlite_sequence")]
    if numbered:
        return None
    if str(facts) not in _nothing:
        _nothing[str(facts)] = await rows_of(database)
    return _nothing[str(facts)]


async def rows_of(database: Database) -> Rows:
    """Everything that a database on SQLite holds."""
    async with database.read() as tx:
        return {name: await _rows(tx, name) for name in TABLES}


async def _rows(tx: AsyncConnection, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await tx.exec_driver_sql(f"SELECT * FROM {name}")]


async def _put(talker: Talker, before: Rows, left: Left) -> None:
    async with talker.conversation.database.write() as tx:
        for name in TABLES:
            if name in NOTED_BY_ITSELF:
                await tx.exec_driver_sql(f"DELETE FROM {name}")
                await _add(tx, name, left.rows[name])
            elif left.rows[name] != before[name]:
                there = before[name]
                assert left.rows[name][: len(there)] == there, f"Who signs up changes what is in {name}."
                await _add(tx, name, left.rows[name][len(there) :])
    talker.screen, talker.calls = copy.deepcopy(left.screen), list(left.calls)
    talker.sent.update(left.sent)
    talker.conversation.numbered = left.numbered


async def _add(tx: AsyncConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        await tx.exec_driver_sql(f"INSERT INTO {name} VALUES ({places})", rows)
