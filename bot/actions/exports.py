"""Exports: who may make which, over which area; each is in the audit log before its first row is read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.ext.asyncio import AsyncConnection

import db.exports
from bot.actions import audit
from bot.actions.authority import Author
from bot.errors import PortevoixError
from bot.exporting.files import appearing_at
from bot.exporting.formats import FORMATS
from bot.exporting.tables import TABLES, Table
from bot.rules.areas import EVERYWHERE
from db.engine import Database
from db.exports import Selection

CHAT_ROWS = 150_000
"""Rows that fit in a file of the chat with certainty; more are exported from the command line."""
CHAT_BYTES = 50 * 1000 * 1000
"""The largest file that a bot may send (Telegram's limit)."""
CHAT_FORMATS = ("csv", "jsonl", "xlsx")


class ExportTooLarge(PortevoixError):
    """More rows than a file in the chat can hold."""

    default_message = "errors/export_too_large"


@dataclass(frozen=True, kw_only=True)
class Order:
    """An export that is asked for: which table, in which format, which rows."""

    table: str
    format: str
    selection: Selection

    def file_name(self, number: int) -> str:
        """`responses-69-1234.csv`: what the file in the chat is called."""
        return f"{self.table}-{self.selection.area}-{number}.{self.format}"

    @property
    def details(self) -> dict[str, Any]:
        """What the audit log keeps, and what the order is read from again."""
        since, until = self.selection.since, self.selection.until
        return {
            "export": self.table,
            "format": self.format,
            "area": self.selection.area,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
        }

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Order:
        since, until = details["since"], details["until"]
        return cls(
            table=details["export"],
            format=details["format"],
            selection=Selection(
                area=details["area"],
                since=datetime.fromisoformat(since) if since else None,
                until=datetime.fromisoformat(until) if until else None,
            ),
        )


def tables_for(author: Author, area: str) -> list[Table]:
    """The exports that somebody may make over an area, for the menu."""
    return [table for table in TABLES.values() if author.may(table.action, _area_of(table, area))]


def _area_of(table: Table, area: str) -> str:
    """What tells of the whole campaign needs the right to the whole of it."""
    return area if table.of_area else EVERYWHERE


async def order_in_chat(tx: AsyncConnection, author: Author, order: Order) -> int:
    """Checks and notes an export that is to be sent in the chat; how many rows it has.

    Nothing is noted where there are none. Raises NotAllowed and ExportTooLarge.
    """
    table = TABLES[order.table]
    author.require(table.action, _area_of(table, order.selection.area))
    FORMATS[order.format].require()
    found = await db.exports.count(tx, db.exports.SOURCES[order.table](order.selection), CHAT_ROWS + 1)
    if found > CHAT_ROWS:
        raise ExportTooLarge("The export is too large for the chat.")
    if found:
        await note(tx, order, actor=author.name, now=author.now)
    return found


async def note(tx: AsyncConnection, order: Order, *, actor: str, now: datetime) -> None:
    """Puts the export in the audit log."""
    await audit.note(tx, actor=actor, action=TABLES[order.table].action, details=order.details, now=now)


async def write(database: Database, order: Order, stream: BinaryIO, *, most_bytes: int | None = None) -> int:
    """Writes the rows of one snapshot to the stream; how many there were. Raises ExportTooLarge.

    The order was checked and noted before.
    """
    writer = FORMATS[order.format].open(stream, TABLES[order.table].columns)
    rows = 0
    async with database.read() as tx:
        async for chunk in db.exports.chunks(tx, db.exports.SOURCES[order.table](order.selection)):
            # In a thread: the bot that makes a file for one person goes on answering the others.
            await asyncio.to_thread(writer.write, chunk)
            rows += len(chunk)
            _refuse_too_large(stream, most_bytes)
    await asyncio.to_thread(writer.close)
    _refuse_too_large(stream, most_bytes)
    return rows


def _refuse_too_large(stream: BinaryIO, most_bytes: int | None) -> None:
    if most_bytes is not None and stream.tell() > most_bytes:
        raise ExportTooLarge("The export is too large for the chat.")


class Producer:
    """Makes the files of exports that were ordered in the chat, when they are about to be sent."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def __call__(self, arguments: Mapping[str, Any]) -> Path:
        """The file of an order, which whoever sends it deletes. Raises ExportTooLarge.

        `arguments` are the order's details and `number`, the update's, so that each file has its own name.
        """
        order = Order.from_details(arguments)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._folder / order.file_name(arguments["number"])
        with appearing_at(file) as stream:
            await write(self._database, order, stream, most_bytes=CHAT_BYTES)
        return file
